/*
 * amid's share of one of AWS's token buckets. Pure: `now` is an argument, monotonic microseconds.
 *
 * In any interval at most `capacity` tokens, plus `refill` per second of its length, are taken.
 * When AWS throttles nevertheless, other programs draw from the bucket too: the rate is halved, and
 * then grows slowly back to the whole share (additive increase, multiplicative decrease).
 */
#pragma once

#include <stdbool.h>

#include "aws/request/action.h"
#include "base/time.h"

enum {
        BUCKET_RECOVERY = 10 * 60, /* seconds in which `factor` grows from 0 to 1 */
        BUCKET_CUT_LEAST =
                5, /* seconds between two cuts: throttled requests of the same moment count once */
        BUCKET_FACTOR_LEAST = 16, /* `factor` is never below 1/16 */
};

struct bucket_level {
        struct bucket share; /* amid's share of the published bucket */
        double factor;       /* of the share's rate, (0, 1] */
        double tokens;
        usec_t filled; /* the time of `tokens` and `factor` */
        usec_t cut;    /* when `factor` was cut; unused while `factor` is 1 */
};

/* A full bucket with `percent` of the published capacity and rate, but room for one token at least.
 */
void bucket_init(struct bucket_level *level, const struct bucket *published, unsigned int percent,
                 usec_t now);
/* Sets another share, effective at once. */
void bucket_set_share(struct bucket_level *level, const struct bucket *published,
                      unsigned int percent, usec_t now);
/* Brings `tokens` and `factor` up to date. */
void bucket_fill(struct bucket_level *level, usec_t now);
/* Takes a token; false when the bucket is empty. */
bool bucket_take(struct bucket_level *level, usec_t now);
/* Microseconds until the bucket has a token; 0 when it has one. */
usec_t bucket_wait(struct bucket_level *level, usec_t now);
/* AWS throttled a request: the bucket is emptied, and the rate is cut. */
void bucket_drain(struct bucket_level *level, usec_t now);
