/*
 * What the files of http/ share; nobody else includes it.
 *
 * http.c       the multi handle on the loop: sockets, timer, finished transfers
 * request.c    one request: options of the easy handle
 * reply.c      what comes back: body, limits, outcome
 */
#pragma once

#include <curl/curl.h>

#include "http/http.h"

enum {
        CONNECTIONS_PER_HOST = 8, /* at once; further requests wait in line */
        CONNECTIONS_IDLE = 32,    /* kept open for the next request, all hosts together */
        CONNECTION_IDLE_SEC =
                30, /* well below what servers grant, so that they seldom hang up first */
        HEADER_LINES_MAX = 128, /* of one reply, informational ones and trailers included */
        HEADER_BYTES_MAX = 64 << 10,
};

struct http {
        struct loop *loop;
        CURLM *multi;
        struct timer *timeout;      /* curl's */
        struct timer *quiet;        /* armed while nothing goes on and connections may be open */
        usec_t idle;                /* after which they are closed */
        struct timer *deliver;      /* armed while something waits for a callback */
        struct http_slot *open;     /* struct http_slot.next: curl works on them */
        struct http_slot *finished; /* struct http_slot.next: to be delivered, oldest first */
        struct socket_watch **watches;
        size_t n_watches;
        char *ca_bundle, *user_agent;
};

/* What came back so far. */
struct incoming {
        char *body;
        size_t body_size, body_room;
        size_t header_lines, header_bytes;
        bool head_is_whole; /* the status line and all headers came */
        const char *limit;  /* why we stopped it ourselves, or NULL */
};

struct http_slot {
        struct http *http; /* NULL once answered, or when the http was freed */
        struct http_slot **list;
        struct http_slot *prev, *next;
        CURL *easy;
        struct curl_slist *headers;
        CURLcode result; /* while in http->finished */
        bool sent;       /* some of the request may have reached a server */
        struct incoming incoming;
        char error[CURL_ERROR_SIZE];
        http_done_fn *done;
        void *userdata;
};

/* Makes slot->easy and slot->headers. CURLE_OK, or why it cannot be sent (maybe with slot->error).
 */
CURLcode request_prepare(struct http_slot *slot, const struct http_request *request);

/* Sets the callbacks that receive. */
CURLcode reply_receive(struct http_slot *slot);
/* Judges slot->result, takes what was received out of the slot and calls back, as the last thing.
 */
void reply_deliver(struct http_slot *slot);
