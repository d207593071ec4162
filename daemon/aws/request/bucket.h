/*
 * Our share of one of AWS's token buckets. Pure: `now` is an argument, monotonic microseconds.
 *
 * Over any stretch of time at most `capacity` + `refill` times its length is taken. When AWS
 * throttles us although we kept to that, others draw from the bucket too: we take half of what we
 * took, and then slowly more again, until what the others do is forgotten (additive increase,
 * multiplicative decrease).
 */
#pragma once

#include <stdbool.h>

#include "aws/request/action.h"
#include "base/time.h"

enum {
        BUCKET_RECOVERY = 10 * 60, /* seconds from taking nothing to taking the whole share */
        BUCKET_CUT_LEAST =
                5, /* seconds between two cuts: what was throttled together counts once */
        BUCKET_FACTOR_LEAST = 16, /* never less than a 16th */
};

struct bucket_level {
        struct bucket share; /* what is ours of the published bucket */
        double factor;       /* of it that we take, (0, 1] */
        double tokens;
        usec_t filled; /* when `tokens` and `factor` were right */
        usec_t cut;    /* when `factor` was cut; meaningless while that is 1 */
};

/* A full bucket of `percent` of the published one, and never less than one token large. */
void bucket_init(struct bucket_level *level, const struct bucket *published, unsigned int percent,
                 usec_t now);
/* Another share, effective from now on. */
void bucket_set_share(struct bucket_level *level, const struct bucket *published,
                      unsigned int percent, usec_t now);
/* Brings `tokens` and `factor` up to date. */
void bucket_fill(struct bucket_level *level, usec_t now);
/* Takes a token; false when there is none. */
bool bucket_take(struct bucket_level *level, usec_t now);
/* Microseconds until there is a token; 0 when there is one. */
usec_t bucket_wait(struct bucket_level *level, usec_t now);
/* AWS found its bucket empty: so ours counts as empty, and we take less for a while. */
void bucket_drain(struct bucket_level *level, usec_t now);
