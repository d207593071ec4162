/* Refreshes of credentials. */
#include "unit/aws/credentials.h"

#define ROLE_KEYS(key, expires)                                                                    \
        "{\"Code\":\"Success\",\"AccessKeyId\":\"" key "\",\"SecretAccessKey\":\"s\","             \
        "\"Token\":\"t\",\"Expiration\":\"" expires "\"}"

/* The wall clock of the tests starts at 2027-01-15T08:00:00Z. */
static void a_refresh_starts_before_the_set_expires(void **state)
{
        static const struct fake_answer script[] = {
                { .body = "token" },
                { .body = "role" },
                { .body = ROLE_KEYS("ONE", "2027-01-15T09:00:00Z") },
                /* 15 minutes before expiry: a refresh in the background */
                { .body = "role" },
                { .status = 500 },
                { .status = 500 },
                { .status = 500 },
                /* the next refresh after half a minute; the token is no longer valid */
                { .status = 401 },
                { .body = "token2" },
                { .body = "role" },
                { .body = ROLE_KEYS("TWO", "2027-01-15T10:00:00Z") },
        };
        struct world world;

        (void)state;
        world_init(&world, NULL, ROWS(script));
        get(&world);
        check_key(&world, "ONE");
        fake_run_for(&world.loop, 44 * SEC_PER_MIN * USEC_PER_SEC);
        assert_ptr_equal(credentials_cache_current(world.cache), world.got);
        assert_int_equal(world.http.n_sent, 3);
        fake_run_for(&world.loop, 2 * SEC_PER_MIN * USEC_PER_SEC);
        assert_ptr_equal(credentials_cache_current(world.cache), world.got);
        fake_run(&world.loop);
        assert_int_equal(world.http.n_sent, 7);
        /* After a failed refresh the old set stays in use, and the next refresh waits. */
        assert_ptr_equal(credentials_cache_current(world.cache), world.got);
        fake_run(&world.loop);
        assert_int_equal(world.http.n_sent, 7);
        fake_run_for(&world.loop, (CREDENTIALS_BACKOFF + 1) * USEC_PER_SEC);
        assert_ptr_equal(credentials_cache_current(world.cache), world.got);
        fake_run(&world.loop);
        assert_int_equal(world.http.n_sent, 11);
        assert_string_equal(world.http.sent[7].token, "token");
        assert_string_equal(world.http.sent[9].token, "token2");
        assert_string_equal(credentials_cache_current(world.cache)->access_key, "TWO");
        world_done(&world);
}

/* Ten minutes before expiry calls wait; after a failed refresh they get the old set. */
static void calls_wait_for_a_refresh_near_the_expiry(void **state)
{
        static const struct fake_answer script[] = {
                { .body = "token" },
                { .body = "role" },
                { .body = ROLE_KEYS("ONE", "2027-01-15T09:00:00Z") },
                { .outcome = HTTP_UNSENT },
                { .outcome = HTTP_UNSENT },
                { .outcome = HTTP_UNSENT },
        };
        struct world world;

        (void)state;
        world_init(&world, NULL, ROWS(script));
        get(&world);
        fake_run_for(&world.loop, 55 * SEC_PER_MIN * USEC_PER_SEC);
        assert_null(credentials_cache_current(world.cache));
        get(&world);
        check_key(&world, "ONE");
        assert_int_equal(world.http.n_sent, 6);
        assert_ptr_equal(credentials_cache_current(world.cache), world.got);
        world_done(&world);
}

/* IMDS returns an expired set: it stays in use until a later refresh. */
static void an_expired_set_of_imds_stays_in_use(void **state)
{
        static const struct fake_answer script[] = {
                { .body = "token" },
                { .body = "role" },
                { .body = ROLE_KEYS("OLD", "2027-01-15T07:00:00Z") },
                { .body = "role" },
                { .body = ROLE_KEYS("NEW", "2027-01-15T20:00:00Z") },
        };
        struct world world;

        (void)state;
        world_init(&world, NULL, ROWS(script));
        get(&world);
        check_key(&world, "OLD");
        fake_run_for(&world.loop, 16 * SEC_PER_MIN * USEC_PER_SEC);
        assert_ptr_equal(credentials_cache_current(world.cache), world.got);
        fake_run(&world.loop);
        assert_int_equal(world.http.n_sent, 3);
        fake_run_for(&world.loop, 10 * SEC_PER_MIN * USEC_PER_SEC);
        assert_ptr_equal(credentials_cache_current(world.cache), world.got);
        fake_run(&world.loop);
        assert_string_equal(credentials_cache_current(world.cache)->access_key, "NEW");
        world_done(&world);
}

struct waiter {
        struct credentials_cache_wait *wait, **drop;
        unsigned int answers;
};

static void on_waited(struct credentials *credentials, const char *error, void *userdata)
{
        struct waiter *waiter = userdata;

        assert_non_null(credentials);
        assert_null(error);
        waiter->answers++;
        if (waiter->drop)
                *waiter->drop = credentials_cache_wait_free(*waiter->drop);
}

static void all_waits_share_one_refresh(void **state)
{
        static const struct fake_answer script[] = {
                { .body = "token", .delay = USEC_PER_SEC },
                { .body = "role" },
                { .body = ROLE_KEYS("ONE", "2027-01-15T20:00:00Z") },
        };
        struct waiter waiters[10] = {};
        struct world world;

        (void)state;
        world_init(&world, NULL, ROWS(script));
        for (size_t i = 0; i < ELEMENTS(waiters); i++) {
                waiters[i].wait = credentials_cache_wait(world.cache, on_waited, &waiters[i]);
                fake_run_for(&world.loop, 10 * USEC_PER_MSEC);
        }
        waiters[3].wait = credentials_cache_wait_free(waiters[3].wait);
        waiters[4].drop = &waiters[5].wait; /* from inside another's answer */
        fake_run(&world.loop);
        for (size_t i = 0; i < ELEMENTS(waiters); i++) {
                assert_int_equal(waiters[i].answers, i != 3 && i != 5);
                credentials_cache_wait_free(waiters[i].wait);
        }
        world_done(&world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_refresh_starts_before_the_set_expires),
                cmocka_unit_test(calls_wait_for_a_refresh_near_the_expiry),
                cmocka_unit_test(an_expired_set_of_imds_stays_in_use),
                cmocka_unit_test(all_waits_share_one_refresh),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
