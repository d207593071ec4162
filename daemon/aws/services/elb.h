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
        char *target_type; /* "instance", "ip", "lambda", "alb": what the targets' ids are */
        char *vpc;
        unsigned int interval,
                healthy_threshold; /* seconds between checks, and how many it takes */
        char **load_balancers;     /* none: the targets are `unused` */
        size_t n_load_balancers;
};
struct elb_target_groups {
        struct elb_target_group *groups;
        size_t n_groups;
};
/* An ARN that does not exist fails the whole call with TargetGroupNotFound. None: all groups. */
struct elb_describe_target_groups {
        const char **arns; /* at most 20 */
        size_t n_arns;
};
extern const struct action elb_describe_target_groups;

enum target_state {
        TARGET_INITIAL,
        TARGET_HEALTHY,
        TARGET_UNHEALTHY,
        TARGET_UNUSED, /* also: not registered, when it was asked for by its id */
        TARGET_DRAINING,
        TARGET_UNHEALTHY_DRAINING,
        TARGET_UNAVAILABLE, /* the group checks nothing */
        TARGET_OTHER,
};
extern const char *const target_state_names[];

/* Identifies a registration: an instance may be in a group under several ports. */
struct elb_target {
        const char *id;
        unsigned int port; /* 0: the group's */
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
        struct elb_target *targets; /* none: all of the group */
        size_t n_targets;
};
extern const struct action elb_describe_target_health;

/* Both do nothing to what is there, or gone, already. InvalidTarget: the instance is not running,
 * or of another network. */
struct elb_change_targets {
        const char *group; /* ARN */
        struct elb_target *targets;
        size_t n_targets;
};
extern const struct action elb_register_targets, elb_deregister_targets;
