/* Applies the rules of a policy to the images of a contest. */
#include "retention/contest.h"

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/mutant.h"

/* A plausible firing is at most this long after the CreationDate: two correct clocks differ a
 * little. */
#define FIRING_AHEAD (5 * SEC_PER_MIN)

const char *const retain_rule_names[RETAIN_RULES] = {
        [RETAIN_WITHIN] = "within", [RETAIN_LAST] = "last",     [RETAIN_HOURLY] = "hourly",
        [RETAIN_DAILY] = "daily",   [RETAIN_WEEKLY] = "weekly", [RETAIN_MONTHLY] = "monthly",
        [RETAIN_YEARLY] = "yearly",
};

/* ---- periods ---- */

static int64_t floor_divide(int64_t value, int64_t by)
{
        return value / by - (value % by < 0);
}

static int64_t hour_of(sec_t local)
{
        return floor_divide(local, SEC_PER_HOUR);
}

static int64_t day_of(sec_t local)
{
        return floor_divide(local, SEC_PER_DAY);
}

/* 1970-01-01 was a Thursday: the Monday of its week is day -3. */
static int64_t week_of(sec_t local)
{
        return floor_divide(day_of(local) + (MUTANT(begins_weeks_on_sunday) ? 4 : 3), 7);
}

static int64_t month_of(sec_t local)
{
        struct civil civil = civil_from_sec(local);

        return civil.year * 12 + civil.month - 1;
}

static int64_t year_of(sec_t local)
{
        return civil_from_sec(local).year;
}

/* The number of the period of a local time. `last` has none: each image is a period of its own. */
static int64_t (*const period_of[RETAIN_RULES])(sec_t local) = {
        [RETAIN_HOURLY] = hour_of,   [RETAIN_DAILY] = day_of,   [RETAIN_WEEKLY] = week_of,
        [RETAIN_MONTHLY] = month_of, [RETAIN_YEARLY] = year_of,
};

bool retention_is_plausible(const struct retention_terms *terms,
                            const struct retention_image *image)
{
        if (image->created == SEC_NONE)
                return true; /* there is nothing to compare the firing with */
        return image->firing <= image->created + FIRING_AHEAD &&
               image->firing >= image->created - terms->firing_lag;
}

/* The image's wall-clock time in the schedule's zone, which decides about its period. */
static sec_t local_time(const struct retention_terms *terms, const struct retention_image *image)
{
        if (retention_is_plausible(terms, image))
                return image->firing + image->firing_offset;
        return image->created + image->created_offset;
}

/* ---- rules ---- */

bool retention_policy_is_empty(const struct retention_policy *policy)
{
        for (int rule = RETAIN_LAST; rule < RETAIN_RULES; rule++)
                if (policy->keep[rule])
                        return false;
        return policy->within == 0;
}

static int compare_periods(const void *a, const void *b)
{
        const struct entry *const *x = a, *const *y = b;

        if ((*x)->period != (*y)->period)
                return (*x)->period < (*y)->period ? -1 : 1;
        return (*x)->order < (*y)->order ? -1 : 1;
}

static void keep(struct contest *contest, struct entry *entry, enum retain_rule rule)
{
        contest->reach[rule] = entry->image->created;
        if (!entry->decided)
                return;
        entry->verdict->outcome = RETENTION_KEEP_RULE;
        entry->verdict->rules |= 1U << rule;
}

/*
 * Images of a period are not always neighbours in time: when a clock goes back by two hours, images
 * of two local hours alternate. So sorting by period finds the newest image of each period, and
 * only then positions are counted.
 */
static void apply_rule(struct contest *contest, enum retain_rule rule)
{
        _cleanup_free_ struct entry **sorted = xcalloc(contest->n, sizeof(struct entry *));
        unsigned int position = 0;

        for (size_t i = 0; i < contest->n; i++) {
                struct entry *entry = &contest->entries[i];

                entry->period = period_of[rule]
                                        ? period_of[rule](local_time(contest->terms, entry->image))
                                        : (int64_t)i;
                sorted[i] = entry;
        }
        qsort(sorted, contest->n, sizeof(struct entry *), compare_periods);
        for (size_t i = 0; i < contest->n; i++)
                if (i == 0 || sorted[i]->period != sorted[i - 1]->period)
                        sorted[i]->position[rule] = 1;
        for (size_t i = 0; i < contest->n; i++) {
                struct entry *entry = &contest->entries[i];

                if (!entry->position[rule])
                        continue;
                entry->position[rule] = ++position;
                if (entry->decided)
                        entry->verdict->position[rule] = position;
                if (position + MUTANT(keeps_one_less) <=
                    contest->terms->policy.keep[rule] + MUTANT(keeps_one_more))
                        keep(contest, entry, rule);
        }
}

void contest_apply_within(struct contest *contest)
{
        sec_t limit = contest->terms->now - contest->terms->policy.within;

        if (!contest->terms->policy.within)
                return;
        for (size_t i = 0; i < contest->n; i++)
                if (contest->entries[i].image->created > limit)
                        keep(contest, &contest->entries[i], RETAIN_WITHIN);
        contest->reach[RETAIN_WITHIN] = limit;
}

void contest_apply_rules(struct contest *contest)
{
        contest_apply_within(contest);
        for (enum retain_rule rule = RETAIN_LAST; rule < RETAIN_RULES; rule++)
                if (contest->terms->policy.keep[rule])
                        apply_rule(contest, rule);
}

enum retain_rule contest_find_lost(const struct contest *contest,
                                   const struct retention_verdict *verdict)
{
        enum retain_rule lost = contest->terms->policy.within ? RETAIN_WITHIN : RETAIN_RULES;

        for (enum retain_rule rule = RETAIN_LAST; rule < RETAIN_RULES; rule++)
                if (verdict->position[rule] &&
                    (lost == RETAIN_RULES || contest->reach[rule] <= contest->reach[lost]))
                        lost = rule;
        return lost;
}
