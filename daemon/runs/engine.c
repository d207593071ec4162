#include "runs/engine.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/home.h"
#include "runs/place.h"
#include "runs/watch.h"

/* While the state cannot be written nothing moves; it is tried again after this. */
#define STORE_RETRY (10 * USEC_PER_SEC)
/* Without an answer from AWS at all, a task asks again after about this. */
#define TROUBLE_RETRY (30 * USEC_PER_SEC)

/* ---- verdicts ---- */

struct verdict stay(void)
{
        return (struct verdict){ .move = MOVE_STAY };
}

struct verdict next(void)
{
        return (struct verdict){ .move = MOVE_NEXT };
}

struct verdict go(const char *step)
{
        return (struct verdict){ .move = MOVE_GO, .step = step };
}

struct verdict again(usec_t delay, char *detail)
{
        return (struct verdict){ .move = MOVE_AGAIN, .delay = delay, .detail = detail };
}

struct verdict finish(enum outcome outcome, char *detail)
{
        return (struct verdict){ .move = MOVE_FINISH, .outcome = outcome, .detail = detail };
}

/* ---- rows that moved ---- */

static void engine_turn_soon(struct engine *engine)
{
        if (!timer_is_armed(engine->turn))
                timer_arm(engine->turn, 0);
}

/* To be committed, then acted on, in the next turn. */
static void task_moved(struct task *task)
{
        struct run *run = task->run;

        if (task->moved)
                return;
        task->moved = true;
        if (run->last_moved)
                run->last_moved->next_moved = task;
        else
                run->moved = task;
        run->last_moved = task;
        engine_turn_soon(run->engine);
}

void engine_store_failed(struct engine *engine, const struct log_about *about)
{
        if (!engine->store_failed)
                log_event(&events[EVENT_STORE_FAILED], about,
                          "The state cannot be written: %s; nothing new begins until it can.",
                          store_error(engine->store));
        engine->store_failed = true;
}

void engine_store_works(struct engine *engine)
{
        if (engine->store_failed)
                log_line(LOG_NOTICE, NULL, "The state can be written again.");
        engine->store_failed = false;
}

static bool run_is_dirty(const struct run *run)
{
        if (run->dirty)
                return true;
        for (const struct task *task = run->tasks; task; task = task->next)
                if (task->dirty)
                        return true;
        return false;
}

static void run_is_clean(struct run *run)
{
        run->dirty = false;
        for (struct task *task = run->tasks; task; task = task->next)
                task->dirty = false;
}

/* Commits what changed in a run, in one transaction. A dry run has nothing to commit. */
static bool run_commit(struct run *run)
{
        struct engine *engine = run->engine;
        int r;

        if (!run_is_dirty(run))
                return true;
        if (run->dry) {
                run_is_clean(run);
                return true;
        }
        store_begin(engine->store);
        if (run->dirty)
                store_save_run(engine->store, &run->row);
        for (struct task *task = run->tasks; task; task = task->next)
                if (task->dirty)
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

/* ---- the only place where a task moves ---- */

static const char *step_name(const struct step *step)
{
        return step ? step->name : "";
}

static void task_leave_step(struct task *task)
{
        timer_disarm(task->timer);
        task->call = aws_slot_free(task->call);
        free(steal(task->waiting));
        if (task->step && task->step->down)
                task->run->engine->room = true;
}

static void task_enter(struct task *task, const struct step *step)
{
        struct log_about about = task_about(task);

        log_line(LOG_DEBUG, &about, "%s %s: %s -> %s", task->kind->name, task->row.subject,
                 step_name(task->step), step->name);
        task_leave_step(task);
        task->step = step;
        task->resumed = false;
        xreplace(&task->row.step, step->name);
        task->row.entered = loop_wall(task->run->engine->loop);
        task->dirty = true;
        task_moved(task);
}

static void task_end(struct task *task, enum outcome outcome, char *detail)
{
        struct log_about about = task_about(task);

        log_line(LOG_DEBUG, &about, "%s %s: %s -> %s", task->kind->name, task->row.subject,
                 step_name(task->step), outcome_names[outcome]);
        task_leave_step(task);
        task->row.outcome = outcome;
        task->row.finished = loop_wall(task->run->engine->loop);
        if (detail || outcome == OUTCOME_DONE) {
                free(task->row.detail);
                task->row.detail = detail;
        }
        task->dirty = true;
        task_moved(task);
}

static const struct step *find_step(const struct task_kind *kind, const char *name)
{
        for (const struct step *step = kind->steps; step->name; step++)
                if (streq(step->name, name))
                        return step;
        return NULL;
}

/* Half to one and a half times the delay, so that many tasks do not ask in step. */
static usec_t with_jitter(struct engine *engine, usec_t delay)
{
        return delay / 2 + (usec_t)(loop_random(engine->loop) % (uint64_t)(delay + 1));
}

static void task_apply(struct task *task, struct verdict verdict)
{
        struct engine *engine = task->run->engine;
        sec_t spent = loop_wall(engine->loop) - task->row.entered;
        const struct step *step;

        switch (verdict.move) {
        case MOVE_STAY:
                return;
        case MOVE_NEXT:
                step = task->step + 1;
                if (step->name && !task->step->last)
                        task_enter(task, step);
                else
                        task_end(task, OUTCOME_DONE, NULL);
                return;
        case MOVE_GO:
                step = find_step(task->kind, verdict.step);
                assert(step);
                task_enter(task, step);
                return;
        case MOVE_AGAIN:
                if (task->step->patience && spent > task->step->patience) {
                        task_end(task, OUTCOME_FAILED, verdict.detail);
                        return;
                }
                task_set_waiting(task, "%s", verdict.detail);
                free(task->row.detail);
                task->row.detail = verdict.detail;
                task->dirty = true;
                task->call = aws_slot_free(task->call);
                timer_arm(task->timer, with_jitter(engine, verdict.delay));
                return;
        case MOVE_FINISH:
                task_end(task, verdict.outcome, verdict.detail);
                return;
        }
        abort();
}

static void task_on_reply(const struct aws_reply *reply, void *userdata)
{
        struct task *task = userdata;
        struct verdict verdict;

        place_heard(task->place, task->action, reply);
        verdict = task->step->answer(task, reply);
        task->call = aws_slot_free(task->call);
        task_apply(task, verdict);
}

void task_call(struct task *task, const struct action *action, const void *input)
{
        aws_slot_free(task->call);
        task->action = action;
        task->call =
                aws_call(task->place->aws, task->place->region, action, input, task_on_reply, task);
}

static void task_on_timer(void *userdata)
{
        task_wake(userdata);
}

void task_wake(struct task *task)
{
        /* A request that is under way will move the task by itself. */
        if (task->step && task->row.outcome == OUTCOME_OPEN && !task->call)
                task_moved(task);
}

void task_wake_after(struct task *task, usec_t delay)
{
        timer_arm(task->timer, delay);
}

struct verdict task_trouble(struct task *task, const struct aws_reply *reply,
                            const struct action *action)
{
        char *detail = aws_describe_failure(reply, action, task->row.region);

        switch (reply->outcome) {
        case AWS_UNREACHABLE:
        case AWS_UNSIGNED:
        case AWS_UNKNOWN:
                return again(TROUBLE_RETRY, detail);
        case AWS_ERROR:
                return finish(OUTCOME_FAILED, detail);
        case AWS_OK:
                break;
        }
        abort();
}

void task_set_waiting(struct task *task, const char *format, ...)
{
        va_list arguments;
        char *waiting;

        va_start(arguments, format);
        waiting = xvasprintf(format, arguments);
        va_end(arguments);
        if (!streq(waiting, task->waiting)) {
                free(task->waiting);
                task->waiting = steal(waiting);
                task_report(task, NULL);
        }
        free(waiting);
}

struct log_about task_about(const struct task *task)
{
        return (struct log_about){
                .schedule = task->run->row.schedule,
                .run = task->run->row.id,
                .instance = startswith(task->row.subject, "i-") ? task->row.subject : NULL,
                .image =
                        startswith(task->row.subject, "ami-") ? task->row.subject : task->row.image,
                .account = task->row.account,
                .region = task->row.region,
        };
}

void task_report(struct task *task, const struct prune_decision *decision)
{
        watches_tell(task->run->engine, task->run, task, decision);
}

/* ---- tasks of a run ---- */

static struct task *run_hold_task(struct run *run, const struct task_kind *kind,
                                  struct place *place)
{
        struct task *task = xnew(struct task);

        task->run = run;
        task->kind = kind;
        task->place = place_ref(place);
        task->percent = -1;
        task->timer = timer_new(run->engine->loop, task_on_timer, task);
        if (run->last_task)
                run->last_task->next = task;
        else
                run->tasks = task;
        run->last_task = task;
        return task;
}

struct task *run_add_task(struct run *run, const struct task_kind *kind, struct place *place,
                          const char *subject)
{
        struct task *task = run_hold_task(run, kind, place);

        task->row = (struct store_task){
                .run = xstrdup(run->row.id),
                .kind = xstrdup(kind->name),
                .account = xstrdup(place->account),
                .region = xstrdup(place->region),
                .subject = xstrdup(subject),
                .step = xstrdup(""),
                .entered = loop_wall(run->engine->loop),
                .finished = SEC_NONE,
        };
        task->dirty = true;
        return task;
}

static struct task *task_free(struct task *task)
{
        if (task->kind->forget)
                task->kind->forget(task);
        aws_slot_free(task->call);
        timer_free(task->timer);
        free(task->waiting);
        place_unref(task->place);
        store_task_done(&task->row);
        free(task);
        return NULL;
}

bool run_is_cut_short(const struct run *run)
{
        if (run->row.detail) /* of an open run only run_cancel() sets it */
                return true;
        for (const struct task *task = run->tasks; task; task = task->next)
                if (task->row.outcome == OUTCOME_CANCELLED)
                        return true;
        return false;
}

static void run_end(struct run *run, enum outcome outcome, char *detail);

void run_cancel(struct run *run, const char *why)
{
        xreplace(&run->row.detail, why);
        run->dirty = true;
        for (struct task *task = run->tasks; task; task = task->next) {
                if (task->row.outcome != OUTCOME_OPEN)
                        continue;
                if (!task->step || task->step->waits || task->step->looks)
                        task_end(task, OUTCOME_CANCELLED, xstrdup(why));
                else
                        task_wake(task); /* it may wait to be asked again */
        }
        if (!run->phase)
                run_end(run, OUTCOME_CANCELLED, NULL);
        engine_turn_soon(run->engine);
}

/* ---- the only place where a run moves ---- */

static void run_end(struct run *run, enum outcome outcome, char *detail)
{
        run->row.outcome = outcome;
        run->row.finished = loop_wall(run->engine->loop);
        if (detail) {
                free(run->row.detail);
                run->row.detail = detail;
        }
        run->dirty = true;
        engine_turn_soon(run->engine);
}

/* Whether a task does what the run is for, and not only look for what is to be done. */
static bool task_is_work(const struct task *task)
{
        const struct phase *phases = task->run->kind->phases;

        return task->kind != phases[0].kind || !phases[1].name;
}

/* The outcome of a run whose phases are through, from those of its tasks. */
static void run_conclude(struct run *run)
{
        _cleanup_(text_done) struct text detail = {};
        size_t n[OUTCOMES] = {}, work_done = 0;
        const struct task *worst = NULL;

        for (const struct task *task = run->tasks; task; task = task->next) {
                n[task->row.outcome]++;
                work_done += task->row.outcome == OUTCOME_DONE && task_is_work(task);
                if (task->row.outcome == OUTCOME_FAILED && !worst)
                        worst = task;
        }
        if (worst)
                text_printf(&detail, "%s: %s; ",
                            *worst->row.subject ? worst->row.subject : worst->row.region,
                            worst->row.detail);
        if (n[OUTCOME_FAILED] > 1)
                text_printf(&detail, "%zu failed in all; ", n[OUTCOME_FAILED]);
        if (n[OUTCOME_CANCELLED])
                text_printf(&detail, "%zu not begun; ", n[OUTCOME_CANCELLED]);
        if (n[OUTCOME_SKIPPED])
                text_printf(&detail, "%zu skipped; ", n[OUTCOME_SKIPPED]);
        if (run->n_lost)
                text_printf(&detail, "%zu given up; ", run->n_lost);
        if (text_size(&detail) == 0) {
                if (run_is_cut_short(run))
                        run_end(run, OUTCOME_CANCELLED, NULL);
                else
                        run_end(run, OUTCOME_DONE, xstrdup(""));
                return;
        }
        run_end(run,
                !worst && n[OUTCOME_CANCELLED] ? OUTCOME_CANCELLED
                : work_done || !worst          ? OUTCOME_PARTIAL
                                               : OUTCOME_FAILED,
                xstrndup(text_get(&detail), text_size(&detail) - 2));
}

static void run_enter(struct run *run, const struct phase *phase)
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

static bool run_may_begin(const struct run *run)
{
        for (const struct run *other = run->engine->runs; other != run; other = other->next)
                if (streq(other->row.schedule, run->row.schedule) && other->kind == run->kind)
                        return false;
        return true;
}

static void run_begin(struct run *run)
{
        run->row.started = loop_wall(run->engine->loop);
        if (!run->dry)
                log_event(&events[EVENT_RUN_STARTED],
                          &(struct log_about){ .schedule = run->row.schedule, .run = run->row.id },
                          "Run %s started (%s).", run->row.id, run->row.trigger);
        run->engine->began = true;
        run_enter(run, run->kind->phases);
}

/* Acts on tasks whose rows are committed. */
static void run_act(struct run *run)
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
                        task_apply(task, task->step->ask(task));
                } else {
                        if (task->kind->forget)
                                task->kind->forget(task);
                        task->live = NULL;
                        if (run->phase && task->kind == run->phase->kind && run->n_open)
                                run->n_open--;
                }
        }
}

/* Tasks that wait for their turn look again. */
static void engine_wake_waiting(struct engine *engine)
{
        engine->room = false;
        for (struct run *run = engine->runs; run; run = run->next)
                for (struct task *task = run->tasks; task; task = task->next)
                        if (task->step && task->step->waits)
                                task_wake(task);
}

static void run_report_end(struct run *run)
{
        struct log_about about = { .schedule = run->row.schedule, .run = run->row.id };
        char time[TIME_TEXT_MAX];
        size_t images = 0;

        watches_tell(run->engine, run, NULL, NULL);
        if (run->dry)
                return;
        for (const struct task *task = run->tasks; task; task = task->next)
                images += task->row.image && task->row.outcome == OUTCOME_DONE;
        format_timespan(run->row.finished - run->row.started, time);
        if (run->row.outcome == OUTCOME_DONE)
                log_event(&events[EVENT_RUN_FINISHED], &about,
                          "Run %s is done: %zu image%s, in %s.", run->row.id, images,
                          images == 1 ? "" : "s", time);
        else
                log_event(&events[EVENT_RUN_FAILED], &about, "Run %s ended %s after %s: %s",
                          run->row.id, outcome_names[run->row.outcome], time,
                          run->row.detail && *run->row.detail ? run->row.detail : "no detail");
}

static struct run *run_free(struct run *run)
{
        for (struct task *task = run->tasks, *following; task; task = following) {
                following = task->next;
                task_free(task);
        }
        store_run_done(&run->row);
        settings_unref(run->settings);
        free(run);
        return NULL;
}

/* One turn: commit what moved, act on it, until nothing moves any more. */
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
                if (!run_commit(run)) {
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
                    !run->moved)
                        run_enter(run, run->phase + 1);
                at = &run->next;
        }
        changed |= engine->began;
        engine->began = false;
        if (engine->room)
                engine_wake_waiting(engine);
        if (changed) {
                engine_turn_soon(engine); /* a queued run may begin now */
                engine->changed(engine->userdata);
        }
        if (waiting)
                timer_arm(engine->turn, STORE_RETRY);
}

/* ---- beginning ---- */

static struct run *engine_hold(struct engine *engine, const struct run_kind *kind)
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

static void run_find_schedule(struct run *run)
{
        if (run->row.schedule)
                run->schedule = settings_schedule(run->settings, run->row.schedule);
}

int engine_start(struct engine *engine, const struct run_request *request, struct run **ret)
{
        const struct run_kind *kind = run_kind_find(request->kind);
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
        if (request->dry)
                r = engine_find_run(engine, row.id) ? -EEXIST : 0;
        else
                r = store_add_run(engine->store, &row);
        if (r < 0) {
                store_run_done(&row);
                return r;
        }
        run = engine_hold(engine, kind);
        run->row = row;
        run->dry = request->dry;
        run_find_schedule(run);
        if (!request->queued)
                run_begin(run);
        engine_turn_soon(engine);
        if (ret)
                *ret = run;
        return 0;
}

/* Rebuilds a task from its row; its step is asked again. */
static void run_resume_task(struct run *run, struct store_task *row)
{
        const struct task_kind *kind = NULL;
        struct place *place;
        struct task *task;

        for (const struct phase *phase = run->kind->phases; phase->name; phase++)
                if (streq(phase->kind->name, row->kind))
                        kind = phase->kind;
        place = place_get(run->engine, run->settings, row->account, row->region);
        if (row->outcome == OUTCOME_OPEN && (!kind || !place)) {
                log_line(LOG_ERR,
                         &(struct log_about){ .run = run->row.id, .account = row->account },
                         "Task %s %s of run %s is given up: account %s is no longer in the "
                         "settings.",
                         row->kind, row->subject, run->row.id, row->account);
                row->outcome = OUTCOME_FAILED;
                row->finished = loop_wall(run->engine->loop);
                xreplace(&row->detail, "given up: its account is no longer in the settings");
                store_save_task(run->engine->store, row);
                store_task_done(row);
                run->n_lost++;
                return;
        }
        if (!kind || !place) {
                place_unref(place);
                store_task_done(row);
                return;
        }
        task = run_hold_task(run, kind, place);
        place_unref(place);
        task->row = *row;
        *row = (struct store_task){};
        task->step = find_step(kind, task->row.step);
        task->resumed = true;
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
                for (struct task *task = run->tasks; task; task = task->next) {
                        if (task->kind != run->phase->kind || task->row.outcome != OUTCOME_OPEN)
                                continue;
                        run->n_open++;
                        if (!task->step)
                                task_enter(task, task->kind->steps);
                }
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
                const struct run_kind *kind = run_kind_find(rows[i].kind);
                struct run *run;

                if (!kind)
                        continue;
                run = engine_hold(engine, kind);
                run->row = rows[i];
                rows[i] = (struct store_run){};
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

struct run *engine_find_run(struct engine *engine, const char *id)
{
        for (struct run *run = engine->runs; run; run = run->next)
                if (streq(run->row.id, id))
                        return run;
        return NULL;
}

bool engine_schedule_is_busy(struct engine *engine, const char *schedule, bool *ret_queued)
{
        bool busy = false;

        *ret_queued = false;
        for (struct run *run = engine->runs; run; run = run->next) {
                if (run->dry || run->kind != run_kinds || !streq(run->row.schedule, schedule))
                        continue;
                busy = true;
                if (!run->phase)
                        *ret_queued = true;
        }
        return busy;
}

struct engine *engine_new(struct loop *loop, struct store *store, struct aws *aws,
                          engine_changed_fn *changed, void *userdata)
{
        struct engine *engine = xnew(struct engine);

        engine->loop = loop;
        engine->store = store;
        engine->aws = aws;
        engine->changed = changed;
        engine->userdata = userdata;
        engine->turn = timer_new(loop, engine_turn, engine);
        return engine;
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
        watches_orphan(engine);
        homes_free(engine);
        timer_free(engine->turn);
        settings_unref(engine->settings);
        free(engine);
        return NULL;
}
