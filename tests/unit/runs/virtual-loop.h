/*
 * loop/ on virtual time: everything of loop/loop.h but file descriptors. Include it in one file of
 * a program, which then links this in place of the archive's own.
 *
 *     virtual_run_until(loop, wall)   fires timers up to an instant of the wall clock
 *     virtual_run_idle(loop, within)  fires timers until none is armed; false when some still are
 *     virtual_set_wall(loop, wall)    sets the wall clock and tells who asked to be told
 *
 * Time passes only between timers. Numbers from loop_random() follow from loop->random.
 */
#pragma once

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"
#include "loop/loop.h"

struct timer {
        struct loop *loop;
        timer_fn *callback;
        void *userdata;
        bool armed, wall; /* wall: `at` is of the wall clock */
        usec_t at;        /* USEC_INFINITY: does not fire */
        uint64_t order;
        size_t place; /* in loop->timers */
};

struct loop {
        usec_t now;        /* monotonic */
        usec_t wall_ahead; /* wall clock minus monotonic */
        uint64_t order, random;
        struct timer **timers; /* all of them; few enough to be looked through */
        size_t n_timers;
        unsigned long fired;
        bool exiting;
        int code;
        clock_changed_fn *changed;
        void *changed_userdata;
        char *status; /* the last text of loop_notify() */
};

int loop_new(struct loop **ret)
{
        *ret = xnew(struct loop);
        (*ret)->now = 1000 * USEC_PER_SEC;
        (*ret)->random = 1;
        return 0;
}

struct loop *loop_free(struct loop *loop)
{
        if (!loop)
                return NULL;
        assert(loop->n_timers == 0);
        free(loop->timers);
        free(loop->status);
        free(loop);
        return NULL;
}

usec_t loop_monotonic(const struct loop *loop)
{
        return loop->now;
}

usec_t loop_wall_usec(const struct loop *loop)
{
        return loop->now + loop->wall_ahead;
}

sec_t loop_wall(const struct loop *loop)
{
        return loop_wall_usec(loop) / USEC_PER_SEC;
}

uint64_t loop_random(struct loop *loop)
{
        loop->random = loop->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return loop->random >> 33;
}

/* ---- timers ---- */

struct timer *timer_new(struct loop *loop, timer_fn *callback, void *userdata)
{
        struct timer *timer = xnew(struct timer);

        timer->loop = loop;
        timer->callback = callback;
        timer->userdata = userdata;
        timer->place = loop->n_timers;
        *append(loop->timers, loop->n_timers) = timer;
        return timer;
}

struct timer *timer_free(struct timer *timer)
{
        struct loop *loop;

        if (!timer)
                return NULL;
        loop = timer->loop;
        loop->timers[timer->place] = loop->timers[--loop->n_timers];
        loop->timers[timer->place]->place = timer->place;
        free(timer);
        return NULL;
}

static inline void virtual_arm(struct timer *timer, bool wall, usec_t at)
{
        timer->armed = true;
        timer->wall = wall;
        timer->at = at;
        timer->order = timer->loop->order++;
}

void timer_arm(struct timer *timer, usec_t delay)
{
        assert(delay >= 0);
        virtual_arm(timer, false,
                    delay >= USEC_INFINITY - timer->loop->now ? USEC_INFINITY
                                                              : timer->loop->now + delay);
}

void timer_arm_wall(struct timer *timer, sec_t at)
{
        virtual_arm(timer, true,
                    at >= USEC_INFINITY / USEC_PER_SEC ? USEC_INFINITY : at * USEC_PER_SEC);
}

void timer_disarm(struct timer *timer)
{
        timer->armed = false;
}

bool timer_is_armed(const struct timer *timer)
{
        return timer->armed;
}

/* ---- what nothing on virtual time uses, or only the programs do ---- */

int loop_on_clock_change(struct loop *loop, clock_changed_fn *changed, void *userdata)
{
        if (changed && loop->changed)
                return -EBUSY;
        loop->changed = changed;
        loop->changed_userdata = userdata;
        return 0;
}

void loop_notify(struct loop *loop, const char *format, ...)
{
        va_list arguments;

        free(loop->status);
        va_start(arguments, format);
        loop->status = xvasprintf(format, arguments);
        va_end(arguments);
}

int loop_start_watchdog(struct loop *loop)
{
        (void)loop;
        return 0;
}

int loop_on_signal(struct loop *loop, int signal, signal_fn *callback, void *userdata)
{
        (void)loop;
        (void)signal;
        (void)callback;
        (void)userdata;
        return 0;
}

void loop_exit(struct loop *loop, int code)
{
        loop->exiting = true;
        loop->code = code;
}

/* ---- for tests ---- */

/* When a timer fires, on the monotonic clock. */
static inline usec_t virtual_due(const struct timer *timer)
{
        if (!timer->armed || timer->at == USEC_INFINITY)
                return USEC_INFINITY;
        return timer->wall ? timer->at - timer->loop->wall_ahead : timer->at;
}

static inline struct timer *virtual_first(const struct loop *loop)
{
        struct timer *first = NULL;
        usec_t best = USEC_INFINITY;

        for (size_t i = 0; i < loop->n_timers; i++) {
                struct timer *timer = loop->timers[i];
                usec_t due = virtual_due(timer);

                if (due < best || (first && due == best && timer->order < first->order)) {
                        first = timer;
                        best = due;
                }
        }
        return first;
}

/* Timers that will fire some time. */
static inline size_t virtual_armed(const struct loop *loop)
{
        size_t n = 0;

        for (size_t i = 0; i < loop->n_timers; i++)
                n += virtual_due(loop->timers[i]) != USEC_INFINITY;
        return n;
}

/* Fires the next timer not after `until` (monotonic); false when there is none. */
static inline bool virtual_step(struct loop *loop, usec_t until)
{
        struct timer *timer = virtual_first(loop);

        if (!timer || virtual_due(timer) > until || loop->exiting)
                return false;
        if (virtual_due(timer) > loop->now)
                loop->now = virtual_due(timer);
        timer->armed = false;
        loop->fired++;
        timer->callback(timer->userdata);
        return true;
}

static inline void virtual_run_for(struct loop *loop, usec_t duration)
{
        usec_t until = loop->now + duration;

        while (virtual_step(loop, until))
                ;
        if (!loop->exiting && until > loop->now)
                loop->now = until;
}

static inline void virtual_run_until(struct loop *loop, sec_t wall)
{
        usec_t left = wall * USEC_PER_SEC - loop_wall_usec(loop);

        virtual_run_for(loop, left > 0 ? left : 0);
}

static inline bool virtual_run_idle(struct loop *loop, usec_t within)
{
        usec_t until = loop->now + within;

        while (virtual_step(loop, until))
                ;
        return virtual_armed(loop) == 0;
}

static inline void virtual_set_wall(struct loop *loop, sec_t wall)
{
        loop->wall_ahead = wall * USEC_PER_SEC - loop->now;
        if (loop->changed)
                loop->changed(loop->changed_userdata);
}

int loop_run(struct loop *loop)
{
        while (virtual_step(loop, USEC_INFINITY - 1))
                ;
        loop->exiting = false;
        return loop->code;
}
