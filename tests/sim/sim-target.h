/*
 * Target groups of Elastic Load Balancing, and the health of their targets. Private to the model.
 */
#pragma once

#include <stdbool.h>

#include "sim/sim-call.h"

struct target {
        char *instance;
        unsigned int port;
        usec_t registered, deregistered; /* USEC_INFINITY: it is registered */
        usec_t rise, fall;               /* how long until it is found healthy, and unhealthy */
};

struct target_group {
        UT_hash_handle hh; /* sim_location.target_groups, by name */
        char *name, *arn;
        unsigned int port;
        unsigned int delay; /* of deregistration, seconds */
        bool attached;      /* to a load balancer: else its targets are unused */
        struct target *targets;
        size_t n_targets;
};

/* Never NULL: made when there is none of that name. */
struct target_group *target_group(struct sim_location *location, const char *name);
void target_groups_free(struct sim_location *location);
/* Registers an instance, or takes it back from draining. `port` 0: the group's. */
void target_register(struct sim_location *location, struct target_group *group,
                     const char *instance, unsigned int port, usec_t now);
void target_deregister(struct target_group *group, const char *instance, unsigned int port,
                       usec_t now);

enum health {
        HEALTH_INITIAL,
        HEALTH_IS_HEALTHY,
        HEALTH_IS_UNHEALTHY,
        HEALTH_UNUSED,
        HEALTH_DRAINING,
        HEALTH_GONE, /* drained, or never there */
};
/* `*ret_reason`: Reason of the API, or NULL. */
enum health target_health(const struct sim_location *location, const struct target_group *group,
                          const struct target *target, usec_t now, const char **ret_reason);
const char *health_name(enum health health);

bool describe_target_groups(struct call *call);
bool describe_target_group_attributes(struct call *call);
bool describe_target_health(struct call *call);
bool register_targets(struct call *call);
bool deregister_targets(struct call *call);
