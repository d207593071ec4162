/*
 * The crash sweep: a row of small simulations in each of which the daemon crashes once, at the
 * first, the second, ... commit and request, before it and after it. Operators ask for runs of all
 * kinds in each. coverage.h tells which steps the crashes have hit.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct simulation;

/* Ends the program when an invariant is violated; false when a step was not hit. `every`: only
 * each so-many-th moment. */
bool crash_sweep(uint64_t seed, uint64_t every);

/* What operators ask for in each of these simulations. */
void crash_sweep_begin(struct simulation *simulation);
void crash_sweep_end(struct simulation *simulation);
