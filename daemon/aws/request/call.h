/*
 * A call of an action: rate-limited, signed, retried, and with all pages of the reply collected.
 * The signer and the endpoint are arguments.
 *
 * A call is answered once, after all retries. The caller owns the slot and may free it at any time:
 * the callback is then not called, but AWS may still carry out a request that was sent.
 */
#pragma once

#include <stdbool.h>

#include "aws/request/action.h"
#include "aws/request/service-endpoint.h"
#include "aws/request/signer.h"
#include "base/cleanup.h"
#include "base/time.h"
#include "http/http.h"
#include "loop/loop.h"

enum aws_outcome {
        AWS_OK,
        AWS_ERROR,       /* AWS refused the request with `code`, and a retry is of no use */
        AWS_UNKNOWN,     /* the action is not repeatable, and a request has no answer: AWS may have
                          * carried it out */
        AWS_UNREACHABLE, /* no answer after all retries, or an answer beyond the limits of a call.
                          * AWS has not carried out an action that is not repeatable */
        AWS_UNSIGNED,    /* no credentials, or AWS refused them with `code`. AWS has not carried out
                          * the action */
};

struct aws_reply {
        enum aws_outcome outcome;
        void *output;   /* of action->output; freed after the callback, members may be stolen */
        bool elsewhere; /* AWS_UNSIGNED: STS accepts these credentials, so the region refuses them
                         */
        const char *code, *message, *request_id; /* or NULL */
        const char *owner;                       /* of aws_set_owner(), or NULL */
        int status;
        unsigned int attempts;
        bool may_have_acted; /* an attempt has no answer: see aws_may_have_acted() */
        sec_t date;          /* header Date of the last answer; 0: it had none */
};

struct aws_slot;
typedef void aws_done_fn(const struct aws_reply *reply, void *userdata);

/* Whether the call waits in the governor's queue and has not sent a request yet. */
bool aws_slot_is_queued(const struct aws_slot *slot);
/* Calls back from now on for each failed attempt that will be repeated, `after` from now. `reply`
 * is the reply that done() would get without the repetition. The callback must not free the slot.
 */
typedef void aws_retry_fn(const struct action *action, const struct aws_reply *reply, usec_t after,
                          void *userdata);
void aws_slot_watch(struct aws_slot *slot, aws_retry_fn *retry, void *userdata);
struct aws_slot *aws_slot_free(struct aws_slot *slot);
DEFINE_CLEANUP(struct aws_slot, aws_slot_free);

/* The objects that all calls share. */
struct tools {
        struct loop *loop;
        struct http *http;
        struct imds *imds;          /* for aws/credentials */
        struct clock_sample *clock; /* gets the Date of answers; clock.h */
        struct aws_slot **calls;    /* all calls without a final answer, oldest first */
};

/* A call that waits for AWS, for display. Strings are borrowed until control returns to the loop.
 */
struct aws_underway {
        const struct action *action;
        const char *region;
        unsigned int attempt; /* number for the present page; 0: the call waits for credentials or
                               * in the governor's queue */
        const char *trouble;  /* error of the attempt before, or NULL */
        size_t others;        /* other calls that also wait for `longer` or more */
};
/* The call whose present page has been outstanding longest, if that is `longer` or more; a call
 * that was sent goes before calls that were not. False: no call waits that long. */
bool call_find_underway(const struct tools *tools, usec_t longer, struct aws_underway *ret);

struct call_options {
        const struct tools *tools;
        struct service_endpoint *endpoint;
        const struct action *action;
        const void *input; /* encoded before call_new() returns */
        /* The signature: by the signer, else by the credentials, else none. */
        struct signer *signer;
        struct credentials *credentials;
        const char *const *owner; /* for the reply, read when the call ends; or NULL */
        /* Called with `held` when the slot is freed; or NULL. */
        void (*release)(void *held);
        void *held;
};

/* Tools, endpoint and signer have to outlive the slot. Never NULL. */
struct aws_slot *call_new(const struct call_options *options, aws_done_fn *done, void *userdata);
