/*
 * A small HTTP/1.1 server on the event loop: kept connections, bodies with a Content-Length, one
 * request at a time per connection. It can also misbehave on order: close without an answer, cut an
 * answer off, be late or slow.
 */
#pragma once

#include <stdint.h>

#include "base/cleanup.h"
#include "loop/loop.h"

enum {
        HTTP_HEAD_MAX = 64 * 1024,
        HTTP_BODY_MAX = 4 * 1024 * 1024,
        HTTP_CONNECTIONS_MAX = 1024,
};

struct http_header {
        char *name, *value; /* the name in lower case, the value without blanks around it */
};
struct http_request {
        char *method, *path; /* the path without its query */
        char *query;         /* "" when there is none */
        struct http_header *headers;
        size_t n_headers;
        const char *body;
        size_t size;
        uint64_t connection; /* counts from 1 */
};
/* The value of the first header of that (lower case) name, or NULL. */
const char *http_header(const struct http_request *request, const char *name);

enum http_delivery { HTTP_WHOLE, HTTP_NOTHING, HTTP_TRUNCATED, HTTP_SLOWLY };

struct http_answer {
        int status;
        const char *content_type; /* borrowed */
        char request_id[37];      /* becomes x-amzn-requestid; "": none */
        char *body;               /* taken over */
        size_t size;
        enum http_delivery delivery;
        usec_t delay; /* before the first byte */
        usec_t drip;  /* HTTP_SLOWLY: from the first byte to the last */
};

/* Fills in the answer at once; nothing of the request lives on. */
typedef void http_handler_fn(const struct http_request *request, struct http_answer *answer,
                             void *userdata);

struct http_server;
/* `port` 0 takes a free one. Negative errno when the address cannot be had; -EINVAL when it is not
 * one. */
int http_server_new(struct loop *loop, const char *address, uint16_t port, http_handler_fn *handler,
                    void *userdata, struct http_server **ret);
struct http_server *http_server_free(struct http_server *server);
DEFINE_CLEANUP(struct http_server, http_server_free);
uint16_t http_server_port(const struct http_server *server);

/* ---- http-parse.c ---- */

/* Parses a head of `size` bytes including its empty line. 0, or the HTTP status to refuse it with.
 */
int http_parse_head(const char *head, size_t size, struct http_request *ret);
/* How many bytes of body follow; 0 or the HTTP status to refuse it with. */
int http_body_size(const struct http_request *request, size_t *ret);
void http_request_done(struct http_request *request);
