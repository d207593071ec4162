/*
 * HTTP requests on the loop: one curl multi handle, a slot per request. Replaced at link time by a
 * simulated EC2.
 *
 * The caller owns the slot. The callback is called exactly once, never from inside http_send(). A
 * slot that is freed before cancels its request: the callback is not called, but the server may
 * still act on a request that was sent. After the callback the slot still has to be freed, which
 * may happen inside the callback.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/time.h"
#include "loop/loop.h"

struct http;

struct http_options {
        const char *ca_bundle; /* file; NULL: the certificates of the system */
        const char *user_agent;
        usec_t idle; /* connections are closed after this time without a request; 0: 30 s */
};

/* Options are copied. Negative errno when curl cannot start. */
int http_new(struct loop *loop, const struct http_options *options, struct http **ret);
/* Cancels all requests: no callback is called any more. Their owners still have to free the slots.
 */
struct http *http_free(struct http *http);
DEFINE_CLEANUP(struct http, http_free);

enum {
        HTTP_HEADERS_MAX = 16,
        HTTP_BODY_MAX = 32 << 20, /* bytes of a reply; a longer reply is HTTP_LOST */
};

struct http_header {
        const char *name, *value;
};

/*
 * A request; http_send() copies strings and body. The request is sent exactly as given, and at most
 * once: redirects are not followed, the path is not normalised, and only the headers Host,
 * Content-Length and User-Agent are added where `headers` lacks them. A header with a line break
 * makes the request HTTP_UNSENT.
 *
 * Connections are kept and shared: at most 8 to a host, further requests wait in a queue. A
 * connection that was idle for 30 s is not used again, and is closed with the next request or after
 * `options.idle`. When the server closes a kept connection just as a request is sent on it, the
 * outcome is HTTP_LOST.
 */
struct http_request {
        const char *method; /* "POST", "GET", "PUT" */
        const char *url;    /* http: or https:, with verification of the certificate */
        struct http_header headers[HTTP_HEADERS_MAX]; /* ends at the first entry without a name */
        const void *body;
        size_t body_size;
        usec_t connect_timeout; /* name, connection and TLS, without the queue; 0: 5 s */
        usec_t timeout;         /* whole request, with the queue; 0: 60 s */
        bool no_proxy;          /* ignore http_proxy= of the environment: for IMDS */
};

enum http_outcome {
        HTTP_ANSWERED, /* status, headers and body are complete */
        HTTP_UNSENT,   /* nothing reached a server: name, connection or TLS failed */
        HTTP_LOST,     /* sent, but without a complete answer: the server may have acted */
};

struct http_reply {
        enum http_outcome outcome;
        const char *error; /* for messages; NULL when answered */
        int status;        /* 0 unless answered */
        const char *body;  /* with a NUL after body_size bytes; "" unless answered */
        size_t body_size;
        const char *date, *content_type, *request_id, *retry_after,
                *error_type; /* headers, or NULL */
};

struct http_slot;
/* The reply is valid until the callback returns, also after the callback freed the slot or the
 * http. */
typedef void http_done_fn(const struct http_reply *reply, void *userdata);

/* Never NULL: a request that cannot start ends with HTTP_UNSENT. */
struct http_slot *http_send(struct http *http, const struct http_request *request,
                            http_done_fn *done, void *userdata);
struct http_slot *http_slot_free(struct http_slot *slot);
DEFINE_CLEANUP(struct http_slot, http_slot_free);
