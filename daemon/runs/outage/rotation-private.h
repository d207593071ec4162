/* The target groups that rotation.c reads and rotation-known.c answers by. Private to both. */
#pragma once

#include "runs/location/gone.h"
#include "runs/outage/rotation.h"

struct target_group {
        char *arn;
        bool listed; /* by the last look at all, with instances for targets */
        struct gone evidence;
        bool gone;   /* provably removed */
        usec_t read; /* monotonic: when its health was asked for; 0: never */
        struct elb_healths healths;
        struct target_group *next;
};

struct rotation {
        struct location *location;
        struct target_group *groups; /* struct target_group.next, in the order they became known */
        usec_t listed;               /* monotonic: when all groups were asked for; 0: never */
        struct onlooker *onlookers;  /* struct onlooker.next */
        struct aws_slot *call;
        struct target_group *asked; /* in this request; NULL: all groups */
        usec_t sent;
        usec_t failed; /* monotonic: when the last look did; 0: never */
        bool refused;  /* by AWS; else it could not be asked */
        char *why;
        struct refusal refusal;
};

/* NULL: the group was never read. `rotation` may be NULL. */
struct target_group *rotation_find(const struct rotation *rotation, const char *arn);
