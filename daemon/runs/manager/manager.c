/* The life of the manager: settings, status, and an orderly end. */
#include "runs/images/method.h"
#include "runs/manager/private.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/images/left.h"
#include "runs/location/regions.h"
#include "runs/manager/kinds.h"
#include "runs/outage/outage-history.h"

/* Finished runs and removed images are remembered for this long. */
#define REMEMBERED  (400 * SEC_PER_DAY)
#define FORGET_EACH SEC_PER_DAY
/* How many runs are looked through for the last failure: when one has ended, and at the start. */
enum { RECENT_RUNS = 20, RUNS_AT_START = 1000 };

static void manager_report_status(struct manager *manager);

/* ---- changes in the engine ---- */

static void manager_forget(struct manager *manager)
{
        sec_t now = loop_wall(manager->loop);

        if (now - manager->forgotten < FORGET_EACH && now >= manager->forgotten)
                return;
        /* by a clock that is ahead by years, every row would be old */
        if (clock_guard_peek(manager->engine->clock) != CLOCK_AGREES)
                return;
        manager->forgotten = now;
        store_forget(manager->store, now - REMEMBERED);
}

/* Whether a run has failed for people: it began, and did not do all its work. */
static bool run_fell_short(const struct store_run *run)
{
        return run->outcome == OUTCOME_FAILED || run->outcome == OUTCOME_PARTIAL ||
               (run->outcome == OUTCOME_SKIPPED && run->phase && *run->phase);
}

/* Notes the newest failure among the newest `limit` runs; where there is none, the earlier one
 * stays. */
static void manager_note_failure(struct manager *manager, size_t limit)
{
        struct store_run *runs;
        size_t n;

        if (store_load_runs(manager->store, NULL, false, limit, &runs, &n) < 0)
                return;
        for (size_t i = 0; i < n; i++)
                if (run_fell_short(&runs[i])) {
                        xreplace(&manager->last_failure, runs[i].id);
                        break;
                }
        store_runs_free(runs, n);
}

static void closing_changed(struct manager *manager)
{
        if (!manager->closed || engine_find_held(manager->engine))
                return;
        timer_disarm(manager->close_timeout);
        manager->closed(manager->userdata);
        manager->closed = NULL;
}

void manager_changed(void *userdata)
{
        struct manager *manager = userdata;

        if (manager->engine->closing) {
                closing_changed(manager);
                return;
        }
        manager_note_failure(manager, RECENT_RUNS);
        manager_forget(manager);
        manager_report_status(manager);
}

/* A comparison of the clock has ended. */
static void on_clock_compared(void *userdata)
{
        struct manager *manager = userdata;

        clock_guard_peek(manager->engine->clock); /* logs once that the clock is wrong */
        if (manager->planner && manager->engine->settings) {
                planner_wake(manager->planner);
                manager_report_status(manager);
        }
        waits_answer(&manager->clock_waits);
}

static void on_clock_changed(void *userdata)
{
        struct manager *manager = userdata;

        if (!manager->planner || !manager->engine->settings)
                return;
        planner_clock_changed(manager->planner);
        manager_report_status(manager);
}

/* Sends STATUS= to the service manager, but only when it has changed: systemd may be slow to read.
 */
static void manager_report_status(struct manager *manager)
{
        const struct settings *settings = manager->engine->settings;
        const struct setting_schedule *first;
        sec_t soonest = planner_soonest(manager->planner, &first);
        _cleanup_free_ char *status = NULL, *wrong = clock_guard_wrong(manager->engine->clock);
        char when[TIME_TEXT_MAX];
        size_t going = 0;

        for (const struct run *run = manager->engine->runs; run; run = run->next)
                going += !run->dry;
        status = xasprintf(
                "%s%s%s%s%s%s%zu schedule%s, %s%s%s%s, %zu run%s going, last failure %s",
                manager->engine->store_failure ? manager->engine->store_failure : "",
                manager->engine->store_failure ? ", nothing is begun or brought back; " : "",
                wrong ? wrong : "", wrong ? ", nothing fires and nothing is removed; " : "",
                manager->engine->rival ? manager->engine->rival : "",
                manager->engine->rival ? "; no outages until amid is restarted; " : "",
                settings->n_schedules, settings->n_schedules == 1 ? "" : "s",
                wrong ? "firings held" : "next ",
                wrong   ? ""
                : first ? first->name
                        : "none",
                first && !wrong ? " at " : "",
                first && !wrong ? format_local(soonest, zone_offset(first->zone, soonest), when)
                                : "",
                going, going == 1 ? "" : "s",
                manager->last_failure ? manager->last_failure : "none");
        if (streq(status, manager->status))
                return;
        loop_notify(manager->loop, "STATUS=%s", status);
        xreplace(&manager->status, status);
}

static void on_close_timeout(void *userdata)
{
        struct manager *manager = userdata;

        for (const struct task *task = manager->engine->down; task; task = task->next_down) {
                struct log_about about = task_about(task);

                if (task_holds(task))
                        log_event(&events[EVENT_LEFT_DOWN], &about,
                                  "Instance %s is left as it is (%s, step %s): start amid again "
                                  "soon.",
                                  task->row.subject, task->method->says, task->row.step);
        }
        manager->closed(manager->userdata);
        manager->closed = NULL;
}

/* ---- life ---- */

struct manager *manager_new(struct loop *loop, struct store *store, struct aws *aws)
{
        struct manager *manager = xnew(struct manager);

        manager->loop = loop;
        manager->store = store;
        manager->aws = aws;
        manager->engine = engine_new(&(struct engine_options){
                .loop = loop,
                .store = store,
                .aws = aws,
                .kinds = run_kinds,
                .forget = kinds_forget,
                .changed = manager_changed,
                .userdata = manager,
        });
        manager->engine->clock =
                clock_guard_new(&manager->engine->locations, on_clock_compared, manager);
        manager->planner = planner_new(manager->engine);
        manager->close_timeout = timer_new(loop, on_close_timeout, manager);
        loop_on_clock_change(loop, on_clock_changed, manager);
        return manager;
}

bool manager_close(struct manager *manager, manager_closed_fn *closed, void *userdata)
{
        const struct task *held;

        regions_search_end(&manager->engine->locations);
        manager->planner = planner_free(manager->planner);
        engine_close(manager->engine);
        held = engine_find_held(manager->engine);
        if (!held)
                return true;
        log_line(LOG_NOTICE, NULL, "Instances are brought back before the end, %s first.",
                 held->row.subject);
        manager->closed = closed;
        manager->userdata = userdata;
        timer_arm(manager->close_timeout, MANAGER_CLOSE_AT_MOST * USEC_PER_SEC);
        return false;
}

void manager_stop(struct manager *manager)
{
        regions_search_end(&manager->engine->locations);
        manager->planner = planner_free(manager->planner);
        engine_stop(manager->engine);
}

struct manager *manager_free(struct manager *manager)
{
        if (!manager)
                return NULL;
        planner_free(manager->planner);
        timer_free(manager->close_timeout);
        engine_free(manager->engine);
        loop_on_clock_change(manager->loop, NULL, NULL);
        waits_drop(&manager->waits);
        waits_drop(&manager->clock_waits);
        free(manager->last_failure);
        free(manager->status);
        free(manager);
        return NULL;
}

/* ---- settings ---- */

/* The search for regions has ended: unfinished runs go on, then the planner begins. */
static void manager_begin(void *userdata)
{
        struct manager *manager = userdata;

        if (!manager->resumed && engine_resume(manager->engine) < 0)
                log_event(&events[EVENT_STORE_FAILED], NULL, "Unfinished runs cannot be read: %s.",
                          store_error(manager->store));
        if (!manager->resumed)
                manager_note_failure(manager, RUNS_AT_START);
        manager->resumed = true;
        manager->searching = false;
        planner_apply(manager->planner);
        left_log(manager->store, manager->engine->settings);
        manager_changed(manager);
        waits_answer(&manager->waits);
        clock_guard_check(manager->engine->clock);
}

int manager_apply(struct manager *manager, struct settings *settings)
{
        struct engine *engine = manager->engine;

        settings_ref(settings);
        settings_unref(engine->settings);
        engine->settings = settings;
        aws_set_share(engine->aws, settings->api_share);
        aws_set_owner(engine->aws, settings->owner);
        if (engine->closing)
                return 0;
        manager->searching = true;
        regions_search(&engine->locations, settings, manager_begin, manager);
        return 0;
}

const struct settings *manager_settings(const struct manager *manager)
{
        return manager->engine->settings;
}

char *manager_clock_wrong(const struct manager *manager)
{
        return clock_guard_wrong(manager->engine->clock);
}

const char *manager_alert(const struct manager *manager)
{
        return manager->engine->rival;
}

const char *manager_store_failure(const struct manager *manager)
{
        return manager->engine->store_failure;
}

void manager_usage(struct manager *manager, aws_usage_fn *callback, void *userdata)
{
        aws_usage(manager->aws, callback, userdata);
}

/* ---- questions ---- */

bool manager_is_ready(const struct manager *manager)
{
        return manager->resumed && !manager->searching;
}

const char *manager_holds(struct manager *manager, bool clock)
{
        if (!manager_is_ready(manager))
                return "the regions of the settings are being looked up";
        if (clock && clock_guard_check(manager->engine->clock) == CLOCK_ASKED)
                return "the clock is being compared with AWS's";
        return NULL;
}

struct manager_wait *manager_wait(struct manager *manager, manager_ready_fn *ready, void *userdata)
{
        return waits_add(manager_is_ready(manager) ? &manager->clock_waits : &manager->waits, ready,
                         userdata);
}

sec_t manager_next(struct manager *manager, const char *schedule)
{
        return manager->planner ? planner_next(manager->planner, schedule) : SEC_NEVER;
}

sec_t manager_anchor(struct manager *manager, const char *schedule)
{
        return manager->planner ? planner_anchor(manager->planner, schedule) : SEC_NONE;
}

bool manager_is_paused(struct manager *manager, const char *schedule)
{
        return manager->planner && planner_is_paused(manager->planner, schedule);
}

void manager_outages(struct manager *manager, const char *schedule, manager_outage_fn *callback,
                     void *userdata)
{
        struct outage_history *history = outage_history_load(manager->store, schedule);

        outage_history_each(history, callback, userdata);
        outage_history_free(history);
}

bool manager_task_progress(struct manager *manager, int64_t id, struct task_progress *ret)
{
        struct task *task = engine_find_task(manager->engine, id);

        if (task)
                *ret = task_progress(task, true);
        return task;
}

struct watch *manager_watch(struct manager *manager, const char *run, watch_fn *callback,
                            void *userdata)
{
        return watch_new(&manager->engine->watches, run, callback, userdata);
}
