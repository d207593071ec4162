/* The engine: the turn, in which what moved is committed and acted on; how runs begin, and its
 * life. */
#include "runs/engine/engine.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/mutant.h"
#include "base/text.h"
#include "runs/engine/moves.h"

/* Between attempts to write the state. Nothing moves until one succeeds. */
#define STORE_RETRY (10 * USEC_PER_SEC)

/* Tasks that wait for a slot look again. */
static void engine_wake_waiting(struct engine *engine)
{
        engine->room = false;
        for (struct run *run = engine->runs; run; run = run->next)
                for (struct task *task = run->tasks; task; task = task->next)
                        if (task->step && task->step->queued)
                                task_wake(task);
}

/* The turn of the engine: commits the rows that changed, and asks the steps of the tasks that
 * moved. */
static void engine_turn(void *userdata)
{
        struct engine *engine = userdata;
        bool changed = false, waiting = false;

        for (struct run **at = &engine->runs; *at;) {
                struct run *run = *at;

                if (!run->phase && run->row.outcome == OUTCOME_OPEN && run_may_begin(run)) {
                        run_begin(run);
                        changed = true;
                }
                if (!(MUTANT(acts_before_it_commits) && loop_random(engine->loop) % 4 == 0) &&
                    !run_commit(run)) {
                        waiting = true;
                        at = &run->next;
                        continue;
                }
                run_act(run);
                if (run->row.outcome != OUTCOME_OPEN && !run->dirty) {
                        *at = run->next;
                        run_report_end(run);
                        run_free(run);
                        changed = true;
                        continue;
                }
                if (run->row.outcome == OUTCOME_OPEN && run->phase && run->n_open == 0 &&
                    !run->moved && !engine->closing)
                        run_enter(run, run->phase + 1);
                at = &run->next;
        }
        changed |= engine->news;
        engine->news = false;
        if (engine->room)
                engine_wake_waiting(engine);
        if (changed)
                engine_turn_soon(engine); /* a queued run may begin now */
        if (changed || engine->closing)
                engine->changed(engine->userdata);
        if (waiting)
                timer_arm(engine->turn, STORE_RETRY);
}

struct run *engine_hold(struct engine *engine, const struct run_kind *kind)
{
        struct run *run = xnew(struct run), **at = &engine->runs;

        run->engine = engine;
        run->kind = kind;
        run->settings = settings_ref(engine->settings);
        while (*at)
                at = &(*at)->next;
        *at = run;
        return run;
}

void run_find_schedule(struct run *run)
{
        if (run->row.schedule)
                run->schedule = settings_schedule(run->settings, run->row.schedule);
}

/* The id of a dry run is given to no later run, since people have seen it. */
static void note_dry_id(struct engine *engine, const char *id)
{
        xreplace(&engine->dry_ids[engine->n_dry_ids++ % DRY_IDS], id);
}

/* Whether a run that is not in the store has, or had, this id. */
static bool is_dry_id(const struct engine *engine, const char *id)
{
        for (size_t i = 0; i < DRY_IDS && engine->dry_ids[i]; i++)
                if (streq(engine->dry_ids[i], id))
                        return true;
        return false;
}

static bool is_stored_id(struct engine *engine, const char *id)
{
        struct store_run row;

        if (!engine->store || store_load_run(engine->store, id, &row) <= 0)
                return false;
        store_run_done(&row);
        return true;
}

/* Claims the id of a run. A dry run has no row: it only notes its id. */
static int claim(struct engine *engine, const struct store_run *row, bool dry)
{
        if (is_dry_id(engine, row->id))
                return -EEXIST;
        if (!dry)
                return store_add_run(engine->store, row);
        if (is_stored_id(engine, row->id))
                return -EEXIST;
        note_dry_id(engine, row->id);
        return 0;
}

int engine_start(struct engine *engine, const struct run_request *request, struct run **ret)
{
        const struct run_kind *kind = engine_find_kind(engine, request->kind);
        struct store_run row = {
                .id = run_id(request->kind, request->schedule, request->firing),
                .kind = xstrdup(request->kind),
                .schedule = xstrdup(request->schedule),
                .firing = request->firing,
                .trigger = xstrdup(request->trigger),
                .phase = xstrdup(""),
                .only = xstrdup(request->only),
                .started = loop_wall(engine->loop),
                .finished = SEC_NONE,
        };
        struct run *run;
        int r;

        assert(kind);
        r = claim(engine, &row, request->dry);
        if (r < 0) {
                store_run_done(&row);
                return r;
        }
        run = engine_hold(engine, kind);
        run->row = row;
        run->dry = request->dry;
        run->compared = request->compared;
        run->claimed = run->began = loop_monotonic(engine->loop);
        run_find_schedule(run);
        if (!request->queued)
                run_begin(run);
        engine_turn_soon(engine);
        if (ret)
                *ret = run;
        return 0;
}

struct run *engine_find_run(struct engine *engine, const char *id)
{
        for (struct run *run = engine->runs; run; run = run->next)
                if (streq(run->row.id, id))
                        return run;
        return NULL;
}

/* The first task from `task` on with this id. */
static struct task *task_by_id(struct task *task, int64_t id)
{
        while (task && task->row.id != id)
                task = task->next;
        return task;
}

struct task *engine_find_task(struct engine *engine, int64_t id)
{
        struct task *found = task_by_id(engine->looked_up, id);

        for (struct run *run = engine->runs; run && !found; run = run->next)
                if (!run->dry)
                        found = task_by_id(run->tasks, id);
        if (found)
                engine->looked_up = found;
        return found;
}

bool engine_schedule_is_busy(struct engine *engine, const char *schedule, bool *ret_queued)
{
        bool busy = false;

        *ret_queued = false;
        for (struct run *run = engine->runs; run; run = run->next) {
                if (run->dry || !run->kind->by_schedule || !streq(run->row.schedule, schedule) ||
                    !run_is_busy(run))
                        continue;
                busy = true;
                if (!run->phase)
                        *ret_queued = true;
        }
        return busy;
}

const struct run_kind *engine_find_kind(const struct engine *engine, const char *name)
{
        for (const struct run_kind *kind = engine->kinds; kind->name; kind++)
                if (streq(kind->name, name))
                        return kind;
        return NULL;
}

struct engine *engine_new(const struct engine_options *options)
{
        struct engine *engine = xnew(struct engine);
        struct loop *loop = options->loop;

        engine->loop = loop;
        engine->store = options->store;
        engine->aws = options->aws;
        engine->locations = (struct locations){
                .loop = loop,
                .aws = options->aws,
                .refusal_changed = task_report_refusal,
                .userdata = engine,
        };
        engine->kinds = options->kinds;
        engine->forget = options->forget;
        engine->changed = options->changed;
        engine->userdata = options->userdata;
        snprintf(engine->nonce, sizeof(engine->nonce), "%016" PRIx64, loop_random(loop));
        engine->process_began = loop_monotonic(loop);
        engine->turn = timer_new(loop, engine_turn, engine);
        return engine;
}

void engine_close(struct engine *engine)
{
        engine->closing = true;
}

void engine_stop(struct engine *engine)
{
        while (engine->runs) {
                struct run *run = engine->runs;

                run_commit(run);
                engine->runs = run->next;
                run_free(run);
        }
        timer_disarm(engine->turn);
}

struct engine *engine_free(struct engine *engine)
{
        if (!engine)
                return NULL;
        engine_stop(engine);
        watches_orphan(&engine->watches);
        engine->forget(engine);
        clock_guard_free(engine->clock);
        locations_done(&engine->locations);
        for (size_t i = 0; i < DRY_IDS; i++)
                free(engine->dry_ids[i]);
        timer_free(engine->turn);
        settings_unref(engine->settings);
        free(engine->rival);
        free(engine->store_failure);
        free(engine);
        return NULL;
}
