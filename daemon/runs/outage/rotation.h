/*
 * The target groups of a location and the health of their targets, read once for all tasks that
 * need them at the same time.
 *
 * To read all groups takes DescribeTargetGroups and a DescribeTargetHealth for each group of target
 * type `instance`; to read some groups, the latter only. Groups of type `ip` register addresses,
 * those of `lambda` and `alb` no instances: these are left out.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
 */
#pragma once

#include "aws/services/elb.h"
#include "runs/engine/engine.h"
#include "runs/outage/restore-plan.h"

enum rotation_view {
        ROTATION_LOOKING, /* being read: the task is woken afterwards */
        ROTATION_SEEN,
        ROTATION_REFUSED,     /* by AWS */
        ROTATION_UNREACHABLE, /* no answer from AWS */
};

/* Whether the target groups of `only` (NULL: all of the location) were read after `since`
 * (monotonic); if not, begins to read them. *ret_why is for the last two: a sentence, caller frees.
 */
enum rotation_view rotation_look(struct task *task, const struct restore_plan *only, usec_t since,
                                 char **ret_why);

/* The functions below go by the last answers. */

/* The health of a registration, borrowed; NULL: there is none. */
const struct elb_health *rotation_health(const struct location *location, const char *arn,
                                         const char *instance, unsigned int port);
/* Whether the target group provably no longer exists. */
bool rotation_is_gone(const struct location *location, const char *arn);
/* Whether all groups were read at least once. */
bool rotation_is_known(const struct location *location);
/* The groups an instance is in, for its slot (slots_groups()). NULL: they are not known. Caller
 * frees. */
char *rotation_groups(const struct location *location, const char *instance);
/* Adds the registrations of an instance to the plan: to `drain`, all that are not draining already;
 * else those that are healthy, to be watched. */
void rotation_note(const struct location *location, const char *instance, bool drain,
                   struct restore_plan *plan);

/* "NAME/ID" of a target group's ARN: what people and lines know it by, and unique. */
const char *rotation_name(const char *arn);

/* The task does not wait for an answer any more; to be called before it is freed. */
void rotation_leave(struct task *task);
