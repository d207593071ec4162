#include "runs/planner.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

/* A firing that is this late is still on time: EventBridge promises the minute, no more. */
#define ON_TIME SEC_PER_MIN
/* While the state cannot be written no firing can be claimed; it is tried again after this. */
#define STORE_RETRY (10 * USEC_PER_SEC)
/* `missed: all` makes up for at most this many firings of a schedule at once. */
enum { MISSED_AT_ONCE = 100 };

struct plan {
        const struct setting_schedule *setting;
        struct schedule schedule; /* of the setting, with the anchor filled in */
        struct store_schedule row;
        sec_t offset;  /* of a flexible window */
        sec_t nominal; /* the next firing after row.handled; SEC_NEVER */
        sec_t tried;   /* was on time, but could not be claimed: it is as soon as it can */
        sec_t told;    /* the first firing that was last told to be missed */
        sec_t reached; /* what was handled before the clock was set back */
};

struct planner {
        struct engine *engine;
        struct settings *settings; /* the plans point into them */
        struct plan *plans;        /* in the order of settings->schedules */
        size_t n;
        struct timer *timer;
};

static sec_t now_of(const struct planner *planner)
{
        return loop_wall(planner->engine->loop);
}

static void plan_advance(struct plan *plan)
{
        plan->nominal = plan->setting->enabled && !plan->row.paused
                                ? schedule_next(&plan->schedule, plan->row.handled)
                                : SEC_NEVER;
}

static sec_t plan_due(const struct plan *plan)
{
        return plan->nominal == SEC_NEVER ? SEC_NEVER : plan->nominal + plan->offset;
}

/* Records that everything up to `nominal` has been dealt with. */
static int plan_handle(struct planner *planner, struct plan *plan, sec_t nominal)
{
        sec_t before = plan->row.handled;
        unsigned int matched = plan->row.matched;
        struct store_schedule stored;
        int r;

        /* The run's own note of how many instances it found may be newer than ours. */
        if (store_load_schedule(planner->engine->store, plan->row.name, &stored) > 0) {
                plan->row.matched = stored.matched;
                store_schedule_done(&stored);
        }
        plan->row.handled = nominal;
        r = store_save_schedule(planner->engine->store, &plan->row);
        if (r < 0) {
                plan->row.handled = before;
                plan->row.matched = matched;
                return r;
        }
        plan_advance(plan);
        return 0;
}

/* ---- firing ---- */

/* A firing that ends before it begins, kept for `amictl runs`. */
static int record_skipped(struct planner *planner, const struct plan *plan, sec_t nominal,
                          const char *why)
{
        _cleanup_free_ char *id = run_id("backup", plan->row.name, nominal);
        struct store_run row = {
                .id = id,
                .kind = (char *)(uintptr_t) "backup",
                .schedule = plan->row.name,
                .firing = nominal,
                .trigger = (char *)(uintptr_t) "schedule",
                .phase = (char *)(uintptr_t) "",
                .outcome = OUTCOME_SKIPPED,
                .detail = (char *)(uintptr_t)why,
                .started = now_of(planner),
                .finished = now_of(planner),
        };

        return store_add_run(planner->engine->store, &row);
}

/* `in_line`: begins after those before it, however many they are and whatever `overlap` says. */
static int plan_fire(struct planner *planner, struct plan *plan, sec_t nominal, const char *trigger,
                     bool in_line)
{
        struct log_about about = { .schedule = plan->row.name };
        char time[TIME_TEXT_MAX];
        bool queued, busy = engine_schedule_is_busy(planner->engine, plan->row.name, &queued);
        int r;

        if (busy && !in_line && (plan->setting->overlap == OVERLAP_SKIP || queued)) {
                r = record_skipped(planner, plan, nominal,
                                   queued ? "an earlier firing is queued already"
                                          : "the run before it is still going");
                if (r >= 0)
                        log_event(&events[EVENT_RUN_SKIPPED], &about,
                                  "The firing of %s at %s is skipped: %s.", plan->row.name,
                                  format_rfc3339(nominal, time),
                                  queued ? "an earlier one is queued already"
                                         : "the run before it is still going");
        } else {
                r = engine_start(planner->engine,
                                 &(struct run_request){
                                         .kind = "backup",
                                         .schedule = plan->row.name,
                                         .trigger = trigger,
                                         .firing = nominal,
                                         .queued = busy,
                                 },
                                 NULL);
        }
        /* Claimed before: the clock was set back, or the row of the schedule is older than the run.
         */
        return r == -EEXIST ? 0 : r;
}

/* ---- what was missed ---- */

static sec_t missed_floor(const struct plan *plan, sec_t now)
{
        sec_t oldest = now - plan->setting->missed_within - 1;

        return plan->row.handled > oldest ? plan->row.handled : oldest;
}

/* The newest of them, if they are too many. */
static int fire_all_missed(struct planner *planner, struct plan *plan, sec_t now, sec_t until)
{
        sec_t firings[MISSED_AT_ONCE], floor = missed_floor(plan, now);
        sec_t nominal = schedule_latest(&plan->schedule, floor, until);
        size_t n = 0;
        int r = 0;

        while (n < MISSED_AT_ONCE && nominal != SEC_NONE) {
                firings[n++] = nominal;
                nominal = schedule_latest(&plan->schedule, floor, nominal - 1);
        }
        while (n-- > 0 && r >= 0)
                r = plan_fire(planner, plan, firings[n], "missed", true);
        return r;
}

static int plan_missed(struct planner *planner, struct plan *plan, sec_t now)
{
        static const char *const what[] = {
                [MISSED_NONE] = "none of them is made up for",
                [MISSED_LATEST] = "the latest is made up for now, if it is recent enough",
                [MISSED_ALL] = "they are made up for one by one, the newest hundred of those that "
                               "are recent enough",
        };
        char first[TIME_TEXT_MAX], last[TIME_TEXT_MAX];
        sec_t until = now - plan->offset; /* what is not due yet was not missed */
        sec_t latest = schedule_latest(&plan->schedule, plan->row.handled, until), within;
        int r = 0;

        if (plan->told != plan->nominal)
                log_event(&events[EVENT_FIRING_MISSED],
                          &(struct log_about){ .schedule = plan->row.name },
                          "Schedule %s missed its firings from %s to %s: %s.", plan->row.name,
                          format_rfc3339(plan->nominal, first), format_rfc3339(latest, last),
                          what[plan->setting->missed]);
        plan->told = plan->nominal;
        switch (plan->setting->missed) {
        case MISSED_NONE:
                break;
        case MISSED_LATEST:
                within = schedule_latest(&plan->schedule, missed_floor(plan, now), until);
                if (within != SEC_NONE)
                        r = plan_fire(planner, plan, within, "missed", false);
                break;
        case MISSED_ALL:
                r = fire_all_missed(planner, plan, now, until);
                break;
        }
        return r < 0 ? r : plan_handle(planner, plan, latest);
}

/* Deals with everything of a schedule that is due. */
static int plan_run(struct planner *planner, struct plan *plan, sec_t now)
{
        while (plan_due(plan) <= now) {
                sec_t nominal = plan->nominal;
                int r;

                if (now - plan_due(plan) > ON_TIME && plan->tried != nominal) {
                        r = plan_missed(planner, plan, now);
                } else {
                        plan->tried = nominal;
                        r = plan_fire(planner, plan, nominal, "schedule", false);
                        if (r >= 0)
                                r = plan_handle(planner, plan, nominal);
                }
                if (r < 0) {
                        engine_store_failed(planner->engine,
                                            &(struct log_about){ .schedule = plan->row.name });
                        return r;
                }
                engine_store_works(planner->engine);
        }
        return 0;
}

static void planner_run(void *userdata)
{
        struct planner *planner = userdata;
        sec_t now = now_of(planner), soonest = SEC_NEVER;
        bool failed = false;

        for (size_t i = 0; i < planner->n; i++) {
                struct plan *plan = &planner->plans[i];

                failed |= plan_run(planner, plan, now) < 0;
                if (plan_due(plan) < soonest)
                        soonest = plan_due(plan);
        }
        if (failed)
                timer_arm(planner->timer, STORE_RETRY);
        else if (soonest != SEC_NEVER)
                timer_arm_wall(planner->timer, soonest);
        else
                timer_disarm(planner->timer);
}

/* ---- settings ---- */

/* What a schedule fires by. When it changes, what the old one fired says nothing about the new one.
 */
static char *definition_of(const struct setting_schedule *setting)
{
        return xasprintf("%s %s %lld %lld%s", setting->expression_text, setting->timezone,
                         (long long)setting->schedule.start, (long long)setting->schedule.end,
                         setting->enabled ? "" : " disabled");
}

/* What was remembered under another clock. Set back: what lies ahead again has been claimed under
 * its id already, and the grid of a rate goes on below its anchor. Set forward again: what was
 * handled the first time was not missed. */
static void plan_fit_clock(struct plan *plan, sec_t now)
{
        struct store_schedule *row = &plan->row;
        sec_t interval = plan->schedule.expression.interval;

        if (row->handled > now) {
                if (row->handled > plan->reached)
                        plan->reached = row->handled;
                row->handled = now;
        } else if (plan->reached <= now && plan->reached > row->handled) {
                row->handled = plan->reached;
        }
        if (plan->schedule.expression.kind == EXPRESSION_RATE && row->anchor > now)
                row->anchor -= (row->anchor - now + interval - 1) / interval * interval;
        plan->schedule.anchor = row->anchor;
}

/* Fills in what is remembered of a schedule. */
static int plan_load(struct planner *planner, struct plan *plan)
{
        struct store_schedule *row = &plan->row;
        sec_t now = now_of(planner);
        char *definition = definition_of(plan->setting);
        int r;

        plan->tried = plan->told = plan->reached = SEC_NONE;
        r = store_load_schedule(planner->engine->store, plan->setting->name, row);
        if (r > 0 && streq(row->definition, definition)) {
                free(definition);
                plan_fit_clock(plan, now);
        } else {
                xreplace(&row->name, plan->setting->name);
                free(row->definition);
                row->definition = definition;
                row->handled = now;
                row->anchor = now + (SEC_PER_MIN - now % SEC_PER_MIN) % SEC_PER_MIN;
                if (row->anchor == now)
                        row->handled =
                                now - 1; /* the first firing is at once, and lies after `handled` */
                if (r >= 0)
                        r = store_save_schedule(planner->engine->store, row);
        }
        plan->schedule.anchor = row->anchor;
        return r;
}

/* A schedule that was taken out of the settings begins anew if it comes back. */
static void plan_forget(struct planner *planner, const char *name)
{
        struct store_schedule row;

        if (store_load_schedule(planner->engine->store, name, &row) <= 0)
                return;
        xreplace(&row.definition, "");
        store_save_schedule(planner->engine->store, &row);
        store_schedule_done(&row);
}

static void plans_free(struct plan *plans, size_t n)
{
        for (size_t i = 0; i < n; i++)
                store_schedule_done(&plans[i].row);
        free(plans);
}

void planner_apply(struct planner *planner)
{
        struct settings *settings = planner->engine->settings;
        struct plan *plans = xcalloc(settings->n_schedules, sizeof(*plans));
        int r = 0;

        store_begin(planner->engine->store);
        for (size_t i = 0; i < settings->n_schedules; i++) {
                struct plan *plan = &plans[i];

                plan->setting = &settings->schedules[i];
                plan->schedule = plan->setting->schedule;
                plan->offset = schedule_flexible_offset(plan->setting->name,
                                                        plan->setting->flexible_window);
                if (plan_load(planner, plan) < 0)
                        r = -EIO;
                plan_advance(plan);
        }
        for (size_t i = 0; i < planner->n; i++)
                if (!settings_schedule(settings, planner->plans[i].row.name))
                        plan_forget(planner, planner->plans[i].row.name);
        if (store_commit(planner->engine->store) < 0 || r < 0)
                log_event(&events[EVENT_STORE_FAILED], NULL,
                          "The schedules cannot be recorded: %s.",
                          store_error(planner->engine->store));
        plans_free(planner->plans, planner->n);
        settings_unref(planner->settings);
        planner->settings = settings_ref(settings);
        planner->plans = plans;
        planner->n = settings->n_schedules;
        timer_arm(planner->timer, 0);
}

void planner_clock_changed(struct planner *planner)
{
        sec_t now = now_of(planner);

        for (size_t i = 0; i < planner->n; i++) {
                plan_fit_clock(&planner->plans[i], now);
                plan_advance(&planner->plans[i]);
        }
        timer_arm(planner->timer, 0);
}

/* ---- questions and operators ---- */

static int compare_name(const void *name, const void *plan)
{
        return strcmp(name, ((const struct plan *)plan)->setting->name);
}

/* The plans are in the order of the settings, which is by name. */
static struct plan *plan_find(const struct planner *planner, const char *schedule)
{
        return planner->n ? bsearch(schedule, planner->plans, planner->n, sizeof(*planner->plans),
                                    compare_name)
                          : NULL;
}

sec_t planner_soonest(const struct planner *planner, const struct setting_schedule **ret_schedule)
{
        sec_t soonest = SEC_NEVER;

        *ret_schedule = NULL;
        for (size_t i = 0; i < planner->n; i++) {
                if (plan_due(&planner->plans[i]) >= soonest)
                        continue;
                soonest = plan_due(&planner->plans[i]);
                *ret_schedule = planner->plans[i].setting;
        }
        return soonest;
}

sec_t planner_next(const struct planner *planner, const char *schedule)
{
        const struct plan *plan = plan_find(planner, schedule);

        return plan ? plan_due(plan) : SEC_NEVER;
}

bool planner_is_paused(const struct planner *planner, const char *schedule)
{
        const struct plan *plan = plan_find(planner, schedule);

        return plan && plan->row.paused;
}

int planner_pause(struct planner *planner, const char *schedule, bool pause)
{
        struct plan *plan = plan_find(planner, schedule);
        sec_t now = now_of(planner);
        bool before;
        int r;

        if (!plan)
                return -ENOENT;
        before = plan->row.paused;
        plan->row.paused = pause;
        r = plan_handle(planner, plan,
                        before && !pause && now > plan->row.handled ? now : plan->row.handled);
        if (r < 0)
                plan->row.paused = before;
        timer_arm(planner->timer, 0);
        return r;
}

struct planner *planner_new(struct engine *engine)
{
        struct planner *planner = xnew(struct planner);

        planner->engine = engine;
        planner->timer = timer_new(engine->loop, planner_run, planner);
        return planner;
}

struct planner *planner_free(struct planner *planner)
{
        if (!planner)
                return NULL;
        timer_free(planner->timer);
        plans_free(planner->plans, planner->n);
        settings_unref(planner->settings);
        free(planner);
        return NULL;
}
