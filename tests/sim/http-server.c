/* The connections of the HTTP server: receiving requests, sending answers. */
#include "sim/http-server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/text.h"
#include "sim/http-date.h"

enum { READ_CHUNK = 16 * 1024, BACKLOG = 256, DRIPS = 20 };

struct connection {
        struct http_server *server;
        struct connection *next, *previous; /* server.connections */
        struct io *io;
        struct timer *timer;
        int fd;
        uint64_t number;
        char *in; /* received, not yet a request */
        size_t in_size;
        char *out; /* the answer being sent; NULL: none */
        size_t out_size, sent;
        size_t allowed; /* how much of it may go out already */
        size_t drop;    /* more per tick of a slow answer */
        usec_t tick;
        bool close_after; /* when the answer is out */
};

struct http_server {
        struct loop *loop;
        http_handler_fn *handler;
        void *userdata;
        struct io *io;
        int fd;
        struct connection *connections;
        size_t n_connections;
        uint64_t n_accepted;
};

static void connection_free(struct connection *connection)
{
        struct http_server *server = connection->server;

        if (connection->previous)
                connection->previous->next = connection->next;
        else
                server->connections = connection->next;
        if (connection->next)
                connection->next->previous = connection->previous;
        server->n_connections--;
        io_free(connection->io);
        timer_free(connection->timer);
        close(connection->fd);
        free(connection->in);
        free(connection->out);
        free(connection);
}

/* ---- answering ---- */

static const char *reason_of(int status)
{
        static const struct {
                int status;
                const char *reason;
        } reasons[] = {
                { 200, "OK" },
                { 400, "Bad Request" },
                { 401, "Unauthorized" },
                { 403, "Forbidden" },
                { 404, "Not Found" },
                { 405, "Method Not Allowed" },
                { 412, "Precondition Failed" },
                { 413, "Payload Too Large" },
                { 431, "Request Header Fields Too Large" },
                { 500, "Internal Server Error" },
                { 501, "Not Implemented" },
                { 502, "Bad Gateway" },
                { 503, "Service Unavailable" },
                { 505, "HTTP Version Not Supported" },
        };

        for (size_t i = 0; i < ELEMENTS(reasons); i++)
                if (reasons[i].status == status)
                        return reasons[i].reason;
        return "Other";
}

static void set_answer(struct connection *connection, const struct http_answer *answer)
{
        _cleanup_(text_done) struct text text = {};
        size_t body = answer->size;
        char date[TIME_TEXT_MAX];

        text_printf(&text, "HTTP/1.1 %d %s\r\n", answer->status, reason_of(answer->status));
        text_printf(&text, "Content-Type: %s\r\n",
                    answer->content_type ? answer->content_type : "text/plain");
        if (*answer->request_id)
                text_printf(&text, "x-amzn-requestid: %s\r\n", answer->request_id);
        text_printf(&text, "Date: %s\r\n",
                    format_http_date(loop_wall(connection->server->loop), date));
        text_printf(&text, "Content-Length: %zu\r\nServer: AmazonEC2\r\n", body);
        if (connection->close_after)
                text_append(&text, "Connection: close\r\n");
        text_append(&text, "\r\n");
        if (answer->delivery == HTTP_TRUNCATED) {
                body /= 2;
                connection->close_after = true;
        }
        text_write(&text, answer->body, body);
        connection->out_size = text_size(&text);
        connection->out = text_steal(&text);
        connection->sent = 0;
}

static void start_sending(struct connection *connection, const struct http_answer *answer)
{
        connection->tick = 0;
        connection->allowed = connection->out_size;
        if (answer->delivery == HTTP_SLOWLY && answer->drip >= DRIPS) {
                connection->drop = connection->out_size / DRIPS + 1;
                connection->tick = answer->drip / DRIPS;
                connection->allowed = connection->drop;
        }
        if (answer->delay > 0) {
                connection->tick = answer->delay;
                connection->drop = connection->out_size;
                connection->allowed = 0;
        }
        if (connection->tick > 0)
                timer_arm(connection->timer, connection->tick);
        io_set_events(connection->io, connection->allowed ? IO_WRITE : 0);
}

/* Gives false when the connection is to be closed. */
static bool answer(struct connection *connection, struct http_answer *answer)
{
        bool stays = answer->delivery != HTTP_NOTHING;

        if (stays) {
                set_answer(connection, answer);
                start_sending(connection, answer);
        }
        free(answer->body);
        return stays;
}

static bool refuse(struct connection *connection, int status)
{
        connection->close_after = true;
        return answer(connection, &(struct http_answer){ .status = status });
}

/* ---- receiving ---- */

/* The size of the head with its empty line; 0: not all there yet. */
static size_t head_size(const char *data, size_t size)
{
        const char *end = memmem(data, size, "\r\n\r\n", 4);
        const char *bare = memmem(data, size, "\n\n", 2);

        if (bare && (!end || bare < end))
                return (size_t)(bare - data) + 2;
        return end ? (size_t)(end - data) + 4 : 0;
}

static void forget(struct connection *connection, size_t size)
{
        connection->in_size -= size;
        memmove(connection->in, connection->in + size, connection->in_size);
}

static bool handle(struct connection *connection, struct http_request *request, size_t head,
                   size_t body)
{
        struct http_answer reply = { .status = 500 };
        const char *option = http_header(request, "connection");

        request->body = connection->in + head;
        request->size = body;
        request->connection = connection->number;
        connection->close_after = option && strcasecmp(option, "close") == 0;
        connection->server->handler(request, &reply, connection->server->userdata);
        forget(connection, head + body);
        return answer(connection, &reply);
}

/* Takes one request out of what came in, when it is all there. */
static bool take_request(struct connection *connection)
{
        size_t head = head_size(connection->in, connection->in_size), body = 0;
        _cleanup_(http_request_done) struct http_request request = {};
        int refused;

        if (!head)
                return connection->in_size <= HTTP_HEAD_MAX || refuse(connection, 431);
        if (head > HTTP_HEAD_MAX)
                return refuse(connection, 431);
        refused = http_parse_head(connection->in, head, &request);
        if (!refused)
                refused = http_body_size(&request, &body);
        if (refused)
                return refuse(connection, refused);
        if (connection->in_size < head + body) {
                const char *expect = http_header(&request, "expect");

                /* curl and botocore wait a second for this before a larger body. */
                if (expect && connection->in_size == head)
                        (void)send(connection->fd, "HTTP/1.1 100 Continue\r\n\r\n", 25,
                                   MSG_NOSIGNAL | MSG_DONTWAIT);
                return true;
        }
        return handle(connection, &request, head, body);
}

/* Gives false when the connection is to be closed. */
static bool receive(struct connection *connection)
{
        ssize_t n;

        connection->in = xrealloc(connection->in, connection->in_size + READ_CHUNK, 1);
        n = recv(connection->fd, connection->in + connection->in_size, READ_CHUNK, MSG_DONTWAIT);
        if (n < 0)
                return errno == EAGAIN || errno == EINTR;
        if (n == 0)
                return false;
        connection->in_size += (size_t)n;
        return take_request(connection);
}

static bool transmit(struct connection *connection)
{
        ssize_t n = send(connection->fd, connection->out + connection->sent,
                         connection->allowed - connection->sent, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0)
                return errno == EAGAIN || errno == EINTR;
        connection->sent += (size_t)n;
        if (connection->sent < connection->allowed)
                return true;
        io_set_events(connection->io, 0);
        if (connection->sent < connection->out_size)
                return true;
        free(steal(connection->out));
        if (connection->close_after)
                return false;
        io_set_events(connection->io, IO_READ);
        return !connection->in_size || take_request(connection);
}

static void on_tick(void *userdata)
{
        struct connection *connection = userdata;

        connection->allowed += connection->drop;
        if (connection->allowed >= connection->out_size)
                connection->allowed = connection->out_size;
        else
                timer_arm(connection->timer, connection->tick);
        io_set_events(connection->io, IO_WRITE);
}

static void on_io(int fd, unsigned int events, void *userdata)
{
        struct connection *connection = userdata;
        bool stays = !(events & IO_HANGUP);

        (void)fd;
        if (connection->out && events & IO_WRITE)
                stays = transmit(connection);
        else if (!connection->out && events & IO_READ)
                stays = receive(connection);
        if (!stays)
                connection_free(connection);
}

/* ---- accepting ---- */

/* Takes the descriptor out of a variable that would close it. */
static int take_fd(int *fd)
{
        int taken = *fd;

        *fd = -1;
        return taken;
}

static void on_accept(int fd, unsigned int events, void *userdata)
{
        struct http_server *server = userdata;
        _cleanup_close_ int client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        struct connection *connection;
        int one = 1;

        (void)events;
        if (client < 0 || server->n_connections == HTTP_CONNECTIONS_MAX)
                return;
        (void)setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        connection = xnew(struct connection);
        connection->server = server;
        connection->fd = take_fd(&client);
        connection->number = ++server->n_accepted;
        connection->next = server->connections;
        if (connection->next)
                connection->next->previous = connection;
        server->connections = connection;
        server->n_connections++;
        connection->timer = timer_new(server->loop, on_tick, connection);
        if (io_new(server->loop, connection->fd, IO_READ, on_io, connection, &connection->io) < 0)
                connection_free(connection);
}

static int listen_on(const char *address, uint16_t port, int *ret)
{
        struct sockaddr_in name = { .sin_family = AF_INET, .sin_port = htons(port) };
        _cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        int one = 1;

        if (fd < 0)
                return -errno;
        if (inet_pton(AF_INET, address, &name.sin_addr) != 1)
                return -EINVAL;
        if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
            bind(fd, (struct sockaddr *)&name, sizeof(name)) < 0 || listen(fd, BACKLOG) < 0)
                return -errno;
        *ret = take_fd(&fd);
        return 0;
}

int http_server_new(struct loop *loop, const char *address, uint16_t port, http_handler_fn *handler,
                    void *userdata, struct http_server **ret)
{
        _cleanup_(http_server_freep) struct http_server *server = xnew(struct http_server);
        int r;

        server->loop = loop;
        server->handler = handler;
        server->userdata = userdata;
        server->fd = -1;
        r = listen_on(address, port, &server->fd);
        if (r < 0)
                return r;
        r = io_new(loop, server->fd, IO_READ, on_accept, server, &server->io);
        if (r < 0)
                return r;
        *ret = steal(server);
        return 0;
}

struct http_server *http_server_free(struct http_server *server)
{
        if (!server)
                return NULL;
        for (struct connection *next, *connection = server->connections; connection;
             connection = next) {
                next = connection->next;
                connection_free(connection);
        }
        io_free(server->io);
        if (server->fd >= 0)
                close(server->fd);
        free(server);
        return NULL;
}

uint16_t http_server_port(const struct http_server *server)
{
        struct sockaddr_in name = {};
        socklen_t size = sizeof(name);

        return getsockname(server->fd, (struct sockaddr *)&name, &size) < 0 ? 0
                                                                            : ntohs(name.sin_port);
}
