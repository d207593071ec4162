/* Verification of certificates. */
#include "client.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

extern char **environ;

/* A folder with a certificate for good.test and its authority. The TLS server is openssl(1), so
 * that the tests need no TLS library. */
static char directory[] = "/tmp/amid-tls-XXXXXX";
static char *certificate, *key;
static pid_t server_pid;
static int server_port;

/* Starts a command, split at blanks, without input and output. */
static pid_t start(const char *command)
{
        posix_spawn_file_actions_t actions;
        size_t n;
        char **words = strings_split(command, " ", &n);
        pid_t pid;

        *append(words, n) = NULL;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
        assert_int_equal(posix_spawnp(&pid, words[0], &actions, NULL, words, environ), 0);
        posix_spawn_file_actions_destroy(&actions);
        strings_free(words, n);
        return pid;
}

static void wait_for_port(int port)
{
        struct sockaddr_in address = { .sin_family = AF_INET };

        address.sin_port = htons((uint16_t)port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        for (int i = 0; i < 1000; i++) {
                _cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

                if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
                        return;
                usleep(10000);
        }
        fail_msg("openssl s_server does not listen");
}

static int set_up(void **state)
{
        _cleanup_free_ char *make = NULL, *serve = NULL;
        int status = -1;
        pid_t pid;

        (void)state;
        assert_non_null(mkdtemp(directory));
        certificate = xasprintf("%s/certificate", directory);
        key = xasprintf("%s/key", directory);
        make = xasprintf("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
                         "-days 2 -subj /CN=good.test -addext subjectAltName=DNS:good.test "
                         "-keyout %s -out %s",
                         key, certificate);
        pid = start(make);
        waitpid(pid, &status, 0);
        assert_int_equal(status, 0);
        close(listen_somewhere(1, &server_port)); /* a port that is free now */
        serve = xasprintf("openssl s_server -accept 127.0.0.1:%d -cert %s -key %s -www -quiet",
                          server_port, certificate, key);
        server_pid = start(serve);
        wait_for_port(server_port);
        return 0;
}

static int tear_down(void **state)
{
        (void)state;
        kill(server_pid, SIGKILL);
        waitpid(server_pid, NULL, 0);
        unlink(certificate);
        unlink(key);
        rmdir(directory);
        free(certificate);
        free(key);
        return 0;
}

static void only_a_valid_certificate_is_accepted(void **state)
{
        static const struct {
                int line;
                const char *host;
                bool our_authority;
                enum http_outcome outcome;
        } rows[] = {
                { __LINE__, "good.test", true, HTTP_ANSWERED },
                { __LINE__, "good.test", false, HTTP_UNSENT },  /* unknown authority */
                { __LINE__, "other.test", true, HTTP_UNSENT },  /* wrong name */
                { __LINE__, "127.0.0.1", true, HTTP_UNSENT },   /* an address is no name of it */
                { __LINE__, "other.test", false, HTTP_UNSENT }, /* both */
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *url = xasprintf("https://%s:%d/", rows[i].host, server_port);
                struct client client;
                struct call call = {};

                client_start(&client, &(struct http_options){ .ca_bundle = rows[i].our_authority
                                                                                   ? certificate
                                                                                   : NULL });
                call_send(&call, &client, url, &(struct http_request){});
                client_run(&client);
                if (call.outcome != rows[i].outcome)
                        fail_msg("line %d: outcome %u: %s", rows[i].line, call.outcome, call.error);
                if (call.outcome == HTTP_ANSWERED)
                        assert_int_equal(call.status, 200);
                call_done(&call);
                client_stop(&client);
        }
}

static void a_missing_bundle_fails_the_request(void **state)
{
        _cleanup_free_ char *url = xasprintf("https://good.test:%d/", server_port);
        struct client client;
        struct call call = {};

        (void)state;
        client_start(&client, &(struct http_options){ .ca_bundle = "/nonexistent/bundle" });
        call_send(&call, &client, url, &(struct http_request){});
        client_run(&client);
        assert_int_equal(call.outcome, HTTP_UNSENT);
        call_done(&call);
        client_stop(&client);
}

/* Servers that speak another protocol than TLS, or close at once. */
static void a_server_without_tls_fails_the_request(void **state)
{
        struct client client;
        struct call plain = {}, silent = {};
        _cleanup_free_ char *plain_url = NULL, *silent_url = NULL;
        int port, fd = listen_somewhere(4, &port);

        (void)state;
        client_start(&client, &(struct http_options){ .ca_bundle = certificate });
        silent_url = xasprintf("https://good.test:%d/", port);
        plain_url = xasprintf("https://good.test:%d/garbage", client.server->port);
        call_send(&plain, &client, plain_url,
                  &(struct http_request){ .timeout = 150 * USEC_PER_MSEC });
        call_send(&silent, &client, silent_url,
                  &(struct http_request){ .connect_timeout = 150 * USEC_PER_MSEC });
        client_run(&client);
        assert_int_equal(plain.outcome, HTTP_UNSENT);
        assert_int_equal(silent.outcome, HTTP_UNSENT);
        call_done(&plain);
        call_done(&silent);
        client_stop(&client);
        close(fd);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(only_a_valid_certificate_is_accepted),
                cmocka_unit_test(a_missing_bundle_fails_the_request),
                cmocka_unit_test(a_server_without_tls_fails_the_request),
        };

        unsetenv("https_proxy");
        unsetenv("HTTPS_PROXY");
        unsetenv("all_proxy");
        unsetenv("ALL_PROXY");
        return cmocka_run_group_tests(tests, set_up, tear_down);
}
