/* Runs: from phase to phase, what they commit, and the outcome they end with. */
#include "runs/engine/moves.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"

char *run_id(const char *kind, const char *schedule, sec_t firing)
{
        char time[TIME_TEXT_MAX];

        format_compact(firing, time);
        if (streq(kind, "backup"))
                return xasprintf("%s.%s", schedule, time);
        if (schedule)
                return xasprintf("%s.%s.%s", schedule, kind, time);
        return xasprintf("%s.%s", kind, time);
}

static void run_is_clean(struct run *run)
{
        run->dirty = false;
        for (struct task *task = run->touched, *following; task; task = following) {
                following = task->next_dirty;
                task->next_dirty = NULL;
                task->dirty = false;
        }
        run->touched = run->last_touched = NULL;
}

/* Commits what changed in a run, in one transaction. A dry run has nothing to commit. */
bool run_commit(struct run *run)
{
        struct engine *engine = run->engine;
        int r;

        if (!run->dirty && !run->touched)
                return true;
        if (run->dry) {
                run_is_clean(run);
                return true;
        }
        store_begin(engine->store);
        if (run->dirty)
                store_save_run(engine->store, &run->row);
        for (struct task *task = run->touched; task; task = task->next_dirty)
                store_save_task(engine->store, &task->row);
        r = store_commit(engine->store);
        if (r < 0) {
                engine_store_failed(engine, &(struct log_about){ .run = run->row.id });
                return false;
        }
        engine_store_works(engine);
        run_is_clean(run);
        return true;
}

/* When the run began, by a wall clock that shows `now`. A wall clock that was set meanwhile makes
 * the start of the row wrong, and then the monotonic clock decides; a second of difference is
 * rounding. */
static sec_t begun_at(const struct run *run, sec_t now)
{
        sec_t took = (loop_monotonic(run->engine->loop) - run->began) / USEC_PER_SEC;
        sec_t by_wall = now - run->row.started;

        return by_wall < took - 1 || by_wall > took + 1 ? now - took : run->row.started;
}

static void run_end(struct run *run, enum outcome outcome, char *detail)
{
        run->row.outcome = outcome;
        run->row.finished = loop_wall(run->engine->loop);
        run->row.started = begun_at(run, run->row.finished);
        if (detail) {
                free(run->row.detail);
                run->row.detail = detail;
        }
        run->dirty = true;
        engine_turn_soon(run->engine);
}

/* Whether a task does the work of the run. Other tasks search for that work, or remove old images
 * after it. */
static bool task_is_work(const struct task *task)
{
        return task->kind == task->run->kind->work;
}

/* How the tasks of a run ended. */
struct tally {
        size_t n[OUTCOMES], work_done;
        size_t abandoned; /* cancelled, and have made something that is no longer followed */
        const struct task *worst; /* the first that failed; or NULL */
};

static struct tally run_tally(const struct run *run)
{
        struct tally tally = {};

        for (const struct task *task = run->tasks; task; task = task->next) {
                tally.n[task->row.outcome]++;
                tally.abandoned += task->row.outcome == OUTCOME_CANCELLED && task->kind->leaves &&
                                   task->kind->leaves(task);
                tally.work_done += task->row.outcome == OUTCOME_DONE && task_is_work(task);
                if (task->row.outcome == OUTCOME_FAILED && !tally.worst)
                        tally.worst = task;
        }
        return tally;
}

/* "i-1: why; 2 failed; 5 not begun", or "" when all went well. `whole`: with the first failure. */
static char *tally_text(const struct run *run, const struct tally *tally, bool whole)
{
        const struct {
                size_t n;
                const char *what;
        } parts[] = {
                { tally->n[OUTCOME_FAILED] > whole ? tally->n[OUTCOME_FAILED] : 0, "failed" },
                { tally->n[OUTCOME_CANCELLED] - tally->abandoned, "not begun" },
                { tally->abandoned, "no longer followed" },
                { tally->n[OUTCOME_SKIPPED], "skipped" },
                { run->n_lost, "given up" },
        };
        _cleanup_(text_done) struct text text = {};
        const struct store_task *worst = tally->worst ? &tally->worst->row : NULL;

        if (worst && whole)
                text_printf(&text, "%s: %s", *worst->subject ? worst->subject : worst->region,
                            worst->detail);
        for (size_t i = 0; i < ELEMENTS(parts); i++)
                if (parts[i].n)
                        text_printf(&text, "%s%zu %s", text_size(&text) ? "; " : "", parts[i].n,
                                    parts[i].what);
        return text_steal(&text);
}

/* The detail of a run with its shortfall. Takes both. */
static char *with_shortfall(char *detail, char *shortfall)
{
        char *whole;

        if (!shortfall || !detail)
                return shortfall ? shortfall : detail;
        whole = *detail ? xasprintf("%s; %s", detail, shortfall) : xstrdup(shortfall);
        free(detail);
        free(shortfall);
        return whole;
}

/* The outcome of a run that did not do everything: partial only where some of its work is done. */
static enum outcome outcome_short_of_all(const struct run *run, const struct tally *tally)
{
        if (!tally->worst && tally->n[OUTCOME_CANCELLED])
                return OUTCOME_CANCELLED;
        if (tally->work_done)
                return OUTCOME_PARTIAL;
        return tally->worst || run->n_lost ? OUTCOME_FAILED : OUTCOME_SKIPPED;
}

/* The outcome of a run whose phases are through, from those of its tasks. */
static void run_conclude(struct run *run)
{
        struct tally tally = run_tally(run);
        char *detail = tally_text(run, &tally, true);
        bool cut_short = run_is_cut_short(run);
        enum outcome outcome;

        if (*detail)
                outcome = outcome_short_of_all(run, &tally);
        else
                outcome = cut_short ? OUTCOME_CANCELLED : OUTCOME_DONE;
        if (!*detail && cut_short)
                free(steal(detail)); /* the reason it was cut short for stays */
        else if (run->kind->shortfall)
                detail = with_shortfall(detail, run->kind->shortfall(run));
        run_end(run, outcome, detail);
}

void run_enter(struct run *run, const struct phase *phase)
{
        struct verdict verdict;

        log_line(LOG_DEBUG, &(struct log_about){ .run = run->row.id }, "run %s: %s -> %s",
                 run->row.id, run->phase ? run->phase->name : "",
                 phase->name ? phase->name : "end");
        if (!phase->name) {
                run_conclude(run);
                return;
        }
        run->phase = phase;
        xreplace(&run->row.phase, phase->name);
        run->dirty = true;
        verdict = phase->begin(run);
        if (verdict.move == MOVE_FINISH) {
                for (struct task *task = run->tasks; task; task = task->next)
                        if (task->row.outcome == OUTCOME_OPEN)
                                task_end(task, OUTCOME_CANCELLED, xstrdup("not begun"));
                run_end(run, verdict.outcome, verdict.detail);
                return;
        }
        run->n_open = 0;
        for (struct task *task = run->tasks; task; task = task->next) {
                if (task->kind != phase->kind || task->row.outcome != OUTCOME_OPEN)
                        continue;
                run->n_open++;
                if (!task->step)
                        task_enter(task, phase->kind->steps);
        }
        engine_turn_soon(run->engine);
}

bool run_may_begin(const struct run *run)
{
        if (run->engine->closing)
                return false;
        for (const struct run *other = run->engine->runs; other != run; other = other->next)
                if (streq(other->row.schedule, run->row.schedule) && other->kind == run->kind &&
                    run_is_busy(other))
                        return false;
        return true;
}

bool run_is_busy(const struct run *run)
{
        if (run->row.outcome != OUTCOME_OPEN)
                return false;
        /* The next phase begins in the turn in which the first one ends. */
        return !run->phase || run->phase == run->kind->phases ||
               (run->phase->touches && run->n_open > run->n_aside);
}

void run_begin(struct run *run)
{
        run->row.started = loop_wall(run->engine->loop);
        run->began = loop_monotonic(run->engine->loop);
        if (!run->dry)
                log_event(&events[EVENT_RUN_STARTED],
                          &(struct log_about){ .schedule = run->row.schedule, .run = run->row.id },
                          "Run %s started (%s).", run->row.id, run->row.trigger);
        run->engine->news = true;
        run_enter(run, run->kind->phases);
}

/* Acts on tasks whose rows are committed. */
void run_act(struct run *run)
{
        struct task *moved = run->moved;

        run->moved = run->last_moved = NULL;
        while (moved) {
                struct task *task = moved;

                moved = task->next_moved;
                task->next_moved = NULL;
                task->moved = false;
                task_report(task, NULL);
                if (task->row.outcome == OUTCOME_OPEN) {
                        if (!run->engine->closing || task->down)
                                task_apply(task, task->step->ask(task));
                } else {
                        if (task->kind->forget)
                                task->kind->forget(task);
                        task->state = NULL;
                        if (run->phase && task->kind == run->phase->kind && run->n_open)
                                run->n_open--;
                        if (task->kind->straggle)
                                stragglers_look(run);
                }
        }
}

/* The reason in the last line of a run that did not do everything. A failure of which the task has
 * logged a line is not repeated. */
static char *run_reason(const struct run *run)
{
        struct tally tally = run_tally(run);

        if (tally.worst && tally.worst->kind->ended)
                return tally_text(run, &tally, false);
        return xstrdup(run->row.detail && *run->row.detail ? run->row.detail : "no detail");
}

void run_report_end(struct run *run)
{
        struct log_about about = { .schedule = run->row.schedule, .run = run->row.id };
        _cleanup_free_ char *made = NULL, *reason = NULL;
        char time[TIME_TEXT_MAX];

        watches_report(&run->engine->watches, &(struct run_event){ .run = &run->row });
        if (run->dry)
                return;
        made = run->kind->made ? run->kind->made(run) : xstrdup("");
        format_timespan(run->row.finished - run->row.started, time);
        if (run->row.outcome == OUTCOME_DONE) {
                log_event(&events[EVENT_RUN_FINISHED], &about, "Run %s is done in %s%s.",
                          run->row.id, time, made);
                return;
        }
        reason = run_reason(run);
        log_event(&events[EVENT_RUN_FAILED], &about, "Run %s ended %s after %s%s: %s", run->row.id,
                  outcome_names[run->row.outcome], time, made, reason);
}

struct run *run_free(struct run *run)
{
        for (struct task *task = run->tasks, *following; task; task = following) {
                following = task->next;
                task_free(task);
        }
        if (run->kind->forget)
                run->kind->forget(run);
        timer_free(run->stragglers);
        store_run_done(&run->row);
        settings_unref(run->settings);
        free(run);
        return NULL;
}

bool run_is_cut_short(const struct run *run)
{
        /* The detail of an open run is set by run_cancel() only. */
        return run->row.detail || run->n_cancelled;
}

void run_cancel(struct run *run, const char *why)
{
        xreplace(&run->row.detail, why);
        run->dirty = true;
        for (struct task *task = run->tasks; task; task = task->next) {
                if (task->row.outcome != OUTCOME_OPEN)
                        continue;
                if (!task->step || task->step->queued || task->step->read_only)
                        task_end(task, OUTCOME_CANCELLED, xstrdup(why));
                else
                        task_wake(task); /* it may wait to be asked again */
        }
        if (!run->phase)
                run_end(run, OUTCOME_CANCELLED, NULL);
        engine_turn_soon(run->engine);
}

void run_abandon(struct run *run, const char *why)
{
        run->row.abandoned = true;
        run_cancel(run, why); /* which lets each task look again */
}
