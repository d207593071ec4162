#include "sim/simulation/odd-states.h"

#include <stdlib.h>

#include "base/text.h"
#include "sim/sim-image.h"
#include "sim/sim-snapshot.h"
#include "sim/simulation/fault-events.h"
#include "sim/simulation/other-users.h"
#include "sim/simulation/simulation.h"

#define MINUTE (60 * USEC_PER_SEC)

/* For less than the daemon asks for as evidence that something no longer exists: absence from
 * lists for 5 minutes (an instance) or 10. */
static const struct {
        enum kind kind;
        int64_t minutes;
} hidden[] = {
        { KIND_INSTANCE, 4 },
        { KIND_IMAGE, 9 },
        { KIND_SNAPSHOT, 9 },
};

static const char *const image_states[] = { "pending", "failed", "invalid", "error", "transient" };

static const char *some_region(struct universe *universe)
{
        return universe->fleet.regions[dice_below(&universe->dice, universe->fleet.n_regions)];
}

/* One of the resources that are there; of images one of ours. */
static struct resource *some_resource(struct universe *universe, enum kind kind)
{
        struct place *place = people_place(universe, some_region(universe));
        usec_t now = people_now(universe);
        struct resource *found[500];
        size_t n = 0;

        FOREACH_RESOURCE(resource, place, kind)
        {
                if (n < ELEMENTS(found) && resource->gone > now && resource->visible <= now &&
                    (kind != KIND_IMAGE || tags_get(&resource->tags, "amid:owner")))
                        found[n++] = resource;
        }
        return n ? found[dice_below(&universe->dice, n)] : NULL;
}

void odd_image_state(struct universe *universe)
{
        struct image *image = (struct image *)some_resource(universe, KIND_IMAGE);

        if (!image)
                return;
        happenings_hinder(universe);
        image->odd_state = image_states[dice_below(&universe->dice, ELEMENTS(image_states))];
        image->odd_until =
                people_now(universe) + (dice_chance(&universe->dice, 0.6)
                                                ? dice_wait(&universe->dice, 5 * MINUTE)
                                                : dice_wait(&universe->dice, 120 * MINUTE));
        trace_line(universe->trace, "! image %s is shown as %s for %lld s", image->resource.id,
                   image->odd_state,
                   (long long)((image->odd_until - people_now(universe)) / USEC_PER_SEC));
}

void odd_start_fails(struct universe *universe)
{
        struct instance *instance = people_instance(universe, some_region(universe));

        if (!instance)
                return;
        instance->orders.starts_fail = dice_chance(&universe->dice, 0.5)
                                               ? (unsigned int)dice_between(&universe->dice, 1, 3)
                                               : (unsigned int)dice_between(&universe->dice, 4, 60);
        trace_line(universe->trace, "! starts of %s end in stopped again", instance->resource.id);
}

void odd_unknown_for_minutes(struct universe *universe)
{
        size_t what = dice_below(&universe->dice, ELEMENTS(hidden));
        struct resource *resource = some_resource(universe, hidden[what].kind);
        int64_t seconds;

        if (!resource)
                return;
        happenings_hinder(universe);
        seconds = dice_between(&universe->dice, 1, hidden[what].minutes * 60);
        resource->visible = people_now(universe) + seconds * USEC_PER_SEC;
        trace_line(universe->trace, "! nothing knows %s for %lld s", resource->id,
                   (long long)seconds);
}

void odd_image_disabled(struct universe *universe)
{
        struct image *image = (struct image *)some_resource(universe, KIND_IMAGE);

        if (image)
                free(people_call(universe, image->resource.place->region, NULL,
                                 "Action=%sImage&ImageId=%s",
                                 image->disabled ? "Enable" : "Disable", image->resource.id));
}

void odd_states_end(struct universe *universe)
{
        for (size_t i = 0; i < universe->fleet.n_regions; i++) {
                struct place *place = people_place(universe, universe->fleet.regions[i]);

                FOREACH_RESOURCE(resource, place, KIND_IMAGE)
                {
                        ((struct image *)resource)->odd_until = 0;
                        ((struct image *)resource)->disabled = false;
                }
                FOREACH_RESOURCE(resource, place, KIND_INSTANCE)
                ((struct instance *)resource)->orders.starts_fail = 0;
                for (size_t kind = 0; kind < ELEMENTS(hidden); kind++)
                        FOREACH_RESOURCE(resource, place, hidden[kind].kind)
                if (resource->visible > people_now(universe))
                        resource->visible = people_now(universe);
        }
}
