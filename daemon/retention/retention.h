/*
 * Which images a retention policy keeps, and why. Pure: images and terms go in, verdicts come out.
 *
 * Images of a series are ordered by EC2's CreationDate, which no clock of ours can get wrong. The
 * nominal firing only says which hour, day, week, month or year an image is of, and only while it
 * is plausible by the CreationDate (retention_is_plausible); else the CreationDate says it.
 *
 * A rule of a period (hourly ... yearly) keeps the newest image of each of the N most recent
 * periods that have an image; `last` keeps the N newest; `within` keeps all that EC2 created less
 * than a duration ago. An image is kept if any rule keeps it. Periods are those of the schedule's
 * time zone, which is why an image brings its offsets along; weeks start on Monday (ISO 8601).
 *
 * Each image has a rank: the level of consistency that was proven, counted no higher than the level
 * that counts fully; at one level an image whose task succeeded ranks above one whose task did not.
 * The rules are applied once for each rank, to the images of that rank and all higher ones, and an
 * image is judged where its own rank is. So a weaker image never takes the place of a stronger one,
 * while a stronger one takes the place of weaker ones.
 *
 * Whatever the rules say, an image goes only when EC2 created a newer one that ranks at least as
 * high; that holds also for the rank counted up to the level which the schedule asks for, where the
 * settings let less count fully. So no removal lowers the best consistency of an instance.
 *
 * Where the settings require a level, an image below it is kept by no rule but `within`; it goes
 * once a newer one that meets it exists, and until then it is better than nothing.
 *
 * Only available images count for a rule, whether something uses them or not. An image that is not
 * available counts for nothing. While it may still become available it stays, however old it is: a
 * large volume can take longer than the next, incremental image. One that failed for good goes once
 * a newer available image of its series exists. An image whose CreationDate EC2 does not tell
 * stays, and counts for nothing.
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

/* Levels of consistency are small numbers, 0 the weakest; what they are called is only shown. */
struct retention_terms {
        struct retention_policy policy;
        unsigned int asked;        /* the level that the schedule asks for now */
        unsigned int full;         /* the level that counts fully: the one required, or `asked` */
        bool required;             /* the settings require `full` */
        const char *const *levels; /* names, up to `full` and `asked` */
        sec_t firing_lag;          /* how long before its CreationDate a firing may be */
        sec_t now;
};

struct retention_image {
        const char *series;   /* images compete within a series: (account, region, instance) */
        const char *id;       /* unique; of two of one CreationDate the greater id is newer */
        sec_t created;        /* EC2's CreationDate, UTC; SEC_NONE: not known */
        sec_t created_offset; /* of the schedule's zone at that time, to be added */
        sec_t firing;         /* nominal, UTC: by the clock of the machine that amid ran on */
        sec_t firing_offset;
        unsigned int level;  /* of consistency, proven */
        bool succeeded;      /* its task did; not known: false */
        bool available;      /* completed and usable */
        bool failed;         /* not available and never will be: failed, invalid or gone */
        const char *held_by; /* not NULL: it stays, since it is "in use (instance i-...)",
                              * protected, or the like */
};

enum retention_outcome {
        RETENTION_KEEP_RULE,     /* a rule keeps it: `rules` has its bits (none: no policy) */
        RETENTION_KEEP_NEWEST,   /* no rule keeps it, and no newer one ranks at least as high */
        RETENTION_KEEP_HELD,     /* in use or protected, and nothing else keeps it */
        RETENTION_KEEP_PENDING,  /* may still become available, or failed and nothing newer
                                  * replaces it */
        RETENTION_KEEP_UNKNOWN,  /* its CreationDate is not known */
        RETENTION_KEEP_REQUIRED, /* below what is required, and nothing newer meets that */
        RETENTION_REMOVE,        /* no rule keeps it */
        RETENTION_REMOVE_WEAK,   /* below what is required, and a newer one meets that */
        RETENTION_REMOVE_FAILED, /* failed, and a newer available one exists */
};

struct retention_verdict {
        enum retention_outcome outcome;
        unsigned int rules;               /* bit per enum retain_rule */
        unsigned int place[RETAIN_RULES]; /* 1 = newest; the place it takes under each rule of the
                                           * policy among the images of its rank and higher ones,
                                           * also beyond what that rule keeps; 0 = none, because a
                                           * newer image stands for its period. [RETAIN_WITHIN] is
                                           * not used */
        enum retain_rule lost;            /* for REMOVE: of the rules under which it has a place (or
                                           * `within`) the one that reaches furthest back; RETAIN_RULES
                                           * when there is none */
};

/* Whether the image stays. */
bool retention_stays(const struct retention_verdict *verdict);

/* Whether the firing can be that of an image which EC2 created then: a machine whose clock was
 * wrong names one that cannot. */
bool retention_is_plausible(const struct retention_terms *terms,
                            const struct retention_image *image);

/* Whether `newer`, while it is available, may stand in the place of `older`: EC2 created it later,
 * and it ranks as high, counted up to the level that is asked for. One that failed is worth
 * nothing. */
bool retention_replaces(const struct retention_terms *terms, const struct retention_image *newer,
                        const struct retention_image *older);

/* Fills verdicts[i] for images[i], which may come in any order. O(n log n) for each rank there is,
 * of which there are two per level up to `full`. */
void retention_decide(const struct retention_terms *terms, const struct retention_image *images,
                      size_t n, struct retention_verdict *verdicts);

/* "kept: daily #2, weekly #1 of those worth reboot", "removed: ..."; names a firing that is not
 * plausible. Caller frees. */
char *retention_explain(const struct retention_terms *terms,
                        const struct retention_verdict *verdict,
                        const struct retention_image *image);
