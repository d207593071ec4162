/*
 * Until EC2 shows a snapshot of every volume of an image: from then on their content is fixed, and
 * the instance may go on. "The snapshot occurs immediately; the point-in-time snapshot is created
 * immediately, but the status is pending": https://docs.aws.amazon.com/AWSEC2/latest/APIReference/
 * API_CreateSnapshot.html
 */
#include "base/alloc.h"
#include "base/text.h"
#include "runs/backup.h"

/* Somebody's machine waits for it. */
#define LOOK_EACH (2 * USEC_PER_SEC)
/* So long an instance that was stopped for its image is kept down for that. */
#define STOPPED_AT_MOST (15 * SEC_PER_MIN)

/* The rest is not waited for: the image goes on, but nothing is proven. */
static struct verdict not_all(struct task *task, size_t n)
{
        free(task->row.evidence);
        task->row.evidence = xasprintf("only %zu of %u snapshots were seen to begin before the "
                                       "instance went on",
                                       n, task->row.volumes);
        xreplace(&task->row.consistency, PROVEN_CRASH);
        task_touch(task);
        return next();
}

struct verdict await_snapshots_ask(struct task *task)
{
        const char *self = "self";
        struct name_filter run, instance;
        struct ec2_filter filters[2];

        name_filter_init(&run, "tag:" TAG_RUN, task->row.run);
        name_filter_init(&instance, "tag:" TAG_INSTANCE, task->row.subject);
        filters[0] = run.filter;
        filters[1] = instance.filter;
        task_call(task, &ec2_describe_snapshots,
                  &(struct describe_snapshots){
                          .owners = &self,
                          .n_owners = 1,
                          .filters = filters,
                          .n_filters = ELEMENTS(filters),
                  });
        name_filter_done(&run);
        name_filter_done(&instance);
        return stay();
}

struct verdict await_snapshots_answer(struct task *task, const struct aws_reply *reply)
{
        const struct setting_schedule *schedule = task->run->schedule;
        const struct ec2_snapshots *found = reply->output;
        sec_t at_most = task->method == &method_freeze && schedule ? schedule->freeze.timeout
                                                                   : STOPPED_AT_MOST;
        size_t n = 0;

        for (size_t i = 0; reply->outcome == AWS_OK && i < found->n_snapshots; i++)
                n += found->snapshots[i].started > 0;
        if (n > 0 && n >= task->row.volumes)
                return next();
        if (task_spent(task) >= at_most)
                return not_all(task, n);
        return again(LOOK_EACH,
                     reply->outcome == AWS_OK
                             ? xasprintf("%zu of %u snapshots have begun", n, task->row.volumes)
                             : aws_describe_failure(reply, &ec2_describe_snapshots,
                                                    task->row.region));
}
