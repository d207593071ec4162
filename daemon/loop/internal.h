/*
 * The structs of loop/, only for the files of this folder.
 *
 * Timers are in two heaps, one per clock, and each heap has one time source of sd-event. sd-event
 * does not order sources that are due in the same iteration, but the order must be the same as in
 * the simulation: by time, then by arming.
 */
#pragma once

#include <systemd/sd-event.h>
#include <time.h>

#include "loop/loop.h"

struct timer_queue {
        clockid_t clock;
        sd_event_source *source;
        struct timer **heap; /* the earliest first; struct timer.index */
        size_t n;
        uint64_t armed; /* number of timers armed so far: orders equal times */
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
