/*
 * Decides which images a retention policy keeps, and why. Pure: images and terms are arguments,
 * verdicts are the result.
 *
 * The images of a series are ordered by EC2's CreationDate, which does not depend on the clock of
 * this machine. The nominal firing only gives the hour, day, week, month or year of an image, and
 * only while it is plausible beside the CreationDate (retention_is_plausible); otherwise the
 * CreationDate gives the period.
 *
 * A rule of a period (hourly ... yearly) keeps the newest image of each of the N most recent
 * periods that have an image; `last` keeps the N newest; `within` keeps all that EC2 created less
 * than a duration ago. An image is kept if any rule keeps it. Periods follow the schedule's time
 * zone, so struct retention_image has offsets from UTC; weeks start on Monday (ISO 8601).
 *
 * The rank of an image is its achieved level of consistency, but at most terms->full. At the same
 * level an image whose task succeeded ranks above an image whose task did not. For each rank there
 * is a contest: the rules are applied to the images of that rank and of all higher ranks, and
 * decide about the images of that rank. So an image never displaces an image of a higher rank, but
 * displaces images of lower ranks.
 *
 * Independently of the rules an image is only removed when EC2 created a newer image of at least
 * the same rank. Where terms->full is below the level that the schedule requests, this also holds
 * for the rank with levels up to the requested one. So no removal lowers the best consistency of an
 * instance.
 *
 * When the settings require a level, only the rule `within` keeps an image below that level. Such
 * an image is removed once a newer image with the required level exists.
 *
 * Only available images count for a rule; whether an image is in use does not matter. An image that
 * may still become available stays at any age, because a large volume can take longer than the
 * next, incremental image. An image that failed for good is removed once a newer available image of
 * its series exists. An image without a CreationDate stays, and does not count.
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

/* "within", "last", ...: the keys of the settings. */
extern const char *const retain_rule_names[RETAIN_RULES];

struct retention_policy {
        unsigned int keep[RETAIN_RULES]; /* [RETAIN_WITHIN] is unused */
        sec_t within;                    /* 0: the rule is not set */
};

/* Whether no rule is set, which the settings refuse. */
bool retention_policy_is_empty(const struct retention_policy *policy);

/* Terms of a schedule. Levels of consistency are small numbers, 0 is the lowest; their names are
 * only used for texts. */
struct retention_terms {
        struct retention_policy policy;
        unsigned int requested; /* the level that the schedule requests */
        unsigned int full;      /* the highest level that makes a difference: the required one, else
                                   `requested` */
        bool required;          /* the settings require `full` */
        const char *const *levels; /* names of the levels up to `full` and `requested` */
        sec_t firing_lag;          /* a plausible firing is at most this long before CreationDate */
        sec_t now;
};

struct retention_image {
        const char *series; /* account, region and instance: images compete within a series */
        const char
                *id;   /* unique; with equal CreationDates the image with the greater id is newer */
        sec_t created; /* EC2's CreationDate, UTC; SEC_NONE: not known */
        sec_t created_offset; /* offset of the schedule's zone at `created`, in seconds */
        sec_t firing;         /* nominal time of the firing, UTC, by the clock of amid's machine */
        sec_t firing_offset;
        unsigned int level; /* achieved consistency */
        bool succeeded;     /* the image's task succeeded; unknown: false */
        bool available;     /* completed and usable */
        bool failed;        /* will never become available: failed, invalid or gone */
        const char *in_use; /* why the image cannot be removed, "in use (instance i-...)" or
                             * "protected ..."; or NULL */
};

enum retention_outcome {
        RETENTION_KEEP_RULE,     /* kept by the rules with bits in `rules`; no bits: no policy */
        RETENTION_KEEP_NEWEST,   /* kept by no rule, but no newer image has at least its rank */
        RETENTION_KEEP_IN_USE,   /* in use or protected, otherwise removed */
        RETENTION_KEEP_PENDING,  /* may still become available; or failed without a newer image */
        RETENTION_KEEP_UNKNOWN,  /* without a CreationDate */
        RETENTION_KEEP_REQUIRED, /* below the required level, which no newer image has */
        RETENTION_REMOVE,        /* kept by no rule */
        RETENTION_REMOVE_BELOW,  /* below the required level, which a newer image has */
        RETENTION_REMOVE_FAILED, /* failed, and a newer image is available */
};

struct retention_verdict {
        enum retention_outcome outcome;
        unsigned int rules;                  /* bit per enum retain_rule */
        unsigned int position[RETAIN_RULES]; /* by rule, the position of the image in the contest of
                                              * its rank, 1 = newest, also beyond the number that
                                              * the rule keeps; 0: a newer image stands for the
                                              * period. [RETAIN_WITHIN] is unused */
        enum retain_rule lost; /* for REMOVE: the rule with a position of the image, or
                                * `within`, that reaches furthest back; else RETAIN_RULES */
};

/* Whether the verdict keeps the image. */
bool retention_stays(const struct retention_verdict *verdict);

/* Whether the firing fits the CreationDate. It does not when the machine's clock was wrong. */
bool retention_is_plausible(const struct retention_terms *terms,
                            const struct retention_image *image);

/* Whether `newer`, while it is available, makes `older` removable: EC2 created `newer` later, and
 * its rank, with levels up to the requested one, is at least that of `older`. A failed `older` has
 * the lowest rank. */
bool retention_replaces(const struct retention_terms *terms, const struct retention_image *newer,
                        const struct retention_image *older);

/* Sets verdicts[i] for images[i], in any order. O(n log n) for each rank, of which there are two
 * per level up to terms->full. */
void retention_decide(const struct retention_terms *terms, const struct retention_image *images,
                      size_t n, struct retention_verdict *verdicts);

/* "kept: daily #2, weekly #1 of those worth reboot", "removed: ..."; with a note on an implausible
 * firing. Caller frees. */
char *retention_explain(const struct retention_terms *terms,
                        const struct retention_verdict *verdict,
                        const struct retention_image *image);
