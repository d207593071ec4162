/* The target groups of a location, by the last answers. */
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/outage/rotation-private.h"

const char *rotation_name(const char *arn)
{
        const char *name = strstr(arn, "targetgroup/");

        return name ? name + strlen("targetgroup/") : arn;
}

struct target_group *rotation_find(const struct rotation *rotation, const char *arn)
{
        struct target_group *group = rotation ? rotation->groups : NULL;

        while (group && !streq(group->arn, arn))
                group = group->next;
        return group;
}

const struct elb_health *rotation_health(const struct location *location, const char *arn,
                                         const char *instance, unsigned int port)
{
        const struct target_group *group = rotation_find(location->rotation, arn);

        for (size_t i = 0; group && i < group->healths.n_healths; i++)
                if (streq(group->healths.healths[i].id, instance) &&
                    group->healths.healths[i].port == port)
                        return &group->healths.healths[i];
        return NULL;
}

bool rotation_is_gone(const struct location *location, const char *arn)
{
        const struct target_group *group = rotation_find(location->rotation, arn);

        return group && group->gone;
}

bool rotation_is_known(const struct location *location)
{
        return location->rotation && location->rotation->listed;
}

char *rotation_groups(const struct location *location, const char *instance)
{
        _cleanup_(text_done) struct text text = {};

        if (!rotation_is_known(location))
                return NULL;
        for (const struct target_group *g = location->rotation->groups; g; g = g->next) {
                bool within = false;

                for (size_t i = 0; g->listed && i < g->healths.n_healths; i++)
                        within |= streq(g->healths.healths[i].id, instance);
                if (within)
                        text_printf(&text, "%starget-group=%s", text_size(&text) ? "\n" : "",
                                    rotation_name(g->arn));
        }
        if (!text_size(&text))
                text_append(&text, "target-group=");
        return text_steal(&text);
}

void rotation_note(const struct location *location, const char *instance, bool drain,
                   struct restore_plan *plan)
{
        for (const struct target_group *g = location->rotation ? location->rotation->groups : NULL;
             g; g = g->next)
                for (size_t i = 0; g->listed && i < g->healths.n_healths; i++) {
                        const struct elb_health *health = &g->healths.healths[i];
                        bool healthy = health->state == TARGET_HEALTHY;

                        if (!streq(health->id, instance) || health->state == TARGET_DRAINING ||
                            health->state == TARGET_UNHEALTHY_DRAINING || (!drain && !healthy))
                                continue;
                        restore_plan_add(plan, drain ? RESTORE_DRAIN : RESTORE_WATCH, healthy,
                                         health->port, g->arn);
                }
}
