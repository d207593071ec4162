/*
 * Whether an instance, image, snapshot or target group no longer exists: the one place that decides
 * it.
 *
 * A NotFound error of one call is no evidence. EC2 is eventually consistent: any of its endpoints
 * may not know a resource for seconds or minutes, long after it was created.
 * https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
 * Evidence is
 *
 *   - a state: terminated, shutting-down, deregistered: gone_end(), final at once;
 *   - absence from lists that were filtered by its id (a filter leaves out what does not exist, an
 *     id parameter fails the whole call): gone_miss() for each such list; gone after several
 *     of them in a row over some minutes, by the monotonic clock.
 *
 * A list that contains the resource (gone_see()) ends the absence. EC2 gives no time of deletion
 * for any of these kinds.
 */
#pragma once

#include <stdbool.h>

#include "aws/client/aws.h"
#include "base/time.h"

enum gone_kind {
        GONE_INSTANCE,
        GONE_IMAGE,
        GONE_SNAPSHOT,
        GONE_TARGET_GROUP,
        GONE_MEMBERSHIP, /* of an instance in an Auto Scaling group */
};

/* The evidence about one resource, from lists; all zero at the beginning. */
struct gone {
        usec_t listed;       /* monotonic: in a list last; 0: in none so far */
        usec_t missed;       /* monotonic: the first list of those that it was absent from... */
        usec_t last;         /* ... and the last one */
        unsigned int misses; /* how many these are, in a row; 0: it was not absent */
        bool ended;          /* its state says that it no longer exists */
};

/* The resource is in a list, in a state in which it exists. */
void gone_see(struct gone *gone, usec_t now);
/* The state of the resource says that it no longer exists, or is about to end. */
void gone_end(struct gone *gone);
/* A list that was filtered by the resource's id, and is whole, does not contain it. */
void gone_miss(struct gone *gone, usec_t now);
/* Whether the resource provably no longer exists. */
bool gone_is_certain(const struct gone *gone, enum gone_kind kind);
/* Whether it was absent from the last list, and that does not prove anything yet. */
bool gone_is_suspected(const struct gone *gone, enum gone_kind kind);

/* How far apart the lists are to be read that prove an absence, where nothing else waits for them:
 * so that no more are read than it takes. */
usec_t gone_pause(enum gone_kind kind);

/* Whether a list of `now` shows what a call of `since` has done to the resource (both monotonic): a
 * resource that such a list contains was not removed by that call. */
bool gone_would_show(enum gone_kind kind, usec_t since, usec_t now);

/* Whether a reply says that what the call names does not exist (any more): a reason to look, by a
 * list that is filtered, and nothing else. */
bool gone_is_claimed(const struct aws_reply *reply);
