/* The instances that amid holds, and the lines of the journal about them: while AWS refuses a call
 * that an instance is held for, and while the state cannot be written. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/engine/moves.h"

bool task_holds(const struct task *task)
{
        return task->down && !task->restored && task->kind->holds && task->kind->holds(task);
}

const struct task *engine_find_held(const struct engine *engine)
{
        for (const struct task *task = engine->down; task; task = task->next_down)
                if (task_holds(task))
                        return task;
        return NULL;
}

/* ---- AWS refuses a call that an instance is held for ---- */

void task_log_held(struct task *task, const char *why)
{
        const struct refusal *refusal = task_is_refused(task) ? task_refusal(task) : NULL;
        struct log_about about = task_about(task);
        char time[TIME_TEXT_MAX];
        sec_t until;

        if (!refusal || !refusal->certain || !task_holds(task) ||
            !reported_add(&task->refusal.reported, refusal->action, refusal->code))
                return;
        until = task->kind->held_until ? task->kind->held_until(task) : SEC_NONE;
        /* The refusal comes last: statements of a policy may fill the line. */
        log_event(&events[EVENT_AWS_REFUSES], &about,
                  "Instance %s %s%s%s; meanwhile AWS refuses a call, which is made again: %s",
                  task->row.subject, task->kind->holds(task),
                  until != SEC_NONE ? ", at the latest until " : "",
                  until != SEC_NONE ? format_rfc3339(until, time) : "", why);
}

/* ---- the state cannot be written ---- */

/* A line for each instance that is held, and one where no instance is. */
static void log_store_failed(const struct engine *engine, const struct log_about *about)
{
        static const char *const what = "nothing is begun or brought back until it can";
        bool logged = false;

        for (const struct task *task = engine->down; task; task = task->next_down) {
                struct log_about named = task_about(task);

                if (!task_holds(task))
                        continue;
                log_event(&events[EVENT_STORE_FAILED], &named, "%s; %s, and %s %s.",
                          engine->store_failure, what, task->row.subject, task->kind->holds(task));
                logged = true;
        }
        if (!logged)
                log_event(&events[EVENT_STORE_FAILED], about, "%s; %s.", engine->store_failure,
                          what);
}

void engine_store_failed(struct engine *engine, const struct log_about *about)
{
        if (engine->store_failure)
                return;
        engine->store_failure =
                xasprintf("The state cannot be written: %s", store_error(engine->store));
        log_store_failed(engine, about);
        engine->news = true;
        engine_turn_soon(engine);
}

void engine_store_works(struct engine *engine)
{
        if (!engine->store_failure)
                return;
        log_line(LOG_NOTICE, NULL, "The state can be written again.");
        xreplace(&engine->store_failure, NULL);
        engine->news = true;
        engine_turn_soon(engine);
}
