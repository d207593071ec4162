/*
 * EC2 Auto Scaling, version 2011-01-01: groups, which replace unhealthy instances, and standby.
 * https://docs.aws.amazon.com/autoscaling/ec2/APIReference/
 *
 * Inputs are plain structs of borrowed pointers on the caller's stack; outputs are freed by aws/.
 */
#pragma once

#include "aws/request/action.h"

/* The lifecycle state of an instance in its group. */
enum lifecycle_state {
        LIFECYCLE_PENDING,
        LIFECYCLE_PENDING_WAIT,
        LIFECYCLE_PENDING_PROCEED,
        LIFECYCLE_IN_SERVICE,
        LIFECYCLE_ENTERING_STANDBY,
        LIFECYCLE_STANDBY,
        LIFECYCLE_TERMINATING,
        LIFECYCLE_TERMINATING_WAIT,
        LIFECYCLE_TERMINATING_PROCEED,
        LIFECYCLE_TERMINATED,
        LIFECYCLE_DETACHING,
        LIFECYCLE_DETACHED,
        LIFECYCLE_OTHER, /* states of warm pools, quarantined, ... */
};
extern const char *const lifecycle_state_names[];

struct autoscaling_instance {
        char *id, *group;
        int lifecycle; /* enum lifecycle_state */
        char *health;  /* "HEALTHY", "UNHEALTHY" */
};
struct autoscaling_instances {
        struct autoscaling_instance *instances;
        size_t n_instances;
};
/* The reply leaves out instances without a group. */
struct autoscaling_describe_instances {
        const char **ids; /* at most 50 */
        size_t n_ids;
};
enum { AUTOSCALING_IDS_MAX = 50 };
extern const struct action autoscaling_describe_instances;

/* EnterStandby with STANDBY_DECREMENT lowers `desired`, which must not fall below `min`. */
struct autoscaling_group {
        char *name;
        unsigned int min, max, desired;
        char **suspended; /* processes: "HealthCheck", "ReplaceUnhealthy", "Terminate", ... */
        size_t n_suspended;
};
struct autoscaling_groups {
        struct autoscaling_group *groups;
        size_t n_groups;
};
/* The reply leaves out groups that do not exist. */
struct autoscaling_describe_groups {
        const char **names;
        size_t n_names;
};
extern const struct action autoscaling_describe_groups;

/* Whether the group replaces the instance during standby, or lowers its desired capacity. The
 * parameter is required. */
enum standby_decrement { STANDBY_REPLACE, STANDBY_DECREMENT };
struct autoscaling_enter_standby {
        const char *group;
        const char **ids; /* at most 19 */
        size_t n_ids;
        int decrement; /* enum standby_decrement */
};
struct autoscaling_exit_standby {
        const char *group;
        const char **ids;
        size_t n_ids;
};
/* Both actions work in the background: the lifecycle state shows when they are done. The code
 * ValidationError means that the group would fall below `min`, or that the instance is not in the
 * right lifecycle state. A repetition after a lost answer gets it, too, so the caller has to read
 * the lifecycle state. */
extern const struct action autoscaling_enter_standby, autoscaling_exit_standby;
