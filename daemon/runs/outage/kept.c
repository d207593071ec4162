/* How long an instance is kept stopped, frozen or out of service for CreateImage, and the end of a
 * task without an image. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/mutant.h"
#include "runs/outage/outage.h"

struct verdict end_without_image(struct task *task, enum outcome outcome, char *detail)
{
        struct backup_state *backup = backup_state(task);

        if (!backup->may_exist)
                return image_give_up(task, outcome, detail);
        free(backup->no_more.detail);
        backup->no_more = step_finish(outcome, detail);
        return step_goto("find-image");
}

usec_t create_time_left(struct task *task)
{
        struct backup_state *backup = backup_state(task);
        usec_t now = loop_monotonic(task->run->engine->loop);
        usec_t at_most = image_ready_timeout(task) * USEC_PER_SEC;

        if (task->row.downed == SEC_NONE || !task->step->down || MUTANT(keeps_them_down))
                return USEC_INFINITY;
        if (!backup->asked)
                backup->asked = now; /* by an earlier process */
        return now - backup->asked < at_most ? at_most - (now - backup->asked) : 0;
}

usec_t create_overtime(struct task *task)
{
        usec_t now = loop_monotonic(task->run->engine->loop);

        return create_time_left(task)
                       ? 0
                       : now - backup_state(task)->asked - image_ready_timeout(task) * USEC_PER_SEC;
}

struct verdict create_later(struct task *task, usec_t delay, char *detail)
{
        usec_t left = create_time_left(task);
        _cleanup_free_ char *why = detail;

        if (!left)
                return end_without_image(
                        task, OUTCOME_FAILED,
                        xasprintf("EC2 did not take the call within 'ready_timeout', for which it "
                                  "was %s: %s",
                                  task->method == &method_stop     ? "stopped"
                                  : task->method == &method_freeze ? "frozen"
                                                                   : "out of service",
                                  why));
        return step_retry(delay < left ? delay : left, steal(why));
}
