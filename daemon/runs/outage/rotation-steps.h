/* What the steps share that take an instance out of service and put it back: rotation-steps.c makes
 * the restore plan; take-out.c, put-back.c and healthy.c carry it out. Internal to these. */
#pragma once

#include "aws/services/autoscaling.h"
#include "runs/outage/outage.h"
#include "runs/outage/rotation.h"

/* The first line from `at` on that needs a call; plan->n: none. */
size_t rotation_next_line(const struct restore_plan *plan, size_t at);
/* Calls RegisterTargets or DeregisterTargets for the instance of the task. */
void rotation_change_targets(struct task *task, const struct action *action,
                             const struct restore_line *line);
/* Calls DescribeAutoScalingInstances for the instance of the task. */
void rotation_ask_lifecycle(struct task *task);

/* The lifecycle state of the instance, by the answer to that; detached where it provably is in no
 * group. False: it is not in the list, which does not prove that yet. */
bool rotation_lifecycle(struct task *task, const struct autoscaling_instances *found, int *ret);

/* Whether another instance that has a slot is in standby in this Auto Scaling group, or about to
 * be. */
bool rotation_standby_is_taken(const struct task *task, const char *group);

/* Whether the error is of a kind that ends by itself soon. */
bool rotation_is_busy(const struct aws_reply *reply);
/* The time (monotonic) since which target groups have to be read: seconds ago, and not before the
 * step began, so that tasks that wait at the same time share the answers. */
usec_t rotation_since(const struct task *task);
/* Whether the registration of the line exists and is not draining, by the last answer. */
bool rotation_is_in(const struct task *task, const struct restore_line *line);
/* The pause before the next request: longer from the second minute on. */
usec_t rotation_pause(const struct task *task);

/* For people; never NULL. */
const char *rotation_state_name(const struct elb_health *health);
const char *rotation_lifecycle_name(int lifecycle);
