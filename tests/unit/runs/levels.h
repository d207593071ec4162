/* Worlds with one schedule s of some level of consistency, and what holds at every level. Include
 * it in one file of a program. */
#pragma once

#include "world.h"

#define HEAD                                                                                       \
        "version: 1\naccounts:\n  default: {regions: [eu-west-1]}\nschedules:\n  s:\n"             \
        "    schedule: cron(0 1 * * ? *)\n    targets: {tags: {A: b}}\n"
#define FREEZE "    freeze: {before: [a], after: [b]%s}\n"
#define RUN    "s.20260302T010000Z"

/* The place of the first call of an action in what was sent; fails when there is none. */
static inline size_t place_of(const struct world *world, const char *action)
{
        for (size_t i = 0; i < world->aws.n_calls; i++)
                if (streq(world->aws.calls[i].action, action))
                        return i;
        fail_msg("%s was not sent", action);
        return 0;
}

/* Everybody runs, and nobody is frozen. */
static inline void expect_all_up(struct world *world, const char *where)
{
        for (size_t i = 0; i < world->model.n_instances; i++) {
                struct model_instance *instance = world->model.instances[i];

                if (model_state(&world->model, instance) != INSTANCE_RUNNING)
                        fail_msg("%s: %s is %s", where, instance->id,
                                 instance_state_names[instance->state]);
                if (model_is_frozen(&world->model, instance))
                        fail_msg("%s: %s is frozen", where, instance->id);
        }
}

/* What the tag amid:consistency says is true of the moment the image was made. */
static inline void expect_true_consistency(struct world *world, const char *where)
{
        for (size_t i = 0; i < world->model.n_images; i++) {
                const struct model_image *image = world->model.images[i];
                const struct model_instance *instance =
                        model_find_instance(&world->model, image->instance);
                _cleanup_free_ char *thawed = NULL;

                if (streq(world_consistency(world, i), ACHIEVED_STOPPED) && !image->was_stopped)
                        fail_msg("%s: %s was not stopped", where, image->id);
                if (!streq(world_consistency(world, i), ACHIEVED_FROZEN))
                        continue;
                thawed = xasprintf("%s amid", image->thaws_with);
                if (!image->was_frozen || !streq(instance->thawed, thawed))
                        fail_msg("%s: %s was not frozen, or not to the end", where, image->id);
        }
}
