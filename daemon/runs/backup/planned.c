/*
 * describe-status: for a plan, whether instances are impaired now, and what 'targets.impaired'
 * makes of that. A run reads the status checks of each instance when it gets its slot
 * (runs/outage/status.c).
 *
 * One call reads the checks of many instances of the region. Where EC2 refuses it, the plan says
 * that the checks are not known, and is complete otherwise.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/backup/backup.h"

/* Whether the status checks of the instance are still to be read, since a run would read them
 * before an outage. Once they were read, row.evidence is not NULL. */
static bool is_to_be_read(const struct task *task, const struct task *targets)
{
        return task->kind == &image_task && task->location == targets->location && task->method &&
               task->method->holds && !task->row.evidence;
}

static void report_all(struct task *targets)
{
        for (struct task *task = targets->run->tasks; task; task = task->next)
                if (task->kind == &image_task && task->location == targets->location)
                        task_report(task, NULL);
}

struct verdict planned_ask(struct task *targets)
{
        const char *ids[DESCRIBE_STATUS_IDS_MAX];
        size_t n = 0;

        if (!targets->run->dry)
                return step_next();
        for (const struct task *task = targets->run->tasks; task && n < ELEMENTS(ids);
             task = task->next)
                if (is_to_be_read(task, targets))
                        ids[n++] = task->row.subject;
        if (!n) {
                report_all(targets);
                return step_next();
        }
        task_call(
                targets, &ec2_describe_instance_status,
                &(struct describe_instance_status){ .ids = ids, .n_ids = n, .include_all = true });
        return step_wait();
}

static const struct ec2_instance_status *find_status(const struct ec2_instance_statuses *found,
                                                     const char *id)
{
        for (size_t i = 0; i < found->n_statuses; i++)
                if (streq(found->statuses[i].id, id))
                        return &found->statuses[i];
        return NULL;
}

static void see(struct task *task, const struct ec2_instance_status *status)
{
        bool impaired =
                status && (status->system == CHECK_IMPAIRED || status->instance == CHECK_IMPAIRED);
        bool skip = task->run->schedule->targets.impaired == IMPAIRED_SKIP;

        task->row.evidence = xstrdup(""); /* the checks are known */
        if (!impaired)
                return;
        free(task->row.detail);
        task->row.detail =
                xasprintf("impaired now (system check %s, instance check %s); targets.impaired: %s",
                          ec2_word(check_status_names, status->system),
                          ec2_word(check_status_names, status->instance), skip ? "skip" : "image");
        image_set_method(task, &method_crash);
        if (skip)
                task->row.ending = OUTCOME_SKIPPED;
}

/* The instances that were asked about are the first that are to be read, as in planned_ask(). */
struct verdict planned_answer(struct task *targets, const struct aws_reply *reply)
{
        const struct ec2_instance_statuses *found = reply->output;
        size_t n = 0;

        for (struct task *task = targets->run->tasks; task && n < DESCRIBE_STATUS_IDS_MAX;
             task = task->next) {
                if (!is_to_be_read(task, targets))
                        continue;
                n++;
                if (reply->outcome == AWS_OK)
                        see(task, find_status(found, task->row.subject));
                else
                        task->row.evidence = aws_describe_failure(
                                reply, &ec2_describe_instance_status, targets->row.region);
        }
        return step_goto("describe-status");
}
