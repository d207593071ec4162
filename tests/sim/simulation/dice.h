/*
 * Random numbers of a simulation: one stream per subject, so that one draw more in a stream does
 * not change the draws of the others.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"

struct dice {
        uint64_t state;
};

/* A stream of its own for each `subject` of a seed. The subject is part of the history. */
struct dice dice_new(uint64_t seed, const char *subject);
uint64_t dice_next(struct dice *dice);
/* In [0, n); 0 for n = 0. */
size_t dice_below(struct dice *dice, size_t n);
/* In [least, most]. */
int64_t dice_between(struct dice *dice, int64_t least, int64_t most);
bool dice_chance(struct dice *dice, double probability);
/* The time to the next of events that come once per `mean` on average. */
usec_t dice_wait(struct dice *dice, usec_t mean);
