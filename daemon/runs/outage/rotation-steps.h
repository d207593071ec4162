/* What taking an instance out of rotation and putting it back have in common. Internal to the
 * steps: rotation-steps.c says what to do, take-out.c, put-back.c and
 * healthy.c do it. */
#pragma once

#include "aws/services/autoscaling.h"
#include "runs/outage/outage.h"
#include "runs/outage/rotation.h"

/* The first line from `at` on that something is done about; plan->n: none. */
size_t rotation_next_line(const struct restore_plan *plan, size_t at);
/* Sends a registration of the task's instance, or the end of it. */
void rotation_change_targets(struct task *task, const struct action *action,
                             const struct restore_line *line);
/* Asks what the instance is in its Auto Scaling group. */
void rotation_ask_lifecycle(struct task *task);

/* What its Auto Scaling group has the instance as, by the answer to that; in none: detached. False:
 * it is not in the list, which does not prove yet that no group has it. */
bool rotation_lifecycle(struct task *task, const struct autoscaling_instances *found, int *ret);

/* Whether another instance that has a slot is in standby in this Auto Scaling group, or about to
 * be. */
bool rotation_standby_is_taken(const struct task *task, const char *group);

/* An error that is over by itself soon. */
bool rotation_is_busy(const struct aws_reply *reply);
/* A look at the target groups has to be younger than this: seconds old, and from after the step
 * began. Tasks that wait at the same time share it. */
usec_t rotation_since(const struct task *task);
/* Whether the last look has shown that the registration of the line exists and does not end. */
bool rotation_is_in(const struct task *task, const struct restore_line *line);
/* How long to wait before the next look: longer from the second minute on. */
usec_t rotation_pause(const struct task *task);

/* For people; never NULL. */
const char *rotation_state_name(const struct elb_health *health);
const char *rotation_lifecycle_name(int lifecycle);
