/*
 * The target groups of a location and the health of what is registered in them: looked up once for
 * all tasks that want to know at the same time.
 *
 * A look at everything is DescribeTargetGroups and a DescribeTargetHealth for each group of target
 * type `instance`; a look at some groups is the latter only. Groups of type `ip` know addresses and
 * no instances, `lambda` and `alb` are no instances: none of these counts.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
 */
#pragma once

#include "aws/services/elb.h"
#include "runs/engine/engine.h"
#include "runs/outage/restore-plan.h"

enum rotation_view {
        ROTATION_LOOKING, /* the task is woken when there is more to tell */
        ROTATION_SEEN,
        ROTATION_REFUSED,     /* AWS does not let us look */
        ROTATION_UNREACHABLE, /* AWS cannot be asked now */
};

/* Whether the target groups of `only` (NULL: all of the location) were looked at after `since`
 * (monotonic); if not, they are. *ret_why is for the last two: a sentence, caller frees. */
enum rotation_view rotation_look(struct task *task, const struct restore_plan *only, usec_t since,
                                 char **ret_why);

/* The rest goes by the last looks. */

/* Of a registration, borrowed; NULL: there is none. */
const struct elb_health *rotation_health(const struct location *location, const char *arn,
                                         const char *instance, unsigned int port);
/* The target group was removed. */
bool rotation_is_gone(const struct location *location, const char *arn);
/* All of them were looked at once. */
bool rotation_is_known(const struct location *location);
/* The groups an instance is in, for its slot (slots_groups()). NULL: they are not known. Caller
 * frees. */
char *rotation_groups(const struct location *location, const char *instance);
/* Adds the registrations of an instance: those that are healthy, to be watched; or, to `drain`, all
 * that nobody takes out already. */
void rotation_note(const struct location *location, const char *instance, bool drain,
                   struct restore_plan *plan);

/* "NAME/ID" of a target group's ARN: what people and lines know it by, and unique. */
const char *rotation_name(const char *arn);

/* The task does not wait for a look any more; to be called before it is freed. */
void rotation_leave(struct task *task);
