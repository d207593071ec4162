/*
 * loop/ on virtual time. The time is a struct virtual_clock, which belongs to the simulation and
 * outlives the loops on it: the daemon's own, which ends with the daemon, and the simulation's.
 *
 * Nothing waits: the clock jumps from timer to timer. Of timers due at one instant those of the
 * loop that was made first go first.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "loop/loop.h"

struct virtual_clock {
        usec_t now;         /* monotonic; also the time of the cloud, plus `epoch` */
        usec_t epoch;       /* the true wall-clock time at now = 0 */
        usec_t skew;        /* how far the machine's wall clock is ahead of the true time */
        usec_t set;         /* when that was set, monotonic */
        uint64_t callbacks; /* run so far */
        uint64_t idle_run;  /* of those, since the clock last moved */
        struct loop *loops; /* private */
};

/* The time of the cloud, which is the true one. */
usec_t virtual_true_time(const struct virtual_clock *clock);

struct loop *virtual_loop_new(struct virtual_clock *clock, uint64_t seed);
/* Runs the first timer due at or before `until`; false, with the clock at `until`, when there is
 * none. */
bool virtual_turn(struct virtual_clock *clock, usec_t until);
/* No timer of this loop runs any more, because its process has crashed. The loop is still to be
 * freed. */
void virtual_stop(struct loop *loop);
/* Sets the machine's wall clock and calls the loops that asked for it. */
void virtual_set_skew(struct virtual_clock *clock, usec_t skew);
/* Calls the handlers of a signal. */
void virtual_signal(struct loop *loop, int number);
/* The last text of loop_notify(), "" at first. */
const char *virtual_status(const struct loop *loop);
