/*
 * The predicted order and duration of the outages of a run, by the rules of runs/outage/gate.c.
 * Pure.
 */
#pragma once

#include <stddef.h>

#include "base/time.h"

struct rolling {
        const char *groups; /* a line each; NULL: the instance has no outage */
        sec_t away;         /* duration of the outage; 0: unknown */
        unsigned int order; /* result: 1 for outages that begin at once, 2 for the next ones, ...;
                             * 0: no outage */
        sec_t begins;       /* result: time from the start of the run to the outage */
};

/* Sets `order` and `begins` of all instances, in the order of the list, with at most `max_parallel`
 * outages at a time in each group. Returns the duration of all outages; an unknown duration counts
 * like the longest known one. 0: no duration is known. */
sec_t rolling_plan(struct rolling *instances, size_t n, unsigned int max_parallel);
