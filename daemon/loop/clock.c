/* The clocks, random numbers, and notice of steps of the wall clock. */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "loop/internal.h"
#include "loop/loop.h"

usec_t clock_now(clockid_t clock)
{
        struct timespec now;
        int r = clock_gettime(clock, &now);

        assert(r == 0);
        return (usec_t)now.tv_sec * USEC_PER_SEC + now.tv_nsec / 1000;
}

usec_t loop_monotonic(const struct loop *loop)
{
        (void)loop;
        return clock_now(CLOCK_BOOTTIME);
}

/* time() is not used: it reads the coarse clock, which may be a tick behind, and so show the second
 * before the one a timer has just fired for. */
sec_t loop_wall(const struct loop *loop)
{
        return loop_wall_usec(loop) / USEC_PER_SEC;
}

usec_t loop_wall_usec(const struct loop *loop)
{
        (void)loop;
        return clock_now(CLOCK_REALTIME);
}

uint64_t loop_random(struct loop *loop)
{
        uint64_t bits;

        (void)loop;
        /* Up to 256 bytes are never returned in part. EINTR comes only before the random pool of
         * the kernel is ready. */
        while (getrandom(&bits, sizeof(bits), 0) != sizeof(bits))
                assert(errno == EINTR);
        return bits;
}

/*
 * Arms a timer that never expires, but that the kernel cancels when CLOCK_REALTIME jumps: the clock
 * was set, or the machine woke up (timerfd_create(2), ECANCELED).
 */
static int clock_watch_arm(int fd)
{
        static const struct itimerspec never = {
                .it_value.tv_sec = sizeof(time_t) == 8 ? INT64_MAX : INT32_MAX,
        };

        for (;;) {
                if (timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never,
                                    NULL) >= 0)
                        return 0;
                /* ECANCELED: the clock was set after the last call. The kernel reports it once. */
                if (errno != ECANCELED)
                        return -errno;
        }
}

static int on_clock_watch(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        struct clock_watch *watch = userdata;
        uint64_t expirations;

        (void)source;
        (void)events;
        if (read(fd, &expirations, sizeof(expirations)) < 0 && errno != ECANCELED)
                return 0; /* EAGAIN: read already */
        if (clock_watch_arm(fd) < 0)
                return 0; /* cannot fail with arguments that worked before */
        watch->changed(watch->userdata);
        return 0;
}

static int take_fd(int *fd)
{
        int taken = *fd;

        *fd = -1;
        return taken;
}

int loop_on_clock_change(struct loop *loop, clock_changed_fn *changed, void *userdata)
{
        struct clock_watch *watch = &loop->clock_watch;
        _cleanup_close_ int fd = -1;
        int r;

        if (!changed) {
                clock_watch_done(watch);
                return 0;
        }
        if (watch->source)
                return -EBUSY;
        fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
        if (fd < 0)
                return -errno;
        r = clock_watch_arm(fd);
        if (r < 0)
                return r;
        r = sd_event_add_io(loop->event, &watch->source, fd, EPOLLIN, on_clock_watch, watch);
        if (r < 0)
                return r;
        watch->changed = changed;
        watch->userdata = userdata;
        watch->fd = take_fd(&fd);
        return 0;
}

void clock_watch_done(struct clock_watch *watch)
{
        watch->source = sd_event_source_unref(watch->source);
        if (watch->fd >= 0)
                close(watch->fd);
        watch->fd = -1;
}
