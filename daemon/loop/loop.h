/*
 * The event loop and the only clock. Replaced at link time by virtual time in the simulation:
 * nothing outside this folder reads a clock, draws a random number or waits.
 *
 * Callbacks run from loop_run() only, one at a time. Every source is a handle owned by the caller;
 * freeing it (also from inside its own callback) means the callback never runs again.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/time.h"

struct loop;

/* Negative errno when the kernel has no room. From here on SIGPIPE is ignored: who writes to a
 * closed socket gets EPIPE. */
int loop_new(struct loop **ret);
/* After every timer and io of it was freed. */
struct loop *loop_free(struct loop *loop);
DEFINE_CLEANUP(struct loop, loop_free);
/* Runs until loop_exit(); gives its code, or a negative errno. May be called again after that; a
 * loop_exit() before it ends the next call at once. */
int loop_run(struct loop *loop);
void loop_exit(struct loop *loop, int code);

/* Microseconds that only grow, with no relation to the calendar (CLOCK_BOOTTIME: suspend counts).
 */
usec_t loop_monotonic(const struct loop *loop);
/* Wall-clock time, whole seconds. */
sec_t loop_wall(const struct loop *loop);
/* Wall-clock time in microseconds, for what must not be late or early by a fraction of a second. */
usec_t loop_wall_usec(const struct loop *loop);
/* Random bits for jitter and tokens. */
uint64_t loop_random(struct loop *loop);

/* ---- timers ---- */
struct timer;
typedef void timer_fn(void *userdata);
/*
 * Calls once, then the timer is idle until armed again (also from its callback). Never early, late
 * only by what other callbacks take. Of several timers that are due, those of one clock run in the
 * order of their time, equal times in the order of arming. Never NULL.
 */
struct timer *timer_new(struct loop *loop, timer_fn *callback, void *userdata);
struct timer *timer_free(struct timer *timer);
DEFINE_CLEANUP(struct timer, timer_free);
/* Arming takes the place of what the timer was armed for before. USEC_INFINITY and SEC_NEVER:
 * armed, but does not fire. */
void timer_arm(struct timer *timer, usec_t delay);
/* Fires when the wall clock reaches `at` (never before), also after suspend or a clock step; an
 * instant that has passed fires in the next turn of the loop. */
void timer_arm_wall(struct timer *timer, sec_t at);
void timer_disarm(struct timer *timer);
bool timer_is_armed(const struct timer *timer);

/* Calls `changed` whenever the wall clock was set (timerfd with cancel-on-set) or the machine woke
 * up; at most one such callback per loop (-EBUSY). NULL ends it. Wall timers need no help from it.
 */
typedef void clock_changed_fn(void *userdata);
int loop_on_clock_change(struct loop *loop, clock_changed_fn *changed, void *userdata);

/* ---- file descriptors ---- */
struct io;
enum { IO_READ = 1, IO_WRITE = 2, IO_HANGUP = 4 };
typedef void io_fn(int fd, unsigned int events, void *userdata);
/* Watches `fd`, which stays the caller's and open until io_free(), for IO_READ | IO_WRITE (level-
 * triggered). IO_HANGUP always comes, for a hangup or an error, and goes on coming until io_free().
 */
int io_new(struct loop *loop, int fd, unsigned int events, io_fn *callback, void *userdata,
           struct io **ret);
void io_set_events(struct io *io, unsigned int events);
struct io *io_free(struct io *io);
DEFINE_CLEANUP(struct io, io_free);

/* ---- signals ---- */
typedef void signal_fn(int signal, void *userdata);
/* Blocks the signal for the process and calls back from the loop; lasts as long as the loop. */
int loop_on_signal(struct loop *loop, int signal, signal_fn *callback, void *userdata);

/* ---- the service manager ---- */
/* Lets the loop feed the watchdog of systemd when it asked for one (WATCHDOG_USEC=). */
int loop_start_watchdog(struct loop *loop);
/* sd_notify(3): "READY=1", "STATUS=..."; nothing outside systemd. */
void loop_notify(struct loop *loop, const char *format, ...) __attribute__((format(printf, 2, 3)));
