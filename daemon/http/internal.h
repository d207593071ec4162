/*
 * The structs of http/, only for the files of this folder.
 *
 * http.c       the multi handle on the loop: sockets, timers, finished transfers
 * request.c    the options of the easy handle of a request
 * reply.c      the reply: body, limits, outcome
 */
#pragma once

#include <curl/curl.h>

#include "http/http.h"

enum {
        CONNECTIONS_PER_HOST = 8, /* further requests wait in a queue */
        CONNECTIONS_IDLE = 32,    /* kept open, for all hosts together */
        CONNECTION_IDLE_SEC =
                30, /* below the limits of servers, which otherwise close connections first */
        HEADER_LINES_MAX = 128, /* of a reply, with informational heads and trailers */
        HEADER_BYTES_MAX = 64 << 10,
};

struct http {
        struct loop *loop;
        CURLM *multi;
        struct timer *timeout;      /* the timer of curl */
        struct timer *quiet;        /* armed without requests, while connections may be open */
        usec_t idle;                /* delay of `quiet` */
        struct timer *deliver;      /* armed while `finished` has slots */
        struct http_slot *open;     /* list by struct http_slot.next: requests under way */
        struct http_slot *finished; /* list by struct http_slot.next: to deliver, oldest first */
        struct socket_watch **watches;
        size_t n_watches;
        char *ca_bundle, *user_agent;
};

/* The received part of a reply. */
struct incoming {
        char *body;
        size_t body_size, body_room;
        size_t header_lines, header_bytes;
        bool head_is_whole; /* the status line and all headers were received */
        const char *limit;  /* the exceeded limit, or NULL */
};

struct http_slot {
        struct http *http; /* NULL: answered, or the http was freed */
        struct http_slot **list;
        struct http_slot *prev, *next;
        CURL *easy;
        struct curl_slist *headers;
        CURLcode result; /* while in http->finished */
        bool sent;       /* a part of the request may have reached a server */
        struct incoming incoming;
        char error[CURL_ERROR_SIZE];
        http_done_fn *done;
        void *userdata;
};

/* Makes slot->easy and slot->headers. Another code than CURLE_OK: the request cannot be sent;
 * slot->error may have the reason. */
CURLcode request_prepare(struct http_slot *slot, const struct http_request *request);

/* Sets the callbacks for received data. */
CURLcode reply_receive(struct http_slot *slot);
/* Moves the received reply out of the slot, and calls back with the outcome by slot->result. The
 * callback may free the slot. */
void reply_deliver(struct http_slot *slot);
