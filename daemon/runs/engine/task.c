/* Tasks: a verdict becomes the next step, a wait or an end; what people see of a task. */
#include "runs/engine/moves.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/alloc.h"
#include "base/mutant.h"
#include "base/text.h"

struct verdict step_wait(void)
{
        return (struct verdict){ .move = MOVE_WAIT };
}

struct verdict step_next(void)
{
        return (struct verdict){ .move = MOVE_NEXT };
}

struct verdict step_goto(const char *step)
{
        return (struct verdict){ .move = MOVE_GOTO, .step = step };
}

struct verdict step_retry(usec_t delay, char *detail)
{
        return (struct verdict){ .move = MOVE_RETRY, .delay = delay, .detail = detail };
}

struct verdict step_finish(enum outcome outcome, char *detail)
{
        return (struct verdict){ .move = MOVE_FINISH, .outcome = outcome, .detail = detail };
}

static const char *step_name(const struct step *step)
{
        return step ? step->name : "";
}

/* To be committed, then acted on, in the next turn. */
void task_moved(struct task *task)
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

static void task_leave_step(struct task *task)
{
        timer_disarm(task->timer);
        task_end_call(task);
        free(steal(task->waiting));
        refusal_clear(&task->refusal);
        task->awaits = NULL;
        task->retry_at = 0;
}

/* A task is down from the commit of its first step that may touch the instance, which is before the
 * request, until the instance is known to be as it was. */
void task_note_down(struct task *task)
{
        struct engine *engine = task->run->engine;
        bool down = task->row.outcome == OUTCOME_OPEN && task->step && task->step->down &&
                    (task->way & task->kind->touching) &&
                    !(MUTANT(looks_while_it_waits) && streq(task->step->name, "check-instance"));

        if (down && !task->down) {
                DL_APPEND2(engine->down, task, prev_down, next_down);
        } else if (!down && task->down) {
                DL_DELETE2(engine->down, task, prev_down, next_down);
                engine->room = true;
                engine_turn_soon(engine);
        }
        task->down = down;
}

void task_note_aside(struct task *task)
{
        struct run *run = task->run;
        bool aside = task->row.outcome == OUTCOME_OPEN && task->step &&
                     (task->step->follows || task->waits_behind);

        if (aside == task->aside)
                return;
        task->aside = aside;
        if (aside)
                run->n_aside++;
        else
                run->n_aside--;
        run->engine->room |= !aside; /* an image may wait for this one */
        engine_turn_soon(run->engine);
}

void task_set_behind(struct task *task, bool behind)
{
        task->waits_behind = behind;
        task_note_aside(task);
}

void task_touch(struct task *task)
{
        struct run *run = task->run;

        if (task->dirty)
                return;
        task->dirty = true;
        if (run->last_touched)
                run->last_touched->next_dirty = task;
        else
                run->touched = task;
        run->last_touched = task;
}

void task_enter(struct task *task, const struct step *step)
{
        struct log_about about = task_about(task);

        log_line(LOG_DEBUG, &about, "%s %s: %s -> %s", task->kind->name, task->row.subject,
                 step_name(task->step), step->name);
        task_leave_step(task);
        task->step = step;
        task->resumed = task->waits_behind = false;
        xreplace(&task->row.step, step->name);
        task->row.entered = loop_wall(task->run->engine->loop);
        task->entered = loop_monotonic(task->run->engine->loop);
        free(steal(task->error));
        free(steal(task->request_id));
        task_note_down(task);
        task_note_aside(task);
        task_touch(task);
        task_moved(task);
}

void task_end(struct task *task, enum outcome outcome, char *detail)
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
        task->run->n_cancelled += outcome == OUTCOME_CANCELLED;
        task_note_down(task);
        task_note_aside(task);
        task_touch(task);
        if (task->kind->ended)
                task->kind->ended(task);
        task_moved(task);
}

const struct step *task_kind_step(const struct task_kind *kind, const char *name)
{
        for (const struct step *step = kind->steps; step->name; step++)
                if (streq(step->name, name))
                        return step;
        return NULL;
}

/* Half to one and a half times the delay, so that many tasks do not send their requests together.
 */
static usec_t with_jitter(struct engine *engine, usec_t delay)
{
        return delay / 2 + (usec_t)(loop_random(engine->loop) % (uint64_t)(delay + 1));
}

static struct verdict time_out(struct task *task, char *detail)
{
        step_timeout_fn *of_step = task->step->on_timeout;
        step_timeout_fn *callback = of_step ? of_step : task->kind->on_timeout;

        return callback && !task->run->dry ? callback(task, detail)
                                           : step_finish(OUTCOME_FAILED, detail);
}

/* A task that is to end keeps the reason for that as its detail, whatever delays the end. */
static void task_note_trouble(struct task *task, char *detail)
{
        if (task->row.ending != OUTCOME_OPEN) {
                free(detail);
                return;
        }
        free(task->row.detail);
        task->row.detail = detail;
        task_touch(task);
}

/* The next row that is meant for the task's way. */
static const struct step *step_after(const struct task *task)
{
        const struct step *step = task->step + 1;

        while (step->ways && !(step->ways & task->way))
                step++;
        return step;
}

void task_apply(struct task *task, struct verdict verdict)
{
        struct engine *engine = task->run->engine;
        const struct step *step;

        switch (verdict.move) {
        case MOVE_WAIT:
                return;
        case MOVE_NEXT:
                step = step_after(task);
                if (step->name && !task->step->last)
                        task_enter(task, step);
                else
                        task_end(task, OUTCOME_DONE, NULL);
                return;
        case MOVE_GOTO:
                step = task_kind_step(task->kind, verdict.step);
                assert(step);
                task_enter(task, step);
                return;
        case MOVE_RETRY:
                /* A dry run does not retry: a person waits for it, and can ask again. */
                if (task->run->dry ||
                    (task->step->timeout && task_spent(task) > task->step->timeout)) {
                        task_apply(task, time_out(task, verdict.detail));
                        return;
                }
                task_log_held(task, verdict.detail);
                verdict.delay = with_jitter(engine, verdict.delay);
                task->retry_at = loop_monotonic(engine->loop) + verdict.delay;
                task_set_waiting(task, "%s", verdict.detail);
                task_note_trouble(task, verdict.detail);
                task_note_down(task);
                task_end_call(task);
                timer_arm(task->timer, verdict.delay);
                return;
        case MOVE_FINISH:
                task_end(task, verdict.outcome, verdict.detail);
                return;
        }
        abort();
}

static void task_on_timer(void *userdata)
{
        task_wake(userdata);
}

void task_wake(struct task *task)
{
        /* The answer to a request under way moves the task. */
        if (task->step && task->row.outcome == OUTCOME_OPEN && !task->call)
                task_moved(task);
}

void task_wake_after(struct task *task, usec_t delay)
{
        timer_arm(task->timer, delay);
}

sec_t task_spent(const struct task *task)
{
        return (loop_monotonic(task->run->engine->loop) - task->entered) / USEC_PER_SEC;
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

bool task_is_refused(const struct task *task)
{
        return refusal_is_shown(&task->refusal) || (task->awaits && refusal_is_shown(task->awaits));
}

const struct refusal *task_refusal(const struct task *task)
{
        return refusal_is_shown(&task->refusal) ? &task->refusal : task->awaits;
}

const char *task_waiting(struct task *task, bool timed)
{
        if (!task_is_refused(task))
                return task->waiting;
        free(task->waiting_text);
        task->waiting_text = refusal_text(task_refusal(task), task->retry_at,
                                          timed ? loop_monotonic(task->run->engine->loop) : 0);
        return task->waiting_text;
}

void task_await(struct task *task, const struct refusal *shared)
{
        task->awaits = shared;
}

char *task_why(const struct task *task, const char *otherwise)
{
        return task_is_refused(task) ? refusal_reason(task_refusal(task)) : xstrdup(otherwise);
}

struct log_about task_about(const struct task *task)
{
        bool refused = task->error != NULL;

        return (struct log_about){
                .schedule = task->run->row.schedule,
                .run = task->run->row.id,
                .instance = startswith(task->row.subject, "i-") ? task->row.subject : NULL,
                .image =
                        startswith(task->row.subject, "ami-") ? task->row.subject : task->row.image,
                .account = task->row.account,
                .region = task->row.region,
                .action = refused ? task->action->name : NULL,
                .error = task->error,
                .request_id = refused ? task->request_id : NULL,
        };
}

char *task_where(const struct task *task)
{
        if (task->run->settings->n_accounts < 2)
                return xstrdup("");
        return xasprintf(" in %s/%s", task->row.account, task->row.region);
}

struct task_progress task_progress(struct task *task, bool timed)
{
        return (struct task_progress){ .percent = task->percent,
                                       .snapshot = task->snapshot,
                                       .snapshot_percent = task->snapshot_percent,
                                       .waiting = task_waiting(task, timed) };
}

void task_report(struct task *task, const struct prune_decision *decision)
{
        const struct task_progress progress = task_progress(task, false);

        watches_report(&task->run->engine->watches, &(struct run_event){ .run = &task->run->row,
                                                                         .task = &task->row,
                                                                         .progress = &progress,
                                                                         .decision = decision });
}

void task_report_refusal(const struct refusal *refusal, void *userdata)
{
        const struct engine *engine = userdata;

        for (struct run *run = engine->runs; run; run = run->next)
                for (struct task *task = run->tasks; task; task = task->next)
                        if (task->awaits == refusal || &task->refusal == refusal)
                                task_report(task, NULL);
}

struct task *task_hold(struct run *run, const struct task_kind *kind, struct location *location)
{
        struct task *task = xnew(struct task);

        task->run = run;
        task->kind = kind;
        task->location = task->refusal.location = location_ref(location);
        task->percent = -1;
        task->entered = loop_monotonic(run->engine->loop);
        task->timer = timer_new(run->engine->loop, task_on_timer, task);
        if (run->last_task)
                run->last_task->next = task;
        else
                run->tasks = task;
        run->last_task = task;
        return task;
}

struct task *run_add_task(struct run *run, const struct task_kind *kind, struct location *location,
                          const char *subject)
{
        struct task *task = task_hold(run, kind, location);

        task->row = (struct store_task){
                .run = xstrdup(run->row.id),
                .kind = xstrdup(kind->name),
                .account = xstrdup(location->account),
                .region = xstrdup(location->region),
                .subject = xstrdup(subject),
                .step = xstrdup(""),
                .entered = loop_wall(run->engine->loop),
                .requested = SEC_NONE,
                .launched = SEC_NONE,
                .listed = SEC_NONE,
                .decided = SEC_NONE,
                .downed = SEC_NONE,
                .returned = SEC_NONE,
                .finished = SEC_NONE,
        };
        task_touch(task);
        task_index(task);
        return task;
}

void task_index(struct task *task)
{
        if (task->kind->by_subject)
                HASH_ADD_KEYPTR(hh, task->run->by_subject, task->row.subject,
                                strlen(task->row.subject), task);
}

struct task *run_find_task(const struct run *run, const char *subject)
{
        struct task *found;

        HASH_FIND_STR(run->by_subject, subject, found);
        return found;
}

struct task *task_free(struct task *task)
{
        struct engine *engine = task->run->engine;

        if (task->down)
                DL_DELETE2(engine->down, task, prev_down, next_down);
        if (task->kind->by_subject)
                HASH_DEL(task->run->by_subject, task);
        if (engine->looked_up == task)
                engine->looked_up = NULL;
        if (task->kind->forget)
                task->kind->forget(task);
        task_end_call(task);
        timer_free(task->limit);
        timer_free(task->timer);
        free(task->waiting);
        free(task->snapshot);
        free(task->waiting_text);
        refusal_done(&task->refusal);
        free(task->error);
        free(task->request_id);
        location_unref(task->location);
        store_task_done(&task->row);
        free(task);
        return NULL;
}
