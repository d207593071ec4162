/* The struct of a call under way, for its files: call.c has the course of a call, call-send.c sends
 * a request, call-read.c reads the reply, call-end.c calls back; call-list.c lists all calls. */
#pragma once

#include "aws/request/call.h"
#include "aws/request/retry.h"

struct aws_slot {
        const struct tools *tools;
        struct service_endpoint *endpoint;
        struct signer *signer;     /* as in struct call_options */
        struct credentials *fixed; /* `credentials` of struct call_options */
        const char *const *owner;  /* as in struct call_options */
        void (*release)(void *held);
        void *held;
        const struct action *action;
        char *body; /* of the request for the first page */
        aws_done_fn *done;
        void *userdata;
        aws_retry_fn *retried; /* or NULL */
        void *retried_userdata;

        struct aws_slot *prev, *next; /* in tools->calls; prev NULL: not in the list */
        usec_t asked;                 /* monotonic: the first request for the present page */

        struct timer *timer; /* the next attempt, or the end of a call that cannot start */
        struct ticket *ticket;
        void *wait;                      /* of signer_ops, like `explain` and `identify` */
        struct credentials *credentials; /* of the present attempt */
        struct http_slot *http;
        void *explain;  /* decodes the message of a denial */
        void *identify; /* asks STS whether the key is valid */
        bool elsewhere; /* as in struct aws_reply */
        struct retry retry;
        unsigned int attempts, pages;
        bool may_have_acted; /* as in struct aws_reply */
        size_t rows, bytes;  /* of all pages */
        char *seen_token;    /* token of an earlier page, to notice a repetition */

        void *output;
        struct shape_decoded decoded; /* of the last readable reply */
        char *message;                /* replaces a missing message of AWS */
        int status;
        sec_t date; /* as in struct aws_reply */
};

/* Signs and sends the request for the present page. */
struct http_slot *call_send(const struct aws_slot *slot, http_done_fn *done, void *userdata);

/* Reads the reply into the slot; false for a reply that AWS did not write. */
bool call_read(struct aws_slot *slot, const struct http_reply *reply);

/* Replaces slot->message; takes over `message`. */
void call_message(struct aws_slot *slot, char *message);

/* Counts a page that has a next page. NULL: the call may request the next page; else the message
 * why it may not, a repeated token or a limit. Caller frees. */
char *call_count_page(struct aws_slot *slot);

/* Adds the slot to tools->calls, and removes it at the end of the call. */
void call_list(struct aws_slot *slot);
void call_unlist(struct aws_slot *slot);

/* Frees the objects of an attempt. */
void call_release(struct aws_slot *slot);
/* Reports a failed attempt that is repeated after `after` to the callback of aws_slot_watch(). */
void call_report_retry(struct aws_slot *slot, usec_t after);
/* Calls back; the callback may free the slot. */
void call_finish(struct aws_slot *slot, enum aws_outcome outcome);
/* Ends with AWS_ERROR; an encoded message is decoded by STS before. */
void call_finish_final(struct aws_slot *slot);
/* Ends after AWS refused the credentials: AWS_UNSIGNED with a signer, whose next credentials may be
 * accepted; AWS_ERROR with fixed credentials. */
void call_finish_refused(struct aws_slot *slot);
