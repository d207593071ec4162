/*
 * HTTP requests on the loop: one curl multi handle, a slot per request. Replaced at link time by a
 * simulated EC2.
 *
 * The caller owns the slot. It gets exactly one callback, never from inside http_send(); or none,
 * if it frees the slot first, which cancels the request (what was sent stays sent). After the
 * callback has run the slot still is to be freed, which may happen inside the callback.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/time.h"
#include "loop/loop.h"

struct http;

struct http_options {
        const char *ca_bundle; /* file; NULL: the system's */
        const char *user_agent;
        usec_t idle; /* connections are closed when all has been quiet for so long; 0: 30 s */
};

/* Options are copied. Negative errno when curl cannot start. */
int http_new(struct loop *loop, const struct http_options *options, struct http **ret);
/* Cancels what is under way: no callback comes any more; the slots still are their owners' to free.
 */
struct http *http_free(struct http *http);
DEFINE_CLEANUP(struct http, http_free);

enum {
        HTTP_HEADERS_MAX = 16,
        HTTP_BODY_MAX = 32 << 20, /* bytes of a reply we accept; more is HTTP_LOST */
};

struct http_header {
        const char *name, *value;
};

/*
 * What to send. Strings and body are copied by http_send(). Sent exactly as given, and at most
 * once: no redirects followed, the path not normalised, no header added but Host, Content-Length
 * and User-Agent, each of which may be given instead. A header with a line break makes it
 * HTTP_UNSENT.
 *
 * Connections are kept and shared: at most 8 to a host, further requests wait in line. One that
 * nobody used for 30 s is not used again, and closed with the next request or when all is quiet.
 * When the server closes a kept one just as a request goes out on it, the outcome is HTTP_LOST.
 */
struct http_request {
        const char *method; /* "POST", "GET", "PUT" */
        const char *url;    /* http: or https:, whose certificate is always verified */
        struct http_header headers[HTTP_HEADERS_MAX]; /* ends at the first without a name */
        const void *body;
        size_t body_size;
        usec_t connect_timeout; /* name, connection and TLS, not the wait in line; 0: 5 s */
        usec_t timeout;         /* all of it, the wait in line too; 0: 60 s */
        bool no_proxy;          /* also ignore http_proxy= of the environment: for IMDS */
};

enum http_outcome {
        HTTP_ANSWERED, /* status, headers and body are whole */
        HTTP_UNSENT,   /* nothing reached a server: name, connection or TLS failed */
        HTTP_LOST,     /* sent, but no whole answer came: the outcome is not known */
};

struct http_reply {
        enum http_outcome outcome;
        const char *error; /* for people; NULL when answered */
        int status;        /* 0 unless answered */
        const char *body;  /* NUL-terminated beyond body_size; never NULL, "" unless answered */
        size_t body_size;
        const char *date, *content_type, *request_id, *retry_after,
                *error_type; /* headers, or NULL */
};

struct http_slot;
/* The reply is valid until the callback returns, also when that frees the slot or the http. */
typedef void http_done_fn(const struct http_reply *reply, void *userdata);

/* Never NULL: a request that cannot even start is answered with HTTP_UNSENT. */
struct http_slot *http_send(struct http *http, const struct http_request *request,
                            http_done_fn *done, void *userdata);
struct http_slot *http_slot_free(struct http_slot *slot);
DEFINE_CLEANUP(struct http_slot, http_slot_free);
