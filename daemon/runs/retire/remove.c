/*
 * The removal of one image: evidence first (evidence.c), then DeregisterImage, then its snapshots
 * (snapshots.c).
 */
#include "runs/retire/remove.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/mutant.h"
#include "base/text.h"
#include "runs/location/location.h"

/* Between attempts to write the state. */
#define RECORD_RETRY (10 * USEC_PER_SEC)
/* How old a description of the image may be when DeregisterImage is sent: a slow answer and a
 * commit that fails hold the call up, and nothing else tells of them. */
#define DESCRIPTION_LASTS (60 * USEC_PER_SEC)
/* Calls of DeregisterImage without a clear answer. */
enum { CALLS_AT_MOST = 10 };

/* ---- what the steps share ---- */

struct removal_state *removal_state(struct task *task)
{
        struct removal_state *removal = task->state;

        if (!removal) {
                task->state = removal = xnew(struct removal_state);
                /* an image with a row was in a list once */
                gone_see(&removal->gone, loop_monotonic(task->run->engine->loop));
                removal->settings = settings_ref(task->run->engine->settings);
        }
        return removal;
}

static void removal_forget(struct task *task)
{
        struct removal_state *removal = task->state;

        if (!removal)
                return;
        removal_snapshots_free(removal);
        settings_unref(removal->settings);
        free(removal->state);
        free(removal->successor);
        free(removal->refusal);
        free(removal);
        task->state = NULL;
}

int removal_load(struct task *task, struct store_image *ret)
{
        return store_load_image(task->run->engine->store, task->row.account, task->row.region,
                                task->row.subject, ret);
}

int removal_note(struct task *task, const char *state, const char *detail)
{
        struct store_image row;
        int r = removal_load(task, &row);

        if (r <= 0)
                return r;
        xreplace(&row.state, state);
        xreplace(&row.detail, detail);
        row.missed = SEC_NONE;
        if (streq(state, STATE_GONE))
                row.removed = loop_wall(task->run->engine->loop);
        r = store_save_image(task->run->engine->store, &row);
        store_image_done(&row);
        return r < 0 ? r : 1;
}

struct verdict removal_not_recorded(struct task *task)
{
        return step_retry(RECORD_RETRY, xasprintf("the removal cannot be recorded: %s",
                                                  store_error(task->run->engine->store)));
}

static bool same_location(const struct task *task, const struct task *other)
{
        return streq(task->row.region, other->row.region) &&
               streq(task->row.account, other->row.account);
}

/* Image ids are unique within a region of an account. Two accounts of the settings may be the same
 * one of AWS: then an id comes twice, and the index knows one of them. */
static bool is_added(const struct task *retention, const char *image)
{
        const struct task *task = run_find_task(retention->run, image);

        if (!task || same_location(task, retention))
                return task != NULL;
        for (task = retention->run->tasks; task; task = task->next)
                if (task->kind == &removal_task && streq(task->row.subject, image) &&
                    same_location(task, retention))
                        return true;
        return false;
}

void removal_add(struct task *retention, const struct store_image *image, const char *why,
                 const char *resumed)
{
        struct task *task;

        if (is_added(retention, image->id) ||
            (MUTANT(removes_few_at_once) && retention->run->last_task->kind == &removal_task))
                return;
        task = run_add_task(retention->run, &removal_task, retention->location, image->id);
        task->row.name = xstrdup(why);
        task->row.evidence = xstrdup(resumed);
        task->row.decided = loop_wall(retention->run->engine->loop);
}

struct verdict removal_keeps(char *why)
{
        return step_finish(OUTCOME_SKIPPED, why);
}

bool removal_is_too_early(struct task *task, const struct removal_state *removal)
{
        usec_t now = loop_monotonic(task->run->engine->loop);

        if (now >= removal->look_after)
                return false;
        task_wake_after(task, removal->look_after - now);
        return true;
}

/* ---- deregister-image ---- */

static struct verdict deregister_ask(struct task *task)
{
        struct removal_state *removal = removal_state(task);
        usec_t now = loop_monotonic(task->run->engine->loop);
        struct verdict held;
        int r;

        if (!task_may_remove(task, &held)) {
                removal->described = 0;
                return held;
        }
        if (!removal->described || now - removal->described > DESCRIPTION_LASTS)
                return step_goto("look-at-image");
        r = MUTANT(forgets_what_it_deregisters)
                    ? 1
                    : removal_note(task, STATE_DEREGISTERING, task->row.name);
        if (r < 0) {
                removal->described = 0;
                return removal_not_recorded(task);
        }
        if (r == 0)
                return removal_keeps(xstrdup("it is not in the state"));
        removal->calls++;
        task_call(task, &ec2_deregister_image,
                  &(struct deregister_image){ .image = task->row.subject });
        return step_wait();
}

/* The call was refused, or was not sent: the row gets back its state. If the row cannot be written,
 * the task describes the image again, and writes it then. */
static struct verdict put_back(struct task *task, char *why)
{
        struct removal_state *removal = removal_state(task);

        if (removal_note(task, removal->state, NULL) >= 0)
                return step_finish(OUTCOME_FAILED, why);
        free(removal->refusal);
        removal->refusal = why;
        return step_goto("look-at-image");
}

/* The outcome of the call is not known: the image is described again. */
static struct verdict look_again(struct task *task, char *why)
{
        struct removal_state *removal = removal_state(task);

        if (removal->calls >= CALLS_AT_MOST && !removal->unknown_call)
                return put_back(task, why);
        if (removal->calls >= CALLS_AT_MOST)
                xreplace(&removal->refusal, why);
        task_set_waiting(task, "%s", why);
        free(why);
        removal->look_after = loop_monotonic(task->run->engine->loop) + REMOVAL_LOOK_RETRY;
        return step_goto("look-at-image");
}

static struct verdict deregister_answer(struct task *task, const struct aws_reply *reply)
{
        struct removal_state *removal = removal_state(task);
        char *why = NULL;

        if (reply->outcome != AWS_OK)
                why = aws_describe_failure(reply, &ec2_deregister_image, task->row.region);
        if (aws_may_have_acted(reply))
                removal->unknown_call = loop_monotonic(task->run->engine->loop);
        switch (reply->outcome) {
        case AWS_OK:
                if (removal_note(task, STATE_DEREGISTERED, task->row.name) < 0)
                        return removal_not_recorded(task);
                return step_next();
        case AWS_UNREACHABLE:
        case AWS_UNSIGNED:
        case AWS_UNKNOWN:
                return look_again(task, why);
        case AWS_ERROR:
                if (gone_is_claimed(reply))
                        return look_again(task, why);
                if (!removal->unknown_call)
                        return put_back(task, why);
                xreplace(&removal->refusal, why);
                return look_again(task, why);
        }
        abort();
}

/* ---- the task ---- */

static void removal_log_end(struct task *task)
{
        const struct removal_state *removal = task->state;
        struct log_about about = task_about(task);
        const char *detail = task->row.detail ? task->row.detail : "no reason is known";
        _cleanup_free_ char *where = task_where(task);

        if (task->row.outcome == OUTCOME_SKIPPED)
                log_event(&events[EVENT_IMAGE_KEPT], &about, "Image %s%s is not removed: %s.",
                          task->row.subject, where, detail);
        else if (task->row.outcome == OUTCOME_FAILED && removal && removal->is_left)
                log_event(&events[EVENT_SNAPSHOTS_LEFT], &about,
                          "Image %s%s is deregistered; snapshots of it are left: %s",
                          task->row.subject, where, detail);
        else if (task->row.outcome == OUTCOME_FAILED)
                log_event(&events[EVENT_REMOVAL_FAILED], &about,
                          "Image %s%s could not be removed: %s", task->row.subject, where, detail);
}

static const struct step removal_steps[] = {
        { .name = "look-at-image",
          .ask = look_image_ask,
          .answer = look_image_answer,
          .timeout = SEC_PER_HOUR,
          .read_only = true },
        { .name = "look-at-uses",
          .ask = look_uses_ask,
          .answer = look_uses_answer,
          .timeout = SEC_PER_HOUR,
          .read_only = true },
        { .name = "deregister-image", .ask = deregister_ask, .answer = deregister_answer },
        { .name = "look-at-snapshots",
          .ask = look_snapshots_ask,
          .answer = look_snapshots_answer,
          .timeout = SEC_PER_HOUR },
        { .name = "delete-snapshots",
          .ask = delete_snapshots_ask,
          .answer = delete_snapshots_answer,
          .timeout = SEC_PER_HOUR },
        { .name = "record-removal", .ask = record_removal_ask },
        {},
};

const struct task_kind removal_task = { .name = "removal",
                                        .steps = removal_steps,
                                        .forget = removal_forget,
                                        .ended = removal_log_end,
                                        .by_subject = true };

struct verdict prune_begin_remove(struct run *run)
{
        (void)run; /* the retention tasks have added what is to be removed */
        return step_next();
}
