/*
 * The evidence for the removal of an image: the image itself, and its uses.
 *
 * The decision was made from a list that may be minutes old. So the image, and the one that stays
 * in its place, are described by id right before the call; an image that differs from its row is
 * kept.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/mutant.h"
#include "base/text.h"
#include "runs/images/provenance.h"
#include "runs/location/location.h"
#include "runs/retire/remove.h"
#include "runs/retire/successor.h"

/* How old a decision may be: people take and change images, and the next run decides anew. */
#define DECISION_LASTS (6 * SEC_PER_HOUR)

/* ---- look-at-image ---- */

struct verdict look_image_ask(struct task *task)
{
        struct removal_state *removal = removal_state(task);
        const char *ids[2] = { task->row.subject };
        struct ec2_filter filter = { .name = "image-id", .values = ids, .n_values = 1 };
        struct describe_images input;
        struct store_image row;
        bool deregistered;
        int r;

        removal->described = 0;
        free(steal(removal->successor));
        if (removal_is_too_early(task, removal))
                return step_wait();
        r = removal_load(task, &row);
        if (r < 0)
                return removal_not_recorded(task);
        if (r == 0)
                return removal_keeps(xstrdup("it is not in the state"));
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
        return step_retry(REMOVAL_LOOK_RETRY,
                          xstrdup("EC2 does not list it; whether it is gone shows in "
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
                return step_retry(REMOVAL_LOOK_RETRY, detail);
        }
        if (removal_note(task, state, NULL) < 0)
                return removal_not_recorded(task);
        return change ? removal_keeps(steal(why)) : step_finish(OUTCOME_FAILED, steal(why));
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
                return removal_keeps(xasprintf("it is no longer amid's: %s", difference));
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

struct verdict look_image_answer(struct task *task, const struct aws_reply *reply)
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
                return removal_keeps(xstrdup("it is not in the state"));
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

struct verdict look_uses_ask(struct task *task)
{
        const char *id = task->row.subject;
        struct ec2_filter filter = { .name = "image-id", .values = &id, .n_values = 1 };

        task_call(task, &ec2_describe_instances,
                  &(struct describe_instances){ .filters = &filter, .n_filters = 1 });
        return step_wait();
}

struct verdict look_uses_answer(struct task *task, const struct aws_reply *reply)
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
                        return removal_keeps(xasprintf("instance %s was launched from it meanwhile",
                                                       users->instances[i].id));
        gone_miss(&removal->users, now);
        if (!removal->launched || gone_is_certain(&removal->users, GONE_INSTANCE))
                return step_next();
        task_set_waiting(task, "instances were launched from it; whether all are gone shows in "
                               "minutes");
        removal->look_after = now + gone_pause(GONE_INSTANCE);
        return step_goto("look-at-image");
}
