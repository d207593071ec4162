/* Regions whose searches hold up their run. Once one task of a phase is done, the open ones that
 * only read get task_kind.straggle more; then they fail, and the run goes on with the other
 * regions. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/engine/moves.h"

/* Whether the task has an unanswered question to AWS. A request that is still in amid's own queue
 * has not been asked yet: the time of the task begins anew. */
static bool is_late(const struct task *task)
{
        return task->step && task->step->read_only &&
               !(task->call && aws_slot_is_queued(task->call));
}

static void give_up(struct task *task, sec_t straggle)
{
        char time[TIME_TEXT_MAX];

        task_end(task, OUTCOME_FAILED,
                 xasprintf("not searched: %s after others were (%s)",
                           format_timespan(straggle, time),
                           task->row.detail ? task->row.detail : "AWS has not answered"));
}

static void on_timer(void *userdata)
{
        struct run *run = userdata;

        for (struct task *task = run->tasks; task; task = task->next)
                if (task->kind == run->phase->kind && task->row.outcome == OUTCOME_OPEN &&
                    is_late(task))
                        give_up(task, task->kind->straggle);
        timer_arm(run->stragglers, run->phase->kind->straggle * USEC_PER_SEC);
        stragglers_look(run);
}

void stragglers_look(struct run *run)
{
        sec_t straggle = run->phase ? run->phase->kind->straggle : 0;
        size_t through = 0, open = 0;

        if (!straggle) {
                run->stragglers = timer_free(run->stragglers);
                return;
        }
        for (const struct task *task = run->tasks; task; task = task->next) {
                if (task->kind != run->phase->kind)
                        continue;
                through += task->row.outcome == OUTCOME_DONE;
                open += task->row.outcome == OUTCOME_OPEN;
        }
        if (!through || !open) {
                run->stragglers = timer_free(run->stragglers);
        } else if (!run->stragglers) {
                run->stragglers = timer_new(run->engine->loop, on_timer, run);
                timer_arm(run->stragglers, straggle * USEC_PER_SEC);
        }
}
