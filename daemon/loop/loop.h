/*
 * The event loop and the only clock. The simulation replaces this folder at link time by virtual
 * time: no other folder reads a clock, draws a random number or waits.
 *
 * Only loop_run() calls callbacks, one at a time. The caller owns the handles of timers and
 * descriptors; after a handle is freed, which may happen inside its callback, the callback is not
 * called again.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/time.h"

struct loop;

/* Negative errno without kernel resources. Ignores SIGPIPE for the process: a write to a closed
 * socket returns EPIPE. */
int loop_new(struct loop **ret);
/* All timers and ios have to be freed before. */
struct loop *loop_free(struct loop *loop);
DEFINE_CLEANUP(struct loop, loop_free);
/* Runs until loop_exit(). Returns the code of loop_exit(), or a negative errno. May be called
 * several times; a loop_exit() outside of it ends the next call at once. */
int loop_run(struct loop *loop);
void loop_exit(struct loop *loop, int code);

/* CLOCK_BOOTTIME in microseconds: it never goes back, counts suspend, and is unrelated to the
 * calendar.
 */
usec_t loop_monotonic(const struct loop *loop);
/* Wall-clock time in whole seconds. */
sec_t loop_wall(const struct loop *loop);
/* Wall-clock time in microseconds, where a fraction of a second matters. */
usec_t loop_wall_usec(const struct loop *loop);
/* Random bits for jitter and tokens. */
uint64_t loop_random(struct loop *loop);

/* ---- timers ---- */
struct timer;
typedef void timer_fn(void *userdata);
/*
 * A timer calls back once per arming; it may be armed again inside its callback. It never fires
 * early, and late only while other callbacks run. Timers of one clock fire in the order of their
 * times, and with equal times in the order of arming. Never NULL.
 */
struct timer *timer_new(struct loop *loop, timer_fn *callback, void *userdata);
struct timer *timer_free(struct timer *timer);
DEFINE_CLEANUP(struct timer, timer_free);
/* Arming again replaces the earlier time. A timer armed for USEC_INFINITY or SEC_NEVER does not
 * fire. */
void timer_arm(struct timer *timer, usec_t delay);
/* Fires when the wall clock reaches `at`, also by suspend or a step of the clock. With an `at` in
 * the past the timer fires in the next turn of the loop. */
void timer_arm_wall(struct timer *timer, sec_t at);
void timer_disarm(struct timer *timer);
bool timer_is_armed(const struct timer *timer);

/* Calls `changed` after the wall clock was set (timerfd with cancel-on-set) or the machine woke up.
 * NULL ends it. A loop has one such callback, a second one is -EBUSY. Wall timers work without it.
 */
typedef void clock_changed_fn(void *userdata);
int loop_on_clock_change(struct loop *loop, clock_changed_fn *changed, void *userdata);

/* ---- file descriptors ---- */
struct io;
enum { IO_READ = 1, IO_WRITE = 2, IO_HANGUP = 4 };
typedef void io_fn(int fd, unsigned int events, void *userdata);
/* Watches `fd` for IO_READ | IO_WRITE, level-triggered. The caller owns `fd` and keeps it open
 * until io_free(). IO_HANGUP is always reported, for a hangup or an error, again and again until
 * io_free().
 */
int io_new(struct loop *loop, int fd, unsigned int events, io_fn *callback, void *userdata,
           struct io **ret);
void io_set_events(struct io *io, unsigned int events);
struct io *io_free(struct io *io);
DEFINE_CLEANUP(struct io, io_free);

/* ---- signals ---- */
typedef void signal_fn(int signal, void *userdata);
/* Blocks the signal for the process and calls back from the loop, until the loop is freed. */
int loop_on_signal(struct loop *loop, int signal, signal_fn *callback, void *userdata);

/* ---- the service manager ---- */
/* The loop pings the watchdog of systemd if there is one (WATCHDOG_USEC=). */
int loop_start_watchdog(struct loop *loop);
/* sd_notify(3): "READY=1", "STATUS=..."; does nothing outside systemd. */
void loop_notify(struct loop *loop, const char *format, ...) __attribute__((format(printf, 2, 3)));
