/*
 * One request of AWS and its reply: governed, signed, repeated where that is of use, all pages
 * collected. Whose keys sign it, and where it goes, are arguments.
 *
 * A call is answered once, with the last word on it. The caller owns the slot and may free it at
 * any time (no answer then; what was sent stays sent).
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
        AWS_ERROR,       /* AWS said no, for good, and why: `code` */
        AWS_UNKNOWN,     /* not repeatable, sent, and no answer: it may have happened */
        AWS_UNREACHABLE, /* no answer of AWS after all retries, or one beyond the limits of a call;
                          * what is not repeatable did not happen */
        AWS_UNSIGNED,    /* no credentials, or with `code` none that AWS takes; it did not happen */
};

struct aws_reply {
        enum aws_outcome outcome;
        void *output;   /* of action->output; freed after the callback, members may be stolen */
        bool elsewhere; /* AWS_UNSIGNED: AWS takes these credentials elsewhere at this moment */
        const char *code, *message, *request_id; /* NULL when there is none */
        const char *owner;                       /* of aws_set_owner(), or NULL */
        int status;
        unsigned int attempts;
        bool may_have_acted; /* an attempt was not answered: see aws_may_have_acted() */
        sec_t date; /* of the last answer by AWS's clock, its header Date; 0: it did not tell */
};

struct aws_slot;
typedef void aws_done_fn(const struct aws_reply *reply, void *userdata);

/* Whether nothing has been sent yet because others of ours go first. */
bool aws_slot_is_queued(const struct aws_slot *slot);
/* From now on calls back at each attempt that comes to nothing and is not the last: `after` is the
 * time until the next attempt, and the reply is what done() would get if there were none. The
 * callback must not free the slot. */
typedef void aws_retry_fn(const struct action *action, const struct aws_reply *reply, usec_t after,
                          void *userdata);
void aws_slot_watch(struct aws_slot *slot, aws_retry_fn *retry, void *userdata);
struct aws_slot *aws_slot_free(struct aws_slot *slot);
DEFINE_CLEANUP(struct aws_slot, aws_slot_free);

/* The loop, HTTP and clock that requests share. */
struct tools {
        struct loop *loop;
        struct http *http;
        struct imds *imds;          /* of aws/credentials; a request does without */
        struct clock_sample *clock; /* told of answers; clock.h */
        struct aws_slot **calls;    /* those that have no last word yet, oldest first */
};

/* A call that AWS has not answered, for people who wait for it. Strings are borrowed until the loop
 * goes on. */
struct aws_underway {
        const struct action *action;
        const char *region;
        unsigned int attempt; /* to ask for the present page; 0: it waits for credentials or for its
                               * turn */
        const char *trouble;  /* of the attempt before; NULL: there was none */
        size_t others;        /* calls that wait as long */
};
/* Of the calls whose page has been asked for since `longer` or more that which waits longest, and
 * rather one that was sent. False: there is none. */
bool call_find_underway(const struct tools *tools, usec_t longer, struct aws_underway *ret);

struct call_options {
        const struct tools *tools;
        struct service_endpoint *endpoint;
        const struct action *action;
        const void *input; /* encoded before call_new() returns */
        /* Who signs: a signer, else a set, else nobody. */
        struct signer *signer;
        struct credentials *credentials;
        const char *const *owner; /* of the reply, read when it is told; or NULL */
        /* Called with `held` when the slot is freed; or NULL. */
        void (*release)(void *held);
        void *held;
};

/* Tools, endpoint and signer have to outlive the slot. Never NULL. */
struct aws_slot *call_new(const struct call_options *options, aws_done_fn *done, void *userdata);
