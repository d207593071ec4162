/* Runs and tasks rebuilt from the store after a restart. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/engine/moves.h"
#include "runs/location/location.h"

/* The time since a run or a step began, by the wall clock: the monotonic clock of the earlier
 * process is lost. */
static usec_t time_since(const struct run *run, sec_t begun)
{
        sec_t now = loop_wall(run->engine->loop);

        return now > begun ? (now - begun) * USEC_PER_SEC : 0;
}

/* Rebuilds a task from its row; its step is asked again. */
static void run_resume_task(struct run *run, struct store_task *row)
{
        const struct task_kind *kind = NULL;
        struct location *location;
        struct task *task;

        for (const struct phase *phase = run->kind->phases; phase->name; phase++)
                if (streq(phase->kind->name, row->kind))
                        kind = phase->kind;
        location = location_get(&run->engine->locations, run->settings, row->account, row->region);
        if (row->outcome == OUTCOME_OPEN && (!kind || !location)) {
                log_line(LOG_ERR,
                         &(struct log_about){ .run = run->row.id, .account = row->account },
                         "Task %s %s of run %s is given up: account %s is no longer in the "
                         "settings.",
                         row->kind, row->subject, run->row.id, row->account);
                if (kind && kind->lost)
                        kind->lost(run, row);
                row->outcome = OUTCOME_FAILED;
                row->finished = loop_wall(run->engine->loop);
                xreplace(&row->detail, "given up: its account is no longer in the settings");
                store_save_task(run->engine->store, row);
                store_task_done(row);
                run->n_lost++;
                return;
        }
        if (!kind || !location) {
                location_unref(location);
                store_task_done(row);
                return;
        }
        task = task_hold(run, kind, location);
        location_unref(location);
        task->row = *row;
        *row = (struct store_task){};
        task->step = task_kind_step(kind, task->row.step);
        if (kind->loaded)
                kind->loaded(task);
        task_index(task);
        task->resumed = true;
        task->inherited = loop_monotonic(run->engine->loop);
        task->entered -= time_since(run, task->row.entered);
        run->n_cancelled += task->row.outcome == OUTCOME_CANCELLED;
        task_note_down(task);
        task_note_aside(task);
        if (task->row.outcome == OUTCOME_OPEN && task->step)
                task_moved(task);
}

static int run_resume(struct run *run)
{
        struct store_task *rows;
        size_t n;
        int r;

        r = store_load_tasks(run->engine->store, run->row.id, &rows, &n);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n; i++)
                run_resume_task(run, &rows[i]);
        free(rows);
        for (const struct phase *phase = run->kind->phases; phase->name; phase++)
                if (streq(phase->name, run->row.phase))
                        run->phase = phase;
        if (run->phase) {
                if (run->kind->resumed)
                        run->kind->resumed(run);
                for (struct task *task = run->tasks; task; task = task->next) {
                        if (task->kind != run->phase->kind || task->row.outcome != OUTCOME_OPEN)
                                continue;
                        run->n_open++;
                        if (!task->step)
                                task_enter(task, task->kind->steps);
                }
                stragglers_look(run);
        }
        return 0;
}

int engine_resume(struct engine *engine)
{
        struct store_run *rows;
        size_t n;
        int r;

        r = store_load_runs(engine->store, NULL, true, 0, &rows, &n);
        if (r < 0)
                return r;
        for (size_t i = n; i-- > 0 && r >= 0;) { /* the store gives the newest first */
                const struct run_kind *kind = engine_find_kind(engine, rows[i].kind);
                struct run *run;

                if (!kind)
                        continue;
                run = engine_hold(engine, kind);
                run->row = rows[i];
                rows[i] = (struct store_run){};
                run->began = loop_monotonic(engine->loop) - time_since(run, run->row.started);
                run_find_schedule(run);
                r = run_resume(run);
                log_line(LOG_INFO,
                         &(struct log_about){ .schedule = run->row.schedule, .run = run->row.id },
                         "Run %s goes on.", run->row.id);
        }
        store_runs_free(rows, n);
        engine_turn_soon(engine);
        return r;
}
