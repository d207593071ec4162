/*
 * In which order instances go down for their images, and how long that takes: the gate of the
 * engine (runs/outage/gate.c) on paper. Pure.
 */
#pragma once

#include <stddef.h>

#include "base/time.h"

struct rolling {
        const char *groups; /* a line each; NULL: it takes no turn */
        sec_t away;         /* how long it is down; 0: not known */
        unsigned int order; /* filled in: 1 for those that begin at once, 2 for the next, ...; 0:
                             * takes no turn */
        sec_t begins;       /* filled in: how long after the start */
};

/* Fills in who begins when, in the order of the list, with at most `max_parallel` down at once in
 * each group. Gives how long all of it takes, going by what is known: one of which nothing is known
 * counts as the longest of the others. 0: nothing is known of any. */
sec_t rolling_plan(struct rolling *instances, size_t n, unsigned int max_parallel);
