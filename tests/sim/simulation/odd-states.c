/* Makes images and instances show unusual states. */
#include "sim/simulation/odd-states.h"

#include <stdlib.h>

#include "base/text.h"
#include "sim/sim-image.h"
#include "sim/sim-snapshot.h"
#include "sim/simulation/fault-events.h"
#include "sim/simulation/other-users.h"
#include "sim/simulation/simulation.h"

#define MINUTE (60 * USEC_PER_SEC)

/* How long a resource is hidden, in minutes: less than the absence from lists that the daemon
 * takes for evidence that it is gone, which is 5 minutes for an instance and 10 for others. */
static const struct {
        enum kind kind;
        int64_t minutes;
} hidden[] = {
        { KIND_INSTANCE, 4 },
        { KIND_IMAGE, 9 },
        { KIND_SNAPSHOT, 9 },
};

static const char *const image_states[] = { "pending", "failed", "invalid", "error", "transient" };

static const char *some_region(struct simulation *simulation)
{
        return simulation->fleet
                .regions[dice_below(&simulation->dice, simulation->fleet.n_regions)];
}

/* A resource that is there; of images one that has amid's tags. */
static struct resource *some_resource(struct simulation *simulation, enum kind kind)
{
        struct sim_location *location = other_users_location(simulation, some_region(simulation));
        usec_t now = other_users_now(simulation);
        struct resource *found[500];
        size_t n = 0;

        FOREACH_RESOURCE(resource, location, kind)
        {
                if (n < ELEMENTS(found) && resource->gone > now && resource->visible <= now &&
                    (kind != KIND_IMAGE || tags_get(&resource->tags, "amid:owner")))
                        found[n++] = resource;
        }
        return n ? found[dice_below(&simulation->dice, n)] : NULL;
}

void odd_image_state(struct simulation *simulation)
{
        struct image *image = (struct image *)some_resource(simulation, KIND_IMAGE);

        if (!image)
                return;
        fault_events_hindered(simulation);
        image->odd_state = image_states[dice_below(&simulation->dice, ELEMENTS(image_states))];
        image->odd_until =
                other_users_now(simulation) +
                (dice_chance(&simulation->dice, 0.6) ? dice_wait(&simulation->dice, 5 * MINUTE)
                                                     : dice_wait(&simulation->dice, 120 * MINUTE));
        trace_line(simulation->trace, "! image %s is shown as %s for %lld s", image->resource.id,
                   image->odd_state,
                   (long long)((image->odd_until - other_users_now(simulation)) / USEC_PER_SEC));
}

void odd_start_fails(struct simulation *simulation)
{
        struct instance *instance = other_users_instance(simulation, some_region(simulation));

        if (!instance)
                return;
        instance->orders.starts_fail =
                dice_chance(&simulation->dice, 0.5)
                        ? (unsigned int)dice_between(&simulation->dice, 1, 3)
                        : (unsigned int)dice_between(&simulation->dice, 4, 60);
        trace_line(simulation->trace, "! starts of %s end in stopped again", instance->resource.id);
}

void odd_unknown_for_minutes(struct simulation *simulation)
{
        size_t what = dice_below(&simulation->dice, ELEMENTS(hidden));
        struct resource *resource = some_resource(simulation, hidden[what].kind);
        int64_t seconds;

        if (!resource)
                return;
        fault_events_hindered(simulation);
        seconds = dice_between(&simulation->dice, 1, hidden[what].minutes * 60);
        resource->visible = other_users_now(simulation) + seconds * USEC_PER_SEC;
        trace_line(simulation->trace, "! nothing knows %s for %lld s", resource->id,
                   (long long)seconds);
}

void odd_image_disabled(struct simulation *simulation)
{
        struct image *image = (struct image *)some_resource(simulation, KIND_IMAGE);

        if (image)
                free(other_users_call(simulation, image->resource.location->region, NULL,
                                      "Action=%sImage&ImageId=%s",
                                      image->disabled ? "Enable" : "Disable", image->resource.id));
}

void odd_states_end(struct simulation *simulation)
{
        for (size_t i = 0; i < simulation->fleet.n_regions; i++) {
                struct sim_location *location =
                        other_users_location(simulation, simulation->fleet.regions[i]);

                FOREACH_RESOURCE(resource, location, KIND_IMAGE)
                {
                        ((struct image *)resource)->odd_until = 0;
                        ((struct image *)resource)->disabled = false;
                }
                FOREACH_RESOURCE(resource, location, KIND_INSTANCE)
                ((struct instance *)resource)->orders.starts_fail = 0;
                for (size_t kind = 0; kind < ELEMENTS(hidden); kind++)
                        FOREACH_RESOURCE(resource, location, hidden[kind].kind)
                if (resource->visible > other_users_now(simulation))
                        resource->visible = other_users_now(simulation);
        }
}
