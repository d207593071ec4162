/*
 * Auto Scaling groups: which instances are in service, which stand by, and which are replaced
 * because they are down. Private to the model.
 */
#pragma once

#include <stdbool.h>

#include "sim/sim-call.h"

enum lifecycle {
        LIFE_PENDING,
        LIFE_IN_SERVICE,
        LIFE_ENTERING_STANDBY,
        LIFE_IS_STANDBY,
        LIFE_TERMINATED, /* no longer a member */
};

struct member {
        char *instance;
        enum lifecycle was, state; /* `state` from `since` on, `was` before */
        usec_t since;
        usec_t timeout; /* how long it may be down */
};

struct scaling_group {
        UT_hash_handle hh; /* sim_location.scaling_groups, by name */
        char *name;
        unsigned int min, max, desired;
        char **suspended; /* processes */
        size_t n_suspended;
        char **target_groups; /* names: those in service are registered there */
        size_t n_target_groups;
        struct member *members;
        size_t n_members;
};

/* Never NULL: made when there is none of that name, with room for whoever is added. */
struct scaling_group *scaling_group(struct sim_location *location, const char *name);
void scaling_groups_free(struct sim_location *location);
/* A member in service since `now`, tagged as such; raises desired, and max where it has to. The
 * instance has to exist. */
void scaling_add(struct sim_location *location, struct scaling_group *group, const char *instance,
                 usec_t now);
/* Terminates and replaces what was down for too long by `now`. */
void scaling_settle(struct sim_location *location, usec_t now);
enum lifecycle member_lifecycle(const struct member *member, usec_t now);
const char *lifecycle_name(enum lifecycle lifecycle);

bool describe_auto_scaling_groups(struct call *call);
bool describe_auto_scaling_instances(struct call *call);
bool enter_standby(struct call *call);
bool exit_standby(struct call *call);
