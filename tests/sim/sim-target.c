/* Targets of target groups, and their health. */
#include "sim/sim-target.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "sim/sim-instance.h"

enum { DEFAULT_PORT = 80, DEFAULT_DELAY = 300 };

static const char *const health_names[] = {
        [HEALTH_INITIAL] = "initial",        [HEALTH_IS_HEALTHY] = "healthy",
        [HEALTH_IS_UNHEALTHY] = "unhealthy", [HEALTH_UNUSED] = "unused",
        [HEALTH_DRAINING] = "draining",      [HEALTH_GONE] = "unused",
};

const char *health_name(enum health health)
{
        return health_names[health];
}

struct target_group *target_group(struct sim_location *location, const char *name)
{
        struct target_group *group;

        HASH_FIND_STR(location->target_groups, name, group);
        if (group)
                return group;
        group = xnew(struct target_group);
        group->name = xstrdup(name);
        group->arn =
                xasprintf("arn:aws:elasticloadbalancing:%s:%s:targetgroup/%s/%016" PRIx64,
                          location->region, location->account, name, sim_random(location->sim));
        group->port = DEFAULT_PORT;
        group->delay = DEFAULT_DELAY;
        group->attached = true;
        HASH_ADD_KEYPTR(hh, location->target_groups, group->name, strlen(group->name), group);
        return group;
}

static void target_group_free(struct target_group *group)
{
        for (size_t i = 0; i < group->n_targets; i++)
                free(group->targets[i].instance);
        free(group->targets);
        free(group->name);
        free(group->arn);
        free(group);
}

void target_groups_free(struct sim_location *location)
{
        struct target_group *next = location->target_groups;

        HASH_CLEAR(hh, location->target_groups);
        for (struct target_group *group = next; group; group = next) {
                next = group->hh.next;
                target_group_free(group);
        }
}

static struct target *find(struct target_group *group, const char *instance, unsigned int port)
{
        for (size_t i = 0; i < group->n_targets; i++)
                if (streq(group->targets[i].instance, instance) && group->targets[i].port == port)
                        return &group->targets[i];
        return NULL;
}

void target_register(struct sim_location *location, struct target_group *group,
                     const char *instance, unsigned int port, usec_t now)
{
        struct target *target = find(group, instance, port ? port : group->port);

        if (target && target->deregistered == USEC_INFINITY)
                return;
        if (!target) {
                target = append(group->targets, group->n_targets);
                target->instance = xstrdup(instance);
                target->port = port ? port : group->port;
        }
        target->registered = now;
        target->deregistered = USEC_INFINITY;
        target->rise = sim_wait(location->sim, WAIT_TARGET_HEALTHY);
        target->fall = sim_wait(location->sim, WAIT_TARGET_UNHEALTHY);
}

void target_deregister(struct target_group *group, const char *instance, unsigned int port,
                       usec_t now)
{
        struct target *target = find(group, instance, port ? port : group->port);

        if (target && target->deregistered == USEC_INFINITY)
                target->deregistered = now;
}

/* The group checks targets from outside, at intervals. It takes `fall` to find a target
 * unhealthy, so that a target which reboots stays healthy for a while, and `rise` to find it
 * healthy again. */
static enum health checked(const struct instance *instance, const struct target *target, usec_t now,
                           const char **ret_reason)
{
        const struct outage *outage = instance_last_outage(instance, now);
        usec_t base =
                target->registered > instance->launched ? target->registered : instance->launched;
        usec_t down = outage ? outage->from : -USEC_INFINITY;
        usec_t up = outage && outage->until > base ? outage->until : base;
        bool was_healthy = down > later(base, target->rise);

        if (instance->service_down) {
                *ret_reason = "Target.ResponseCodeMismatch";
                return now < later(base, target->fall) ? HEALTH_INITIAL : HEALTH_IS_UNHEALTHY;
        }
        /* Too short to be found, or not found yet. */
        if (was_healthy && (now < down + target->fall || up < down + target->fall))
                return HEALTH_IS_HEALTHY;
        if (now >= later(up, target->rise))
                return HEALTH_IS_HEALTHY;
        *ret_reason = down > base ? "Target.Timeout" : "Elb.InitialHealthChecking";
        return down > base ? HEALTH_IS_UNHEALTHY : HEALTH_INITIAL;
}

enum health target_health(const struct sim_location *location, const struct target_group *group,
                          const struct target *target, usec_t now, const char **ret_reason)
{
        const struct instance *instance = instance_find(location, target->instance, now);
        usec_t delay = (usec_t)((double)group->delay * (double)USEC_PER_SEC /
                                location->sim->timeline.speed);

        *ret_reason = NULL;
        if (now >= later(target->deregistered, delay)) {
                *ret_reason = "Target.NotRegistered";
                return HEALTH_GONE;
        }
        if (target->deregistered <= now) {
                *ret_reason = "Target.DeregistrationInProgress";
                return HEALTH_DRAINING;
        }
        if (!instance || instance_state(instance, now) != STATE_RUNNING) {
                *ret_reason = "Target.InvalidState";
                return HEALTH_UNUSED;
        }
        if (!group->attached) {
                *ret_reason = "Target.NotInUse";
                return HEALTH_UNUSED;
        }
        return checked(instance, target, now, ret_reason);
}
