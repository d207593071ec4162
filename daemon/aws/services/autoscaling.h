/*
 * EC2 Auto Scaling, version 2011-01-01: the groups that replace instances which are down.
 * https://docs.aws.amazon.com/autoscaling/ec2/APIReference/
 *
 * Inputs are plain structs of borrowed pointers on the caller's stack; outputs are freed by aws/.
 */
#pragma once

#include "aws/request/action.h"

/* Of an instance in its group. */
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
        LIFECYCLE_OTHER, /* a warm pool's, quarantined, ... */
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
/* Instances of no group are not in the answer. */
struct autoscaling_describe_instances {
        const char **ids; /* at most 50 */
        size_t n_ids;
};
enum { AUTOSCALING_IDS_MAX = 50 };
extern const struct action autoscaling_describe_instances;

/* Standby takes an instance off `desired`, which has to stay at or above `min`. */
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
/* Groups that do not exist are not in the answer. */
struct autoscaling_describe_groups {
        const char **names;
        size_t n_names;
};
extern const struct action autoscaling_describe_groups;

/* Whether the group is to do with one instance less meanwhile, or to start another in its place: it
 * always has to be said. */
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
/* Both go on in the background: the lifecycle state tells when they are done. ValidationError says
 * that the group would fall below its least size, or that the instance is not in the state to
 * leave, which a repetition after a lost answer finds as well: look at the state. */
extern const struct action autoscaling_enter_standby, autoscaling_exit_standby;
