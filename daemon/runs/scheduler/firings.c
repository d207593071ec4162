/* The firings of one schedule: claimed, skipped or missed, and what is remembered of them. */
#include "runs/scheduler/firings.h"

#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/mutant.h"
#include "base/text.h"

/* A firing that is this late is still on time: EventBridge promises the minute, no more. */
#define ON_TIME SEC_PER_MIN
/* `missed: all` makes up for at most this many firings of a schedule at once. */
enum { MISSED_AT_ONCE = 100 };

void firings_advance(struct firings *firings)
{
        firings->nominal = firings->setting->enabled && !firings->row.paused
                                   ? schedule_next(&firings->schedule, firings->row.handled)
                                   : SEC_NEVER;
}

sec_t firings_due(const struct firings *firings)
{
        return firings->nominal == SEC_NEVER ? SEC_NEVER : firings->nominal + firings->offset;
}

int firings_handle(struct engine *engine, struct firings *firings, sec_t nominal)
{
        sec_t before = firings->row.handled;
        unsigned int matched = firings->row.matched;
        struct store_schedule stored;
        int r;

        /* The number of instances found is written by the run as well, and may be newer there. */
        if (store_load_schedule(engine->store, firings->row.name, &stored) > 0) {
                firings->row.matched = stored.matched;
                store_schedule_done(&stored);
        }
        firings->row.handled = nominal + (MUTANT(jumps_over_firings) ? 40 * SEC_PER_DAY : 0);
        r = store_save_schedule(engine->store, &firings->row);
        if (r < 0) {
                firings->row.handled = before;
                firings->row.matched = matched;
                return r;
        }
        firings->fitted = false;
        firings_advance(firings);
        return 0;
}

/* ---- firing ---- */

/* Records a firing of which no run begins, for `amictl runs`. */
static int record_skipped(struct engine *engine, const struct firings *firings, sec_t nominal,
                          const char *why)
{
        _cleanup_free_ char *id = run_id("backup", firings->row.name, nominal);
        struct store_run row = {
                .id = id,
                .kind = (char *)(uintptr_t) "backup",
                .schedule = firings->row.name,
                .firing = nominal,
                .trigger = (char *)(uintptr_t) "schedule",
                .phase = (char *)(uintptr_t) "",
                .outcome = OUTCOME_SKIPPED,
                .detail = (char *)(uintptr_t)why,
                .started = loop_wall(engine->loop),
                .finished = loop_wall(engine->loop),
        };

        return store_add_run(engine->store, &row);
}

/* `in_line`: the run waits for the earlier ones, however many, whatever `overlap` says. */
static int fire(struct engine *engine, struct firings *firings, sec_t nominal, const char *trigger,
                bool in_line)
{
        struct log_about about = { .schedule = firings->row.name };
        char time[TIME_TEXT_MAX];
        bool queued, busy = engine_schedule_is_busy(engine, firings->row.name, &queued);
        int r;

        if (busy && !in_line && (firings->setting->overlap == OVERLAP_SKIP || queued)) {
                r = record_skipped(engine, firings, nominal,
                                   queued ? "an earlier firing is queued already"
                                          : "the run before it is still going");
                if (r >= 0)
                        log_event(&events[EVENT_RUN_SKIPPED], &about,
                                  "The firing of %s at %s is skipped: %s.", firings->row.name,
                                  format_rfc3339(nominal, time),
                                  queued ? "an earlier one is queued already"
                                         : "the run before it is still going");
        } else {
                r = engine_start(engine,
                                 &(struct run_request){
                                         .kind = "backup",
                                         .schedule = firings->row.name,
                                         .trigger = trigger,
                                         .firing = nominal,
                                         .queued = busy,
                                         .compared = firings->compared,
                                 },
                                 NULL);
        }
        /* claimed before: the clock was set back, or the row of the schedule is older than the run
         */
        return r == -EEXIST ? 0 : r;
}

/* ---- missed firings ---- */

static sec_t missed_floor(const struct firings *firings, sec_t now)
{
        sec_t oldest = now - firings->setting->missed_within - 1;

        return firings->row.handled > oldest ? firings->row.handled : oldest;
}

/* Fires all missed firings; of more than MISSED_AT_ONCE, the newest. */
static int fire_all_missed(struct engine *engine, struct firings *firings, sec_t now, sec_t until)
{
        sec_t missed[MISSED_AT_ONCE], floor = missed_floor(firings, now);
        sec_t nominal = schedule_latest(&firings->schedule, floor, until);
        size_t n = 0;
        int r = 0;

        while (n < MISSED_AT_ONCE && nominal != SEC_NONE) {
                missed[n++] = nominal;
                nominal = schedule_latest(&firings->schedule, floor, nominal - 1);
        }
        while (n-- > 0 && r >= 0)
                r = fire(engine, firings, missed[n], "missed", true);
        return r;
}

/* Logs missed firings, each of them once. While the state cannot be written, none of them is
 * handled, and more are added. */
static void log_missed(struct firings *firings, sec_t latest)
{
        static const char *const what[] = {
                [MISSED_NONE] = "none of them is made up for",
                [MISSED_LATEST] = "the latest is made up for now, if it is recent enough",
                [MISSED_ALL] = "those that are recent enough are made up for, a hundred at most",
        };
        struct log_about about = { .schedule = firings->row.name };
        char first[TIME_TEXT_MAX], last[TIME_TEXT_MAX];
        sec_t from = firings->nominal;

        if (latest <= firings->logged || MUTANT(misses_silently))
                return;
        if (firings->logged >= from)
                from = schedule_next(&firings->schedule, firings->logged);
        firings->logged = latest;
        log_event(&events[EVENT_FIRING_MISSED], &about,
                  "Schedule %s missed its firings from %s to %s: %s.", firings->row.name,
                  format_rfc3339(from, first), format_rfc3339(latest, last),
                  what[firings->setting->missed]);
}

static int make_up(struct engine *engine, struct firings *firings, sec_t now)
{
        sec_t until = now - firings->offset; /* a firing that is not due yet was not missed */
        sec_t latest = schedule_latest(&firings->schedule, firings->row.handled, until), within;
        int r = 0;

        log_missed(firings, latest);
        switch (firings->setting->missed) {
        case MISSED_NONE:
                break;
        case MISSED_LATEST:
                within = schedule_latest(&firings->schedule, missed_floor(firings, now), until);
                if (within != SEC_NONE)
                        r = fire(engine, firings, within, "missed", false);
                break;
        case MISSED_ALL:
                r = fire_all_missed(engine, firings, now, until);
                break;
        }
        return r < 0 ? r : firings_handle(engine, firings, latest);
}

static int store_failed(struct engine *engine, const struct firings *firings, int r)
{
        engine_store_failed(engine, &(struct log_about){ .schedule = firings->row.name });
        return r;
}

int firings_run(struct engine *engine, struct firings *firings, sec_t now, bool compared)
{
        int r;

        firings->compared = compared;
        if (compared && firings->fitted) {
                r = firings_handle(engine, firings, firings->row.handled);
                if (r < 0)
                        return store_failed(engine, firings, r);
        }
        while (firings_due(firings) <= now) {
                sec_t nominal = firings->nominal;

                if (now - firings_due(firings) > ON_TIME && firings->tried != nominal) {
                        r = make_up(engine, firings, now);
                } else {
                        firings->tried = nominal;
                        r = fire(engine, firings, nominal, "schedule", false);
                        if (r >= 0)
                                r = firings_handle(engine, firings, nominal);
                }
                if (r < 0)
                        return store_failed(engine, firings, r);
                engine_store_works(engine);
        }
        return 0;
}

/* ---- the row of a schedule ---- */

/* The definition of a schedule: what decides when it fires. After a change of the definition, the
 * firings handled before say nothing about those to come.
 */
static char *definition_of(const struct setting_schedule *setting)
{
        return xasprintf("%s %s %lld %lld%s", setting->expression_text, setting->timezone,
                         (long long)setting->schedule.start, (long long)setting->schedule.end,
                         setting->enabled ? "" : " disabled");
}

/* Times that were recorded before the clock was set. A clock set back: `handled` lies in the
 * future, and the firings until then have been claimed under their ids already, so that none
 * happens twice; the anchor of a rate moves down by whole intervals. A clock set forward again: the
 * firings that had been handled before the first change (`reached`) were not missed. */
void firings_fit_clock(struct firings *firings, sec_t now)
{
        struct store_schedule *row = &firings->row;
        sec_t interval = firings->schedule.expression.interval;

        if (firings->logged > now)
                firings->logged = SEC_NONE;
        if (row->handled > now) {
                if (row->handled > firings->reached)
                        firings->reached = row->handled;
                row->handled = now;
                firings->fitted = true;
        } else if (firings->reached <= now && firings->reached > row->handled) {
                row->handled = firings->reached;
                firings->fitted = true;
        }
        /* a rate whose anchor is the next full minute was added just now */
        if (firings->schedule.expression.kind == EXPRESSION_RATE &&
            row->anchor >= now + SEC_PER_MIN)
                row->anchor -= (row->anchor - now + interval - 1) / interval * interval;
        firings->schedule.anchor = row->anchor;
}

void firings_begin(struct firings *firings, sec_t now)
{
        struct store_schedule *row = &firings->row;

        firings->tried = firings->logged = firings->reached = SEC_NONE;
        xreplace(&row->name, firings->setting->name);
        free(row->definition);
        row->definition = definition_of(firings->setting);
        row->anchor = schedule_anchor_from(now);
        /* the first firing may be at once, and lies after `handled` */
        row->handled = row->anchor == now ? now - 1 : now;
        firings->schedule.anchor = row->anchor;
}

/* Whether the rate() of the schedule is the same as before: zone, end and enabled do not change the
 * times at which a rate fires. */
static bool rate_is_kept(const struct firings *firings, const char *definition)
{
        const char *after = startswith(definition, firings->setting->expression_text);

        return firings->schedule.expression.kind == EXPRESSION_RATE && after && *after == ' ';
}

int firings_record(struct engine *engine, struct firings *firings)
{
        struct store_schedule stored;
        int r = store_load_schedule(engine->store, firings->setting->name, &stored);

        if (r < 0)
                return r;
        if (r == 0)
                return store_save_schedule(engine->store, &firings->row);
        if (streq(stored.definition, firings->row.definition)) {
                store_schedule_done(&firings->row);
                firings->row = stored;
                firings->schedule.anchor = stored.anchor;
                firings_fit_clock(firings, loop_wall(engine->loop));
                return 0;
        }
        firings->row.paused = stored.paused;
        firings->row.matched = stored.matched;
        /* else a schedule that is edited more often than it fires would never fire */
        if (rate_is_kept(firings, stored.definition)) {
                firings->row.anchor = stored.anchor;
                firings_fit_clock(firings, loop_wall(engine->loop));
        }
        store_schedule_done(&stored);
        return store_save_schedule(engine->store, &firings->row);
}

int firings_forget(struct engine *engine, const char *name)
{
        struct store_schedule row;
        int r = store_load_schedule(engine->store, name, &row);

        if (r <= 0)
                return r;
        xreplace(&row.definition, "");
        r = store_save_schedule(engine->store, &row);
        store_schedule_done(&row);
        return r;
}

void firings_done(struct firings *firings)
{
        store_schedule_done(&firings->row);
}
