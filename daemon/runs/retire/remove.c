/*
 * The removal of one image: evidence first, then DeregisterImage.
 *
 * The decision was made from a list that may be minutes old. So the image, and the one that stays
 * in its place, are described by id right before the call; an image that differs from its row is
 * kept.
 */
#include "runs/retire/remove.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/mutant.h"
#include "base/text.h"
#include "runs/images/provenance.h"
#include "runs/location/location.h"
#include "runs/retire/successor.h"

/* Between lookups of an image that EC2 does not list, and before the one after an unknown outcome:
 * lists lag. */
#define LOOK_RETRY (30 * USEC_PER_SEC)
/* Between attempts to write the state. */
#define RECORD_RETRY (10 * USEC_PER_SEC)
/* How old a description of the image may be when DeregisterImage is sent: a slow answer and a
 * commit that fails hold the call up, and nothing else tells of them. */
#define DESCRIPTION_LASTS (60 * USEC_PER_SEC)
/* How old a decision may be: people take and change images, and the next run decides anew. */
#define DECISION_LASTS (6 * SEC_PER_HOUR)
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

static struct verdict kept(char *why)
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

/* ---- look-at-image ---- */

static struct verdict look_image_ask(struct task *task)
{
        struct removal_state *removal = removal_state(task);
        const char *ids[2] = { task->row.subject };
        struct ec2_filter filter = { .name = "image-id", .values = ids, .n_values = 1 };
        struct describe_images input;
        struct store_image row;
        bool deregistered;
        int r;

        free(steal(removal->state));
        free(steal(removal->successor));
        if (removal_is_too_early(task, removal))
                return step_wait();
        r = removal_load(task, &row);
        if (r < 0)
                return removal_not_recorded(task);
        if (r == 0)
                return kept(xstrdup("it is not in the state"));
        deregistered = streq(row.state, STATE_DEREGISTERED);
        /* An earlier process, or an earlier run, was about to send DeregisterImage. */
        if (!removal->calls && !removal->unknown_call && streq(row.state, STATE_DEREGISTERING))
                removal->unknown_call = loop_monotonic(task->run->engine->loop);
        r = successor_find(task, &row, &removal->successor);
        store_image_done(&row);
        if (deregistered)
                return step_goto("look-at-snapshots");
        if (r < 0)
                return removal_not_recorded(task);
        if (removal->successor)
                ids[filter.n_values++] = removal->successor;
        input = ec2_own_images(&filter, 1);
        task_call(task, &ec2_describe_images, &input);
        return step_wait();
}

/* EC2 provably no longer has the image. Its snapshots are deleted only when amid deregistered it.
 */
static struct verdict image_is_gone(struct task *task, const struct store_image *row)
{
        bool ours = removal_state(task)->unknown_call || streq(row->state, STATE_DEREGISTERING);
        const char *why = "somebody deregistered it; its snapshots stay";
        int r;

        if (ours)
                r = removal_note(task, STATE_DEREGISTERED, task->row.name);
        else
                r = removal_note(task, STATE_GONE, why);
        if (r < 0)
                return removal_not_recorded(task);
        return ours ? step_goto("look-at-snapshots") : step_finish(OUTCOME_DONE, xstrdup(why));
}

static struct verdict image_is_absent(struct task *task, const struct store_image *row)
{
        struct removal_state *removal = removal_state(task);

        gone_miss(&removal->gone, loop_monotonic(task->run->engine->loop));
        if (gone_is_certain(&removal->gone, GONE_IMAGE))
                return image_is_gone(task, row);
        return step_retry(LOOK_RETRY, xstrdup("EC2 does not list it; whether it is gone shows in "
                                              "minutes"));
}

/* How the image has changed since the decision; NULL: it has not. Updates `row`. */
static char *image_has_changed(struct task *task, struct store_image *row, const char *state)
{
        /* what is resumed was not listed when that was decided */
        if (streq(row->state, STATE_DEREGISTERING) && task->row.evidence)
                return xstrdup("EC2 lists it again; the next run decides");
        if (!streq(row->state, STATE_DEREGISTERING) && !streq(row->state, state))
                return xasprintf("EC2 says %s, and it was %s when that was decided", state,
                                 row->state);
        return NULL;
}

/* Why the decision is too old; NULL: it is not. A restart, a wrong clock and a refusal can each
 * delay a removal for days. Caller frees. */
static char *decision_is_old(struct task *task)
{
        const struct engine *engine = task->run->engine;
        sec_t age = loop_wall(engine->loop) - task->row.decided;

        if (removal_state(task)->settings != engine->settings)
                return xstrdup("the settings were read again since that was decided; the next run "
                               "decides");
        if (clock_guard_peek(engine->clock) != CLOCK_AGREES)
                return NULL; /* the removal waits for the clock, and describes the image again */
        if (task->row.decided == SEC_NONE || age < -CLOCK_TOLERANCE || age > DECISION_LASTS)
                return xstrdup("that was decided hours ago; the next run decides");
        return NULL;
}

/* The image exists and is kept: for `change`, which is taken, or since a call was refused. Where an
 * earlier DeregisterImage may have been carried out, the row gets the state by EC2 only once a list
 * would show that. */
static struct verdict stays(struct task *task, const char *state, char *change)
{
        struct removal_state *removal = removal_state(task);
        usec_t now = loop_monotonic(task->run->engine->loop);
        _cleanup_free_ char *why = change ? change : steal(removal->refusal);

        if (removal->unknown_call && !gone_would_show(GONE_IMAGE, removal->unknown_call, now)) {
                char *detail = xasprintf("whether it is deregistered shows in minutes: %s", why);

                if (!change)
                        removal->refusal = steal(why);
                return step_retry(LOOK_RETRY, detail);
        }
        if (removal_note(task, state, NULL) < 0)
                return removal_not_recorded(task);
        return change ? kept(steal(why)) : step_finish(OUTCOME_FAILED, steal(why));
}

static struct verdict image_is_there(struct task *task, struct store_image *row,
                                     const struct ec2_images *found, const struct ec2_image *image)
{
        struct removal_state *removal = removal_state(task);
        const char *state = ec2_word(image_state_names, image->state);
        _cleanup_free_ char *difference = provenance_image(image, row, task->run->settings->owner);
        char *change;

        gone_see(&removal->gone, loop_monotonic(task->run->engine->loop));
        if (difference) {
                if (removal_note(task, STATE_RELEASED, difference) < 0)
                        return removal_not_recorded(task);
                return kept(xasprintf("it is no longer amid's: %s", difference));
        }
        change = image_has_changed(task, row, state);
        if (!change)
                change = decision_is_old(task);
        if (!change)
                change = image_protection(image);
        if (!change && !successor_is_there(task, found, removal->successor) &&
            !MUTANT(removes_the_last_good) && !MUTANT(removes_on_old_news))
                change = xstrdup("no newer image that is worth as much is available any more");
        if (change || removal->refusal)
                return stays(task, state, change);
        xreplace(&removal->state, state);
        removal->described = loop_monotonic(task->run->engine->loop);
        removal->launched = image->launched != 0;
        return step_next();
}

static struct verdict look_image_answer(struct task *task, const struct aws_reply *reply)
{
        const struct ec2_images *found = reply->output;
        const struct ec2_image *image;
        struct store_image row;
        struct verdict verdict;
        int r;

        if (reply->outcome != AWS_OK)
                return task_trouble(task, reply, &ec2_describe_images);
        r = removal_load(task, &row);
        if (r < 0)
                return removal_not_recorded(task);
        if (r == 0)
                return kept(xstrdup("it is not in the state"));
        image = ec2_find_image(found, task->row.subject);
        if (!image) {
                verdict = image_is_absent(task, &row);
        } else if (image->state == IMAGE_DEREGISTERED) {
                gone_end(&removal_state(task)->gone);
                verdict = image_is_gone(task, &row);
        } else {
                verdict = image_is_there(task, &row, found, image);
        }
        store_image_done(&row);
        return verdict;
}

/* ---- look-at-uses ----
 *
 * EC2 may not list an instance for minutes. An image that EC2 knows to have been used is in use
 * until its instances are gone by the evidence of gone.h. LastLaunchedTime lags a day behind: an
 * image that was launched first within that day is removed if both lists of its uses miss the
 * instance. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-last-launched-time.html
 */

static struct verdict look_uses_ask(struct task *task)
{
        const char *id = task->row.subject;
        struct ec2_filter filter = { .name = "image-id", .values = &id, .n_values = 1 };

        task_call(task, &ec2_describe_instances,
                  &(struct describe_instances){ .filters = &filter, .n_filters = 1 });
        return step_wait();
}

static struct verdict look_uses_answer(struct task *task, const struct aws_reply *reply)
{
        struct removal_state *removal = removal_state(task);
        const struct ec2_instances *users = reply->output;
        usec_t now = loop_monotonic(task->run->engine->loop);

        if (reply->outcome != AWS_OK) {
                removal->described = 0;
                return task_trouble(task, reply, &ec2_describe_instances); /* unknown means keep */
        }
        for (size_t i = 0; i < users->n_instances; i++)
                if (users->instances[i].state != INSTANCE_TERMINATED && !MUTANT(ignores_uses))
                        return kept(xasprintf("instance %s was launched from it meanwhile",
                                              users->instances[i].id));
        gone_miss(&removal->users, now);
        if (!removal->launched || gone_is_certain(&removal->users, GONE_INSTANCE))
                return step_next();
        task_set_waiting(task, "instances were launched from it; whether all are gone shows in "
                               "minutes");
        removal->look_after = now + gone_pause(GONE_INSTANCE);
        return step_goto("look-at-image");
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
        if (!removal->state || !removal->described || now - removal->described > DESCRIPTION_LASTS)
                return step_goto("look-at-image");
        r = MUTANT(forgets_what_it_deregisters)
                    ? 1
                    : removal_note(task, STATE_DEREGISTERING, task->row.name);
        if (r < 0) {
                removal->described = 0;
                return removal_not_recorded(task);
        }
        if (r == 0)
                return kept(xstrdup("it is not in the state"));
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
        removal->look_after = loop_monotonic(task->run->engine->loop) + LOOK_RETRY;
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
