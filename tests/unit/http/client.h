/*
 * A loop with an http, and requests that record their replies, for the tests of http/. Names that
 * end in .test are resolved here, so no test needs a network.
 */
#pragma once

#include <netdb.h>
#include <stdarg.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "http/http.h"
#include "server.h"

struct client {
        struct server *server;
        struct loop *loop;
        struct http *http;
        struct timer *limit;
        int open; /* number of requests without an answer */
};

/* A request and its reply. */
struct call {
        struct client *client;
        struct http_slot *slot;
        char *error, *body, *date, *content_type, *request_id, *retry_after;
        size_t body_size;
        struct call *cancels; /* another call that the callback cancels, or NULL */
        int calls, status;
        enum http_outcome outcome;
        bool frees_slot, frees_http;
};

static struct addrinfo *make_address(const struct addrinfo *hints, struct addrinfo *next)
{
        struct addrinfo *info = xcalloc(1, sizeof(*info));

        info->ai_socktype = hints ? hints->ai_socktype : SOCK_STREAM;
        info->ai_next = next;
        return info;
}

static struct addrinfo *make_ipv4(const char *port, const struct addrinfo *hints)
{
        struct addrinfo *info = make_address(hints, NULL);
        struct sockaddr_in *address = xcalloc(1, sizeof(*address));

        address->sin_family = AF_INET;
        address->sin_port = htons((uint16_t)(port ? strtoul(port, NULL, 10) : 0));
        address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        info->ai_family = AF_INET;
        info->ai_addr = (struct sockaddr *)address;
        info->ai_addrlen = sizeof(*address);
        return info;
}

static struct addrinfo *make_ipv6(const char *port, const struct addrinfo *hints,
                                  struct addrinfo *next)
{
        struct addrinfo *info = make_address(hints, next);
        struct sockaddr_in6 *address = xcalloc(1, sizeof(*address));

        address->sin6_family = AF_INET6;
        address->sin6_port = htons((uint16_t)(port ? strtoul(port, NULL, 10) : 0));
        address->sin6_addr = in6addr_loopback;
        info->ai_family = AF_INET6;
        info->ai_addr = (struct sockaddr *)address;
        info->ai_addrlen = sizeof(*address);
        return info;
}

/* Overrides the C library's, which curl's resolver thread calls. */
/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **ret)
{
        if (endswith(name, "slow.test"))
                usleep(700000);
        if (endswith(name, "missing.test") || endswith(name, "slow.test"))
                return EAI_NONAME;
        *ret = make_ipv4(service, hints);
        if (endswith(name, "both.test"))
                *ret = make_ipv6(service, hints, *ret);
        return 0;
}

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
void freeaddrinfo(struct addrinfo *info)
{
        while (info) {
                struct addrinfo *next = info->ai_next;

                free(info->ai_addr);
                free(info);
                info = next;
        }
}

static void on_limit(void *userdata)
{
        (void)userdata;
        fail_msg("a request was never answered");
}

static void client_start(struct client *client, const struct http_options *options)
{
        memset(client, 0, sizeof(*client));
        client->server = server_start();
        assert_int_equal(loop_new(&client->loop), 0);
        assert_int_equal(http_new(client->loop, options, &client->http), 0);
        client->limit = timer_new(client->loop, on_limit, NULL);
        timer_arm(client->limit, 30 * USEC_PER_SEC);
}

static void client_stop(struct client *client)
{
        http_free(client->http);
        server_stop(client->server);
        timer_free(client->limit);
        loop_free(client->loop);
}

static void on_done(const struct http_reply *reply, void *userdata)
{
        struct call *call = userdata;
        struct client *client = call->client;

        call->calls++;
        if (call->frees_slot)
                call->slot = http_slot_free(call->slot);
        if (call->frees_http)
                client->http = http_free(client->http);
        if (call->cancels) {
                call->cancels->slot = http_slot_free(call->cancels->slot);
                client->open--;
        }
        call->outcome = reply->outcome;
        call->status = reply->status;
        call->error = xstrdup(reply->error);
        call->body = xmemdup(reply->body, reply->body_size + 1);
        call->body_size = reply->body_size;
        call->date = xstrdup(reply->date);
        call->content_type = xstrdup(reply->content_type);
        call->request_id = xstrdup(reply->request_id);
        call->retry_after = xstrdup(reply->retry_after);
        if (--client->open == 0)
                loop_exit(client->loop, 0);
}

static void call_done(struct call *call)
{
        http_slot_free(call->slot);
        free(call->error);
        free(call->body);
        free(call->date);
        free(call->content_type);
        free(call->request_id);
        free(call->retry_after);
}

/* Sends to the server, or to `url` if it is absolute. */
static void call_send(struct call *call, struct client *client, const char *url,
                      const struct http_request *pattern)
{
        _cleanup_free_ char *full =
                *url == '/' ? xasprintf("http://127.0.0.1:%d%s", client->server->port, url)
                            : xstrdup(url);
        struct http_request request = *pattern;

        request.url = full;
        if (!request.method)
                request.method = "GET";
        call->client = client;
        client->open++;
        call->slot = http_send(client->http, &request, on_done, call);
        assert_non_null(call->slot);
        assert_int_equal(call->calls, 0); /* never from inside */
}

static void client_run(struct client *client)
{
        assert_int_equal(loop_run(client->loop), 0);
}
