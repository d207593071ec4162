/* Outcomes and contents of single requests. */
#include "client.h"

#include <fcntl.h>

/* A short timeout for paths that test it. */
static usec_t limit_of(const char *path)
{
        static const char *const never_answer[] = { "/hang", "/half", "http://slow.test/ok" };

        for (size_t i = 0; i < ELEMENTS(never_answer); i++) {
                if (streq(path, never_answer[i]))
                        return 150 * USEC_PER_MSEC;
        }
        return 20 * USEC_PER_SEC;
}

static void the_outcome_shows_whether_a_server_may_have_acted(void **state)
{
        static const struct {
                int line;
                const char *path;
                enum http_outcome outcome;
                int status;
                const char *body;
        } rows[] = {
                { __LINE__, "/ok", HTTP_ANSWERED, 200, "hello" },
                { __LINE__, "/503", HTTP_ANSWERED, 503, "busy" },
                { __LINE__, "/redirect", HTTP_ANSWERED, 302, "" },
                { __LINE__, "/204", HTTP_ANSWERED, 204, "" },
                { __LINE__, "/informational", HTTP_ANSWERED, 200, "hello" },
                { __LINE__, "/chunked", HTTP_ANSWERED, 200, "hello" },
                { __LINE__, "/until-close", HTTP_ANSWERED, 200, "hello" },
                { __LINE__, "/empty", HTTP_LOST, 0, "" },
                { __LINE__, "/reset", HTTP_LOST, 0, "" },
                { __LINE__, "/cut", HTTP_LOST, 0, "" },
                { __LINE__, "/cut-chunked", HTTP_LOST, 0, "" },
                { __LINE__, "/cut-head", HTTP_LOST, 0, "" },
                { __LINE__, "/garbage", HTTP_LOST, 0, "" },
                { __LINE__, "/announce-huge", HTTP_LOST, 0, "" },
                { __LINE__, "/flood", HTTP_LOST, 0, "" },
                { __LINE__, "/many-headers", HTTP_LOST, 0, "" },
                { __LINE__, "/hang", HTTP_LOST, 0, "" },
                { __LINE__, "/half", HTTP_LOST, 0, "" },
                { __LINE__, "http://missing.test/ok", HTTP_UNSENT, 0, "" },
                { __LINE__, "http://slow.test/ok", HTTP_UNSENT, 0, "" },
                { __LINE__, "ftp://127.0.0.1/ok", HTTP_UNSENT, 0, "" },
                { __LINE__, "file:///etc/passwd", HTTP_UNSENT, 0, "" },
                { __LINE__, "http://me:secret@127.0.0.1/", HTTP_UNSENT, 0, "" },
                { __LINE__, "http://127.0.0.1:99999/", HTTP_UNSENT, 0, "" },
                { __LINE__, "http://", HTTP_UNSENT, 0, "" },
                { __LINE__, "", HTTP_UNSENT, 0, "" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                static const char *const methods[] = { "GET", "POST" };
                struct client client;

                client_start(&client, &(struct http_options){});
                for (size_t k = 0; k < ELEMENTS(methods); k++) {
                        struct call call = {};
                        const char *url = *rows[i].path ? rows[i].path : " ";

                        call_send(&call, &client, url,
                                  &(struct http_request){ .method = methods[k],
                                                          .timeout = limit_of(rows[i].path),
                                                          .body = k ? "a=1" : NULL,
                                                          .body_size = k ? 3 : 0 });
                        client_run(&client);
                        if (call.calls != 1 || call.outcome != rows[i].outcome ||
                            call.status != rows[i].status || !streq(call.body, rows[i].body) ||
                            !call.error != (call.outcome == HTTP_ANSWERED))
                                fail_msg("line %d, %s: outcome %u, status %d, body %s: %s",
                                         rows[i].line, methods[k], call.outcome, call.status,
                                         call.body, call.error ? call.error : "-");
                        /* Each request was sent exactly once. */
                        assert_int_equal(atomic_load(&client.server->requests),
                                         rows[i].outcome == HTTP_UNSENT ? 0 : k + 1);
                        call_done(&call);
                }
                client_stop(&client);
        }
}

static void a_reply_has_status_headers_and_body(void **state)
{
        struct client client;
        struct call call = {}, informational = {}, bare = {};

        (void)state;
        client_start(&client, &(struct http_options){});
        call_send(&call, &client, "/ok", &(struct http_request){});
        call_send(&informational, &client, "/informational", &(struct http_request){});
        call_send(&bare, &client, "/503", &(struct http_request){});
        client_run(&client);
        assert_string_equal(call.date, "Mon, 04 Jan 2027 00:00:00 GMT");
        assert_string_equal(call.content_type, "text/xml");
        assert_string_equal(call.request_id, "id-1");
        assert_string_equal(call.retry_after, "7");
        assert_string_equal(informational.date, "Mon, 04 Jan 2027 00:00:00 GMT");
        assert_null(bare.date);
        assert_null(bare.content_type);
        assert_null(bare.request_id);
        assert_null(bare.retry_after);
        call_done(&call);
        call_done(&informational);
        call_done(&bare);
        client_stop(&client);
}

/* A body of exactly HTTP_BODY_MAX bytes. */
static void the_largest_body_is_accepted(void **state)
{
        struct client client;
        struct call call = {};

        (void)state;
        client_start(&client, &(struct http_options){});
        call_send(&call, &client, "/large", &(struct http_request){});
        client_run(&client);
        assert_int_equal(call.outcome, HTTP_ANSWERED);
        assert_int_equal(call.body_size, HTTP_BODY_MAX);
        assert_int_equal(call.body[HTTP_BODY_MAX], '\0');
        call_done(&call);
        client_stop(&client);
}

/* ---- the bytes of requests ---- */

static void a_request_is_sent_as_given(void **state)
{
        static const struct {
                int line;
                struct http_request request;
                const char *url, *agent, *expected; /* %d: the port */
        } rows[] = {
                { __LINE__,
                  { .method = "GET" },
                  "/a/../b/./c?x=%2F&y",
                  NULL,
                  "GET /a/../b/./c?x=%%2F&y HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" },
                { __LINE__,
                  { .method = "POST",
                    .headers = { { "Content-Type", "text/plain" }, { "X-Empty", "" } },
                    .body = "Action=X",
                    .body_size = 8 },
                  "/p",
                  "amid/1",
                  "POST /p HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: amid/1\r\n"
                  "Content-Type: text/plain\r\nX-Empty:\r\nContent-Length: 8\r\n\r\nAction=X" },
                { __LINE__,
                  { .method = "PUT", .headers = { { "X-T", "21600" } } },
                  "/p",
                  NULL,
                  "PUT /p HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nX-T: 21600\r\nContent-Length: "
                  "0\r\n\r\n" },
                { __LINE__,
                  { .method = "GET", .headers = { { "host", "ec2.example" } } },
                  "/p",
                  NULL,
                  "GET /p HTTP/1.1\r\nHost: ec2.example\r\n\r\n" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *expected = NULL;
                struct client client;
                struct call call = {};

                client_start(&client, &(struct http_options){ .user_agent = rows[i].agent });
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
                expected = xasprintf(rows[i].expected, client.server->port);
#pragma GCC diagnostic pop
                call_send(&call, &client, rows[i].url, &rows[i].request);
                client_run(&client);
                if (!streq(call.body, expected))
                        fail_msg("line %d:\n%s\ninstead of\n%s", rows[i].line, call.body, expected);
                call_done(&call);
                client_stop(&client);
        }
}

/* A large body without the header Expect; the caller may free the body at once. */
static void a_large_body_is_sent_whole(void **state)
{
        enum { SIZE = 5 << 18 };
        char *body = xcalloc(SIZE, 1);
        struct client client;
        struct call call = {};

        (void)state;
        memset(body, 'q', SIZE);
        client_start(&client, &(struct http_options){});
        call_send(&call, &client, "/echo",
                  &(struct http_request){ .method = "POST", .body = body, .body_size = SIZE });
        memset(body, 'r', SIZE);
        free(body);
        client_run(&client);
        assert_int_equal(call.outcome, HTTP_ANSWERED);
        assert_null(strstr(call.body, "Expect"));
        assert_int_equal(strspn(strstr(call.body, "\r\n\r\n") + 4, "q"), SIZE);
        call_done(&call);
        client_stop(&client);
}

static void a_header_with_a_line_break_is_not_sent(void **state)
{
        static const struct {
                int line;
                struct http_header header;
        } rows[] = {
                { __LINE__, { "X-A", "b\r\nX-C: d" } }, { __LINE__, { "X-A", "b\nc" } },
                { __LINE__, { "X-A\r\nX-B", "c" } },    { __LINE__, { "X-A:", "c" } },
                { __LINE__, { "X A", "c" } },           { __LINE__, { "", "c" } },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct client client;
                struct call call = {};

                client_start(&client, &(struct http_options){});
                call_send(&call, &client, "/ok",
                          &(struct http_request){ .headers = { rows[i].header } });
                client_run(&client);
                if (call.outcome != HTTP_UNSENT || !strstr(call.error, "header"))
                        fail_msg("line %d: %s", rows[i].line, call.error);
                assert_int_equal(atomic_load(&client.server->connections), 0);
                call_done(&call);
                client_stop(&client);
        }
}

/* ---- failed connections ---- */

static void a_refused_connection_is_unsent(void **state)
{
        _cleanup_free_ char *url = NULL;
        struct client client;
        struct call call = {};
        int port, fd = listen_somewhere(1, &port);

        (void)state;
        close(fd); /* nobody listens there now */
        url = xasprintf("http://127.0.0.1:%d/", port);
        client_start(&client, &(struct http_options){});
        call_send(&call, &client, url, &(struct http_request){ .method = "POST" });
        client_run(&client);
        assert_int_equal(call.outcome, HTTP_UNSENT);
        assert_non_null(call.error);
        call_done(&call);
        client_stop(&client);
}

/* A full backlog drops the SYN: the connection neither completes nor fails. */
static void a_connection_that_does_not_complete_is_unsent(void **state)
{
        _cleanup_free_ char *url = NULL;
        struct client client;
        struct call call = {};
        int port, fd = listen_somewhere(0, &port), fill[4];
        struct sockaddr_in address = { .sin_family = AF_INET };
        usec_t start;

        (void)state;
        address.sin_port = htons((uint16_t)port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        for (size_t i = 0; i < ELEMENTS(fill); i++) {
                fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
                (void)connect(fill[i], (struct sockaddr *)&address, sizeof(address));
        }
        url = xasprintf("http://127.0.0.1:%d/", port);
        client_start(&client, &(struct http_options){});
        start = loop_monotonic(client.loop);
        call_send(&call, &client, url,
                  &(struct http_request){ .connect_timeout = 100 * USEC_PER_MSEC });
        client_run(&client);
        assert_int_equal(call.outcome, HTTP_UNSENT);
        assert_true(loop_monotonic(client.loop) - start >= 100 * USEC_PER_MSEC);
        assert_true(loop_monotonic(client.loop) - start < 2 * USEC_PER_SEC);
        call_done(&call);
        client_stop(&client);
        for (size_t i = 0; i < ELEMENTS(fill); i++)
                close(fill[i]);
        close(fd);
}

/* A listening socket on a port of ::1 with a full backlog, which drops connections. Negative: the
 * machine has no IPv6. */
static int listen_deaf(int port, int fill[static 4])
{
        struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback };
        int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

        address.sin6_port = htons((uint16_t)port);
        if (fd >= 0)
                setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
        if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
            listen(fd, 0) < 0) {
                close(fd);
                return -1;
        }
        for (int i = 0; i < 4; i++) {
                fill[i] = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
                (void)connect(fill[i], (struct sockaddr *)&address, sizeof(address));
        }
        return fd;
}

/* Happy eyeballs (RFC 8305): an IPv6 address that drops everything, beside a working IPv4 address.
 */
static void a_dead_ipv6_address_costs_a_fraction_of_a_second(void **state)
{
        _cleanup_free_ char *url = NULL;
        struct client client;
        struct call call = {};
        int fd, fill[4] = {};
        usec_t start;

        (void)state;
        client_start(&client, &(struct http_options){});
        fd = listen_deaf(client.server->port, fill);
        if (fd < 0) {
                client_stop(&client);
                skip();
        }
        url = xasprintf("http://a.both.test:%d/ok", client.server->port);
        start = loop_monotonic(client.loop);
        call_send(&call, &client, url, &(struct http_request){});
        client_run(&client);
        if (call.outcome != HTTP_ANSWERED)
                fail_msg("outcome %u: %s", call.outcome, call.error);
        assert_true(loop_monotonic(client.loop) - start < USEC_PER_SEC);
        assert_true(loop_monotonic(client.loop) - start > 100 * USEC_PER_MSEC); /* it was tried */
        call_done(&call);
        client_stop(&client);
        for (int i = 0; i < 4; i++)
                close(fill[i]);
        close(fd);
}

/* A lookup of 0.7 s, with its answer, its timeout and its cancellation. */
static void a_slow_name_does_not_block_the_loop(void **state)
{
        struct client client;
        struct call slow = {}, cancelled = {}, quick = {}, freed = {};
        usec_t start;

        (void)state;
        client_start(&client, &(struct http_options){});
        start = loop_monotonic(client.loop);
        call_send(&slow, &client, "http://a.slow.test/",
                  &(struct http_request){ .connect_timeout = 100 * USEC_PER_MSEC });
        call_send(&cancelled, &client, "http://b.slow.test/", &(struct http_request){});
        call_send(&freed, &client, "http://c.slow.test/", &(struct http_request){});
        client.open--; /* the last one will not be answered */
        call_send(&quick, &client, "/ok", &(struct http_request){});
        quick.cancels = &cancelled;
        client_run(&client);
        assert_int_equal(quick.outcome, HTTP_ANSWERED);
        assert_int_equal(slow.outcome, HTTP_UNSENT);
        assert_int_equal(cancelled.calls, 0);
        call_done(&slow);
        call_done(&cancelled);
        call_done(&quick);
        client.http = http_free(client.http);
        assert_true(loop_monotonic(client.loop) - start < 500 * USEC_PER_MSEC);
        client_stop(&client);
        call_done(&freed);
        assert_int_equal(freed.calls, 0);
        usleep(700000); /* for the leak checker: the threads free what they hold */
}

static void no_proxy_ignores_the_environment(void **state)
{
        _cleanup_free_ char *proxy = NULL;
        struct client client;
        struct call by_proxy = {}, direct = {};
        int port, fd = listen_somewhere(1, &port);

        (void)state;
        close(fd);
        proxy = xasprintf("http://127.0.0.1:%d", port);
        setenv("http_proxy", proxy, 1);
        client_start(&client, &(struct http_options){});
        call_send(&by_proxy, &client, "/ok", &(struct http_request){});
        call_send(&direct, &client, "/ok", &(struct http_request){ .no_proxy = true });
        client_run(&client);
        assert_int_equal(by_proxy.outcome, HTTP_UNSENT);
        assert_int_equal(direct.outcome, HTTP_ANSWERED);
        call_done(&by_proxy);
        call_done(&direct);
        client_stop(&client);
        unsetenv("http_proxy");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_outcome_shows_whether_a_server_may_have_acted),
                cmocka_unit_test(a_reply_has_status_headers_and_body),
                cmocka_unit_test(the_largest_body_is_accepted),
                cmocka_unit_test(a_request_is_sent_as_given),
                cmocka_unit_test(a_large_body_is_sent_whole),
                cmocka_unit_test(a_header_with_a_line_break_is_not_sent),
                cmocka_unit_test(a_refused_connection_is_unsent),
                cmocka_unit_test(a_connection_that_does_not_complete_is_unsent),
                cmocka_unit_test(a_dead_ipv6_address_costs_a_fraction_of_a_second),
                cmocka_unit_test(a_slow_name_does_not_block_the_loop),
                cmocka_unit_test(no_proxy_ignores_the_environment),
        };

        unsetenv("http_proxy");
        unsetenv("all_proxy");
        unsetenv("ALL_PROXY");
        return cmocka_run_group_tests(tests, NULL, NULL);
}
