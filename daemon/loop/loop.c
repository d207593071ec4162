/* The event loop, signals, and the service manager. */
#include "loop/loop.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <systemd/sd-daemon.h>

#include "base/alloc.h"
#include "loop/internal.h"

int loop_new(struct loop **ret)
{
        _cleanup_(loop_freep) struct loop *loop = xnew(struct loop);
        int r;

        loop->clock_watch.fd = -1;
        r = sd_event_new(&loop->event);
        if (r < 0)
                return r;
        r = timer_queue_init(&loop->monotonic, loop->event, CLOCK_BOOTTIME);
        if (r < 0)
                return r;
        r = timer_queue_init(&loop->wall, loop->event, CLOCK_REALTIME);
        if (r < 0)
                return r;
        signal(SIGPIPE, SIG_IGN);
        *ret = steal(loop);
        return 0;
}

struct loop *loop_free(struct loop *loop)
{
        if (!loop)
                return NULL;
        for (size_t i = 0; i < loop->n_signals; i++) {
                sd_event_source_unref(loop->signals[i]->source);
                free(loop->signals[i]);
        }
        free(loop->signals);
        clock_watch_done(&loop->clock_watch);
        timer_queue_done(&loop->monotonic);
        timer_queue_done(&loop->wall);
        sd_event_unref(loop->event);
        free(loop);
        return NULL;
}

/* sd_event_loop() is not used: an event loop cannot run again after it. */
int loop_run(struct loop *loop)
{
        while (!loop->exiting) {
                int r = sd_event_run(loop->event, UINT64_MAX);

                if (r < 0)
                        return r;
        }
        loop->exiting = false;
        return loop->exit_code;
}

void loop_exit(struct loop *loop, int code)
{
        loop->exiting = true;
        loop->exit_code = code;
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
        struct signal_watch *watch = userdata;

        (void)source;
        watch->callback((int)info->ssi_signo, watch->userdata);
        return 0;
}

int loop_on_signal(struct loop *loop, int signal, signal_fn *callback, void *userdata)
{
        _cleanup_free_ struct signal_watch *watch = xnew(struct signal_watch);
        sigset_t set;
        int r;

        watch->callback = callback;
        watch->userdata = userdata;
        if (sigemptyset(&set) < 0 || sigaddset(&set, signal) < 0)
                return -errno;
        r = pthread_sigmask(SIG_BLOCK, &set, NULL);
        if (r > 0)
                return -r;
        r = sd_event_add_signal(loop->event, &watch->source, signal, on_signal, watch);
        if (r < 0)
                return r;
        *append(loop->signals, loop->n_signals) = steal(watch);
        return 0;
}

int loop_start_watchdog(struct loop *loop)
{
        int r = sd_event_set_watchdog(loop->event, true);

        return r < 0 ? r : 0;
}

void loop_notify(struct loop *loop, const char *format, ...)
{
        _cleanup_free_ char *state = NULL;
        va_list arguments;

        (void)loop;
        va_start(arguments, format);
        state = xvasprintf(format, arguments);
        va_end(arguments);
        sd_notify(false, state);
}
