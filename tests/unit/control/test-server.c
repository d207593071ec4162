/* The socket: peers, limits, and its file. */
#include "unit/control/fixture.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "control/client.h"

static struct control *serve(struct fixture *fixture)
{
        _cleanup_free_ char *error = NULL;
        struct control *control = NULL;

        if (control_new(&fixture->options, &control, &error) < 0)
                fail_msg("control_new: %s", error);
        return control;
}

static int dial(const char *path)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

        snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
        assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        return fd;
}

static void send_text(int fd, const char *call)
{
        assert_int_equal(send(fd, call, strlen(call) + 1, 0), strlen(call) + 1);
}

/* The received text; "": nothing; "closed": the end of the connection. */
static const char *received(int fd, char buffer[static 4096])
{
        ssize_t n = recv(fd, buffer, 4095, MSG_DONTWAIT);

        if (n == 0)
                return "closed";
        buffer[n > 0 ? n : 0] = '\0';
        return buffer;
}

static void the_socket_is_removed_at_the_end(void **state)
{
        struct fixture *fixture = *state;
        struct control *control = serve(fixture);
        struct stat st;

        assert_int_equal(lstat(fixture->path, &st), 0);
        assert_true(S_ISSOCK(st.st_mode));
        assert_int_equal(st.st_mode & 0777, 0666);
        control_free(control);
        assert_int_equal(lstat(fixture->path, &st), -1);
}

static void check_refused(struct fixture *fixture, int expected, const char *word)
{
        _cleanup_free_ char *error = NULL;
        struct control *control = NULL;

        assert_int_equal(control_new(&fixture->options, &control, &error), expected);
        if (!strstr(error, word))
                fail_msg("no '%s' in: %s", word, error);
}

static void a_path_that_cannot_be_used_is_reported(void **state)
{
        struct fixture *fixture = *state;
        struct control *control = serve(fixture);
        char long_path[200];
        int fd;

        check_refused(fixture, -EADDRINUSE, "Another amid answers there");
        assert_int_equal(access(fixture->path, F_OK), 0);
        control_free(control);
        fd = open(fixture->path, O_CREAT | O_WRONLY, 0600);
        close(fd);
        check_refused(fixture, -EEXIST, "not a socket");
        assert_int_equal(unlink(fixture->path), 0);
        memset(long_path, 'x', sizeof(long_path) - 1);
        long_path[sizeof(long_path) - 1] = '\0';
        fixture->options.path = long_path;
        check_refused(fixture, -ENAMETOOLONG, "shorter path");
        fixture->options.path = "/nonexistent/deep/control";
        check_refused(fixture, -ENOENT, "RuntimeDirectory=");
}

/* A killed daemon leaves its socket. */
static void the_socket_of_a_killed_daemon_is_replaced(void **state)
{
        struct fixture *fixture = *state;
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);

        snprintf(address.sun_path, sizeof(address.sun_path), "%s", fixture->path);
        assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        close(fd);
        control_free(serve(fixture));
        assert_int_equal(access(fixture->path, F_OK), -1);
}

/* Another daemon has replaced the socket. */
static void the_socket_of_another_daemon_stays(void **state)
{
        struct fixture *fixture = *state;
        struct control *first = serve(fixture), *second;

        unlink(fixture->path);
        second = serve(fixture);
        control_free(first);
        assert_int_equal(access(fixture->path, F_OK), 0);
        control_free(second);
}

static void a_call_is_answered(void **state)
{
        struct fixture *fixture = *state;
        struct control *control = serve(fixture);
        int fd = dial(fixture->path);
        char buffer[4096];

        send_text(fd, "{\"method\":\"io.amid.Manager.Adopt\"}");
        fixture_turn(fixture);
        assert_string_equal(received(fd, buffer), "{\"parameters\":{\"run\":\"adopt.1\"}}");
        assert_string_equal(received(fd, buffer), "");
        send_text(fd, "nonsense");
        fixture_turn(fixture);
        assert_string_equal(received(fd, buffer), "closed");
        close(fd);
        control_free(control);
}

/* A peer sends a call and closes its side for writing. */
static void a_half_closed_connection_gets_its_answer(void **state)
{
        struct fixture *fixture = *state;
        struct control *control = serve(fixture);
        int fd = dial(fixture->path);
        char buffer[4096];

        send_text(fd, "{\"method\":\"io.amid.Manager.Adopt\"}");
        shutdown(fd, SHUT_WR);
        fixture_turn(fixture);
        assert_string_equal(received(fd, buffer), "{\"parameters\":{\"run\":\"adopt.1\"}}");
        assert_string_equal(received(fd, buffer), "closed");
        close(fd);
        control_free(control);
}

static void a_watcher_that_leaves_frees_its_connection(void **state)
{
        struct fixture *fixture = *state;
        struct control *control = serve(fixture);
        int fd = dial(fixture->path);

        send_text(fd, "{\"method\":\"io.amid.Manager.Watch\",\"more\":true}");
        fixture_turn(fixture);
        assert_int_equal(fixture->manager.n_watches, 1);
        close(fd);
        fixture_turn(fixture);
        assert_int_equal(fixture->manager.n_watches, 0);
        control_free(control);
}

static void connections_beyond_the_limit_are_refused(void **state)
{
        struct fixture *fixture = *state;
        struct control *control = serve(fixture);
        int fds[CONTROL_CONNECTIONS_MAX + 1];
        char buffer[4096];

        for (size_t i = 0; i < ELEMENTS(fds); i++) {
                fds[i] = dial(fixture->path);
                if (i % 16 == 0)
                        fixture_turn(fixture);
        }
        fixture_turn(fixture);
        assert_non_null(
                strstr(received(fds[CONTROL_CONNECTIONS_MAX], buffer), "Too many connections"));
        assert_string_equal(received(fds[0], buffer), "");
        close(fds[0]); /* makes room for one */
        fixture_turn(fixture);
        close(fds[CONTROL_CONNECTIONS_MAX]);
        fds[0] = dial(fixture->path);
        send_text(fds[0], "{\"method\":\"io.amid.Manager.Adopt\"}");
        fixture_turn(fixture);
        assert_non_null(strstr(received(fds[0], buffer), "adopt.1"));
        for (size_t i = 0; i < CONTROL_CONNECTIONS_MAX; i++)
                close(fds[i]);
        control_free(control);
}

static void leave(void *userdata)
{
        loop_exit(userdata, 0);
}

/* An untrusted peer with many connections: others still find room, and it may change nothing. */
static void be_stranger(struct fixture *fixture)
{
        int fds[CONTROL_CONNECTIONS_STRANGERS + 1];
        char buffer[4096];
        bool good;

        if (setgroups(0, NULL) < 0 || setgid(65534) < 0 || setuid(65534) < 0)
                _exit(9);
        for (size_t i = 0; i < ELEMENTS(fds); i++)
                fds[i] = dial(fixture->path);
        fcntl(fds[0], F_SETFL, 0);
        fcntl(fds[CONTROL_CONNECTIONS_STRANGERS], F_SETFL, 0);
        send_text(fds[0], "{\"method\":\"io.amid.Manager.Adopt\"}");
        buffer[recv(fds[0], buffer, 4000, 0)] = '\0';
        good = strstr(buffer, "PermissionDenied") && strstr(buffer, "group amid");
        buffer[recv(fds[CONTROL_CONNECTIONS_STRANGERS], buffer, 4000, 0)] = '\0';
        _exit(good && strstr(buffer, "Too many") ? 0 : 1);
}

static void an_untrusted_peer_may_only_introspect(void **state)
{
        struct fixture *fixture = *state;
        struct control *control;
        struct timer *timer;
        pid_t child;
        int status;

        if (geteuid() != 0)
                skip();
        control = serve(fixture);
        assert_int_equal(chmod(fixture->directory, 0755), 0);
        child = fork();
        if (child == 0)
                be_stranger(fixture);
        timer = timer_new(fixture->loop, leave, fixture->loop);
        timer_arm(timer, 300 * USEC_PER_MSEC);
        loop_run(fixture->loop);
        timer_free(timer);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        assert_null(fixture->manager.last_call);
        control_free(control);
}

/* The client of amictl, in a process of its own because it blocks. */
static void be_client(const char *path)
{
        struct client_answer answer = {};
        struct client *client = NULL;
        char *error = NULL;
        bool good;

        if (client_connect(path, &client, &error) < 0)
                _exit(2);
        client_call(client, "Adopt", NULL, false);
        client_next(client, &answer);
        good = answer.outcome == CLIENT_ANSWER && !answer.more &&
               streq(cJSON_GetStringValue(cJSON_GetObjectItem(answer.parameters, "run")),
                     "adopt.1");
        client_answer_done(&answer);
        client_call(client, "Show", NULL, false);
        client_next(client, &answer);
        good = good && answer.outcome == CLIENT_REFUSED &&
               strstr(answer.message, "{\"parameter\":\"run\"}");
        client_answer_done(&answer);
        _exit(good ? 0 : 1);
}

static void the_client_gets_answers_and_refusals(void **state)
{
        struct fixture *fixture = *state;
        struct control *control = serve(fixture);
        struct timer *timer = timer_new(fixture->loop, leave, fixture->loop);
        pid_t child = fork();
        int status;

        if (child == 0)
                be_client(fixture->path);
        timer_arm(timer, 300 * USEC_PER_MSEC);
        loop_run(fixture->loop);
        timer_free(timer);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        control_free(control);
}

static void the_client_reports_a_missing_daemon(void **state)
{
        struct fixture *fixture = *state;
        _cleanup_free_ char *error = NULL;
        struct client *client = NULL;

        assert_int_equal(client_connect(fixture->path, &client, &error), -ENOENT);
        assert_non_null(strstr(error, "systemctl status amid"));
}

static void the_default_path_follows_the_environment(void **state)
{
        static const struct {
                const char *directory, *path;
        } rows[] = { { NULL, "/run/amid/control" },
                     { "", "/run/amid/control" },
                     { "/run/other", "/run/other/control" },
                     { "/run/a:/run/b", "/run/a/control" } };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *path = NULL;

                unsetenv("RUNTIME_DIRECTORY");
                if (rows[i].directory)
                        setenv("RUNTIME_DIRECTORY", rows[i].directory, 1);
                path = control_default_path();
                assert_string_equal(path, rows[i].path);
        }
        unsetenv("RUNTIME_DIRECTORY");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_make, fixture_remove)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(the_socket_is_removed_at_the_end),
                TEST(a_path_that_cannot_be_used_is_reported),
                TEST(the_socket_of_a_killed_daemon_is_replaced),
                TEST(the_socket_of_another_daemon_stays),
                TEST(a_call_is_answered),
                TEST(a_half_closed_connection_gets_its_answer),
                TEST(a_watcher_that_leaves_frees_its_connection),
                TEST(connections_beyond_the_limit_are_refused),
                TEST(an_untrusted_peer_may_only_introspect),
                TEST(the_client_gets_answers_and_refusals),
                TEST(the_client_reports_a_missing_daemon),
                cmocka_unit_test(the_default_path_follows_the_environment),
        };

        return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
