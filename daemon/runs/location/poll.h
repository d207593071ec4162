/*
 * A poll that asks one question for many: it begins when something is added, waits longer from time
 * to time while nothing happens, and stops when nothing is left.
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
        bool hurry;  /* ask again as soon as it is answered */
        timer_fn *ask;
        void *userdata;
};

/* `ask` sends the request and calls poll_answered() when it is answered. */
void poll_init(struct poll *poll, struct loop *loop, usec_t first, usec_t longest, timer_fn *ask,
               void *userdata);
void poll_done(struct poll *poll);
/* Something new is waited for, or something is about to change: ask soon, and often again. */
void poll_hurry(struct poll *poll);
/* The same, after `delay` at the latest. */
void poll_soon(struct poll *poll, usec_t delay);
/* Plans the next question, or none when `more` is false; at the latest after `soon` (0: no such
 * wish). */
void poll_answered(struct poll *poll, bool more, usec_t soon);
