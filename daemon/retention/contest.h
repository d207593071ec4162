/* The structs of retention/, only for the files of this folder. */
#pragma once

#include <stdint.h>

#include "retention/retention.h"

struct entry {
        const struct retention_image *image;
        struct retention_verdict *verdict;
        unsigned int rank;
        bool decided; /* the contest decides the image: it is the contest of the image's rank */
        size_t order; /* 0 = newest of the contest */
        unsigned int position[RETAIN_RULES]; /* as in struct retention_verdict */
        int64_t period;                      /* of the rule that is being applied */
};

/* The images of a series with at least a certain rank. */
struct contest {
        const struct retention_terms *terms;
        struct entry *entries; /* newest first */
        size_t n;
        sec_t reach[RETAIN_RULES]; /* by rule, the CreationDate of the oldest image it keeps */
};

/* Applies every rule of the policy, and sets in the verdicts of decided images which rules keep
 * them. */
void contest_apply_rules(struct contest *contest);
void contest_apply_within(struct contest *contest);
/* The rule, of the rules that might have kept the image, that reaches furthest back. */
enum retain_rule contest_find_lost(const struct contest *contest,
                                   const struct retention_verdict *verdict);
