#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/mutant.h"
#include "base/text.h"
#include "runs/clock-guard.h"
#include "runs/place.h"
#include "runs/prune.h"

/* DeleteSnapshot may say "in use" for a while after DeregisterImage. */
#define LAG_RETRY    (10 * USEC_PER_SEC)
#define LAG_PATIENCE (10 * SEC_PER_MIN)
/* What was made so recently may be unknown to DeleteSnapshot although it exists; for so long that
 * is not taken for its end. */
#define YOUNG  SEC_PER_HOUR
#define UNSEEN (9 * SEC_PER_MIN * USEC_PER_SEC)

struct removal_live {
        char **snapshots;
        size_t n, at; /* the one that is being deleted */
        size_t kept;  /* another image uses them */
        bool young;
        bool tried;    /* a call for the one at hand may have deleted it, and was not answered */
        usec_t unseen; /* monotonic: since when EC2 does not know the one at hand; 0: it does */
};

static void removal_forget(struct task *task)
{
        struct removal_live *live = task->live;

        if (!live)
                return;
        strings_free(live->snapshots, live->n);
        free(live);
}

void removal_add(struct task *retention, const struct store_image *image, const char *why)
{
        struct run *run = retention->run;
        struct task *task;

        for (task = run->tasks; task; task = task->next)
                if (task->kind == &removal_task && streq(task->row.subject, image->id) &&
                    streq(task->row.region, retention->row.region) &&
                    streq(task->row.account, retention->row.account))
                        return;
        task = run_add_task(run, &removal_task, retention->place, image->id);
        task->row.name = xstrdup(why);
}

/* The image's row, as it was recorded before anything was removed. */
static int load_image(struct task *task, struct store_image *ret)
{
        return store_load_image(task->run->engine->store, task->row.account, task->row.region,
                                task->row.subject, ret);
}

static struct verdict removal_not_recorded(struct task *task)
{
        return again(LAG_RETRY, xasprintf("the removal cannot be recorded: %s",
                                          store_error(task->run->engine->store)));
}

/* ---- deregister-image ---- */

/* Written down before the call: should its outcome never be known, or its snapshots resist, the
 * next run finds a row whose image EC2 does not list, and goes on. If it is listed after all, the
 * row follows EC2. 1, 0 when there is no row, or negative errno. */
static int note_deregistered(struct task *task)
{
        struct store_image image;
        int r;

        r = load_image(task, &image);
        if (r <= 0)
                return r;
        xreplace(&image.state, STATE_DEREGISTERED);
        xreplace(&image.detail, task->row.name);
        r = store_save_image(task->run->engine->store, &image);
        store_image_done(&image);
        return r < 0 ? r : 1;
}

static struct verdict deregister_ask(struct task *task)
{
        struct verdict held;
        int r;

        if (!clock_guard_lets_remove(task, &held))
                return held;
        r = MUTANT(forgets_what_it_deregisters) ? 1 : note_deregistered(task);

        if (r < 0)
                return removal_not_recorded(task);
        if (r == 0)
                return finish(OUTCOME_FAILED, xstrdup("it is not in the state; kept"));
        task_call(task, &ec2_deregister_image,
                  &(struct deregister_image){ .image = task->row.subject });
        return stay();
}

static struct verdict deregister_answer(struct task *task, const struct aws_reply *reply)
{
        /* A second time after a lost answer, or somebody was faster. */
        bool gone = reply->outcome == AWS_ERROR && (streq(reply->code, "InvalidAMIID.NotFound") ||
                                                    streq(reply->code, "InvalidAMIID.Unavailable"));

        if (reply->outcome == AWS_OK || gone)
                return next();
        return task_trouble(task, reply, &ec2_deregister_image);
}

/* ---- delete-snapshots ---- */

static struct removal_live *removal_live(struct task *task)
{
        struct removal_live *live = task->live;
        struct store_image image;

        if (live)
                return live;
        task->live = live = xnew(struct removal_live);
        if (load_image(task, &image) > 0) {
                live->young = loop_wall(task->run->engine->loop) - image.created < YOUNG;
                if (image.snapshots)
                        live->snapshots = strings_split(image.snapshots, " ", &live->n);
                store_image_done(&image);
        }
        return live;
}

static struct verdict delete_ask(struct task *task)
{
        struct removal_live *live = removal_live(task);
        struct verdict held;

        if (!clock_guard_lets_remove(task, &held))
                return held;
        if (live->at == live->n || MUTANT(leaves_snapshots))
                return next();
        live->tried |= task->resumed;
        task_call(task, &ec2_delete_snapshot,
                  &(struct delete_snapshot){ .snapshot = live->snapshots[live->at] });
        return stay();
}

/* Whether one that EC2 does not know is gone, and not merely not there yet. */
static bool is_gone(struct removal_live *live, usec_t now)
{
        if (!live->unseen)
                live->unseen = now;
        return !live->young || live->tried || now - live->unseen >= UNSEEN;
}

static struct verdict delete_answer(struct task *task, const struct aws_reply *reply)
{
        struct removal_live *live = removal_live(task);
        bool unknown =
                reply->outcome == AWS_ERROR && streq(reply->code, "InvalidSnapshot.NotFound");

        live->tried |= reply->attempts > 1 || reply->outcome == AWS_UNKNOWN;
        if (reply->outcome == AWS_ERROR && streq(reply->code, "InvalidSnapshot.InUse")) {
                const char *user = reply->message ? strstr(reply->message, "ami-") : NULL;
                size_t length = user ? strspn(user + 4, "0123456789abcdef") + 4 : 0;
                bool other = user && strncmp(user, task->row.subject, length) != 0;

                if (!other)
                        return again(LAG_RETRY, aws_describe_failure(reply, &ec2_delete_snapshot,
                                                                     task->row.region));
                live->kept++;
        } else if (unknown && !is_gone(live, loop_monotonic(task->run->engine->loop))) {
                return again(LAG_RETRY,
                             aws_describe_failure(reply, &ec2_delete_snapshot, task->row.region));
        } else if (reply->outcome != AWS_OK && !unknown) {
                return task_trouble(task, reply, &ec2_delete_snapshot);
        }
        live->unseen = 0;
        live->tried = false;
        live->at++;
        return go("delete-snapshots");
}

/* ---- record-removal ---- */

static struct verdict record_ask(struct task *task)
{
        struct removal_live *live = removal_live(task);
        struct log_about about = task_about(task);
        struct store_image image;
        int r;

        r = load_image(task, &image);
        if (r == 0)
                return next();
        if (r < 0)
                return removal_not_recorded(task);
        image.removed = loop_wall(task->run->engine->loop);
        xreplace(&image.state, "gone");
        xreplace(&image.detail, task->row.name);
        about.instance = image.instance;
        r = store_save_image(task->run->engine->store, &image);
        if (r >= 0)
                log_event(&events[EVENT_IMAGE_REMOVED], &about,
                          "Image %s of %s is %s (%zu snapshot%s deleted%s).", task->row.subject,
                          image.instance, task->row.name, live->n - live->kept,
                          live->n - live->kept == 1 ? "" : "s",
                          live->kept ? ", others are used by another image" : "");
        store_image_done(&image);
        return r < 0 ? removal_not_recorded(task) : next();
}

static void removal_say_end(struct task *task)
{
        struct log_about about = task_about(task);

        if (task->row.outcome == OUTCOME_FAILED)
                log_event(&events[EVENT_REMOVAL_FAILED], &about,
                          "Image %s could not be removed: %s", task->row.subject, task->row.detail);
}

static const struct step removal_steps[] = {
        { .name = "deregister-image",
          .ask = deregister_ask,
          .answer = deregister_answer,
          .patience = SEC_PER_HOUR },
        { .name = "delete-snapshots",
          .ask = delete_ask,
          .answer = delete_answer,
          .patience = LAG_PATIENCE },
        { .name = "record-removal", .ask = record_ask },
        {},
};

const struct task_kind removal_task = { .name = "removal",
                                        .steps = removal_steps,
                                        .forget = removal_forget,
                                        .ended = removal_say_end };

struct verdict prune_begin_remove(struct run *run)
{
        (void)run; /* the retention tasks have added what is to be removed */
        return next();
}
