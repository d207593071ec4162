/* Tasks that wait until the clock is known to be right: clock-guard.h. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/mutant.h"
#include "runs/engine/engine.h"

/* How often a task that waits for the comparison asks for its result. */
#define HELD_RETRY (10 * USEC_PER_SEC)

/* The timeout of the step begins anew: nothing was tried. */
static struct verdict wait_for_clock(struct task *task, const char *what)
{
        struct engine *engine = task->run->engine;
        _cleanup_free_ char *wrong = clock_guard_wrong(engine->clock);

        task_set_waiting(task, "%s: %s", what,
                         wrong ? wrong : "the clock is being compared with AWS's");
        task->entered = loop_monotonic(engine->loop);
        task_wake_after(task, HELD_RETRY);
        return step_wait();
}

bool task_may_remove(struct task *task, struct verdict *ret)
{
        struct clock_guard *guard = task->run->engine->clock;

        if (task->run->dry || clock_guard_check(guard) == CLOCK_AGREES)
                return true;
        *ret = wait_for_clock(task, "nothing is removed");
        return false;
}

/* Whether the clock was wrong when the run was claimed. After a restart the time since the claim is
 * not known: then only a claim in the future is wrong. */
static bool claim_is_wrong(const struct run *run, const struct aws_clock *clock)
{
        sec_t since = (loop_monotonic(run->engine->loop) - run->claimed) / USEC_PER_SEC;
        sec_t ahead = run->row.started - (clock->theirs - since);

        return run->claimed ? clock_is_wrong(ahead)
                            : run->row.started > clock->theirs + CLOCK_TOLERANCE;
}

bool task_may_begin(struct task *task, struct verdict *ret)
{
        struct run *run = task->run;
        struct clock_guard *guard = run->engine->clock;
        enum clock_state state;
        struct aws_clock clock;

        if (run->compared || run->dry)
                return true;
        state = clock_guard_check(guard);
        aws_clock(run->engine->aws, &clock);
        if (clock.state == AWS_CLOCK_COMPARED && claim_is_wrong(run, &clock) &&
            !MUTANT(believes_its_clock)) {
                *ret = step_finish(OUTCOME_CANCELLED,
                                   xstrdup("not begun: the clock of this machine was wrong when it "
                                           "fired, and AWS could not be asked"));
                return false;
        }
        run->compared = state == CLOCK_AGREES;
        if (run->compared)
                return true;
        *ret = wait_for_clock(task, "nothing is begun");
        return false;
}
