/* Timers on both clocks. */
#include "loop/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

/* A timer that records the time of its callback, with an optional action. */
struct watcher {
        struct loop *loop;
        struct timer *timer, *other;
        int *turns;
        int calls, again;
        usec_t at;
        char *log;
        int turn;
        char letter;
};

static void note(struct watcher *watcher)
{
        watcher->calls++;
        watcher->at = loop_monotonic(watcher->loop);
        if (watcher->turns)
                watcher->turn = ++*watcher->turns;
        if (watcher->log)
                watcher->log[strlen(watcher->log)] = watcher->letter;
}

static void on_note(void *userdata)
{
        note(userdata);
}

static void on_note_exit(void *userdata)
{
        struct watcher *watcher = userdata;

        note(watcher);
        loop_exit(watcher->loop, 7);
}

static void on_again(void *userdata)
{
        struct watcher *watcher = userdata;

        note(watcher);
        assert_false(timer_is_armed(watcher->timer));
        if (watcher->again-- > 0)
                timer_arm(watcher->timer, 2 * USEC_PER_MSEC);
        else
                loop_exit(watcher->loop, 0);
}

static void on_free_self(void *userdata)
{
        struct watcher *watcher = userdata;

        note(watcher);
        watcher->timer = timer_free(watcher->timer);
}

static void on_free_other(void *userdata)
{
        struct watcher *watcher = userdata;

        note(watcher);
        watcher->other = timer_free(watcher->other);
}

static struct loop *new_loop(void)
{
        struct loop *loop;

        assert_int_equal(loop_new(&loop), 0);
        return loop;
}

static void no_timer_fires_early(void **state)
{
        static const struct {
                int line;
                usec_t delay;
        } rows[] = {
                { __LINE__, 0 },
                { __LINE__, 1 },
                { __LINE__, 999 },
                { __LINE__, 20 * USEC_PER_MSEC },
                { __LINE__, -5 * USEC_PER_SEC },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(loop_freep) struct loop *loop = new_loop();
                struct watcher w = { .loop = loop };
                _cleanup_(timer_freep) struct timer *timer = timer_new(loop, on_note_exit, &w);
                usec_t due = loop_monotonic(loop) + (rows[i].delay > 0 ? rows[i].delay : 0);

                assert_false(timer_is_armed(timer));
                timer_arm(timer, rows[i].delay);
                assert_true(timer_is_armed(timer));
                assert_int_equal(w.calls, 0);
                assert_int_equal(loop_run(loop), 7);
                assert_false(timer_is_armed(timer));
                if (w.calls != 1 || w.at < due)
                        fail_msg("line %d: %d calls, off by %lld us", rows[i].line, w.calls,
                                 (long long)(w.at - due));
                /* A large bound for a busy machine, but below sd-event's default accuracy of a
                 * quarter of a second. */
                if (w.at > due + 200 * USEC_PER_MSEC)
                        fail_msg("line %d: late, %lld us", rows[i].line, (long long)(w.at - due));
        }
}

/* Many timers in a scrambled order, some armed again, some disarmed, all due together in the end.
 */
static void timers_fire_in_the_order_of_their_times(void **state)
{
        enum { N = 200 };
        _cleanup_(loop_freep) struct loop *loop = new_loop();
        struct watcher last = { .loop = loop };
        struct watcher w[N] = {};
        struct timer *timers[N], *t_last = timer_new(loop, on_note_exit, &last);
        int turns = 0, previous = 0;

        (void)state;
        for (int i = 0; i < N; i++) {
                w[i] = (struct watcher){ .loop = loop, .turns = &turns };
                timers[i] = timer_new(loop, on_note, &w[i]);
        }
        for (int i = 0; i < N; i++) /* 73: a permutation */
                timer_arm_wall(timers[i * 73 % N], 1000000 - i);
        for (int i = 0; i < N; i++) /* arming again moves it */
                timer_arm_wall(timers[i * 37 % N], 1000 + i * 37 % N);
        for (int i = 0; i < N; i += 3)
                timer_disarm(timers[i]);
        timer_arm_wall(t_last, 1000 + N);
        assert_int_equal(loop_run(loop), 7);
        for (int i = 0; i < N; i++) {
                assert_int_equal(w[i].calls, i % 3 ? 1 : 0);
                if (i % 3) {
                        assert_int_equal(w[i].turn, previous + 1);
                        previous = w[i].turn;
                }
                timer_free(timers[i]);
        }
        timer_free(t_last);
}

/* Timers for the same wall time. */
static void equal_times_fire_in_the_order_of_arming(void **state)
{
        _cleanup_(loop_freep) struct loop *loop = new_loop();
        char log[16] = "";
        struct watcher w[8], exit = { .loop = loop };
        struct timer *timers[8], *t_exit = timer_new(loop, on_note_exit, &exit);

        (void)state;
        for (int i = 0; i < 8; i++) {
                w[i] = (struct watcher){ .loop = loop, .letter = (char)('a' + i), .log = log };
                timers[i] = timer_new(loop, on_note, &w[i]);
                timer_arm_wall(timers[i], 1000);
        }
        timer_arm(t_exit, 5 * USEC_PER_MSEC);
        loop_run(loop);
        assert_string_equal(log, "abcdefgh");
        for (int i = 0; i < 8; i++)
                timer_free(timers[i]);
        timer_free(t_exit);
}

static void a_timer_may_be_armed_in_its_callback(void **state)
{
        _cleanup_(loop_freep) struct loop *loop = new_loop();
        struct watcher w = { .loop = loop, .again = 5 };
        usec_t start = loop_monotonic(loop);

        (void)state;
        w.timer = timer_new(loop, on_again, &w);
        timer_arm(w.timer, 0);
        assert_int_equal(loop_run(loop), 0);
        assert_int_equal(w.calls, 6);
        assert_true(w.at - start >= 10 * USEC_PER_MSEC);
        timer_free(w.timer);
}

static void a_timer_may_be_freed_in_a_callback(void **state)
{
        _cleanup_(loop_freep) struct loop *loop = new_loop();
        struct watcher self = { .loop = loop }, never = { .loop = loop }, other = { .loop = loop },
                       last = { .loop = loop };
        _cleanup_(timer_freep) struct timer *t_other = timer_new(loop, on_free_other, &other);
        _cleanup_(timer_freep) struct timer *t_last = timer_new(loop, on_note_exit, &last);

        (void)state;
        self.timer = timer_new(loop, on_free_self, &self);
        other.other = timer_new(loop, on_note, &never);
        timer_arm(self.timer, 0);
        timer_arm(t_other, 0); /* both are due at once; the first frees the second */
        timer_arm(other.other, 0);
        timer_arm(t_last, USEC_PER_MSEC);
        loop_run(loop);
        assert_int_equal(self.calls, 1);
        assert_int_equal(other.calls, 1);
        assert_int_equal(never.calls, 0);
        assert_null(self.timer);
}

static void a_wall_timer_fires_at_its_time(void **state)
{
        _cleanup_(loop_freep) struct loop *loop = new_loop();
        sec_t now = loop_wall(loop);
        const struct {
                sec_t at;
                int line;
                bool fires;
        } rows[] = {
                { now, __LINE__, true },
                { now - 1, __LINE__, true },
                { 0, __LINE__, true },
                { -SEC_PER_DAY, __LINE__, true },
                { SEC_NONE, __LINE__, true },
                { now + 1, __LINE__, true },
                { now + SEC_PER_HOUR, __LINE__, false },
                { INT64_C(1) << 40, __LINE__, false },
                { SEC_NEVER - 1, __LINE__, false },
                { SEC_NEVER, __LINE__, false },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct watcher w = { .loop = loop }, exit = { .loop = loop };
                _cleanup_(timer_freep) struct timer *timer = timer_new(loop, on_note_exit, &w);
                _cleanup_(timer_freep) struct timer *t_exit = timer_new(loop, on_note_exit, &exit);
                sec_t start = loop_wall(loop);
                usec_t late;

                timer_arm_wall(timer, rows[i].at);
                timer_arm(t_exit, rows[i].fires ? 10 * USEC_PER_SEC : 3 * USEC_PER_MSEC);
                loop_run(loop);
                if ((w.calls == 1) != rows[i].fires)
                        fail_msg("line %d: %d calls", rows[i].line, w.calls);
                late = loop_wall_usec(loop) - rows[i].at * (rows[i].at > 0 ? USEC_PER_SEC : 0);
                if (rows[i].at == now + 1 && start < now + 1 &&
                    (late < 0 || late > 200 * USEC_PER_MSEC))
                        fail_msg("line %d: off by %lld us", rows[i].line, (long long)late);
                if (rows[i].fires && loop_wall(loop) < rows[i].at)
                        fail_msg("line %d: early", rows[i].line);
        }
}

/* Extreme delays neither overflow nor fire; disarmed timers do not fire. */
static void a_timer_for_never_does_not_fire(void **state)
{
        _cleanup_(loop_freep) struct loop *loop = new_loop();
        struct watcher w = { .loop = loop }, exit = { .loop = loop };
        _cleanup_(timer_freep) struct timer *infinite = timer_new(loop, on_note, &w);
        _cleanup_(timer_freep) struct timer *huge = timer_new(loop, on_note, &w);
        _cleanup_(timer_freep) struct timer *off = timer_new(loop, on_note, &w);
        _cleanup_(timer_freep) struct timer *t_exit = timer_new(loop, on_note_exit, &exit);

        (void)state;
        timer_arm(infinite, USEC_INFINITY);
        timer_arm(huge, USEC_INFINITY - 1);
        timer_arm(off, 0);
        timer_disarm(off);
        timer_disarm(off);
        timer_arm(t_exit, 3 * USEC_PER_MSEC);
        loop_run(loop);
        assert_int_equal(w.calls, 0);
        assert_true(timer_is_armed(infinite));
        assert_false(timer_is_armed(off));
        timer_disarm(huge);
        assert_null(timer_free(NULL));
}

/* A timer is armed on one clock and then on the other. */
static void only_the_last_arming_counts(void **state)
{
        _cleanup_(loop_freep) struct loop *loop = new_loop();
        struct watcher w = { .loop = loop }, exit = { .loop = loop };
        _cleanup_(timer_freep) struct timer *timer = timer_new(loop, on_note, &w);
        _cleanup_(timer_freep) struct timer *t_exit = timer_new(loop, on_note_exit, &exit);

        (void)state;
        timer_arm(timer, 0);
        timer_arm_wall(timer, SEC_NEVER);
        timer_arm(t_exit, 3 * USEC_PER_MSEC);
        loop_run(loop);
        assert_int_equal(w.calls, 0);
        timer_arm_wall(timer, 1);
        timer_arm(t_exit, 3 * USEC_PER_MSEC);
        loop_run(loop);
        assert_int_equal(w.calls, 1);
}

static void an_exit_before_the_run_ends_it_at_once(void **state)
{
        _cleanup_(loop_freep) struct loop *loop = new_loop();

        (void)state;
        loop_exit(loop, 3);
        assert_int_equal(loop_run(loop), 3);
        loop_exit(loop, -4);
        assert_int_equal(loop_run(loop), -4);
        assert_null(loop_free(NULL));
}

/* A wait of a third of a second has only a few context switches. */
static void waiting_causes_no_wakeups(void **state)
{
        _cleanup_(loop_freep) struct loop *loop = new_loop();
        struct watcher exit = { .loop = loop }, w = { .loop = loop };
        _cleanup_(timer_freep) struct timer *t_exit = timer_new(loop, on_note_exit, &exit);
        _cleanup_(timer_freep) struct timer *hour = timer_new(loop, on_note, &w);
        struct rusage before, after;

        (void)state;
        timer_arm_wall(hour, loop_wall(loop) + SEC_PER_HOUR);
        timer_arm(t_exit, 300 * USEC_PER_MSEC);
        getrusage(RUSAGE_SELF, &before);
        loop_run(loop);
        getrusage(RUSAGE_SELF, &after);
        assert_true(after.ru_nvcsw - before.ru_nvcsw <= 10);
}

static void random_bits_have_no_fixed_bit(void **state)
{
        _cleanup_(loop_freep) struct loop *loop = new_loop();
        uint64_t ones = 0, zeros = 0;

        (void)state;
        for (int i = 0; i < 128; i++) {
                uint64_t bits = loop_random(loop);

                ones |= bits;
                zeros |= ~bits;
        }
        assert_true(ones == UINT64_MAX && zeros == UINT64_MAX);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(no_timer_fires_early),
                cmocka_unit_test(timers_fire_in_the_order_of_their_times),
                cmocka_unit_test(equal_times_fire_in_the_order_of_arming),
                cmocka_unit_test(a_timer_may_be_armed_in_its_callback),
                cmocka_unit_test(a_timer_may_be_freed_in_a_callback),
                cmocka_unit_test(a_wall_timer_fires_at_its_time),
                cmocka_unit_test(a_timer_for_never_does_not_fire),
                cmocka_unit_test(only_the_last_arming_counts),
                cmocka_unit_test(an_exit_before_the_run_ends_it_at_once),
                cmocka_unit_test(waiting_causes_no_wakeups),
                cmocka_unit_test(random_bits_have_no_fixed_bit),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
