/* Descriptors, signals, steps of the clock, and the service manager. */
#include "loop/loop.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"

struct seen {
        struct loop *loop;
        struct io *io;
        int calls, fd, signal;
        unsigned int events;
};

static struct loop *new_loop(void)
{
        struct loop *loop;

        assert_int_equal(loop_new(&loop), 0);
        return loop;
}

static void on_exit_timer(void *userdata)
{
        loop_exit(userdata, 0);
}

/* Lets the loop run for some time. */
static void run_for(struct loop *loop, usec_t delay)
{
        _cleanup_(timer_freep) struct timer *timer = timer_new(loop, on_exit_timer, loop);

        timer_arm(timer, delay);
        assert_int_equal(loop_run(loop), 0);
}

/* ---- file descriptors ---- */

static void on_io(int fd, unsigned int events, void *userdata)
{
        struct seen *seen = userdata;

        seen->calls++;
        seen->fd = fd;
        seen->events = events;
        loop_exit(seen->loop, 0);
}

static void on_io_free(int fd, unsigned int events, void *userdata)
{
        struct seen *seen = userdata;

        on_io(fd, events, userdata);
        seen->io = io_free(seen->io);
}

static void a_descriptor_reports_its_events(void **state)
{
        static const struct {
                int line;
                unsigned int watch;
                bool incoming, closed;
                unsigned int expected; /* 0: not called */
        } rows[] = {
                { __LINE__, IO_READ, false, false, 0 },
                { __LINE__, IO_READ, true, false, IO_READ },
                { __LINE__, IO_WRITE, false, false, IO_WRITE },
                { __LINE__, IO_READ | IO_WRITE, true, false, IO_READ | IO_WRITE },
                { __LINE__, IO_WRITE, true, false, IO_WRITE },
                { __LINE__, 0, true, false, 0 },
                { __LINE__, 0, false, true, IO_HANGUP },
                { __LINE__, IO_READ, true, true, IO_READ | IO_HANGUP },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(loop_freep) struct loop *loop = new_loop();
                struct seen seen = { .loop = loop };
                int pair[2];

                assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
                if (rows[i].incoming)
                        assert_int_equal(write(pair[1], "x", 1), 1);
                if (rows[i].closed)
                        close(pair[1]);
                assert_int_equal(io_new(loop, pair[0], rows[i].watch, on_io, &seen, &seen.io), 0);
                run_for(loop, 2 * USEC_PER_MSEC);
                if (seen.events != rows[i].expected || (seen.calls && seen.fd != pair[0]))
                        fail_msg("line %d: events %u", rows[i].line, seen.events);
                io_free(seen.io);
                close(pair[0]);
                if (!rows[i].closed)
                        close(pair[1]);
        }
}

static void the_watched_events_can_be_changed(void **state)
{
        _cleanup_(loop_freep) struct loop *loop = new_loop();
        struct seen seen = { .loop = loop };
        int pair[2];

        (void)state;
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
        assert_int_equal(io_new(loop, pair[0], IO_READ, on_io_free, &seen, &seen.io), 0);
        run_for(loop, USEC_PER_MSEC);
        assert_int_equal(seen.calls, 0);
        io_set_events(seen.io, IO_WRITE);
        run_for(loop, USEC_PER_MSEC);
        assert_int_equal(seen.calls, 1);
        assert_null(seen.io);
        run_for(loop, USEC_PER_MSEC); /* freed inside its callback: not called again */
        assert_int_equal(seen.calls, 1);
        close(pair[0]);
        close(pair[1]);
}

static void a_bad_descriptor_is_refused(void **state)
{
        _cleanup_(loop_freep) struct loop *loop = new_loop();
        struct io *io = NULL;

        (void)state;
        assert_int_equal(io_new(loop, 1 << 20, IO_READ, on_io, NULL, &io), -EBADF);
        assert_null(io);
        assert_null(io_free(NULL));
}

/* ---- signals ---- */

static void on_signal(int signal, void *userdata)
{
        struct seen *seen = userdata;

        seen->calls++;
        seen->signal = signal;
        loop_exit(seen->loop, 0);
}

static void a_signal_calls_back_from_the_loop(void **state)
{
        static const int signals[] = { SIGTERM, SIGHUP, SIGINT, SIGUSR1 };
        _cleanup_(loop_freep) struct loop *loop = new_loop();
        struct seen seen = { .loop = loop };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(signals); i++)
                assert_int_equal(loop_on_signal(loop, signals[i], on_signal, &seen), 0);
        for (size_t i = 0; i < ELEMENTS(signals); i++) {
                seen.calls = 0;
                kill(getpid(), signals[i]); /* blocked: nothing happens outside the loop */
                assert_int_equal(seen.calls, 0);
                assert_int_equal(loop_run(loop), 0);
                assert_int_equal(seen.calls, 1);
                assert_int_equal(seen.signal, signals[i]);
        }
        assert_int_equal(loop_on_signal(loop, 4711, on_signal, &seen), -EINVAL);
}

static void sigpipe_is_ignored(void **state)
{
        _cleanup_(loop_freep) struct loop *loop = new_loop();
        int pair[2];

        (void)state;
        assert_int_equal(pipe(pair), 0);
        close(pair[0]);
        assert_int_equal(write(pair[1], "x", 1), -1);
        assert_int_equal(errno, EPIPE);
        close(pair[1]);
}

/* ---- the clock is set ---- */

/* A unit test must not set the clock of the machine. read(2) on the timerfd reports a step by
 * ECANCELED, so the test replaces read(), and makes the descriptor readable. */
static int cancelled_fd = -1;

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
ssize_t read(int fd, void *buffer, size_t size)
{
        ssize_t r = syscall(SYS_read, fd, buffer, size);

        if (fd == cancelled_fd && r > 0) {
                cancelled_fd = -1;
                errno = ECANCELED;
                return -1;
        }
        return r;
}

/* Finds the timerfd that watches the clock by TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET in
 * /proc/self/fdinfo; *ret_armed: it is armed. */
static int find_clock_watch(bool *ret_armed)
{
        DIR *directory = opendir("/proc/self/fdinfo");
        struct dirent *entry;
        int found = -1;

        assert_non_null(directory);
        while ((entry = readdir(directory))) {
                _cleanup_free_ char *path = NULL;
                char line[128];
                bool is_watch = false, armed = false;
                FILE *file;

                assert_true(asprintf(&path, "/proc/self/fdinfo/%s", entry->d_name) > 0);
                file = fopen(path, "re");
                while (file && fgets(line, sizeof(line), file)) {
                        if (streq(line, "settime flags: 03\n"))
                                is_watch = true;
                        if (startswith(line, "it_value:") && !startswith(line, "it_value: (0, 0)"))
                                armed = true;
                }
                if (file)
                        fclose(file);
                if (is_watch) {
                        found = (int)strtol(entry->d_name, NULL, 10);
                        *ret_armed = armed;
                }
        }
        closedir(directory);
        return found;
}

static void on_clock_changed(void *userdata)
{
        struct seen *seen = userdata;
        bool armed = false;

        assert_true(find_clock_watch(&armed) >= 0);
        assert_true(armed); /* before the callback: a change during it is not missed */
        seen->calls++;
}

static void a_step_of_the_clock_calls_back(void **state)
{
        _cleanup_(loop_freep) struct loop *loop = new_loop();
        /* expires at once, with the flags of the watch */
        const struct itimerspec past = { .it_value.tv_nsec = 1 };
        struct seen seen = { .loop = loop };
        bool armed = false;
        int fd;

        (void)state;
        assert_int_equal(find_clock_watch(&armed), -1);
        assert_int_equal(loop_on_clock_change(loop, on_clock_changed, &seen), 0);
        assert_int_equal(loop_on_clock_change(loop, on_clock_changed, &seen), -EBUSY);
        fd = find_clock_watch(&armed);
        assert_true(fd >= 0 && armed);
        run_for(loop, USEC_PER_MSEC);
        assert_int_equal(seen.calls, 0);
        for (int i = 1; i <= 3; i++) {
                cancelled_fd = fd;
                assert_int_equal(timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET,
                                                 &past, NULL),
                                 0);
                run_for(loop, 5 * USEC_PER_MSEC);
                assert_int_equal(cancelled_fd, -1);
                assert_int_equal(seen.calls, i);
        }
        assert_int_equal(loop_on_clock_change(loop, NULL, NULL), 0);
        assert_int_equal(find_clock_watch(&armed), -1);
        assert_int_equal(loop_on_clock_change(loop, on_clock_changed, &seen), 0);
        assert_true(find_clock_watch(&armed) >= 0);
}

/* ---- the service manager ---- */

static int notify_socket(struct sockaddr_un *address)
{
        socklen_t size = sizeof(*address);
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        const sa_family_t family = AF_UNIX; /* the kernel chooses an abstract name */

        assert_true(fd >= 0);
        memset(address, 0, sizeof(*address));
        assert_int_equal(bind(fd, (const struct sockaddr *)&family, sizeof(family)), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)address, &size), 0);
        address->sun_path[0] = '@'; /* as sd_notify(3) wants it */
        assert_int_equal(setenv("NOTIFY_SOCKET", address->sun_path, 1), 0);
        return fd;
}

static void the_service_manager_is_notified(void **state)
{
        _cleanup_(loop_freep) struct loop *loop = new_loop();
        struct sockaddr_un address;
        _cleanup_close_ int fd = notify_socket(&address);
        char message[128] = "";
        int fed = 0;

        (void)state;
        loop_notify(loop, "STATUS=%d schedules", 3);
        assert_true(recv(fd, message, sizeof(message) - 1, 0) > 0);
        assert_string_equal(message, "STATUS=3 schedules");

        assert_int_equal(loop_start_watchdog(loop), 0); /* none asked for */
        run_for(loop, 2 * USEC_PER_MSEC);
        assert_int_equal(recv(fd, message, sizeof(message), 0), -1);

        assert_int_equal(setenv("WATCHDOG_USEC", "20000", 1), 0);
        assert_int_equal(loop_start_watchdog(loop), 0);
        run_for(loop, 100 * USEC_PER_MSEC);
        while (recv(fd, message, sizeof(message), 0) > 0)
                fed += startswith(message, "WATCHDOG=1") ? 1 : 0;
        assert_true(fed >= 3);
        unsetenv("WATCHDOG_USEC");
        unsetenv("NOTIFY_SOCKET");
        loop_notify(loop, "READY=1"); /* nobody listens: nothing happens */
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_descriptor_reports_its_events),
                cmocka_unit_test(the_watched_events_can_be_changed),
                cmocka_unit_test(a_bad_descriptor_is_refused),
                cmocka_unit_test(a_signal_calls_back_from_the_loop),
                cmocka_unit_test(sigpipe_is_ignored),
                cmocka_unit_test(a_step_of_the_clock_calls_back),
                cmocka_unit_test(the_service_manager_is_notified),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
