/*
 * What the files of loop/ share; nobody else includes it.
 *
 * Timers are kept in two heaps of our own, one per clock, and each heap has one time source of
 * sd-event: sd-event does not order sources that fall due in the same iteration, and the simulation
 * has to see the same order as the machine (by time, then by arming).
 */
#pragma once

#include <systemd/sd-event.h>
#include <time.h>

#include "loop/loop.h"

struct timer_queue {
        clockid_t clock;
        sd_event_source *source;
        struct timer **heap; /* the earliest first; each knows its place */
        size_t n;
        uint64_t armed; /* counts, to keep the order of equal times */
};

int timer_queue_init(struct timer_queue *queue, sd_event *event, clockid_t clock);
void timer_queue_done(struct timer_queue *queue);

struct clock_watch {
        sd_event_source *source;
        int fd; /* timerfd, -1 without a watch */
        clock_changed_fn *changed;
        void *userdata;
};

void clock_watch_done(struct clock_watch *watch);

struct signal_watch {
        sd_event_source *source;
        signal_fn *callback;
        void *userdata;
};

struct loop {
        sd_event *event;
        struct timer_queue monotonic, wall;
        struct clock_watch clock_watch;
        struct signal_watch **signals;
        size_t n_signals;
        bool exiting;
        int exit_code;
};

usec_t clock_now(clockid_t clock);
