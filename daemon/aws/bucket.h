/*
 * Our share of one of AWS's token buckets. Pure: `now` is an argument, monotonic microseconds.
 *
 * Over any stretch of time at most `capacity` + `refill` times its length is taken.
 */
#pragma once

#include <stdbool.h>

#include "aws/aws.h"
#include "base/time.h"

struct bucket_level {
        struct bucket share; /* what is ours of the published bucket */
        double tokens;
        usec_t filled; /* when `tokens` was right */
};

/* A full bucket of `percent` of the published one, and never less than one token large. */
void bucket_init(struct bucket_level *level, const struct bucket *published, unsigned int percent,
                 usec_t now);
/* Takes a token; false when there is none. */
bool bucket_take(struct bucket_level *level, usec_t now);
/* Microseconds until there is a token; 0 when there is one. */
usec_t bucket_wait(struct bucket_level *level, usec_t now);
/* AWS found its bucket empty: others draw from it too, so ours counts as empty. */
void bucket_drain(struct bucket_level *level, usec_t now);
