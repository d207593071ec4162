/*
 * A scripted HTTP server for the tests of http/, with a thread per connection. The path of a
 * request chooses its answer. The server counts connections and requests.
 */
#pragma once

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/text.h"

struct server {
        int fd, port;
        pthread_t thread, connection_threads[4096];
        int n_threads;
        atomic_int connections, requests, open, peak;
};

struct connection {
        struct server *server;
        int fd;
        char *request; /* head and body of the last one */
        bool stale;
};

struct script {
        const char *path;
        bool (*play)(struct connection *); /* false: the connection ends */
};

static bool put(int fd, const char *text)
{
        size_t size = strlen(text);

        return send(fd, text, size, MSG_NOSIGNAL) == (ssize_t)size;
}

#define REPLY(status, headers, length, body)                                                       \
        "HTTP/1.1 " status "\r\n" headers "Content-Length: " length "\r\n\r\n" body

static bool play_ok(struct connection *c)
{
        return put(c->fd, REPLY("200 OK",
                                "Date: Mon, 04 Jan 2027 00:00:00 GMT\r\nContent-Type: text/xml\r\n"
                                "X-Amzn-RequestID: id-1\r\nRetry-After: 7\r\n",
                                "5", "hello"));
}

static bool play_503(struct connection *c)
{
        return put(c->fd, REPLY("503 Busy", "", "4", "busy"));
}

static bool play_redirect(struct connection *c)
{
        return put(c->fd, REPLY("302 Found", "Location: /ok\r\n", "0", ""));
}

static bool play_nothing_to_say(struct connection *c)
{
        return put(c->fd, "HTTP/1.1 204 No Content\r\n\r\n");
}

static bool play_informational(struct connection *c)
{
        return put(c->fd, "HTTP/1.1 103 Early Hints\r\nDate: early\r\n\r\n") && play_ok(c);
}

static bool play_chunked(struct connection *c)
{
        return put(c->fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                          "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n");
}

static bool play_until_close(struct connection *c)
{
        put(c->fd, "HTTP/1.0 200 OK\r\n\r\nhello");
        return false;
}

static bool play_empty(struct connection *c)
{
        (void)c;
        return false;
}

static bool play_reset(struct connection *c)
{
        const struct linger linger = { .l_onoff = 1 };

        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
        return false;
}

static bool play_cut(struct connection *c)
{
        put(c->fd, REPLY("200 OK", "", "100", "hello"));
        return false;
}

static bool play_cut_chunked(struct connection *c)
{
        put(c->fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
        return false;
}

static bool play_cut_head(struct connection *c)
{
        put(c->fd, "HTTP/1.1 200 OK\r\nContent-Le");
        return false;
}

static bool play_garbage(struct connection *c)
{
        put(c->fd, "this is not HTTP at all\r\n\r\n");
        return false;
}

static bool play_announce_huge(struct connection *c)
{
        put(c->fd, REPLY("200 OK", "", "40000000", "hello"));
        return false;
}

static bool play_flood(struct connection *c)
{
        static char chunk[65536 + 1];

        memset(chunk, 'x', sizeof(chunk) - 1);
        put(c->fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        while (put(c->fd, "10000\r\n") && put(c->fd, chunk) && put(c->fd, "\r\n"))
                ;
        return false;
}

static bool play_large(struct connection *c)
{
        static char block[1 << 20];
        bool good = put(c->fd, "HTTP/1.1 200 OK\r\nContent-Length: 33554432\r\n\r\n");

        memset(block, 'y', sizeof(block) - 1);
        for (int i = 0; good && i < 32; i++)
                good = put(c->fd, block) && put(c->fd, "z");
        return good;
}

static bool play_many_headers(struct connection *c)
{
        put(c->fd, "HTTP/1.1 200 OK\r\n");
        while (put(c->fd, "A: b\r\n"))
                ;
        return false;
}

static bool play_hang(struct connection *c)
{
        struct pollfd poll_fd = { .fd = c->fd, .events = POLLRDHUP };

        poll(&poll_fd, 1, -1);
        return false;
}

static bool play_half(struct connection *c)
{
        put(c->fd, REPLY("200 OK", "", "100", "hello"));
        return play_hang(c);
}

static bool play_echo(struct connection *c)
{
        _cleanup_free_ char *reply = xasprintf("HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s",
                                               strlen(c->request), c->request);

        return put(c->fd, reply);
}

static bool play_slow(struct connection *c)
{
        usleep(20000);
        return play_ok(c);
}

/* Sends a complete reply of a persistent connection, and then closes it. */
static bool play_ok_then_close(struct connection *c)
{
        play_ok(c);
        return false;
}

/* The next request on this connection is read and dropped. */
static bool play_then_stale(struct connection *c)
{
        c->stale = true;
        return play_ok(c);
}

static const struct script scripts[] = {
        { "/ok", play_ok },
        { "/ok-then-close", play_ok_then_close },
        { "/503", play_503 },
        { "/redirect", play_redirect },
        { "/204", play_nothing_to_say },
        { "/informational", play_informational },
        { "/chunked", play_chunked },
        { "/until-close", play_until_close },
        { "/empty", play_empty },
        { "/reset", play_reset },
        { "/cut", play_cut },
        { "/cut-chunked", play_cut_chunked },
        { "/cut-head", play_cut_head },
        { "/garbage", play_garbage },
        { "/announce-huge", play_announce_huge },
        { "/flood", play_flood },
        { "/large", play_large },
        { "/many-headers", play_many_headers },
        { "/hang", play_hang },
        { "/half", play_half },
        { "/slow", play_slow },
        { "/then-stale", play_then_stale },
};

/* Reads a request, head and body; false at the end of the connection. */
static bool read_request(struct connection *c)
{
        _cleanup_(text_done) struct text text = {};
        size_t length = 0;
        const char *end = NULL;

        for (;;) {
                char buffer[4096];
                ssize_t n;

                if (end && text_size(&text) >= (size_t)(end - text_get(&text)) + length)
                        break;
                n = recv(c->fd, buffer, sizeof(buffer), 0);
                if (n <= 0)
                        return false;
                text_write(&text, buffer, (size_t)n);
                end = strstr(text_get(&text), "\r\n\r\n");
                if (end) {
                        const char *header = strstr(text_get(&text), "Content-Length: ");

                        end += 4;
                        length = header ? strtoul(header + 16, NULL, 10) : 0;
                }
        }
        free(c->request);
        c->request = text_steal(&text);
        return true;
}

static bool play(struct connection *c)
{
        const char *path = strchr(c->request, ' ') + 1;
        size_t size = strcspn(path, " ?");

        atomic_fetch_add(&c->server->requests, 1);
        if (c->stale)
                return false;
        for (size_t i = 0; i < ELEMENTS(scripts); i++) {
                if (strlen(scripts[i].path) == size && !memcmp(scripts[i].path, path, size))
                        return scripts[i].play(c);
        }
        return play_echo(c);
}

static void *connection_thread(void *userdata)
{
        struct connection *c = userdata;
        struct server *server = c->server;
        int open = atomic_fetch_add(&server->open, 1) + 1, peak = atomic_load(&server->peak);

        while (open > peak && !atomic_compare_exchange_weak(&server->peak, &peak, open))
                ;
        while (read_request(c) && play(c))
                ;
        atomic_fetch_sub(&server->open, 1);
        close(c->fd);
        free(c->request);
        free(c);
        return NULL;
}

static void *server_thread(void *userdata)
{
        struct server *server = userdata;

        for (;;) {
                int fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC);
                struct connection *c;

                if (fd < 0)
                        return NULL;
                atomic_fetch_add(&server->connections, 1);
                assert(server->n_threads < 4096);
                c = xnew(struct connection);
                c->server = server;
                c->fd = fd;
                pthread_create(&server->connection_threads[server->n_threads++], NULL,
                               connection_thread, c);
        }
}

/* A listening socket on a free port of 127.0.0.1. */
static int listen_somewhere(int backlog, int *ret_port)
{
        struct sockaddr_in address = { .sin_family = AF_INET };
        socklen_t size = sizeof(address);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, backlog) < 0 ||
            getsockname(fd, (struct sockaddr *)&address, &size) < 0)
                abort();
        *ret_port = ntohs(address.sin_port);
        return fd;
}

static struct server *server_start(void)
{
        struct server *server = xnew(struct server);

        server->fd = listen_somewhere(128, &server->port);
        pthread_create(&server->thread, NULL, server_thread, server);
        return server;
}

/* Call after the client has closed its connections. */
static void server_stop(struct server *server)
{
        shutdown(server->fd, SHUT_RDWR);
        pthread_join(server->thread, NULL);
        for (int i = 0; i < server->n_threads; i++)
                pthread_join(server->connection_threads[i], NULL);
        close(server->fd);
        free(server);
}
