/*
 * Which images a retention policy keeps, and why. Pure: images and now go in, verdicts come out.
 *
 * A rule of a period (hourly ... yearly) keeps the newest image of each of the N most recent
 * periods that have an image; `last` keeps the N newest; `within` keeps all that are younger than a
 * duration. An image is kept if any rule keeps it. Only available images count for a rule, whether
 * something uses them or not; the newest available image of a series stays whatever the rules say.
 * Periods are those of the schedule's time zone, which is why an image brings its local time along;
 * weeks start on Monday (ISO 8601).
 *
 * An image that is not available counts for nothing. While it may still become available it stays,
 * however old it is: a large volume can take longer than the next, incremental image. One that
 * failed for good goes once a newer available image of its series exists.
 *
 * An image that is worth less than the policy requires counts for no rule but `within`; it goes
 * once a newer one that counts exists, and until then it is better than nothing.
 *
 * Without a policy (retention_policy_is_empty) nothing is removed.
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
        const char *id;     /* unique; of two of the same time the greater id counts as newer */
        sec_t time;         /* nominal firing, UTC */
        sec_t local;        /* the same as wall-clock time of the schedule's zone: time + offset */
        bool available;     /* completed and usable */
        bool weak;          /* available, and worth less than is required */
        bool failed;        /* not available and never will be: failed, invalid or gone */
        const char *
                held_by; /* not NULL: something uses it ("instance i-...", "not known"); it stays */
};

enum retention_outcome {
        RETENTION_KEEP_RULE,      /* a rule keeps it: `rules` has its bits (none: no policy) */
        RETENTION_KEEP_LAST_GOOD, /* the newest image of its series that counts, and no rule keeps
                                   * it */
        RETENTION_KEEP_HELD,      /* in use, and nothing else keeps it */
        RETENTION_KEEP_PENDING,   /* may still become available, or failed and nothing newer
                                   * replaces it */
        RETENTION_KEEP_WEAK,      /* weak, and nothing newer counts */
        RETENTION_REMOVE,         /* no rule keeps it */
        RETENTION_REMOVE_WEAK,    /* weak, and a newer one that counts exists */
        RETENTION_REMOVE_FAILED,  /* failed, and a newer available one exists */
};

struct retention_verdict {
        enum retention_outcome outcome;
        unsigned int rules;               /* bit per enum retain_rule */
        unsigned int place[RETAIN_RULES]; /* 1 = newest; the place it takes under each rule of the
                                           * policy, also beyond what that rule keeps; 0 = none,
                                           * because a newer image stands for its period.
                                           * [RETAIN_WITHIN] is not used */
        enum retain_rule lost;            /* for REMOVE: of the rules under which it has a place (or
                                           * `within`) the one that reaches furthest back; RETAIN_RULES
                                           * when there is none */
};

/* Whether the image stays. */
bool retention_stays(const struct retention_verdict *verdict);

/* Fills verdicts[i] for images[i], which may come in any order. O(n log n). */
void retention_decide(const struct retention_policy *policy, const struct retention_image *images,
                      size_t n, sec_t now, struct retention_verdict *verdicts);

/* "kept: daily #2, weekly #1", "removed: daily 7 no longer keeps it", ... Caller frees. */
char *retention_explain(const struct retention_policy *policy,
                        const struct retention_verdict *verdict,
                        const struct retention_image *image);
