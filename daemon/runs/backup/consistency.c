/*
 * The consistency that an image has achieved: its tag amid:consistency, and whether that is what
 * was requested.
 *
 * A restore goes by the tag, which is all that is left when the state is lost. So the tag never
 * says more than is proven: it is `crash` in the create call, whatever the method, and is raised
 * once more has been proven. The state says no more than the tag does.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/mutant.h"
#include "base/text.h"
#include "runs/backup/backup.h"
#include "runs/images/image-poll.h"
#include "runs/location/location.h"

/* Between attempts to change a tag: at first, and once the step has lasted TAG_SOON. */
#define TAG_RETRY (15 * USEC_PER_SEC)
#define TAG_LATER (300 * USEC_PER_SEC)
#define TAG_SOON  (10 * SEC_PER_MIN)

/* Whether the image achieved less than was requested. */
static bool falls_short(const struct task *task)
{
        return consistency_falls_short(task->row.consistency, task->row.asked);
}

/* How the task ends when only the tag of its image is left to do: DONE or FAILED. Where the
 * instance is not right, the task has failed, whatever the image has achieved. */
static enum outcome outcome_to_be(const struct task *task)
{
        const struct setting_schedule *schedule = task->run->schedule;
        bool strict = schedule && schedule->on_shortfall == ON_SHORTFALL_FAIL;

        if (task->row.ending != OUTCOME_OPEN || (strict && falls_short(task)))
                return OUTCOME_FAILED;
        return OUTCOME_DONE;
}

/* ---- tag-consistency ---- */

/* The image, and its snapshots. Caller frees; the strings are borrowed. */
static const char **tag_consistency_ids(struct task *task, size_t *ret_n)
{
        const struct image_watch *watch = backup_state(task)->image_watch;
        const char **ids = NULL;

        *ret_n = 0;
        *append(ids, *ret_n) = task->row.image;
        for (size_t i = 0; watch && i < watch->n_snapshots; i++)
                *append(ids, *ret_n) = watch->snapshots[i];
        return ids;
}

static void look_for_image(struct task *task)
{
        struct name_filter filter;
        struct describe_images input;

        name_filter_init(&filter, "image-id", task->row.image);
        input = ec2_own_images(&filter.filter, 1);
        task_call(task, &ec2_describe_images, &input);
        name_filter_done(&filter);
}

struct verdict tag_consistency_ask(struct task *task)
{
        enum outcome outcome = outcome_to_be(task);
        struct backup_state *backup = backup_state(task);
        struct ec2_tag tags[] = {
                { .key = (char *)(uintptr_t)TAG_CONSISTENCY, .value = task->row.consistency },
                { .key = (char *)(uintptr_t)TAG_OUTCOME,
                  .value = (char *)(uintptr_t)outcome_names[outcome] },
        };
        _cleanup_free_ const char **ids = NULL;
        size_t n;

        if (streq(task->row.consistency, ACHIEVED_CRASH))
                return step_next(); /* as the create call has said */
        if (task->run->row.abandoned)
                return image_abandoned(task);
        if (task->resumed && !backup->tag_may_arrive_until)
                backup->tag_may_arrive_until = task->inherited + REQUEST_LIVES;
        if (backup->tag_look) {
                look_for_image(task);
                return step_wait();
        }
        ids = tag_consistency_ids(task, &n);
        if (backup->n_tagged >= n)
                return step_next();
        task_call(task, &ec2_create_tags,
                  &(struct create_tags){ .ids = ids + backup->n_tagged,
                                         .n_ids = backup->tag_apart ? 1 : n,
                                         .tags = tags,
                                         .n_tags = ELEMENTS(tags) });
        return step_wait();
}

struct verdict tag_consistency_refused(struct task *task, char *detail)
{
        _cleanup_free_ char *why = detail;

        if (backup_state(task)
                    ->n_tagged) /* the image is; the tag of a snapshot is for people only */
                return step_next();
        free(task->row.evidence);
        task->row.evidence =
                xasprintf("its label cannot be changed to %s: %s", task->row.consistency, why);
        if (!MUTANT(believes_the_refused_tag))
                xreplace(&task->row.consistency, ACHIEVED_CRASH);
        task_touch(task);
        return step_next();
}

/* EC2 refuses CreateTags. Where an earlier request may have been carried out, the tags of the image
 * are read. Takes `detail`. */
static struct verdict tag_consistency_refused_now(struct task *task, char *detail)
{
        struct backup_state *backup = backup_state(task);

        if (!backup->tag_may_arrive_until)
                return tag_consistency_refused(task, detail);
        free(backup->tag_refusal);
        backup->tag_refusal = detail;
        backup->tag_look = true;
        return step_goto("tag-consistency");
}

/* The image is listed, with its tags, after CreateTags was refused. */
static struct verdict tag_consistency_read(struct task *task, const struct ec2_image *image)
{
        struct backup_state *backup = backup_state(task);
        const char *tag = ec2_tag_value(image->tags, image->n_tags, TAG_CONSISTENCY);
        usec_t now = loop_monotonic(task->run->engine->loop);

        if (streq(tag, task->row.consistency))
                return step_next();             /* an earlier request was carried out */
        if (backup->tag_may_arrive_until > now) /* or may still be */
                return step_retry(backup->tag_may_arrive_until - now + TAG_RETRY,
                                  xstrdup(backup->tag_refusal));
        return tag_consistency_refused(task, steal(backup->tag_refusal));
}

/* The pause before the next request. An image that EC2 does not list is looked for as often as the
 * proof of its absence takes. */
static usec_t tag_consistency_delay(struct task *task)
{
        if (gone_is_suspected(&backup_state(task)->tagged_gone, GONE_IMAGE))
                return gone_pause(GONE_IMAGE);
        return task_spent(task) < TAG_SOON ? TAG_RETRY : TAG_LATER;
}

/* EC2 does not know one of the ids, and has tagged none of them. Takes `detail`. */
static struct verdict tag_consistency_unknown(struct task *task, char *detail)
{
        struct backup_state *backup = backup_state(task);

        if (!backup->tag_apart) {
                backup->tag_apart = true;
                return step_retry(TAG_RETRY, detail);
        }
        if (backup->n_tagged == 0) {
                backup->tag_look = true;
                return step_retry(tag_consistency_delay(task), detail);
        }
        if (task_spent(task) < TAG_SOON)
                return step_retry(TAG_RETRY, detail);
        free(detail);
        backup->n_tagged++;
        return step_goto("tag-consistency");
}

static struct verdict tag_consistency_looked(struct task *task, const struct aws_reply *reply)
{
        struct backup_state *backup = backup_state(task);
        const struct ec2_images *found = reply->output;
        usec_t now = loop_monotonic(task->run->engine->loop);

        if (reply->outcome != AWS_OK)
                return step_retry(TAG_LATER, aws_describe_failure(reply, &ec2_describe_images,
                                                                  task->row.region));
        if (found->n_images && found->images[0].state != IMAGE_DEREGISTERED)
                gone_see(&backup->tagged_gone, now);
        else if (found->n_images)
                gone_end(&backup->tagged_gone);
        else
                gone_miss(&backup->tagged_gone, now);
        if (gone_is_certain(&backup->tagged_gone, GONE_IMAGE))
                return tag_consistency_refused(task, xstrdup("it is no longer there"));
        if (backup->tag_refusal && !backup->tagged_gone.misses)
                return tag_consistency_read(task, &found->images[0]);
        if (backup->tag_refusal)
                return step_retry(tag_consistency_delay(task), xstrdup(backup->tag_refusal));
        backup->tag_look = backup->tagged_gone.misses > 0;
        return step_retry(tag_consistency_delay(task),
                          xstrdup("EC2 did not know the image when it was labelled"));
}

struct verdict tag_consistency_answer(struct task *task, const struct aws_reply *reply)
{
        struct backup_state *backup = backup_state(task);
        char *detail;

        if (task->action == &ec2_describe_images)
                return tag_consistency_looked(task, reply);
        if (aws_may_have_acted(reply))
                backup->tag_may_arrive_until =
                        loop_monotonic(task->run->engine->loop) + REQUEST_LIVES;
        if (reply->outcome == AWS_OK && !backup->tag_apart)
                return step_next();
        if (reply->outcome == AWS_OK) {
                backup->n_tagged++;
                return step_goto("tag-consistency");
        }
        detail = aws_describe_failure(reply, &ec2_create_tags, task->row.region);
        if (gone_is_claimed(reply))
                return tag_consistency_unknown(task, detail);
        if (reply->outcome != AWS_ERROR)
                return step_retry(tag_consistency_delay(task), detail);
        return tag_consistency_refused_now(task, detail);
}

/* ---- judge: whether the image has achieved what was requested ---- */

/* Writes the consistency, and how the task ends, into the row of the image. */
static int record_consistency(struct task *task)
{
        struct store *store = task->run->engine->store;
        struct store_image row;
        int r;

        r = store_load_image(store, task->row.account, task->row.region, task->row.image, &row);
        if (r <= 0)
                return r;
        xreplace(&row.consistency, task->row.consistency);
        xreplace(&row.evidence, task->row.evidence);
        row.outcome = outcome_to_be(task);
        r = store_save_image(store, &row);
        store_image_done(&row);
        return r;
}

struct verdict check_consistency_ask(struct task *task)
{
        enum outcome outcome = outcome_to_be(task);
        struct log_about about = task_about(task);
        char *detail;

        if (record_consistency(task) < 0)
                return image_not_recorded(task);
        /* the instance is not right, so that the task has failed, whatever the image is */
        if (task->row.ending != OUTCOME_OPEN)
                return step_finish(task->row.ending, NULL);
        if (!falls_short(task))
                return step_next();
        detail = xasprintf("the image is worth %s, not %s as asked for: %s", task->row.consistency,
                           task->row.asked,
                           task->row.evidence ? task->row.evidence : "more is not proven");
        log_event(&events[EVENT_SHORTFALL], &about, "Image %s of %s: %s.", task->row.image,
                  task->row.subject, detail);
        return step_finish(outcome, detail);
}
