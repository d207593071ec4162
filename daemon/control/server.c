/* The listening socket and its connections. */
#include "control/control.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "control/address.h"
#include "control/interface.h"
#include "control/methods.h"
#include "control/peer.h"
#include "control/session.h"

enum {
        BACKLOG = 64,
        READ_AT_ONCE = 16384,
};
static const usec_t accept_pause = USEC_PER_SEC; /* after EMFILE */
/* Limits for lines about peers in the journal, since every user can connect. */
enum { LINES_MAX = 10 };
static const usec_t lines_each = 60 * USEC_PER_SEC;

struct connection {
        struct control *control;
        struct connection *next;
        struct peer peer;
        int fd;
        struct io *io;
        struct session *session;
        bool gone; /* the peer closed, or sending failed */
};

struct control {
        struct control_options options;
        struct connection *connections;
        size_t n_connections;
        gid_t group;        /* the group `amid` */
        usec_t lines_since; /* when the first of n_lines was logged */
        unsigned int n_lines;
        int fd;
        struct io *io;
        struct timer *sweep;  /* frees ended connections, outside of their callbacks */
        struct timer *resume; /* accepts again after accept_pause */
        char *path;
        dev_t device; /* of this daemon's socket, since another socket must not be removed */
        ino_t inode;
};

/* ---- connections ---- */

static void connection_free(struct connection *connection)
{
        io_free(connection->io);
        session_free(connection->session);
        close(connection->fd);
        free(connection);
}

/* Whether a line about a peer may be logged. Reaching the limit logs that further lines are left
 * out. */
static bool take_line(struct control *control)
{
        usec_t now = loop_monotonic(control->options.loop);

        if (!control->n_lines || now - control->lines_since >= lines_each) {
                control->lines_since = now;
                control->n_lines = 0;
        }
        if (++control->n_lines == LINES_MAX)
                log_line(LOG_WARNING, NULL,
                         "The control socket is flooded; more of this is not logged for a while.");
        return control->n_lines < LINES_MAX;
}

static bool connection_is_over(const struct connection *connection)
{
        return connection->gone || session_is_over(connection->session);
}

static void on_sweep(void *userdata)
{
        struct control *control = userdata;
        struct connection **link = &control->connections;

        while (*link) {
                struct connection *connection = *link;
                const char *broke = session_broke(connection->session);

                if (!connection_is_over(connection)) {
                        link = &connection->next;
                        continue;
                }
                if (broke && take_line(control)) {
                        _cleanup_free_ char *who = peer_describe(&connection->peer);

                        log_line(LOG_NOTICE, NULL, "Closed the control connection of %s: %s.", who,
                                 broke);
                }
                *link = connection->next;
                control->n_connections--;
                connection_free(connection);
        }
}

static void on_wake(void *userdata)
{
        struct connection *connection = userdata;
        const char *output;
        bool writes;

        if (connection_is_over(connection)) {
                /* A hang-up is reported again and again; arming again each time would delay the
                 * sweep. */
                if (!timer_is_armed(connection->control->sweep))
                        timer_arm(connection->control->sweep, 0);
                io_set_events(connection->io, 0);
                return;
        }
        writes = session_output(connection->session, &output) > 0;
        io_set_events(connection->io,
                      (writes ? IO_WRITE : 0U) |
                              (session_wants_input(connection->session) ? IO_READ : 0U));
}

static void read_some(struct connection *connection)
{
        char buffer[READ_AT_ONCE];
        ssize_t n = recv(connection->fd, buffer, sizeof(buffer), MSG_DONTWAIT);

        if (n > 0)
                session_input(connection->session, buffer, (size_t)n);
        else if (n == 0)
                session_end_input(connection->session);
        else if (errno != EAGAIN && errno != EINTR)
                connection->gone = true;
}

static void write_some(struct connection *connection)
{
        const char *output;
        size_t size = session_output(connection->session, &output);
        ssize_t n = send(connection->fd, output, size, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (n >= 0)
                session_sent(connection->session, (size_t)n);
        else if (errno != EAGAIN && errno != EINTR)
                connection->gone = true;
}

static void on_connection(int fd, unsigned int events, void *userdata)
{
        struct connection *connection = userdata;

        (void)fd;
        if (events & IO_WRITE)
                write_some(connection);
        if (events & IO_READ)
                read_some(connection);
        /* Calls that the peer sent before it closed are still carried out. */
        if ((events & IO_HANGUP) && !(events & IO_READ))
                connection->gone = true;
        on_wake(connection);
}

/* ---- accepting ---- */

static void turn_away(int fd)
{
        static const char reply[] = "{\"error\":\"" MANAGER_INTERFACE ".Busy\",\"parameters\":{"
                                    "\"message\":\"Too many connections; try again.\"}}";

        (void)send(fd, reply, sizeof(reply), MSG_DONTWAIT | MSG_NOSIGNAL);
        close(fd);
}

/* Whether the peer may have another connection. Some connections are reserved for root and the user
 * of the daemon. */
static bool has_room_for(const struct control *control, const struct peer *peer)
{
        size_t others = 0, of_user = 0, strangers = 0;

        if (peer->reserved)
                return control->n_connections < CONTROL_CONNECTIONS_MAX;
        for (const struct connection *c = control->connections; c; c = c->next) {
                others += !c->peer.reserved;
                strangers += !c->peer.trusted;
                of_user += c->peer.uid == peer->uid;
        }
        return others < CONTROL_CONNECTIONS_OTHERS && of_user < CONTROL_CONNECTIONS_USER &&
               control->n_connections < CONTROL_CONNECTIONS_MAX &&
               (peer->trusted || strangers < CONTROL_CONNECTIONS_STRANGERS);
}

static void connection_new(struct control *control, int fd)
{
        struct connection *connection;
        struct peer peer;

        if (peer_read(fd, control->group, &peer) < 0 || !has_room_for(control, &peer)) {
                turn_away(fd);
                return;
        }
        connection = xnew(struct connection);
        connection->control = control;
        connection->peer = peer;
        connection->fd = fd;
        connection->session = session_new(&control->options, methods, &peer, on_wake, connection);
        if (io_new(control->options.loop, fd, IO_READ, on_connection, connection, &connection->io) <
            0) {
                connection_free(connection);
                return;
        }
        connection->next = control->connections;
        control->connections = connection;
        control->n_connections++;
}

static void on_resume(void *userdata)
{
        struct control *control = userdata;

        io_set_events(control->io, IO_READ);
}

/* Accepts one connection per turn of the loop, so that a flood of connections does not block
 * others. */
static void on_accept(int listening, unsigned int events, void *userdata)
{
        struct control *control = userdata;
        int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        (void)events;
        if (fd >= 0) {
                connection_new(control, fd);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
                int error = errno;

                if (take_line(control))
                        log_line(LOG_WARNING, NULL, "Cannot accept a control connection: %s.",
                                 strerror(error));
                io_set_events(control->io, 0);
                timer_arm(control->resume, accept_pause);
        }
}

/* ---- the socket ---- */

/* Whether the address has a listener. */
static bool has_listener(const struct sockaddr_un *address)
{
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        return fd >= 0 && (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
                           errno == EAGAIN);
}

static int bind_socket(struct control *control, const struct sockaddr_un *address)
{
        struct stat st;

        if (lstat(control->path, &st) == 0) {
                if (!S_ISSOCK(st.st_mode))
                        return -EEXIST;
                if (has_listener(address))
                        return -EADDRINUSE;
                if (unlink(control->path) < 0)
                        return -errno;
        }
        if (bind(control->fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ||
            lstat(control->path, &st) < 0)
                return -errno;
        control->device = st.st_dev;
        control->inode = st.st_ino;
        /* All users may connect; the credentials of the peer decide about its rights. */
        if (chmod(control->path, 0666) < 0 || listen(control->fd, BACKLOG) < 0)
                return -errno;
        return 0;
}

static int open_socket(struct control *control)
{
        struct sockaddr_un address;
        _cleanup_free_ char *directory = xstrdup(control->path);
        char *slash = strrchr(directory, '/');
        int r = address_of(control->path, &address);

        if (r < 0)
                return r;
        if (slash && slash != directory) {
                *slash = '\0';
                if (mkdir(directory, 0755) < 0 && errno != EEXIST)
                        return -errno;
        }
        control->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (control->fd < 0)
                return -errno;
        r = bind_socket(control, &address);
        if (r < 0)
                return r;
        return io_new(control->options.loop, control->fd, IO_READ, on_accept, control,
                      &control->io);
}

static const char *remedy(int r)
{
        return r == -EADDRINUSE ? "Another amid answers there: stop it, or set $RUNTIME_DIRECTORY."
               : r == -EEXIST   ? "Something that is not a socket is in the way: move it away."
               : r == -ENAMETOOLONG
                       ? "Set $RUNTIME_DIRECTORY to a shorter path."
                       : "systemd makes the directory with RuntimeDirectory=; elsewhere "
                         "set $RUNTIME_DIRECTORY to one that amid may write to.";
}

int control_new(const struct control_options *options, struct control **ret, char **ret_error)
{
        _cleanup_(control_freep) struct control *control = xnew(struct control);
        int r;

        control->options = *options;
        control->path = xstrdup(options->path);
        control->options.path = control->path;
        control->fd = -1;
        control_reload(control);
        control->sweep = timer_new(options->loop, on_sweep, control);
        control->resume = timer_new(options->loop, on_resume, control);
        r = open_socket(control);
        if (r < 0) {
                *ret_error = xasprintf("Cannot listen on %s: %s. %s", options->path, strerror(-r),
                                       remedy(r));
                return r;
        }
        *ret = steal(control);
        return 0;
}

void control_reload(struct control *control)
{
        control->group = peer_group();
}

struct control *control_free(struct control *control)
{
        struct stat st;

        if (!control)
                return NULL;
        while (control->connections) {
                struct connection *connection = control->connections;

                control->connections = connection->next;
                connection_free(connection);
        }
        io_free(control->io);
        timer_free(control->sweep);
        timer_free(control->resume);
        if (control->inode && lstat(control->path, &st) == 0 && st.st_dev == control->device &&
            st.st_ino == control->inode)
                unlink(control->path);
        if (control->fd >= 0)
                close(control->fd);
        free(control->path);
        free(control);
        return NULL;
}
