/* What the files of retention/ share: images on their way through the rules. */
#pragma once

#include <stdint.h>

#include "retention/retention.h"

struct entry {
        const struct retention_image *image;
        struct retention_verdict *verdict;
        unsigned int rank;
        bool judged;                      /* by the contest at hand: its own rank */
        size_t order;                     /* 0 = newest of the contest */
        unsigned int place[RETAIN_RULES]; /* as in struct retention_verdict */
        int64_t period;                   /* of the rule that is looked at */
};

/* The images of one series from one rank on. */
struct contest {
        const struct retention_terms *terms;
        struct entry *entries; /* newest first */
        size_t n;
        sec_t reach[RETAIN_RULES]; /* CreationDate of the oldest image each rule keeps */
};

/* Applies every rule of the policy, and notes in the verdicts of the images that are judged which
 * of them keep it. */
void apply_rules(struct contest *contest);
void apply_within(struct contest *contest);
/* Of the rules that might have kept the image, the one that reaches furthest back. */
enum retain_rule find_lost(const struct contest *contest, const struct retention_verdict *verdict);
