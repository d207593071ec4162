/* Worlds whose instances are in target groups and Auto Scaling groups. Include it in one file of a
 * program. */
#pragma once

#include "runs/outage/restore-plan.h"
#include "world.h"

#define SCHEDULE(name, minute, level, reboot)                                                      \
        "  " name ":\n    schedule: cron(" minute " 1 * * ? *)\n"                                  \
        "    missed: {run: all, within: 6h}\n    end: 2026-03-02T03:00:00\n"                       \
        "    targets: {tags: {A: b}}\n    consistency: " level "\n    reboot: {" reboot "}\n"
#define HEAD             "version: 1\naccounts:\n  default: {regions: [eu-west-1]}\nschedules:\n"
#define S(level, reboot) HEAD SCHEDULE("s", "0", level, reboot)
#define RUN              "s.20260302T010000Z"

/* All in the target group "web", ports 80 and 81. */
static inline struct model_group *setup(struct world *world, const char *yaml,
                                        unsigned int instances)
{
        struct model_group *group;

        world_init(world);
        group = model_add_group(&world->model, "web");
        for (unsigned int i = 1; i <= instances; i++) {
                _cleanup_free_ char *id = xasprintf("i-%u", i);

                model_add_instance(&world->model, id, "eu-west-1", "A", "b");
                model_add_target(group, id, 80);
                model_add_target(group, id, 81);
        }
        world_apply(world, yaml);
        return group;
}

static inline void expect_all_in(struct world *world, const char *where)
{
        struct model_elb *elb = world->model.elb;

        for (size_t i = 0; i < elb->n_groups; i++)
                for (size_t j = 0; j < elb->groups[i]->n_targets; j++)
                        if (!elb->groups[i]->gone && !elb->groups[i]->targets[j].registered)
                                fail_msg("%s: %s is out of %s", where,
                                         elb->groups[i]->targets[j].instance, elb->groups[i]->arn);
        for (size_t i = 0; i < elb->n_members; i++)
                if (model_lifecycle(&world->model, &elb->members[i]) != LIFECYCLE_IN_SERVICE)
                        fail_msg("%s: %s is %s", where, elb->members[i].instance,
                                 lifecycle_state_names[elb->members[i].lifecycle]);
        for (size_t i = 0; i < world->model.n_instances; i++)
                if (model_state(&world->model, world->model.instances[i]) != INSTANCE_RUNNING)
                        fail_msg("%s: %s does not run", where, world->model.instances[i]->id);
}
