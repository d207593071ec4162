/* Slots, connections and timeouts of many requests. */
#include "client.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>

static const struct http_request post = { .method = "POST", .body = "a=1", .body_size = 3 };

static void a_freed_slot_has_no_callback(void **state)
{
        struct client client;
        struct call cancelled = {}, kept = {};

        (void)state;
        client_start(&client, &(struct http_options){});
        call_send(&cancelled, &client, "/ok", &post);
        call_send(&kept, &client, "/ok", &post);
        cancelled.slot = http_slot_free(cancelled.slot);
        client.open--;
        client_run(&client);
        assert_int_equal(cancelled.calls, 0);
        assert_int_equal(kept.outcome, HTTP_ANSWERED);
        assert_int_equal(atomic_load(&client.server->requests), 1);
        call_done(&kept);
        client_stop(&client);
        assert_null(http_slot_free(NULL));
}

/* The states of another request while a callback runs: queued, sent, refused, or answered but not
 * delivered. */
static void a_callback_may_free_another_slot_in_any_state(void **state)
{
        static const char *const paths[] = { "/hang", "/slow", "/ok", "http://127.0.0.1:99999/",
                                             "http://a.missing.test/" };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(paths); i++) {
                struct client client;
                struct call first = { .frees_slot = true }, other = {}, last = {};

                client_start(&client, &(struct http_options){});
                call_send(&first, &client, "http://:0/", &post); /* refused: answered first */
                call_send(&other, &client, paths[i], &post);
                call_send(&last, &client, "/ok", &post);
                first.cancels = &other;
                client_run(&client);
                assert_int_equal(first.calls, 1);
                assert_int_equal(other.calls, 0);
                assert_int_equal(last.outcome, HTTP_ANSWERED);
                call_done(&first);
                call_done(&last);
                client_stop(&client);
        }
}

/* The reply stays valid after the callback has freed its slot. */
static void a_callback_may_free_its_own_slot(void **state)
{
        struct client client;
        struct call call = { .frees_slot = true };

        (void)state;
        client_start(&client, &(struct http_options){});
        call_send(&call, &client, "/ok", &post);
        client_run(&client);
        assert_null(call.slot);
        assert_string_equal(call.body, "hello");
        assert_string_equal(call.request_id, "id-1");
        call_done(&call);
        client_stop(&client);
}

/* Other requests are queued, sent, or answered but not delivered. */
static void a_callback_may_free_the_http(void **state)
{
        static const char *const others[] = { "/hang", "http://127.0.0.1:99999/",
                                              "http://a.slow.test/" };
        struct client client;
        struct call calls[20] = {}, first = { .frees_http = true };

        (void)state;
        client_start(&client, &(struct http_options){});
        call_send(&first, &client, "http://127.0.0.1:99999/", &post);
        for (size_t i = 0; i < ELEMENTS(calls); i++)
                call_send(&calls[i], &client, others[i % ELEMENTS(others)], &post);
        client.open = 1; /* the others are not going to be answered */
        client_run(&client);
        assert_null(client.http);
        assert_int_equal(first.outcome, HTTP_UNSENT);
        assert_non_null(first.error);
        assert_null(http_free(NULL));
        for (size_t i = 0; i < ELEMENTS(calls); i++) {
                assert_int_equal(calls[i].calls, 0);
                call_done(&calls[i]);
        }
        call_done(&first);
        client_stop(&client);
}

static void a_callback_may_free_its_slot_and_the_http(void **state)
{
        struct client client;
        struct call first = { .frees_http = true, .frees_slot = true }, other = {};

        (void)state;
        client_start(&client, &(struct http_options){});
        call_send(&first, &client, "/slow", &post);
        call_send(&other, &client, "/hang", &post);
        client.open = 1;
        client_run(&client);
        assert_string_equal(first.body, "hello");
        assert_int_equal(other.calls, 0);
        call_done(&other);
        call_done(&first);
        client_stop(&client);
}

/* A request sent from a callback. */
static void on_first(const struct http_reply *reply, void *userdata)
{
        struct call *second = userdata;

        assert_int_equal(reply->outcome, HTTP_ANSWERED);
        call_send(second, second->client, "/ok", &post);
}

static void a_callback_may_send_the_next_request(void **state)
{
        struct client client;
        struct call second = { .client = &client };
        _cleanup_(http_slot_freep) struct http_slot *first = NULL;
        _cleanup_free_ char *url = NULL;
        struct http_request request = post;

        (void)state;
        client_start(&client, &(struct http_options){});
        url = xasprintf("http://127.0.0.1:%d/ok", client.server->port);
        request.url = url;
        first = http_send(client.http, &request, on_first, &second);
        assert_non_null(first);
        client_run(&client);
        assert_int_equal(second.outcome, HTTP_ANSWERED);
        assert_int_equal(atomic_load(&client.server->connections), 1); /* the same connection */
        call_done(&second);
        client_stop(&client);
}

/* ---- connections ---- */

/* The server reads a request on a kept connection and closes it. curl would repeat the request on a
 * new connection; it has to arrive once, and be reported as lost. */
static void no_request_is_sent_twice(void **state)
{
        static const char *const methods[] = { "GET", "POST", "PUT" };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(methods); i++) {
                struct http_request request = post;
                struct client client;
                struct call first = {}, second = {}, third = {};

                request.method = methods[i];
                client_start(&client, &(struct http_options){});
                call_send(&first, &client, "/then-stale", &request);
                client_run(&client);
                assert_int_equal(first.outcome, HTTP_ANSWERED);
                call_send(&second, &client, "/ok", &request);
                client_run(&client);
                assert_int_equal(second.outcome, HTTP_LOST);
                assert_int_equal(atomic_load(&client.server->requests), 2);
                call_send(&third, &client, "/ok", &request); /* and the http goes on */
                client_run(&client);
                assert_int_equal(third.outcome, HTTP_ANSWERED);
                assert_int_equal(atomic_load(&client.server->requests), 3);
                call_done(&first);
                call_done(&second);
                call_done(&third);
                client_stop(&client);
        }
}

/* The server closes an idle connection. */
static void a_connection_that_the_server_closed_is_not_used(void **state)
{
        struct client client;
        struct call first = {}, second = {};

        (void)state;
        client_start(&client, &(struct http_options){});
        call_send(&first, &client, "/ok-then-close", &post);
        client_run(&client);
        while (atomic_load(&client.server->open) > 0)
                usleep(1000);
        call_send(&second, &client, "/ok", &post);
        client_run(&client);
        assert_int_equal(second.outcome, HTTP_ANSWERED);
        assert_int_equal(atomic_load(&client.server->requests), 2);
        assert_int_equal(atomic_load(&client.server->connections), 2);
        call_done(&first);
        call_done(&second);
        client_stop(&client);
}

static void on_exit_timer(void *userdata);

/* curl does not watch idle connections. Later requests work. */
static void idle_connections_are_closed(void **state)
{
        struct client client;
        struct call calls[4] = {};
        struct timer *timer;

        (void)state;
        client_start(&client, &(struct http_options){ .idle = 200 * USEC_PER_MSEC });
        timer = timer_new(client.loop, on_exit_timer, client.loop);
        for (size_t i = 0; i < 3; i++)
                call_send(&calls[i], &client, "/slow", &post);
        client_run(&client);
        assert_int_equal(atomic_load(&client.server->open), 3);
        timer_arm(timer, 100 * USEC_PER_MSEC);
        client_run(&client);
        assert_int_equal(atomic_load(&client.server->open), 3);
        timer_arm(timer, 200 * USEC_PER_MSEC);
        client_run(&client);
        while (atomic_load(&client.server->open) > 0)
                usleep(1000); /* the server has to notice; it hangs here when they stay open */
        call_send(&calls[3], &client, "/ok", &post);
        client_run(&client);
        assert_int_equal(calls[3].outcome, HTTP_ANSWERED);
        assert_int_equal(atomic_load(&client.server->connections), 4);
        for (size_t i = 0; i < ELEMENTS(calls); i++)
                call_done(&calls[i]);
        timer_free(timer);
        client_stop(&client);
}

/* The time in the queue does not count for the connect timeout. */
static void many_requests_share_few_connections(void **state)
{
        enum { N = 1000 };
        struct client client;
        struct call *calls = xcalloc(N, sizeof(*calls));
        struct http_request request = post;

        (void)state;
        request.connect_timeout = 200 * USEC_PER_MSEC;
        client_start(&client, &(struct http_options){});
        for (int i = 0; i < N; i++)
                call_send(&calls[i], &client, i % 5 ? "/ok" : "/slow", &request);
        client_run(&client);
        for (int i = 0; i < N; i++) {
                if (calls[i].calls != 1 || calls[i].outcome != HTTP_ANSWERED)
                        fail_msg("request %d: outcome %u: %s", i, calls[i].outcome, calls[i].error);
                call_done(&calls[i]);
        }
        assert_int_equal(atomic_load(&client.server->requests), N);
        assert_true(atomic_load(&client.server->peak) <= 8);
        assert_true(atomic_load(&client.server->connections) <= 16);
        free(calls);
        client_stop(&client);
}

/* The time in the queue counts for the timeout. */
static void a_queued_request_that_times_out_is_unsent(void **state)
{
        enum { PLACES = 8, N = 12 };
        struct client client;
        struct call calls[N] = {};
        struct http_request request = post;

        (void)state;
        client_start(&client, &(struct http_options){});
        for (int i = 0; i < N; i++) {
                request.timeout = (i < PLACES ? 400 : 150) * USEC_PER_MSEC;
                call_send(&calls[i], &client, "/hang", &request);
        }
        client_run(&client);
        for (int i = 0; i < N; i++) {
                assert_int_equal(calls[i].outcome, i < PLACES ? HTTP_LOST : HTTP_UNSENT);
                call_done(&calls[i]);
        }
        assert_int_equal(atomic_load(&client.server->requests), PLACES);
        client_stop(&client);
}

/* The number of further sockets that the kernel refuses to watch. */
static int refuse_watches;

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
int epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
        int domain = 0;
        socklen_t size = sizeof(domain);

        if (operation == EPOLL_CTL_ADD && refuse_watches > 0 &&
            getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_INET) {
                refuse_watches--;
                errno = ENOSPC;
                return -1;
        }
        return (int)syscall(SYS_epoll_ctl, epoll, operation, fd, event);
}

/* Other requests do not fail, and the failure comes soon. */
static void a_socket_that_cannot_be_watched_fails_its_own_request(void **state)
{
        struct client client;
        struct call calls[4] = {};
        int failed = 0;

        (void)state;
        client_start(&client, &(struct http_options){});
        refuse_watches = 2;
        for (size_t i = 0; i < ELEMENTS(calls); i++)
                call_send(&calls[i], &client, "/slow", &post);
        timer_arm(client.limit, 3 * USEC_PER_SEC);
        client_run(&client);
        assert_int_equal(refuse_watches, 0);
        for (size_t i = 0; i < ELEMENTS(calls); i++) {
                failed += calls[i].outcome != HTTP_ANSWERED;
                call_done(&calls[i]);
        }
        assert_int_equal(failed, 2);
        client_stop(&client);
}

/* ---- time ---- */

/* The lag of curl's clock after a suspend, during which the clock of the loop continues. */
static atomic_int lag_msec;

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
int clock_gettime(clockid_t clock, struct timespec *now)
{
        int r = (int)syscall(SYS_clock_gettime, clock, now);

        if (clock == CLOCK_MONOTONIC && r == 0) {
                int64_t nsec = now->tv_sec * INT64_C(1000000000) + now->tv_nsec -
                               atomic_load(&lag_msec) * INT64_C(1000000);

                now->tv_sec = nsec / 1000000000;
                now->tv_nsec = nsec % 1000000000;
        }
        return r;
}

static void on_suspend(void *userdata)
{
        (void)userdata;
        atomic_store(&lag_msec, 100);
}

/* The timer of the loop fires too early for curl. */
static void a_timeout_comes_although_the_clock_of_curl_stood_still(void **state)
{
        struct client client;
        struct call call = {};
        struct http_request request = post;
        struct timer *suspend;
        usec_t start;

        (void)state;
        request.timeout = 150 * USEC_PER_MSEC;
        client_start(&client, &(struct http_options){});
        timer_arm(client.limit, 3 * USEC_PER_SEC);
        suspend = timer_new(client.loop, on_suspend, NULL);
        timer_arm(suspend, 50 * USEC_PER_MSEC);
        start = loop_monotonic(client.loop);
        call_send(&call, &client, "/hang", &request);
        client_run(&client);
        atomic_store(&lag_msec, 0);
        assert_int_equal(call.outcome, HTTP_LOST);
        assert_true(loop_monotonic(client.loop) - start >= 250 * USEC_PER_MSEC);
        timer_free(suspend);
        call_done(&call);
        client_stop(&client);
}

/* Without requests curl must not leave a timer armed. */
static void on_exit_timer(void *userdata)
{
        loop_exit(userdata, 0);
}

static long switches(void)
{
        _cleanup_fclose_ FILE *file = fopen("/proc/thread-self/status", "re");
        char line[128];
        long n = -1;

        assert_non_null(file);
        while (fgets(line, sizeof(line), file)) {
                const char *value = startswith(line, "voluntary_ctxt_switches:");

                if (value)
                        n = strtol(value, NULL, 10);
        }
        return n;
}

static void an_idle_client_does_not_wake_up(void **state)
{
        struct client client;
        struct call call = {};
        struct timer *timer;
        long before;

        (void)state;
        client_start(&client, &(struct http_options){});
        call_send(&call, &client, "/ok", &post);
        client_run(&client);
        timer = timer_new(client.loop, on_exit_timer, client.loop);
        timer_arm(timer, 300 * USEC_PER_MSEC);
        before = switches();
        client_run(&client);
        assert_true(switches() - before <= 3);
        timer_free(timer);
        call_done(&call);
        client_stop(&client);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_freed_slot_has_no_callback),
                cmocka_unit_test(a_callback_may_free_another_slot_in_any_state),
                cmocka_unit_test(a_callback_may_free_its_own_slot),
                cmocka_unit_test(a_callback_may_free_the_http),
                cmocka_unit_test(a_callback_may_free_its_slot_and_the_http),
                cmocka_unit_test(a_callback_may_send_the_next_request),
                cmocka_unit_test(no_request_is_sent_twice),
                cmocka_unit_test(a_connection_that_the_server_closed_is_not_used),
                cmocka_unit_test(idle_connections_are_closed),
                cmocka_unit_test(many_requests_share_few_connections),
                cmocka_unit_test(a_queued_request_that_times_out_is_unsent),
                cmocka_unit_test(a_socket_that_cannot_be_watched_fails_its_own_request),
                cmocka_unit_test(a_timeout_comes_although_the_clock_of_curl_stood_still),
                cmocka_unit_test(an_idle_client_does_not_wake_up),
        };

        unsetenv("http_proxy");
        unsetenv("all_proxy");
        unsetenv("ALL_PROXY");
        return cmocka_run_group_tests(tests, NULL, NULL);
}
