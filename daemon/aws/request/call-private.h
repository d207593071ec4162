/* One call under way, for the files that make it up: call.c leads it, call-send.c sends a request,
 * call-read.c reads the answer, call-end.c tells the caller; call-list.c has all of them. */
#pragma once

#include "aws/request/call.h"
#include "aws/request/retry.h"

struct aws_slot {
        const struct tools *tools;
        struct service_endpoint *endpoint;
        struct signer *signer;     /* who signs; NULL: */
        struct credentials *fixed; /* these, or nobody */
        const char *const *owner;  /* as in struct call_options */
        void (*release)(void *held);
        void *held;
        const struct action *action;
        char *body; /* that asks for the first page */
        aws_done_fn *done;
        void *userdata;
        aws_retry_fn *retried; /* or NULL */
        void *retried_userdata;

        struct aws_slot *prev, *next; /* of tools->calls; prev NULL: it is no longer there */
        usec_t asked;                 /* monotonic: the present page, for the first time */

        struct timer *timer; /* the next attempt, or the end of what could not start */
        struct ticket *ticket;
        void *wait;                      /* of signer_ops, like the next two */
        struct credentials *credentials; /* those of the present attempt */
        struct http_slot *http;
        void *explain;  /* of what AWS said at last */
        void *identify; /* whether AWS takes the key elsewhere */
        bool elsewhere; /* it does */
        struct retry retry;
        unsigned int attempts, pages;
        bool may_have_acted; /* as in struct aws_reply */
        size_t rows, bytes;  /* of all its pages */
        char *seen_token;    /* of an earlier page, to notice one that comes again */

        void *output;
        struct shape_decoded decoded; /* of the last readable reply */
        char *message;                /* for people, where AWS gave none */
        int status;
        sec_t date; /* as in struct aws_reply */
};

/* Signs the present page and sends it. */
struct http_slot *call_send(const struct aws_slot *slot, http_done_fn *done, void *userdata);

/* Reads the reply into the slot; false when it is none of AWS's. */
bool call_read(struct aws_slot *slot, const struct http_reply *reply);

/* Keeps `message`, and frees what was kept before. */
void call_message(struct aws_slot *slot, char *message);

/* Counts a page that another page follows. NULL: the call asks for that page; else the reason for
 * people why it ends here, a token that comes again or a limit. The caller frees it. */
char *call_count_page(struct aws_slot *slot);

/* Keeps the slot among the calls under way, until its last word. */
void call_list(struct aws_slot *slot);
void call_unlist(struct aws_slot *slot);

/* Gives back what belongs to one attempt. */
void call_release(struct aws_slot *slot);
/* An attempt came to nothing, and the next one is made `after` so long: see aws_slot_watch(). */
void call_tell_retry(struct aws_slot *slot, usec_t after);
/* Tells the caller, whose callback may free the slot. */
void call_finish(struct aws_slot *slot, enum aws_outcome outcome);
/* AWS said no; a reason that is encoded is asked for first. */
void call_finish_final(struct aws_slot *slot);
/* AWS did not take the credentials. Those whose key was fixed have nobody to bring another one. */
void call_finish_refused(struct aws_slot *slot);
