/* One timer for the earliest firing of all schedules. */
#include "runs/scheduler/planner.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "runs/scheduler/firings.h"

/* Between attempts to claim a firing while the state cannot be written. */
#define STORE_RETRY (10 * USEC_PER_SEC)

struct planner {
        struct engine *engine;
        struct settings *settings; /* `all` point into it */
        struct firings *all;       /* in the order of settings->schedules */
        size_t n;
        char **gone; /* schedules that are no longer in the settings, which is not
                        stored yet */
        size_t n_gone;
        bool unrecorded; /* other rows are not stored yet either: the state could not be written */
        struct timer *timer;
};

static sec_t now_of(const struct planner *planner)
{
        return loop_wall(planner->engine->loop);
}

static void forget_gone(struct planner *planner)
{
        for (size_t i = 0; i < planner->n_gone; i++)
                free(planner->gone[i]);
        free(steal(planner->gone));
        planner->n_gone = 0;
}

/* Stores the definition of each schedule and since when it holds, for the next start. */
static int record(struct planner *planner)
{
        struct engine *engine = planner->engine;
        int r = 0;

        store_begin(engine->store);
        for (size_t i = 0; i < planner->n_gone; i++)
                if (firings_forget(engine, planner->gone[i]) < 0)
                        r = -EIO;
        for (size_t i = 0; i < planner->n; i++) {
                if (firings_record(engine, &planner->all[i]) < 0)
                        r = -EIO;
                firings_advance(&planner->all[i]);
        }
        if (store_commit(engine->store) < 0)
                r = -EIO;
        planner->unrecorded = r < 0;
        if (r == 0)
                forget_gone(planner);
        return r;
}

/* Whether a row was changed by firings_fit_clock(), and is not stored so. */
static bool is_fitted(const struct planner *planner)
{
        for (size_t i = 0; i < planner->n; i++)
                if (planner->all[i].fitted)
                        return true;
        return false;
}

/* Whether firings may be claimed: not by a clock that is wrong. clock-guard.h wakes the planner
 * when that changes. */
static bool may_claim(struct planner *planner, sec_t now, bool *ret_compared)
{
        const struct setting_schedule *first;
        enum clock_state state;

        if (planner_soonest(planner, &first) > now && !is_fitted(planner))
                return true;
        state = clock_guard_check(planner->engine->clock);
        *ret_compared = state == CLOCK_AGREES;
        return state == CLOCK_AGREES || state == CLOCK_UNKNOWN;
}

static void planner_run(void *userdata)
{
        struct planner *planner = userdata;
        sec_t now = now_of(planner), soonest = SEC_NEVER;
        bool failed = planner->unrecorded && record(planner) < 0;
        bool compared = false;

        if (!may_claim(planner, now, &compared)) {
                if (failed)
                        timer_arm(planner->timer, STORE_RETRY);
                return;
        }
        for (size_t i = 0; i < planner->n; i++) {
                struct firings *firings = &planner->all[i];

                failed |= firings_run(planner->engine, firings, now, compared) < 0;
                if (firings_due(firings) < soonest)
                        soonest = firings_due(firings);
        }
        if (failed)
                timer_arm(planner->timer, STORE_RETRY);
        else if (is_fitted(planner) && soonest > now + CLOCK_LOOK_AGAIN)
                timer_arm(planner->timer, CLOCK_LOOK_AGAIN * USEC_PER_SEC); /* AWS did not answer */
        else if (soonest != SEC_NEVER)
                timer_arm_wall(planner->timer, soonest);
        else
                timer_disarm(planner->timer);
}

/* ---- settings ---- */

static void all_free(struct firings *all, size_t n)
{
        for (size_t i = 0; i < n; i++)
                firings_done(&all[i]);
        free(all);
}

void planner_apply(struct planner *planner)
{
        struct settings *settings = planner->engine->settings;
        struct firings *all = xcalloc(settings->n_schedules, sizeof(*all));

        for (size_t i = 0; i < settings->n_schedules; i++) {
                struct firings *firings = &all[i];

                firings->setting = &settings->schedules[i];
                firings->schedule = firings->setting->schedule;
                firings->offset = schedule_flexible_offset(firings->setting->name,
                                                           firings->setting->flexible_window);
                firings_begin(firings, now_of(planner));
        }
        for (size_t i = 0; i < planner->n; i++)
                if (!settings_schedule(settings, planner->all[i].row.name))
                        *append(planner->gone, planner->n_gone) = xstrdup(planner->all[i].row.name);
        all_free(planner->all, planner->n);
        settings_unref(planner->settings);
        planner->settings = settings_ref(settings);
        planner->all = all;
        planner->n = settings->n_schedules;
        if (record(planner) < 0)
                log_event(&events[EVENT_STORE_FAILED], NULL,
                          "The schedules cannot be recorded: %s.",
                          store_error(planner->engine->store));
        timer_arm(planner->timer, 0);
}

void planner_clock_changed(struct planner *planner)
{
        sec_t now = now_of(planner);

        for (size_t i = 0; i < planner->n; i++) {
                firings_fit_clock(&planner->all[i], now);
                firings_advance(&planner->all[i]);
        }
        timer_arm(planner->timer, 0);
}

void planner_wake(struct planner *planner)
{
        timer_arm(planner->timer, 0);
}

/* ---- questions and operators ---- */

static int compare_name(const void *name, const void *firings)
{
        return strcmp(name, ((const struct firings *)firings)->setting->name);
}

/* `all` are in the order of the settings, which is by name. */
static struct firings *planner_find(const struct planner *planner, const char *schedule)
{
        return planner->n ? bsearch(schedule, planner->all, planner->n, sizeof(*planner->all),
                                    compare_name)
                          : NULL;
}

sec_t planner_soonest(const struct planner *planner, const struct setting_schedule **ret_schedule)
{
        sec_t soonest = SEC_NEVER;

        *ret_schedule = NULL;
        for (size_t i = 0; i < planner->n; i++) {
                if (firings_due(&planner->all[i]) >= soonest)
                        continue;
                soonest = firings_due(&planner->all[i]);
                *ret_schedule = planner->all[i].setting;
        }
        return soonest;
}

sec_t planner_next(const struct planner *planner, const char *schedule)
{
        const struct firings *firings = planner_find(planner, schedule);

        return firings ? firings_due(firings) : SEC_NEVER;
}

sec_t planner_anchor(const struct planner *planner, const char *schedule)
{
        const struct firings *firings = planner_find(planner, schedule);

        return firings ? firings->schedule.anchor : SEC_NONE;
}

bool planner_fires_for(const struct planner *planner, const char *schedule, sec_t second)
{
        const struct firings *firings = planner_find(planner, schedule);

        return firings && firings->setting->enabled &&
               schedule_next(&firings->schedule, second - 1) == second;
}

bool planner_is_paused(const struct planner *planner, const char *schedule)
{
        const struct firings *firings = planner_find(planner, schedule);

        return firings && firings->row.paused;
}

int planner_pause(struct planner *planner, const char *schedule, bool pause)
{
        struct firings *firings = planner_find(planner, schedule);
        sec_t now = now_of(planner);
        bool before;
        int r;

        if (!firings)
                return -ENOENT;
        before = firings->row.paused;
        firings->row.paused = pause;
        r = firings_handle(planner->engine, firings,
                           before && !pause && now > firings->row.handled ? now
                                                                          : firings->row.handled);
        if (r < 0)
                firings->row.paused = before;
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
        all_free(planner->all, planner->n);
        forget_gone(planner);
        settings_unref(planner->settings);
        free(planner);
        return NULL;
}
