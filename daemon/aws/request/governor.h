/*
 * The rate limiter of an account and region, which leaves API quota to other users of the account.
 *
 * Every request, also for a page and for a repetition, needs a ticket. A ticket is granted when
 * amid's share of the action's bucket has a token and fewer than GOVERNOR_REQUESTS_MAX requests are
 * under way. Tickets go by the priority of their action, then by age; an action with an empty
 * bucket does not hold up other actions. An idle governor has no timer.
 */
#pragma once

#include "aws/request/action.h"
#include "base/cleanup.h"
#include "loop/loop.h"

enum { GOVERNOR_REQUESTS_MAX = 8 };

/* The present state of a token bucket. */
struct aws_usage {
        const char
                *account; /* name of the account, or the names of all that draw from the bucket */
        const char *service, *region, *action;
        double capacity, refill_per_second; /* amid's share */
        double tokens;                      /* left now */
        double factor;                      /* of the rate; below 1 after AWS throttled a request */
        unsigned long long requests, throttles;
        unsigned int waiting, in_flight;
};
typedef void aws_usage_fn(const struct aws_usage *usage, void *userdata);

struct governor;
struct ticket;
typedef void ticket_fn(void *userdata);

/* `percent`: the share of each published bucket. */
struct governor *governor_new(struct loop *loop, unsigned int percent);
struct governor *governor_ref(struct governor *governor);
/* Tickets hold a reference, too. */
struct governor *governor_unref(struct governor *governor);
DEFINE_CLEANUP(struct governor, governor_unref);

void governor_set_percent(struct governor *governor, unsigned int percent);
/* Calls back for each bucket with `usage`, of which the caller has set account, service and region.
 */
void governor_usage(struct governor *governor, struct aws_usage *usage, aws_usage_fn *callback,
                    void *userdata);

/* `granted` is called once, never from inside this. Never NULL. */
struct ticket *governor_enter(struct governor *governor, const struct action *action,
                              ticket_fn *granted, void *userdata);
/* Leaves the queue, or ends the request of a granted ticket. May be called inside `granted`. */
struct ticket *ticket_free(struct ticket *ticket);
DEFINE_CLEANUP(struct ticket, ticket_free);
/* AWS throttled the request of the ticket. */
void ticket_throttled(struct ticket *ticket);
