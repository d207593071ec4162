/* loop.h on virtual time. */
#include "sim/simulation/virtual-loop.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>

#include "base/alloc.h"
#include "base/text.h"

enum { MONOTONIC, WALL, CLOCKS };
static const size_t idle = SIZE_MAX;

struct timer {
        struct loop *loop;
        timer_fn *callback;
        void *userdata;
        bool armed;
        int clock;
        usec_t at;
        uint64_t order;
        size_t place; /* in its heap; `idle`: in none */
};

/* Armed timers of one clock, the first one on top. */
struct heap {
        struct timer **timers;
        size_t n, room;
};

struct handler {
        int number;
        signal_fn *callback;
        void *userdata;
};

struct loop {
        struct virtual_clock *clock;
        struct virtual_clock own; /* of loop_new() */
        struct heap heaps[CLOCKS];
        struct handler *handlers;
        size_t n_handlers, n_timers;
        uint64_t order, random;
        bool stopped, exiting;
        int code;
        clock_changed_fn *changed;
        void *changed_userdata;
        char *status;
        struct loop *next;
};

usec_t virtual_true_time(const struct virtual_clock *clock)
{
        return clock->epoch + clock->now;
}

/* ---- heaps ---- */

static bool is_before(const struct timer *a, const struct timer *b)
{
        return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void heap_put(struct heap *heap, size_t place, struct timer *timer)
{
        heap->timers[place] = timer;
        timer->place = place;
}

static void heap_settle(struct heap *heap, size_t place, struct timer *timer)
{
        while (place && is_before(timer, heap->timers[(place - 1) / 2])) {
                heap_put(heap, place, heap->timers[(place - 1) / 2]);
                place = (place - 1) / 2;
        }
        for (size_t child; (child = 2 * place + 1) < heap->n; place = child) {
                if (child + 1 < heap->n && is_before(heap->timers[child + 1], heap->timers[child]))
                        child++;
                if (!is_before(heap->timers[child], timer))
                        break;
                heap_put(heap, place, heap->timers[child]);
        }
        heap_put(heap, place, timer);
}

static void heap_add(struct heap *heap, struct timer *timer)
{
        if (heap->n == heap->room) {
                heap->room = heap->room ? 2 * heap->room : 16;
                heap->timers = xrealloc(heap->timers, heap->room, sizeof(*heap->timers));
        }
        heap->n++;
        heap_settle(heap, heap->n - 1, timer);
}

static void heap_remove(struct heap *heap, struct timer *timer)
{
        struct timer *last = heap->timers[--heap->n];

        if (last != timer)
                heap_settle(heap, timer->place, last);
        timer->place = idle;
}

/* ---- the loop ---- */

struct loop *virtual_loop_new(struct virtual_clock *clock, uint64_t seed)
{
        struct loop *loop = xnew(struct loop), **at = &clock->loops;

        loop->clock = clock;
        loop->random = seed;
        while (*at)
                at = &(*at)->next;
        *at = loop;
        return loop;
}

/* A loop with a clock of its own, for code that makes its own loop. */
int loop_new(struct loop **ret)
{
        struct loop *loop = xnew(struct loop);

        loop->clock = &loop->own;
        loop->own.loops = loop;
        *ret = loop;
        return 0;
}

struct loop *loop_free(struct loop *loop)
{
        struct loop **at;

        if (!loop)
                return NULL;
        assert(loop->n_timers == 0);
        for (at = &loop->clock->loops; *at != loop; at = &(*at)->next)
                ;
        *at = loop->next;
        for (int i = 0; i < CLOCKS; i++)
                free(loop->heaps[i].timers);
        free(loop->handlers);
        free(loop->status);
        free(loop);
        return NULL;
}

int loop_run(struct loop *loop)
{
        while (!loop->exiting && virtual_turn(loop->clock, USEC_INFINITY - 1))
                ;
        loop->exiting = false;
        return loop->code;
}

void loop_exit(struct loop *loop, int code)
{
        loop->exiting = true;
        loop->code = code;
}

usec_t loop_monotonic(const struct loop *loop)
{
        return loop->clock->now;
}

usec_t loop_wall_usec(const struct loop *loop)
{
        return virtual_true_time(loop->clock) + loop->clock->skew;
}

sec_t loop_wall(const struct loop *loop)
{
        return loop_wall_usec(loop) / USEC_PER_SEC;
}

/* splitmix64, Sebastiano Vigna, https://prng.di.unimi.it/splitmix64.c */
uint64_t loop_random(struct loop *loop)
{
        uint64_t z = (loop->random += 0x9e3779b97f4a7c15);

        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
}

/* ---- timers ---- */

struct timer *timer_new(struct loop *loop, timer_fn *callback, void *userdata)
{
        struct timer *timer = xnew(struct timer);

        timer->loop = loop;
        timer->callback = callback;
        timer->userdata = userdata;
        timer->place = idle;
        loop->n_timers++;
        return timer;
}

struct timer *timer_free(struct timer *timer)
{
        if (!timer)
                return NULL;
        timer_disarm(timer);
        timer->loop->n_timers--;
        free(timer);
        return NULL;
}

static void arm(struct timer *timer, int clock, usec_t at)
{
        timer_disarm(timer);
        timer->armed = true;
        timer->clock = clock;
        timer->at = at;
        timer->order = timer->loop->order++;
        if (at != USEC_INFINITY)
                heap_add(&timer->loop->heaps[clock], timer);
}

void timer_arm(struct timer *timer, usec_t delay)
{
        usec_t now = timer->loop->clock->now;

        arm(timer, MONOTONIC,
            delay >= USEC_INFINITY - now ? USEC_INFINITY
            : delay > 0                  ? now + delay
                                         : now);
}

void timer_arm_wall(struct timer *timer, sec_t at)
{
        arm(timer, WALL, at >= USEC_INFINITY / USEC_PER_SEC ? USEC_INFINITY : at * USEC_PER_SEC);
}

void timer_disarm(struct timer *timer)
{
        if (timer->place != idle)
                heap_remove(&timer->loop->heaps[timer->clock], timer);
        timer->armed = false;
}

bool timer_is_armed(const struct timer *timer)
{
        return timer->armed;
}

/* When a timer fires, on the monotonic clock: a time that has passed is now. */
static usec_t due(const struct timer *timer)
{
        const struct virtual_clock *clock = timer->loop->clock;
        usec_t at = timer->clock == WALL ? timer->at - clock->epoch - clock->skew : timer->at;

        return at > clock->now ? at : clock->now;
}

bool virtual_turn(struct virtual_clock *clock, usec_t until)
{
        struct timer *first = NULL;

        for (const struct loop *loop = clock->loops; loop; loop = loop->next)
                for (int i = 0; i < CLOCKS && !loop->stopped; i++)
                        if (loop->heaps[i].n &&
                            (!first || due(loop->heaps[i].timers[0]) < due(first)))
                                first = loop->heaps[i].timers[0];
        if (!first || due(first) > until) {
                clock->now = until;
                clock->idle_run = 0;
                return false;
        }
        clock->idle_run = due(first) > clock->now ? 0 : clock->idle_run + 1;
        clock->now = due(first);
        clock->callbacks++;
        timer_disarm(first);
        first->callback(first->userdata);
        return true;
}

void virtual_stop(struct loop *loop)
{
        loop->stopped = true;
}

/* ---- the clock is set ---- */

int loop_on_clock_change(struct loop *loop, clock_changed_fn *changed, void *userdata)
{
        if (changed && loop->changed)
                return -EBUSY;
        loop->changed = changed;
        loop->changed_userdata = userdata;
        return 0;
}

void virtual_set_skew(struct virtual_clock *clock, usec_t skew)
{
        clock->skew = skew;
        clock->set = clock->now;
        for (struct loop *loop = clock->loops, *next; loop; loop = next) {
                next = loop->next;
                if (loop->changed && !loop->stopped)
                        loop->changed(loop->changed_userdata);
        }
}

/* ---- signals, descriptors, the service manager ---- */

int loop_on_signal(struct loop *loop, int signal, signal_fn *callback, void *userdata)
{
        *append(loop->handlers, loop->n_handlers) =
                (struct handler){ .number = signal, .callback = callback, .userdata = userdata };
        return 0;
}

void virtual_signal(struct loop *loop, int number)
{
        for (size_t i = 0; i < loop->n_handlers; i++)
                if (loop->handlers[i].number == number)
                        loop->handlers[i].callback(number, loop->handlers[i].userdata);
}

/* No descriptor leads out of the simulation. */
int io_new(struct loop *loop, int fd, unsigned int events, io_fn *callback, void *userdata,
           struct io **ret)
{
        (void)loop;
        (void)fd;
        (void)events;
        (void)callback;
        (void)userdata;
        (void)ret;
        return -EPERM;
}

void io_set_events(struct io *io, unsigned int events)
{
        (void)io;
        (void)events;
}

struct io *io_free(struct io *io)
{
        assert(!io);
        return NULL;
}

int loop_start_watchdog(struct loop *loop)
{
        (void)loop;
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

const char *virtual_status(const struct loop *loop)
{
        return loop->status ? loop->status : "";
}
