/*
 * What an image is worth: its label, the tag amid:consistency, and whether that is what was asked
 * for.
 *
 * The label is what a restore goes by, and all that is left when the state is lost. So the state
 * says no more than the label does: until it could be changed an image counts as what the create
 * call has promised.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/mutant.h"
#include "base/text.h"
#include "runs/backup.h"
#include "runs/follow.h"
#include "runs/place.h"

/* Between attempts to change a label, and after so long. */
#define LABEL_RETRY (15 * USEC_PER_SEC)
#define LABEL_LATER (300 * USEC_PER_SEC)
/* How long EC2 may not know an image or a snapshot that it has shown: then they are gone. */
#define LABEL_LAG (10 * SEC_PER_MIN)

const char *worth_so_far(const struct task *task)
{
        return streq(task->method->created, PROVEN_CRASH) ? PROVEN_CRASH : task->row.consistency;
}

/* ---- tag-consistency ---- */

struct verdict label_ask(struct task *task)
{
        struct ec2_tag tag = { .key = (char *)(uintptr_t)TAG_CONSISTENCY,
                               .value = task->row.consistency };
        struct followed *followed = image_live(task)->followed;
        const char **ids = NULL;
        size_t n = 0;

        if (streq(task->row.consistency, task->method->created))
                return next(); /* the create call said so already */
        *append(ids, n) = task->row.image;
        for (size_t i = 0; followed && i < followed->n_snapshots; i++)
                *append(ids, n) = followed->snapshots[i];
        task_call(task, &ec2_create_tags,
                  &(struct create_tags){ .ids = ids, .n_ids = n, .tags = &tag, .n_tags = 1 });
        free(ids);
        return stay();
}

struct verdict label_refused(struct task *task, char *detail)
{
        _cleanup_free_ char *why = detail;
        struct log_about about = task_about(task);

        /* One that promises too much cannot be helped; it is not believed. */
        if (!streq(task->method->created, PROVEN_CRASH)) {
                log_line(LOG_ERR, &about, "Image %s keeps the label %s=%s, and is worth %s: %s",
                         task->row.image, TAG_CONSISTENCY, task->method->created,
                         task->row.consistency, why);
                return next();
        }
        free(task->row.evidence);
        task->row.evidence =
                xasprintf("its label cannot be changed to %s: %s", task->row.consistency, why);
        if (!MUTANT(believes_the_refused_label))
                xreplace(&task->row.consistency, PROVEN_CRASH);
        task_touch(task);
        return next();
}

struct verdict label_answer(struct task *task, const struct aws_reply *reply)
{
        bool soon = task_spent(task) < LABEL_LAG;
        char *detail;
        bool unknown;

        if (reply->outcome == AWS_OK)
                return next();
        detail = aws_describe_failure(reply, &ec2_create_tags, task->row.region);
        unknown = reply->outcome == AWS_ERROR && (streq(reply->code, "InvalidAMIID.NotFound") ||
                                                  streq(reply->code, "InvalidSnapshot.NotFound"));
        if (reply->outcome != AWS_ERROR || (unknown && soon))
                return again(soon ? LABEL_RETRY : LABEL_LATER, detail);
        return label_refused(task, detail);
}

/* ---- judge: whether it is worth what was asked for ---- */

/* What became of the label, in the image's row. */
static int record_worth(struct task *task)
{
        struct store *store = task->run->engine->store;
        struct store_image row;
        int r;

        r = store_load_image(store, task->row.account, task->row.region, task->row.image, &row);
        if (r <= 0)
                return r;
        if (!streq(row.consistency, task->row.consistency) ||
            !streq(row.evidence, task->row.evidence)) {
                xreplace(&row.consistency, task->row.consistency);
                xreplace(&row.evidence, task->row.evidence);
                r = store_save_image(store, &row);
        }
        store_image_done(&row);
        return r;
}

struct verdict judge_ask(struct task *task)
{
        const struct setting_schedule *schedule = task->run->schedule;
        struct log_about about = task_about(task);
        enum setting_consistency asked;
        char *detail;

        if (record_worth(task) < 0)
                return image_not_recorded(task);
        /* Good or not, its instance is not: the task has failed. */
        if (task->row.ending != OUTCOME_OPEN)
                return finish(task->row.ending, NULL);
        if (!consistency_find(task->row.asked, &asked) ||
            proof_satisfies(task->row.consistency, asked))
                return next();
        detail = xasprintf("the image is worth %s, not %s as asked for: %s", task->row.consistency,
                           task->row.asked,
                           task->row.evidence ? task->row.evidence : "more is not proven");
        log_event(&events[EVENT_SHORTFALL], &about, "Image %s of %s: %s.", task->row.image,
                  task->row.subject, detail);
        if (schedule && schedule->on_shortfall == ON_SHORTFALL_FAIL)
                return finish(OUTCOME_FAILED, detail);
        free(detail);
        return next();
}
