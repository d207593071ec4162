/*
 * What an image is worth: its label, the tag amid:consistency, and whether that is what was asked
 * for.
 *
 * The label is what a restore goes by, and all that is left when the state is lost. So it never
 * says more than is proven: it begins as `crash` in the create call, whatever the method, and is
 * raised once more is. The state says no more than the label does.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/mutant.h"
#include "base/text.h"
#include "runs/backup/backup.h"
#include "runs/images/image-poll.h"
#include "runs/location/location.h"

/* Between attempts to change a label, and after so long. */
#define LABEL_RETRY (15 * USEC_PER_SEC)
#define LABEL_LATER (300 * USEC_PER_SEC)
#define LABEL_SOON  (10 * SEC_PER_MIN)

/* Whether the image is worth less than it was made for. */
static bool falls_short(const struct task *task)
{
        return proof_falls_short(task->row.consistency, task->row.asked);
}

/* How the task ends when nothing but its label is left to do: DONE or FAILED. Where the instance is
 * not right, the task has failed, whatever the image is worth. */
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
static const char **label_ids(struct task *task, size_t *ret_n)
{
        const struct image_watch *watch = image_live(task)->image_watch;
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

struct verdict label_ask(struct task *task)
{
        enum outcome outcome = outcome_to_be(task);
        struct image_live *live = image_live(task);
        struct ec2_tag tags[] = {
                { .key = (char *)(uintptr_t)TAG_CONSISTENCY, .value = task->row.consistency },
                { .key = (char *)(uintptr_t)TAG_OUTCOME,
                  .value = (char *)(uintptr_t)outcome_names[outcome] },
        };
        _cleanup_free_ const char **ids = NULL;
        size_t n;

        if (streq(task->row.consistency, PROVEN_CRASH))
                return step_next(); /* as the create call has said */
        if (task->run->row.abandoned)
                return image_abandoned(task);
        if (task->resumed && !live->label_doubt)
                live->label_doubt = task->inherited + REQUEST_LIVES;
        if (live->label_look) {
                look_for_image(task);
                return step_wait();
        }
        ids = label_ids(task, &n);
        if (live->labelled >= n)
                return step_next();
        task_call(task, &ec2_create_tags,
                  &(struct create_tags){ .ids = ids + live->labelled,
                                         .n_ids = live->label_apart ? 1 : n,
                                         .tags = tags,
                                         .n_tags = ELEMENTS(tags) });
        return step_wait();
}

struct verdict label_refused(struct task *task, char *detail)
{
        _cleanup_free_ char *why = detail;

        if (image_live(task)
                    ->labelled) /* the image is, and the label of a snapshot is for people */
                return step_next();
        free(task->row.evidence);
        task->row.evidence =
                xasprintf("its label cannot be changed to %s: %s", task->row.consistency, why);
        if (!MUTANT(believes_the_refused_label))
                xreplace(&task->row.consistency, PROVEN_CRASH);
        task_touch(task);
        return step_next();
}

/* EC2 refuses CreateTags. Where an earlier request may have been carried out, the tags of the image
 * tell what its label is. Takes `detail`. */
static struct verdict label_refused_now(struct task *task, char *detail)
{
        struct image_live *live = image_live(task);

        if (!live->label_doubt)
                return label_refused(task, detail);
        free(live->label_refusal);
        live->label_refusal = detail;
        live->label_look = true;
        return step_goto("tag-consistency");
}

/* The image is there, and CreateTags was refused. */
static struct verdict label_read(struct task *task, const struct ec2_image *image)
{
        struct image_live *live = image_live(task);
        const char *label = ec2_tag_value(image->tags, image->n_tags, TAG_CONSISTENCY);
        usec_t now = loop_monotonic(task->run->engine->loop);

        if (streq(label, task->row.consistency))
                return step_next();  /* an earlier request was carried out */
        if (live->label_doubt > now) /* or may still be */
                return step_retry(live->label_doubt - now + LABEL_RETRY,
                                  xstrdup(live->label_refusal));
        return label_refused(task, steal(live->label_refusal));
}

/* Until the next request; of looks at an image that EC2 does not list no more are made than the
 * proof takes. */
static usec_t label_delay(struct task *task)
{
        if (gone_is_suspected(&image_live(task)->labelled_gone, GONE_IMAGE))
                return gone_pause(GONE_IMAGE);
        return task_spent(task) < LABEL_SOON ? LABEL_RETRY : LABEL_LATER;
}

/* EC2 does not know one of the ids, and so has labelled none. Takes `detail`. */
static struct verdict label_unknown(struct task *task, char *detail)
{
        struct image_live *live = image_live(task);

        if (!live->label_apart) {
                live->label_apart = true;
                return step_retry(LABEL_RETRY, detail);
        }
        if (live->labelled == 0) {
                live->label_look = true;
                return step_retry(label_delay(task), detail);
        }
        if (task_spent(task) < LABEL_SOON)
                return step_retry(LABEL_RETRY, detail);
        free(detail);
        live->labelled++;
        return step_goto("tag-consistency");
}

static struct verdict label_looked(struct task *task, const struct aws_reply *reply)
{
        struct image_live *live = image_live(task);
        const struct ec2_images *found = reply->output;
        usec_t now = loop_monotonic(task->run->engine->loop);

        if (reply->outcome != AWS_OK)
                return step_retry(LABEL_LATER, aws_describe_failure(reply, &ec2_describe_images,
                                                                    task->row.region));
        if (found->n_images && found->images[0].state != IMAGE_DEREGISTERED)
                gone_see(&live->labelled_gone, now);
        else if (found->n_images)
                gone_end(&live->labelled_gone);
        else
                gone_miss(&live->labelled_gone, now);
        if (gone_is_certain(&live->labelled_gone, GONE_IMAGE))
                return label_refused(task, xstrdup("it is no longer there"));
        if (live->label_refusal && !live->labelled_gone.looks)
                return label_read(task, &found->images[0]);
        if (live->label_refusal)
                return step_retry(label_delay(task), xstrdup(live->label_refusal));
        live->label_look = live->labelled_gone.looks > 0;
        return step_retry(label_delay(task),
                          xstrdup("EC2 did not know the image when it was labelled"));
}

struct verdict label_answer(struct task *task, const struct aws_reply *reply)
{
        struct image_live *live = image_live(task);
        char *detail;

        if (task->action == &ec2_describe_images)
                return label_looked(task, reply);
        if (aws_may_have_acted(reply))
                live->label_doubt = loop_monotonic(task->run->engine->loop) + REQUEST_LIVES;
        if (reply->outcome == AWS_OK && !live->label_apart)
                return step_next();
        if (reply->outcome == AWS_OK) {
                live->labelled++;
                return step_goto("tag-consistency");
        }
        detail = aws_describe_failure(reply, &ec2_create_tags, task->row.region);
        if (gone_is_claimed(reply))
                return label_unknown(task, detail);
        if (reply->outcome != AWS_ERROR)
                return step_retry(label_delay(task), detail);
        return label_refused_now(task, detail);
}

/* ---- judge: whether it is worth what was asked for ---- */

/* What became of the label, and how the task ends, in the image's row. */
static int record_worth(struct task *task)
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

struct verdict judge_ask(struct task *task)
{
        enum outcome outcome = outcome_to_be(task);
        struct log_about about = task_about(task);
        char *detail;

        if (record_worth(task) < 0)
                return image_not_recorded(task);
        /* Good or not, its instance is not: the task has failed. */
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
