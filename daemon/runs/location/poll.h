/*
 * The timing of a poll that sends one request for many tasks: it begins with the first task, waits
 * longer from request to request as long as nothing changes, and ends with the last task.
 */
#pragma once

#include "base/time.h"
#include "loop/loop.h"

struct poll {
        struct loop *loop;
        struct timer *timer;
        usec_t first, longest; /* the interval grows from one to the other */
        usec_t interval;
        usec_t due;  /* monotonic: of the timer */
        bool asking; /* a request is under way */
        bool hurry;  /* the next request follows this answer soon */
        timer_fn *ask;
        void *userdata;
};

/* `ask` sends the request and calls poll_answered() when it is answered. */
void poll_init(struct poll *poll, struct loop *loop, usec_t first, usec_t longest, timer_fn *ask,
               void *userdata);
void poll_done(struct poll *poll);
/* A task was added, or something is about to change: the next request is sent soon, and the
 * interval is short again. */
void poll_hurry(struct poll *poll);
/* The same, after `delay` at the latest. */
void poll_soon(struct poll *poll, usec_t delay);
/* Arms the timer for the next request, unless `more` is false; after `soon` at the latest (0: no
 * such limit). */
void poll_answered(struct poll *poll, bool more, usec_t soon);
