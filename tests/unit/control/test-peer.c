/* Peers of the socket: their limits, groups, and names in the journal. */
#include "unit/control/fixture.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "control/peer.h"

enum { GROUP = 4242, FIRST_USER = 4300 };

static unsigned int lookups; /* of the group */

/* Replaces the function of libc. */
struct group *getgrnam(const char *name)
{
        static struct group group = { .gr_gid = GROUP };

        lookups++;
        return streq(name, "amid") ? &group : NULL;
}

static struct control *serve(struct fixture *fixture)
{
        struct control *control = NULL;
        char *error = NULL;

        assert_int_equal(control_new(&fixture->options, &control, &error), 0);
        return control;
}

static int dial(const char *path)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
        if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
                _exit(8);
        return fd;
}

/* Whether the daemon serves the connection, without the error about too many connections. */
static bool is_served(int fd)
{
        static const char call[] = "{\"method\":\"io.amid.Manager.Usage\"}";
        char buffer[4096] = "";
        ssize_t n;

        if (send(fd, call, sizeof(call), MSG_NOSIGNAL) < 0 && errno != EPIPE)
                _exit(7);
        n = recv(fd, buffer, sizeof(buffer) - 1, 0);
        return n > 0 && strstr(buffer, "buckets");
}

struct ends {
        int told[2];  /* a byte of each user whose connections are made */
        int until[2]; /* they stay until this is closed */
};

/* Starts a process of the user that opens `n` connections; its exit status is the number of served
 * ones. Returns after all are open. */
static pid_t start_user(struct fixture *fixture, unsigned int user, unsigned int group, int n,
                        const struct ends *ends)
{
        struct pollfd made = { .fd = ends->told[0], .events = POLLIN };
        pid_t child = fork();
        char byte;
        int served = 0;

        if (child != 0) {
                for (int turns = 0; turns < 1500 && poll(&made, 1, 0) == 0; turns++)
                        fixture_turn(fixture);
                assert_int_equal(poll(&made, 1, 0), 1);
                assert_int_equal(read(made.fd, &byte, 1), 1);
                return child;
        }
        alarm(30);
        if (user && (setgroups(0, NULL) < 0 || setgid(group) < 0 || setuid(user) < 0))
                _exit(9);
        for (int i = 0; i < n; i++)
                served += is_served(dial(fixture->path));
        (void)!write(ends->told[1], "", 1);
        close(ends->until[1]);
        (void)!read(ends->until[0], &byte, 1);
        _exit(served);
}

static int status_of(pid_t child)
{
        int status;

        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        return WEXITSTATUS(status);
}

static void idle_clients_do_not_lock_root_out(void **state)
{
        struct fixture *fixture = *state;
        struct control *control;
        pid_t users[5], stranger, root;
        struct ends ends;

        if (geteuid() != 0)
                skip();
        control = serve(fixture);
        assert_int_equal(chmod(fixture->directory, 0755), 0);
        assert_int_equal(pipe(ends.told), 0);
        assert_int_equal(pipe(ends.until), 0);
        stranger = start_user(fixture, FIRST_USER, FIRST_USER, 20, &ends);
        for (unsigned int i = 0; i < ELEMENTS(users); i++)
                users[i] = start_user(fixture, FIRST_USER + 1 + i, GROUP, 20, &ends);
        root = start_user(fixture, 0, 0, 20, &ends);
        close(ends.until[1]);
        assert_int_equal(status_of(stranger), 0); /* not even what all may ask is answered so */
        assert_int_equal(status_of(users[0]), CONTROL_CONNECTIONS_USER);
        assert_int_equal(status_of(users[1]), CONTROL_CONNECTIONS_USER);
        for (size_t i = 2; i < ELEMENTS(users); i++) /* 48 are taken by others than root */
                assert_int_equal(status_of(users[i]), 0);
        assert_int_equal(status_of(root), CONTROL_CONNECTIONS_MAX - CONTROL_CONNECTIONS_OTHERS);
        close(ends.until[0]);
        close(ends.told[0]);
        close(ends.told[1]);
        control_free(control);
}

static void the_group_is_looked_up_at_a_reload_only(void **state)
{
        struct fixture *fixture = *state;
        struct control *control;

        lookups = 0;
        control = serve(fixture);
        for (int i = 0; i < 30; i++) {
                close(dial(fixture->path));
                fixture_turn(fixture);
        }
        assert_int_equal(lookups, 1);
        control_reload(control);
        assert_int_equal(lookups, 2);
        control_free(control);
}

static void a_user_is_named(void **state)
{
        const struct {
                unsigned int uid;
                const char *who;
        } rows[] = {
                { 0, "root (user 0, process 7)" },
                { 3999999999U, "User 3999999999 (process 7)" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *who =
                        peer_describe(&(struct peer){ .uid = rows[i].uid, .pid = 7 });

                assert_string_equal(who, rows[i].who);
        }
}

/* A user outside of the namespace has no name. */
static void nobody_knows_a_user_from_outside_of_a_user_namespace(void **state)
{
        enum { NOT_ALLOWED = 2 };
        pid_t child = fork();
        int status;

        (void)state;
        if (child == 0) {
                _cleanup_free_ char *who = NULL;

                if (unshare(CLONE_NEWUSER) < 0)
                        _exit(NOT_ALLOWED);
                who = peer_describe(&(struct peer){ .uid = 65534, .pid = 7 });
                _exit(strstr(who, "PrivateUsers=") ? 0 : 1);
        }
        status = status_of(child);
        if (status == NOT_ALLOWED)
                skip();
        assert_int_equal(status, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_make, fixture_remove)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(idle_clients_do_not_lock_root_out),
                TEST(the_group_is_looked_up_at_a_reload_only),
                cmocka_unit_test(a_user_is_named),
                cmocka_unit_test(nobody_knows_a_user_from_outside_of_a_user_namespace),
        };

        return cmocka_run_group_tests_name("peer", tests, NULL, NULL);
}
