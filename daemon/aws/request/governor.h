/*
 * The governor of one account and region: other users of the account keep their API quota.
 *
 * Every request, also every page and every repetition, needs a ticket. It is granted when our share
 * of the action's bucket has a token and fewer than GOVERNOR_REQUESTS_MAX requests are on their
 * way. The action of the first priority goes first, of these whoever waits longest, except that an
 * action whose bucket is empty does not hold up the others. Idle, the governor has no timer.
 */
#pragma once

#include "aws/request/action.h"
#include "base/cleanup.h"
#include "loop/loop.h"

enum { GOVERNOR_REQUESTS_MAX = 8 };

/* A token bucket as it is now. */
struct aws_usage {
        const char *account; /* its name, or those of all who draw from it */
        const char *service, *region, *action;
        double capacity, refill_per_second; /* our share */
        double tokens;                      /* left now */
        double factor;                      /* of that share we take ourselves: AWS throttled us */
        unsigned long long requests, throttles;
        unsigned int waiting, in_flight;
};
typedef void aws_usage_fn(const struct aws_usage *usage, void *userdata);

struct governor;
struct ticket;
typedef void ticket_fn(void *userdata);

/* `percent`: of each published bucket, that we use at most. */
struct governor *governor_new(struct loop *loop, unsigned int percent);
struct governor *governor_ref(struct governor *governor);
/* Tickets keep it as well. */
struct governor *governor_unref(struct governor *governor);
DEFINE_CLEANUP(struct governor, governor_unref);

void governor_set_percent(struct governor *governor, unsigned int percent);
/* Adds nothing but what a governor knows; `usage` brings the rest. */
void governor_usage(struct governor *governor, struct aws_usage *usage, aws_usage_fn *callback,
                    void *userdata);

/* `granted` is called once, never from inside this. Never NULL. */
struct ticket *governor_enter(struct governor *governor, const struct action *action,
                              ticket_fn *granted, void *userdata);
/* Leaves the queue, or tells that the request is over. Also from inside `granted`. */
struct ticket *ticket_free(struct ticket *ticket);
DEFINE_CLEANUP(struct ticket, ticket_free);
/* AWS answered that there were too many requests of this action. */
void ticket_throttled(struct ticket *ticket);
