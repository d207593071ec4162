/*
 * The walk: one small history after the other, in each of which the daemon dies once, at the first,
 * the second, ... commit and request, before and after. All kinds of runs are in it; coverage.h
 * tells which steps were struck.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct simulation;

/* Ends the program when an invariant is violated; false when a step was left out. `every`: only
 * each so-many-th moment. */
bool crash_sweep(uint64_t seed, uint64_t every);

/* What operators do in these histories: runs of each kind. */
void crash_sweep_begin(struct simulation *simulation);
void crash_sweep_end(struct simulation *simulation);
