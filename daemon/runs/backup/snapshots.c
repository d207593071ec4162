/*
 * await-snapshots: until EC2 shows a snapshot of every volume of an image. From then on the content
 * of the image is fixed, and the instance may run again. "The snapshot occurs immediately; the
 * point-in-time snapshot is created immediately, but the status is pending":
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/ API_CreateSnapshot.html
 *
 * prove-stopped: an image is `stopped` when its instance was stopped before the call, and not
 * started until the last of the snapshots had begun. Described then, the instance is still stopped,
 * and has the LaunchTime of before the call: EC2 sets LaunchTime at each start.
 */
#include "base/alloc.h"
#include "base/text.h"
#include "runs/backup/backup.h"

/* Short, since the instance is down meanwhile. */
#define LOOK_EACH (2 * USEC_PER_SEC)
/* How long an instance that was stopped for its image is kept down for its snapshots. */
#define STOPPED_AT_MOST (15 * SEC_PER_MIN)
/* How long a refused call is repeated: a denial does not end by itself. */
#define PROVE_AT_MOST SEC_PER_MIN

/* Gives up waiting for the other snapshots: the image is made, and its consistency is not proven.
 * `failure`, which is taken: why EC2 does not answer, or NULL. */
static struct verdict not_all(struct task *task, size_t n, char *failure)
{
        _cleanup_free_ char *why = failure;

        free(task->row.evidence);
        task->row.evidence =
                why ? xasprintf("whether its snapshots had begun before the instance went on is "
                                "not known: %s",
                                why)
                    : xasprintf("only %zu of %u snapshots were seen to begin before the instance "
                                "went on",
                                n, task->row.volumes);
        task_touch(task);
        return step_next();
}

/* How long the instance may be held for its snapshots: ready_timeout at most where EC2 does not
 * answer. */
static sec_t hold_at_most(const struct task *task, const struct aws_reply *reply)
{
        const struct setting_schedule *schedule = task->run->schedule;
        sec_t ready = image_ready_timeout(task);
        sec_t at_most = task->method == &method_freeze && schedule ? schedule->freeze.timeout
                                                                   : STOPPED_AT_MOST;

        if (task->run->row.abandoned)
                return 0;
        if (reply->outcome == AWS_OK)
                return at_most;
        if (reply->outcome == AWS_ERROR && ready > PROVE_AT_MOST)
                ready = PROVE_AT_MOST;
        return at_most < ready ? at_most : ready;
}

static struct verdict all_begun(const struct task *task)
{
        return task->row.launched != SEC_NONE ? step_goto("prove-stopped") : step_next();
}

struct verdict await_snapshots_ask(struct task *task)
{
        struct name_filter run, instance;
        struct ec2_filter filters[2];
        struct describe_snapshots input = ec2_own_snapshots(filters, ELEMENTS(filters));

        name_filter_init(&run, "tag:" TAG_RUN, task->row.run);
        name_filter_init(&instance, "tag:" TAG_INSTANCE, task->row.subject);
        filters[0] = run.filter;
        filters[1] = instance.filter;
        task_call(task, &ec2_describe_snapshots, &input);
        name_filter_done(&run);
        name_filter_done(&instance);
        return step_wait();
}

struct verdict await_snapshots_answer(struct task *task, const struct aws_reply *reply)
{
        const struct ec2_snapshots *found = reply->output;
        char *failure = NULL;
        size_t n = 0;

        for (size_t i = 0; reply->outcome == AWS_OK && i < found->n_snapshots; i++)
                n += found->snapshots[i].started > 0 &&
                     snapshot_is_of(&found->snapshots[i], task->row.image, task->row.run,
                                    task->row.subject);
        if (n > 0 && n >= task->row.volumes)
                return all_begun(task);
        if (reply->outcome != AWS_OK)
                failure = aws_describe_failure(reply, &ec2_describe_snapshots, task->row.region);
        if (task_spent(task) >= hold_at_most(task, reply))
                return not_all(task, n, failure);
        return step_retry(LOOK_EACH, failure ? failure
                                             : xasprintf("%zu of %u snapshots have begun", n,
                                                         task->row.volumes));
}

/* ---- prove-stopped ---- */

struct verdict prove_stopped_ask(struct task *task)
{
        struct name_filter filter;

        if (task->row.evidence)
                return step_next(); /* which says why nothing is proven */
        name_filter_init(&filter, "instance-id", task->row.subject);
        task_call(task, &ec2_describe_instances,
                  &(struct describe_instances){ .filters = &filter.filter, .n_filters = 1 });
        name_filter_done(&filter);
        return step_wait();
}

struct verdict prove_stopped_answer(struct task *task, const struct aws_reply *reply)
{
        const struct ec2_instances *found = reply->output;
        char *failure;

        task_touch(task);
        if (reply->outcome != AWS_OK || !found->n_instances) {
                failure = reply->outcome == AWS_OK
                                  ? xstrdup("EC2 does not list it")
                                  : aws_describe_failure(reply, &ec2_describe_instances,
                                                         task->row.region);
                if (task_spent(task) < PROVE_AT_MOST)
                        return step_retry(LOOK_EACH, failure);
                task->row.evidence = xasprintf("whether it was still stopped when its snapshots "
                                               "had begun is not known: %s",
                                               failure);
                free(failure);
        } else if (found->instances->state != INSTANCE_STOPPED ||
                   found->instances->launched != task->row.launched) {
                task->row.evidence = xstrdup(
                        "the instance was started before its snapshots were seen to have begun");
        } else {
                xreplace(&task->row.consistency, ACHIEVED_STOPPED);
        }
        return step_next();
}
