/* Members of Auto Scaling groups, and the replacement of those that are down. */
#include "sim/sim-scaling.h"

#include <string.h>

#include "base/alloc.h"
#include "sim/sim-instance.h"
#include "sim/sim-target.h"

static const char *const lifecycle_names[] = {
        [LIFE_PENDING] = "Pending",
        [LIFE_IN_SERVICE] = "InService",
        [LIFE_ENTERING_STANDBY] = "EnteringStandby",
        [LIFE_IS_STANDBY] = "Standby",
        [LIFE_TERMINATED] = "Terminated",
};

const char *lifecycle_name(enum lifecycle lifecycle)
{
        return lifecycle_names[lifecycle];
}

enum lifecycle member_lifecycle(const struct member *member, usec_t now)
{
        return now >= member->since ? member->state : member->was;
}

struct scaling_group *scaling_group(struct sim_location *location, const char *name)
{
        struct scaling_group *group;

        HASH_FIND_STR(location->scaling_groups, name, group);
        if (group)
                return group;
        group = xnew(struct scaling_group);
        group->name = xstrdup(name);
        HASH_ADD_KEYPTR(hh, location->scaling_groups, group->name, strlen(group->name), group);
        return group;
}

static void scaling_group_free(struct scaling_group *group)
{
        for (size_t i = 0; i < group->n_members; i++)
                free(group->members[i].instance);
        free(group->members);
        strings_free(group->suspended, group->n_suspended);
        strings_free(group->target_groups, group->n_target_groups);
        free(group->name);
        free(group);
}

void scaling_groups_free(struct sim_location *location)
{
        struct scaling_group *next = location->scaling_groups;

        HASH_CLEAR(hh, location->scaling_groups);
        for (struct scaling_group *group = next; group; group = next) {
                next = group->hh.next;
                scaling_group_free(group);
        }
}

void scaling_add(struct sim_location *location, struct scaling_group *group, const char *instance,
                 usec_t now)
{
        struct instance *itself = resource_find(location, KIND_INSTANCE, instance);

        tags_set(&itself->resource.tags, "aws:autoscaling:groupName", group->name);
        *append(group->members, group->n_members) =
                (struct member){ .instance = xstrdup(instance),
                                 .was = LIFE_IN_SERVICE,
                                 .state = LIFE_IN_SERVICE,
                                 .since = now,
                                 .timeout = sim_wait(location->sim, WAIT_SCALING_HEALTH) };
        group->desired++;
        if (group->max < group->desired)
                group->max = group->desired;
}

/* ---- replacing ---- */

static bool is_suspended(const struct scaling_group *group, const char *process)
{
        return strings_contain(group->suspended, group->n_suspended, process);
}

/* Since when the instance has not been running, as the health check of the group sees it;
 * USEC_INFINITY: it runs. A reboot does not count. */
static usec_t down_since(const struct instance *instance, const struct member *member, usec_t now)
{
        usec_t since;

        if (!instance)
                return member->since;
        if (instance_state(instance, now) == STATE_RUNNING ||
            instance_state(instance, now) == STATE_PENDING)
                return USEC_INFINITY;
        /* `stopping` began with the outage, which is never over while it is stopped. */
        since = instance->n_outages ? instance->outages[instance->n_outages - 1].from : now;
        return since > member->since ? since : member->since;
}

static void replace(struct sim_location *location, struct scaling_group *group,
                    struct instance *lost, usec_t at)
{
        static const struct volume_order root = {
                .device = "/dev/xvda", .type = "gp3", .size = 8, .delete_on_termination = true
        };
        _cleanup_free_ char *reservation = new_id(location->sim, "r-");
        struct instance *made;

        made = instance_launch(location, at,
                               &(struct launch_order){ .image = lost->image,
                                                       .type = lost->type,
                                                       .zone = lost->zone,
                                                       .reservation = reservation,
                                                       .tags = &lost->resource.tags,
                                                       .volumes = &root,
                                                       .n_volumes = 1,
                                                       .visible = at });
        made->agent = lost->agent;
        made->address = lost->address;
        group->desired--; /* which scaling_add() raises again */
        scaling_add(location, group, made->resource.id, at);
        group->members[group->n_members - 1].was = LIFE_PENDING;
        group->members[group->n_members - 1].since = made->since;
        for (size_t i = 0; i < group->n_target_groups; i++)
                target_register(location, target_group(location, group->target_groups[i]),
                                made->resource.id, 0, made->since);
}

static void lose(struct sim_location *location, struct scaling_group *group, size_t n, usec_t at)
{
        struct member *member = &group->members[n];
        struct instance *instance = resource_find(location, KIND_INSTANCE, member->instance);

        member->was = member->state = LIFE_TERMINATED;
        member->since = at;
        for (size_t i = 0; i < group->n_target_groups; i++)
                target_deregister(target_group(location, group->target_groups[i]), member->instance,
                                  0, at);
        if (!instance)
                return;
        if (instance_state(instance, at) != STATE_TERMINATED)
                instance_terminate(instance, at, "auto-scaling");
        if (!is_suspended(group, "Launch"))
                replace(location, group, instance, at);
}

static void settle_group(struct sim_location *location, struct scaling_group *group, usec_t now)
{
        if (is_suspended(group, "HealthCheck") || is_suspended(group, "ReplaceUnhealthy") ||
            is_suspended(group, "Terminate"))
                return;
        for (size_t i = 0, n = group->n_members; i < n; i++) {
                const struct member *member = &group->members[i];
                usec_t down;

                if (member_lifecycle(member, now) != LIFE_IN_SERVICE)
                        continue;
                down = later(down_since(instance_find(location, member->instance, now), member,
                                        now),
                             member->timeout);
                if (down <= now)
                        lose(location, group, i, down);
        }
}

void scaling_settle(struct sim_location *location, usec_t now)
{
        for (struct scaling_group *group = location->scaling_groups; group; group = group->hh.next)
                settle_group(location, group, now);
}
