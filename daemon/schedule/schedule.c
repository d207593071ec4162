/* The next and the latest firing of a schedule. */
#include "schedule/schedule.h"

#include <inttypes.h>

#include "base/alloc.h"
#include "schedule/cron-search.h"

#define CIVIL_FORMAT "%04" PRId64 "-%02d-%02dT%02d:%02d:%02d"
#define CIVIL_ARGUMENTS(civil)                                                                     \
        (civil).year, (civil).month, (civil).day, (civil).hour, (civil).minute, (civil).second

/* Wall times outside of these match no cron expression. The margin is larger than any offset. */
static const sec_t cron_least = -2 * SEC_PER_DAY;
static const sec_t cron_most = (sec_t)(CRON_YEAR_LAST - CRON_YEAR_FIRST + 2) * 366 * SEC_PER_DAY;

/* The first whole minute at or after a wall time, which may be before 1970. */
static int64_t minute_from(sec_t wall)
{
        return wall >= 0 ? (wall + SEC_PER_MIN - 1) / SEC_PER_MIN : -(-wall / SEC_PER_MIN);
}

/*
 * Finds the first matching wall minute that exists and lies after `after`. A minute that a change
 * of the clock skips or repeats makes the search continue after that change.
 */
static sec_t cron_next(const struct cron *cron, const struct zone *zone, sec_t after)
{
        int64_t minute;

        if (cron->never || after >= cron_most)
                return SEC_NEVER;
        if (after < cron_least)
                after = cron_least;
        minute = minute_from(after + zone_offset(zone, after) + 1);
        while (cron_search(cron, minute, &minute)) {
                int64_t behind = minute + 1;
                sec_t utc, change;

                if (!zone_from_local(zone, minute * SEC_PER_MIN, &utc)) {
                        /* The minute does not exist: continue after the gap. */
                        minute = minute_from(utc + zone_offset(zone, utc));
                } else if (utc > after) {
                        return utc;
                } else {
                        /* `after` is in the second pass of a repeated interval: continue at its
                         * end. */
                        change = zone_next_transition(zone, utc);
                        minute = minute_from(change + zone_offset(zone, change - 1));
                }
                if (minute < behind)
                        minute = behind;
        }
        return SEC_NEVER;
}

/* The anchor of a rate, or SEC_NONE. */
static sec_t rate_anchor(const struct schedule *schedule)
{
        return schedule->start != SEC_NONE ? schedule->start : schedule->anchor;
}

sec_t schedule_anchor_from(sec_t now)
{
        return now + (SEC_PER_MIN - now % SEC_PER_MIN) % SEC_PER_MIN;
}

/* The first anchor + k * interval after `after`. k >= 0 with a `start`; else k >= 1, because a new
 * schedule must not reboot instances within its first minute. */
static sec_t rate_next(const struct schedule *schedule, sec_t after)
{
        sec_t anchor = rate_anchor(schedule), interval = schedule->expression.interval, passed;

        if (anchor == SEC_NONE)
                return SEC_NEVER;
        if (after < anchor)
                return schedule->start != SEC_NONE ? anchor : anchor + interval;
        if (__builtin_sub_overflow(after, anchor, &passed) ||
            __builtin_add_overflow(after, interval - passed % interval, &after))
                return SEC_NEVER;
        return after;
}

static sec_t at_next(const struct schedule *schedule, sec_t after)
{
        sec_t utc;

        if (!zone_from_local(schedule->zone, sec_from_civil(&schedule->expression.at), &utc))
                return SEC_NEVER;
        return utc > after ? utc : SEC_NEVER;
}

sec_t schedule_next(const struct schedule *schedule, sec_t after)
{
        sec_t next = SEC_NEVER;

        switch (schedule->expression.kind) {
        case EXPRESSION_AT:
                return at_next(schedule, after);
        case EXPRESSION_RATE:
                next = rate_next(schedule, after);
                break;
        case EXPRESSION_CRON:
                if (schedule->start != SEC_NONE && after < schedule->start)
                        after = schedule->start - 1;
                next = cron_next(&schedule->expression.cron, schedule->zone, after);
                break;
        }
        return schedule->end != SEC_NONE && next > schedule->end ? SEC_NEVER : next;
}

/*
 * The predicate "there is a firing in (x, at]" is true for x before the last firing, and false from
 * the last firing on. So doubling steps back from `at`, then halving, finds the last firing: some
 * sixty calls at most, for an outage of any length.
 */
sec_t schedule_latest(const struct schedule *schedule, sec_t floor, sec_t at)
{
        const sec_t far = (sec_t)1 << 50; /* after all years of expressions */
        sec_t high = at < far ? at : far, latest, next;

        latest = schedule_next(schedule, floor > -far ? floor : -far);
        if (latest > high)
                return SEC_NONE;
        at = high;
        for (sec_t step = SEC_PER_MIN; at - step > latest; step *= 2) {
                next = schedule_next(schedule, at - step);
                if (next <= at) {
                        latest = next;
                        break;
                }
                high = at - step;
        }
        while (latest < high) { /* the last firing is in [latest, high] */
                sec_t middle = latest + (high - latest) / 2;

                next = schedule_next(schedule, middle);
                if (next <= at)
                        latest = next;
                else
                        high = middle;
        }
        return latest;
}

char *schedule_at_problem(const struct expression *expression, const struct zone *zone)
{
        sec_t change;
        struct civil asked = expression->at, last, first;

        if (expression->kind != EXPRESSION_AT ||
            zone_from_local(zone, sec_from_civil(&asked), &change))
                return NULL;
        last = civil_from_sec(change - 1 + zone_offset(zone, change - 1));
        first = civil_from_sec(change + zone_offset(zone, change));
        return xasprintf("at: " CIVIL_FORMAT " does not exist in %s, where clocks are put forward; "
                         "allowed: until at(" CIVIL_FORMAT "), from at(" CIVIL_FORMAT ")",
                         CIVIL_ARGUMENTS(asked), zone_name(zone), CIVIL_ARGUMENTS(last),
                         CIVIL_ARGUMENTS(first));
}

/* FNV-1a, with the finalizer of splitmix64: for short names the high bits of FNV-1a are poor. */
static uint64_t hash(const char *name)
{
        uint64_t value = UINT64_C(0xcbf29ce484222325);

        for (; *name; name++)
                value = (value ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
        value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
        return value ^ value >> 31;
}

sec_t schedule_flexible_offset(const char *name, sec_t window)
{
        return window > 0 ? (sec_t)(hash(name) % (uint64_t)window) : 0;
}
