#include "retention/retention.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/mutant.h"

/* One image that counts on the way through the rules. */
struct entry {
        const struct retention_image *image;
        struct retention_verdict *verdict;
        size_t order;   /* 0 = newest of its series */
        int64_t period; /* of the rule that is looked at */
};

/* What is being decided: one series at a time. */
struct contest {
        const struct retention_policy *policy;
        sec_t now;
        struct entry *entries; /* newest first */
        size_t n;
        sec_t reach[RETAIN_RULES]; /* the time of the oldest image each rule keeps */
};

const char *const retain_rule_names[RETAIN_RULES] = {
        [RETAIN_WITHIN] = "within", [RETAIN_LAST] = "last",     [RETAIN_HOURLY] = "hourly",
        [RETAIN_DAILY] = "daily",   [RETAIN_WEEKLY] = "weekly", [RETAIN_MONTHLY] = "monthly",
        [RETAIN_YEARLY] = "yearly",
};

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

/* The number of the period a local time lies in. `last` has none: each image is its own. */
static int64_t (*const period_of[RETAIN_RULES])(sec_t local) = {
        [RETAIN_HOURLY] = hour_of,   [RETAIN_DAILY] = day_of,   [RETAIN_WEEKLY] = week_of,
        [RETAIN_MONTHLY] = month_of, [RETAIN_YEARLY] = year_of,
};

bool retention_policy_is_empty(const struct retention_policy *policy)
{
        for (int rule = RETAIN_LAST; rule < RETAIN_RULES; rule++)
                if (policy->keep[rule])
                        return false;
        return policy->within == 0;
}

/* By series, newest first. */
static int compare_images(const void *a, const void *b)
{
        const struct retention_image *x = ((const struct entry *)a)->image;
        const struct retention_image *y = ((const struct entry *)b)->image;
        int r = strcmp(x->series, y->series);

        if (r)
                return r;
        if (x->time != y->time)
                return x->time < y->time ? 1 : -1;
        return strcmp(y->id, x->id);
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
        entry->verdict->outcome = RETENTION_KEEP_RULE;
        entry->verdict->rules |= 1U << rule;
        contest->reach[rule] = entry->image->time;
}

/*
 * Images of one period need not be neighbours in time: where a clock goes back two hours, its two
 * local hours alternate. So the newest of each period is found by sorting, and only then counted.
 */
static void apply_rule(struct contest *contest, enum retain_rule rule)
{
        _cleanup_free_ struct entry **sorted = xcalloc(contest->n, sizeof(struct entry *));
        unsigned int place = 0;

        for (size_t i = 0; i < contest->n; i++) {
                struct entry *entry = &contest->entries[i];

                entry->period = period_of[rule] ? period_of[rule](entry->image->local) : (int64_t)i;
                sorted[i] = entry;
        }
        qsort(sorted, contest->n, sizeof(struct entry *), compare_periods);
        for (size_t i = 0; i < contest->n; i++)
                if (i == 0 || sorted[i]->period != sorted[i - 1]->period)
                        sorted[i]->verdict->place[rule] = 1;
        for (size_t i = 0; i < contest->n; i++) {
                struct entry *entry = &contest->entries[i];

                if (!entry->verdict->place[rule])
                        continue;
                entry->verdict->place[rule] = ++place;
                if (place + MUTANT(keeps_one_less) <=
                    contest->policy->keep[rule] + MUTANT(keeps_one_more))
                        keep(contest, entry, rule);
        }
}

static void apply_within(struct contest *contest)
{
        sec_t limit = contest->now - contest->policy->within;

        for (size_t i = 0; i < contest->n; i++)
                if (contest->entries[i].image->time > limit)
                        keep(contest, &contest->entries[i], RETAIN_WITHIN);
        contest->reach[RETAIN_WITHIN] = limit;
}

/* Of the rules that might have kept the image, the one that reaches furthest back. */
static enum retain_rule find_lost(const struct contest *contest,
                                  const struct retention_verdict *verdict)
{
        enum retain_rule lost = contest->policy->within ? RETAIN_WITHIN : RETAIN_RULES;

        for (enum retain_rule rule = RETAIN_LAST; rule < RETAIN_RULES; rule++)
                if (verdict->place[rule] &&
                    (lost == RETAIN_RULES || contest->reach[rule] <= contest->reach[lost]))
                        lost = rule;
        return lost;
}

/* `n` images of one series that count, newest first. */
static void decide_series(const struct retention_policy *policy, sec_t now, struct entry *entries,
                          size_t n)
{
        struct contest contest = { .policy = policy, .now = now, .entries = entries, .n = n };

        for (size_t i = 0; i < n; i++)
                entries[i].order = i;
        if (policy->within)
                apply_within(&contest);
        for (enum retain_rule rule = RETAIN_LAST; rule < RETAIN_RULES; rule++)
                if (policy->keep[rule])
                        apply_rule(&contest, rule);
        for (size_t i = 0; i < n; i++) {
                struct retention_verdict *verdict = entries[i].verdict;

                if (verdict->rules)
                        continue;
                if (i == 0 && !MUTANT(removes_the_last_good)) {
                        verdict->outcome = RETENTION_KEEP_LAST_GOOD;
                } else if (entries[i].image->held_by) {
                        verdict->outcome = RETENTION_KEEP_HELD;
                } else {
                        verdict->outcome = RETENTION_REMOVE;
                        verdict->lost = find_lost(&contest, verdict);
                }
        }
}

/* `good` is the newest available image of the series; the verdict is not that of an available one.
 */
static enum retention_outcome decide_unavailable(const struct entry *entry,
                                                 const struct entry *good)
{
        if (!entry->image->failed || !good || compare_images(entry, good) < 0)
                return RETENTION_KEEP_PENDING;
        return entry->image->held_by ? RETENTION_KEEP_HELD : RETENTION_REMOVE_FAILED;
}

/* `good` is the newest image of the series that counts, or NULL. */
static void decide_weak(const struct retention_policy *policy, sec_t now, const struct entry *entry,
                        const struct entry *good)
{
        if (policy->within && entry->image->time > now - policy->within) {
                entry->verdict->outcome = RETENTION_KEEP_RULE;
                entry->verdict->rules = 1U << RETAIN_WITHIN;
        } else if (!good || compare_images(entry, good) < 0) {
                entry->verdict->outcome = RETENTION_KEEP_WEAK;
        } else {
                entry->verdict->outcome =
                        entry->image->held_by ? RETENTION_KEEP_HELD : RETENTION_REMOVE_WEAK;
        }
}

bool retention_stays(const struct retention_verdict *verdict)
{
        switch (verdict->outcome) {
        case RETENTION_KEEP_RULE:
        case RETENTION_KEEP_LAST_GOOD:
        case RETENTION_KEEP_HELD:
        case RETENTION_KEEP_PENDING:
        case RETENTION_KEEP_WEAK:
                return true;
        case RETENTION_REMOVE:
        case RETENTION_REMOVE_WEAK:
        case RETENTION_REMOVE_FAILED:
                break;
        }
        return false;
}

/* `n` images of one series, newest first. */
static void part_series(const struct retention_policy *policy, sec_t now,
                        const struct entry *entries, size_t n)
{
        _cleanup_free_ struct entry *counting = xcalloc(n, sizeof(*counting));
        const struct entry *newest = NULL, *good;
        size_t n_counting = 0;

        for (size_t i = 0; i < n; i++) {
                if (entries[i].image->available && !newest)
                        newest = &entries[i];
                if (entries[i].image->available && !entries[i].image->weak)
                        counting[n_counting++] = entries[i];
        }
        good = n_counting ? counting : NULL;
        for (size_t i = 0; i < n; i++) {
                if (!entries[i].image->available)
                        entries[i].verdict->outcome = decide_unavailable(&entries[i], newest);
                else if (entries[i].image->weak)
                        decide_weak(policy, now, &entries[i], good);
        }
        if (good)
                decide_series(policy, now, counting, n_counting);
}

void retention_decide(const struct retention_policy *policy, const struct retention_image *images,
                      size_t n, sec_t now, struct retention_verdict *verdicts)
{
        _cleanup_free_ struct entry *entries = xcalloc(n + 1, sizeof(*entries));
        size_t first = 0;

        for (size_t i = 0; i < n; i++) {
                verdicts[i] = (struct retention_verdict){ .lost = RETAIN_RULES };
                entries[i] = (struct entry){ .image = &images[i], .verdict = &verdicts[i] };
        }
        if (retention_policy_is_empty(policy))
                return;
        qsort(entries, n, sizeof(*entries), compare_images);
        for (size_t i = 0; i < n; i++) {
                if (i + 1 < n &&
                    strcmp(entries[i + 1].image->series, entries[i].image->series) == 0)
                        continue;
                part_series(policy, now, entries + first, i + 1 - first);
                first = i + 1;
        }
}
