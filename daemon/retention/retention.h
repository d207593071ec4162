/*
 * Which images a retention policy keeps, and why. Pure: images and now go in, verdicts come out.
 *
 * A rule of a period (hourly ... yearly) keeps the newest image of each of the N most recent
 * periods that have an image; `last` keeps the N newest; `within` keeps all that are younger than a
 * duration. An image is kept if any rule keeps it. Only available images count for a rule; the
 * newest available image of a series stays whatever the rules say. Periods are those of the
 * schedule's time zone, which is why an image brings its local time along; weeks start on Monday
 * (ISO 8601).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/time.h"

enum retain_rule {
        RETAIN_WITHIN,
        RETAIN_LAST,
        RETAIN_HOURLY,
        RETAIN_DAILY,
        RETAIN_WEEKLY,
        RETAIN_MONTHLY,
        RETAIN_YEARLY,
        RETAIN_RULES,
};

/* "within", "last", ... as in the settings. */
extern const char *const retain_rule_names[RETAIN_RULES];

struct retention_policy {
        unsigned int keep[RETAIN_RULES]; /* [RETAIN_WITHIN] is not used */
        sec_t within;                    /* 0: no such rule */
};

/* Whether no rule keeps anything: refused by the settings. */
bool retention_policy_is_empty(const struct retention_policy *policy);

struct retention_image {
        const char *series; /* images compete within a series: (account, region, instance) */
        const char *id;     /* ties of time are broken by it */
        sec_t time;         /* nominal firing, UTC */
        sec_t local;        /* the same as wall-clock time of the schedule's zone: time + offset */
        bool available;     /* completed and usable */
        const char *
                held_by; /* not NULL: something uses it ("instance i-...", "not known"); it stays */
};

enum retention_outcome {
        RETENTION_KEEP_RULE,      /* a rule keeps it: `rules` has its bits */
        RETENTION_KEEP_LAST_GOOD, /* the newest available image of its series */
        RETENTION_KEEP_HELD,      /* in use */
        RETENTION_KEEP_PENDING,   /* not available yet, and nothing newer replaces it */
        RETENTION_REMOVE,         /* no rule keeps it */
        RETENTION_REMOVE_FAILED,  /* never became available and a newer available one exists */
};

struct retention_verdict {
        enum retention_outcome outcome;
        unsigned int rules; /* bit per enum retain_rule */
        unsigned int
                place[RETAIN_RULES]; /* 1 = newest; the place it takes under each rule, 0 = none */
        enum retain_rule lost;       /* for REMOVE: the rule that reached furthest back and no
                                      * longer keeps it; with RETAIN_RULES when none ever could */
};

/* Fills verdicts[i] for images[i], which may come in any order. */
void retention_decide(const struct retention_policy *policy, const struct retention_image *images,
                      size_t n, sec_t now, struct retention_verdict *verdicts);

/* "kept: daily #2, weekly #1", "removed: daily 7 no longer keeps it", ... Caller frees. */
char *retention_explain(const struct retention_policy *policy,
                        const struct retention_verdict *verdict,
                        const struct retention_image *image);
