/*
 * Elastic Load Balancing, version 2015-12-01: the target groups that instances are registered in.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/
 *
 * Inputs are plain structs of borrowed pointers on the caller's stack; outputs are freed by aws/.
 */
#pragma once

#include "aws/request/action.h"

struct elb_target_group {
        char *arn, *name;
        char *target_type; /* kind of the targets' ids: "instance", "ip", "lambda", "alb" */
        char *vpc;
        unsigned int interval, healthy_threshold; /* seconds between checks; checks in a row */
        char **load_balancers;                    /* none: the targets are `unused` */
        size_t n_load_balancers;
};
struct elb_target_groups {
        struct elb_target_group *groups;
        size_t n_groups;
};
/* A missing target group fails the whole call with TargetGroupNotFound. Without ARNs: all groups.
 */
struct elb_describe_target_groups {
        const char **arns; /* at most 20 */
        size_t n_arns;
};
extern const struct action elb_describe_target_groups;

enum target_state {
        TARGET_INITIAL,
        TARGET_HEALTHY,
        TARGET_UNHEALTHY,
        TARGET_UNUSED, /* also for a requested target that is not registered */
        TARGET_DRAINING,
        TARGET_UNHEALTHY_DRAINING,
        TARGET_UNAVAILABLE, /* the group has no health checks */
        TARGET_OTHER,
};
extern const char *const target_state_names[];

/* A registration: an instance may be registered in a group under several ports. */
struct elb_target {
        const char *id;
        unsigned int port; /* 0: the port of the group */
};
struct elb_health {
        char *id;
        unsigned int port;
        int state;                  /* enum target_state */
        char *reason, *description; /* "Target.DeregistrationInProgress" */
};
struct elb_healths {
        struct elb_health *healths;
        size_t n_healths;
};
struct elb_describe_target_health {
        const char *group;          /* ARN */
        struct elb_target *targets; /* empty: all targets of the group */
        size_t n_targets;
};
extern const struct action elb_describe_target_health;

/* Success without effect for a target that is registered, or deregistered, already. The code
 * InvalidTarget means that the instance is not running, or is in another VPC. */
struct elb_change_targets {
        const char *group; /* ARN */
        struct elb_target *targets;
        size_t n_targets;
};
extern const struct action elb_register_targets, elb_deregister_targets;
