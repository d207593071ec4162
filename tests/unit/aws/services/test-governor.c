/* Token buckets and the queues of tickets, on virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "aws/request/bucket.h"
#include "aws/request/governor.h"
#include "aws/services/ec2.h"
#include "unit/aws/fake.h"

/* ---- buckets ---- */

/* Random requests: in no interval more tokens are taken than the share allows. */
static void no_interval_takes_more_than_the_share(void **state)
{
        static const struct bucket published[] = { { 100, 20 }, { 50, 5 }, { 5, 2 }, { 1, 0.1 } };
        enum { TAKES = 400 };
        usec_t taken[TAKES];
        struct loop random = {};

        (void)state;
        for (size_t b = 0; b < ELEMENTS(published); b++)
                for (unsigned int percent = 1; percent <= 100; percent += 33) {
                        struct bucket_level level;
                        size_t n = 0;
                        usec_t now = 0;

                        bucket_init(&level, &published[b], percent, now);
                        for (unsigned int i = 0; i < 4000 && n < TAKES; i++) {
                                uint64_t bits = loop_random(&random);

                                now += bits % 4 == 0   ? (usec_t)(bits % 10000000)
                                       : bits % 4 == 1 ? bucket_wait(&level, now)
                                                       : 0;
                                if (bits % 1000 == 0)
                                        bucket_drain(&level, now);
                                if (bucket_take(&level, now))
                                        taken[n++] = now;
                        }
                        assert_true(n > 10);
                        for (size_t i = 0; i < n; i++)
                                for (size_t j = i; j < n; j++) {
                                        double seconds = (double)(taken[j] - taken[i]) / 1e6;
                                        double most = level.share.capacity +
                                                      level.share.refill_per_second * seconds;

                                        if ((double)(j - i + 1) > most + 1e-6)
                                                fail_msg("bucket %zu at %u%%: %zu in %f s", b,
                                                         percent, j - i + 1, seconds);
                                }
                }
}

static void the_wait_ends_with_the_next_token(void **state)
{
        struct bucket_level level;
        usec_t now = 1000;

        (void)state;
        bucket_init(&level, &(struct bucket){ 4, 2 }, 50, now);
        assert_int_equal(bucket_wait(&level, now), 0);
        assert_true(bucket_take(&level, now));
        assert_true(bucket_take(&level, now));
        assert_false(bucket_take(&level, now));
        assert_in_range(bucket_wait(&level, now), USEC_PER_SEC, USEC_PER_SEC + 2);
        now += USEC_PER_SEC / 2;
        assert_false(bucket_take(&level, now));
        now += bucket_wait(&level, now);
        assert_true(bucket_take(&level, now));
        /* A clock that goes back adds no token. */
        assert_false(bucket_take(&level, 0));
        /* At most the capacity, after any idle time. */
        now += 3600 * USEC_PER_SEC;
        assert_true(bucket_take(&level, now));
        assert_true(bucket_take(&level, now));
        assert_false(bucket_take(&level, now));
        now += 3600 * USEC_PER_SEC;
        bucket_drain(&level, now);
        assert_false(bucket_take(&level, now));
}

/* ---- the governor ---- */

struct entrant {
        struct ticket *ticket;
        unsigned int *order;
        unsigned int granted;
        unsigned int place; /* in the order of grants, from 1 */
};

static void on_granted(void *userdata)
{
        struct entrant *entrant = userdata;

        entrant->granted++;
        entrant->place = ++*entrant->order;
}

static void on_granted_and_over(void *userdata)
{
        struct entrant *entrant = userdata;

        on_granted(entrant);
        entrant->ticket = ticket_free(entrant->ticket);
}

static void tickets_are_granted_by_age_and_token(void **state)
{
        struct loop loop = {};
        struct governor *governor = governor_new(&loop, 50);
        unsigned int order = 0;
        struct entrant creations[40] = {}, reading = { .order = &order };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(creations); i++) {
                creations[i].order = &order;
                creations[i].ticket = governor_enter(governor, &ec2_create_image,
                                                     on_granted_and_over, &creations[i]);
        }
        assert_int_equal(order, 0);
        fake_run_for(&loop, 0);
        assert_int_equal(order, 25); /* half of 50 at once */
        /* An empty bucket of one action does not hold up another. */
        reading.ticket =
                governor_enter(governor, &ec2_describe_images, on_granted_and_over, &reading);
        fake_run_for(&loop, 0);
        assert_int_equal(reading.granted, 1);
        fake_run(&loop);
        assert_in_range(loop.now, 5.9 * 1e6, 6.1 * 1e6); /* 15 more at 2.5 per second */
        for (size_t i = 0; i < ELEMENTS(creations); i++)
                assert_int_equal(creations[i].place, i < 25 ? i + 1 : i + 2);
        governor_unref(governor);
        assert_null(loop.timers);
}

static void requests_under_way_are_limited(void **state)
{
        struct loop loop = {};
        struct governor *governor = governor_new(&loop, 50);
        unsigned int order = 0;
        struct entrant entrants[20] = {};
        unsigned int wakeups;

        (void)state;
        for (size_t i = 0; i < ELEMENTS(entrants); i++) {
                entrants[i].order = &order;
                entrants[i].ticket =
                        governor_enter(governor, &ec2_describe_images, on_granted, &entrants[i]);
        }
        fake_run(&loop);
        assert_int_equal(order, GOVERNOR_REQUESTS_MAX);
        /* With all requests under way no timer is armed. */
        wakeups = loop.wakeups;
        fake_run_for(&loop, 3600 * USEC_PER_SEC);
        assert_int_equal(loop.wakeups, wakeups);
        entrants[3].ticket = ticket_free(entrants[3].ticket);
        fake_run(&loop);
        assert_int_equal(order, GOVERNOR_REQUESTS_MAX + 1);
        /* A ticket that leaves the queue is not granted. */
        entrants[9].ticket = ticket_free(entrants[9].ticket);
        for (size_t i = 0; i < ELEMENTS(entrants); i++) {
                entrants[i].ticket = ticket_free(entrants[i].ticket);
                fake_run(&loop);
        }
        assert_int_equal(order, 19);
        assert_int_equal(entrants[9].granted, 0);
        governor_unref(governor);
}

static void a_throttled_action_slows_only_itself(void **state)
{
        struct loop loop = {};
        struct governor *governor = governor_new(&loop, 50);
        unsigned int order = 0;
        struct entrant entrants[2] = { { .order = &order }, { .order = &order } };

        (void)state;
        entrants[0].ticket = governor_enter(governor, &ec2_create_image, on_granted, &entrants[0]);
        fake_run(&loop);
        ticket_throttled(entrants[0].ticket);
        entrants[0].ticket = ticket_free(entrants[0].ticket);
        entrants[1].ticket = governor_enter(governor, &ec2_create_image, on_granted, &entrants[1]);
        /* half of what is ours, 2.5 a second */
        fake_run_for(&loop, 796 * USEC_PER_MSEC);
        assert_int_equal(order, 1);
        fake_run_for(&loop, 5 * USEC_PER_MSEC);
        assert_int_equal(order, 2);
        ticket_free(entrants[1].ticket);
        governor_unref(governor);
}

/* Another share counts at once, for waiting tickets and for saved tokens. */
static void another_share_counts_at_once(void **state)
{
        struct loop loop = {};
        struct governor *governor = governor_new(&loop, 50);
        unsigned int order = 0;
        struct entrant entrants[60] = {};

        (void)state;
        for (size_t i = 0; i < ELEMENTS(entrants); i++) {
                entrants[i].order = &order;
                entrants[i].ticket = governor_enter(governor, &ec2_create_image,
                                                    on_granted_and_over, &entrants[i]);
        }
        governor_set_percent(governor, 10);
        fake_run_for(&loop, 0);
        assert_int_equal(order, 5); /* a tenth of 50 */
        fake_run_for(&loop, 10 * USEC_PER_SEC);
        assert_in_range(order, 9, 10); /* and of 5 per second */
        governor_set_percent(governor, 100);
        fake_run_for(&loop, 4 * USEC_PER_SEC);
        assert_in_range(order, 28, 30);
        fake_run(&loop);
        assert_int_equal(order, 60);
        governor_unref(governor);
}

/* A throttled bucket is used less, and after a while as much as before. */
static void a_throttled_bucket_recovers_slowly(void **state)
{
        struct bucket_level level;
        usec_t now = 0;

        (void)state;
        bucket_init(&level, &(struct bucket){ 100, 20 }, 50, now);
        for (int i = 0; i < 8; i++) /* throttled together */
                bucket_drain(&level, now += 100 * USEC_PER_MSEC);
        assert_true(level.factor > 0.49 && level.factor < 0.51);
        for (int i = 0; i < 20; i++)
                bucket_drain(&level, now += BUCKET_CUT_LEAST * USEC_PER_SEC);
        assert_true(level.factor >= 1.0 / BUCKET_FACTOR_LEAST);
        assert_true(level.factor < 1.1 / BUCKET_FACTOR_LEAST);
        assert_in_range(bucket_wait(&level, now), USEC_PER_SEC, 1700 * USEC_PER_MSEC);
        now += BUCKET_RECOVERY / 2 * USEC_PER_SEC;
        bucket_fill(&level, now);
        assert_true(level.factor > 0.55 && level.factor < 0.57);
        assert_true(level.tokens <= 0.57 * level.share.capacity);
        now += BUCKET_RECOVERY / 2 * USEC_PER_SEC;
        bucket_fill(&level, now);
        assert_true(level.factor > 0.999 && level.factor <= 1);
        bucket_set_share(&level, &(struct bucket){ 100, 20 }, 10, now);
        assert_true(level.tokens <= 10);
}

/* With room for one request the order is: the end of an outage, a new image, a read, a removal. */
static void an_earlier_priority_goes_first(void **state)
{
        struct loop loop = {};
        struct governor *governor = governor_new(&loop, 50);
        struct ticket *crowd[GOVERNOR_REQUESTS_MAX];
        unsigned int order = 0;
        struct entrant busy = { .order = &order }, entrants[5] = {};
        /* in the order of arrival, which is neither that of priorities nor of queues */
        static const struct {
                const struct action *action;
                unsigned int place;
        } rows[] = {
                { &ec2_create_image, 2 }, { &ec2_deregister_image, 5 }, { &ec2_start_instances, 1 },
                { &ec2_create_tags, 4 },  { &ec2_describe_images, 3 },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(crowd); i++)
                crowd[i] = governor_enter(governor, &ec2_describe_instances, on_granted, &busy);
        fake_run(&loop);
        assert_int_equal(order, GOVERNOR_REQUESTS_MAX);
        for (size_t i = 0; i < ELEMENTS(entrants); i++) {
                entrants[i].order = &order;
                entrants[i].ticket =
                        governor_enter(governor, rows[i].action, on_granted_and_over, &entrants[i]);
        }
        ticket_free(crowd[0]);
        fake_run(&loop);
        for (size_t i = 0; i < ELEMENTS(entrants); i++)
                assert_int_equal(entrants[i].place, GOVERNOR_REQUESTS_MAX + rows[i].place);
        for (size_t i = 1; i < ELEMENTS(crowd); i++)
                ticket_free(crowd[i]);
        governor_unref(governor);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(no_interval_takes_more_than_the_share),
                cmocka_unit_test(the_wait_ends_with_the_next_token),
                cmocka_unit_test(tickets_are_granted_by_age_and_token),
                cmocka_unit_test(requests_under_way_are_limited),
                cmocka_unit_test(a_throttled_action_slows_only_itself),
                cmocka_unit_test(another_share_counts_at_once),
                cmocka_unit_test(a_throttled_bucket_recovers_slowly),
                cmocka_unit_test(an_earlier_priority_goes_first),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
