/* Worlds with one schedule s, at 01:00, 02:00 and 03:00, of instances in two regions. Include it in
 * one file of a program. */
#pragma once

#include "world.h"

#define HEAD "version: 1\naccounts:\n  default: {regions: [eu-west-1, us-east-1]}\nschedules:\n"
#define SCHEDULE(keys)                                                                             \
        "  s:\n    schedule: cron(0 1-3 * * ? *)\n    targets: {tags: {A: b}" keys "}\n"
#define RUN  "s.20260302T010000Z"
#define NEXT "s.20260302T020000Z"

static inline void setup(struct world *world, const char *yaml, unsigned int instances)
{
        world_init(world);
        for (unsigned int i = 1; i <= instances; i++) {
                _cleanup_free_ char *id = xasprintf("i-%u", i);

                model_add_instance(&world->model, id, i % 2 ? "eu-west-1" : "us-east-1", "A", "b");
        }
        world_apply(world, yaml);
}

static inline char *fire(struct world *world, const char *instance)
{
        _cleanup_free_ char *error = NULL;
        char *only = (char *)(uintptr_t)instance, *run = NULL;

        if (manager_run(world->manager, "s", &only, instance ? 1 : 0, &run, &error) < 0)
                fail_msg("%s", error);
        return run;
}
