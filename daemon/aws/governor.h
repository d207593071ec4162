/*
 * The governor of one account and region: other users of the account keep their API quota.
 *
 * Every request, also every page and every repetition, needs a ticket. It is granted when our share
 * of the action's bucket has a token and fewer than GOVERNOR_REQUESTS_MAX requests are on their
 * way; whoever waits longest goes first, except that an action whose bucket is empty does not hold
 * up the others. Idle, the governor has no timer.
 */
#pragma once

#include "aws/aws.h"
#include "loop/loop.h"

enum { GOVERNOR_REQUESTS_MAX = 8 };

struct governor;
struct ticket;
typedef void ticket_fn(void *userdata);

/* `percent`: of each published bucket, that we use at most. */
struct governor *governor_new(struct loop *loop, unsigned int percent);
/* No ticket may be left. */
struct governor *governor_free(struct governor *governor);
DEFINE_CLEANUP(struct governor, governor_free);

/* `granted` is called once, never from inside this. Never NULL. */
struct ticket *governor_enter(struct governor *governor, const struct action *action,
                              ticket_fn *granted, void *userdata);
/* Leaves the queue, or tells that the request is over. Also from inside `granted`. */
struct ticket *ticket_free(struct ticket *ticket);
DEFINE_CLEANUP(struct ticket, ticket_free);
/* AWS answered that there were too many requests of this action. */
void ticket_throttled(struct ticket *ticket);
