/* What other users do with images of the daemon. */
#include "sim/simulation/other-users-images.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "schedule/schedule.h"
#include "sim/sim-image.h"
#include "sim/sim-instance.h"
#include "sim/simulation/checker.h"
#include "sim/simulation/other-users.h"
#include "sim/simulation/simulation.h"

static const char *some_region(struct simulation *simulation)
{
        return simulation->fleet
                .regions[dice_below(&simulation->dice, simulation->fleet.n_regions)];
}

static size_t serial(const struct simulation *simulation)
{
        return (size_t)(simulation->clock.now / USEC_PER_SEC);
}

/* An available image of the daemon; NULL: there is none. */
static struct image *one_of_ours(struct simulation *simulation, const char *region)
{
        for (int i = 0; i < 8; i++) {
                struct image *image = other_users_image(simulation, region);

                if (image && image->source_instance &&
                    streq(tags_get(&image->resource.tags, "amid:owner"), "sim"))
                        return image;
        }
        return NULL;
}

void other_users_copy_image(struct simulation *simulation)
{
        const char *region = some_region(simulation);
        struct image *image = one_of_ours(simulation, region);

        if (image)
                free(other_users_call(simulation, region, NULL,
                                      "Action=CopyImage&SourceImageId=%s&SourceRegion=%s&"
                                      "CopyImageTags=true&Name=copy-%zu",
                                      image->resource.id, region, serial(simulation)));
}

/* TagSpecification.1 of CreateImage, as the daemon would set it. Caller frees. */
static char *our_tags(const char *schedule, const char *instance, sec_t firing, const char *more)
{
        char compact[TIME_TEXT_MAX], time[TIME_TEXT_MAX];
        const char *at = format_rfc3339(firing, time);

        return xasprintf("&TagSpecification.1.ResourceType=image"
                         "&TagSpecification.1.Tag.1.Key=amid%%3Aowner"
                         "&TagSpecification.1.Tag.1.Value=sim"
                         "&TagSpecification.1.Tag.2.Key=amid%%3Aschedule"
                         "&TagSpecification.1.Tag.2.Value=%s"
                         "&TagSpecification.1.Tag.3.Key=amid%%3Arun"
                         "&TagSpecification.1.Tag.3.Value=%s.%s"
                         "&TagSpecification.1.Tag.4.Key=amid%%3Ainstance"
                         "&TagSpecification.1.Tag.4.Value=%s"
                         "&TagSpecification.1.Tag.5.Key=amid%%3Atime"
                         "&TagSpecification.1.Tag.5.Value=%s"
                         "&TagSpecification.1.Tag.6.Key=amid%%3Aconsistency"
                         "&TagSpecification.1.Tag.6.Value=stopped%s",
                         schedule, schedule, format_compact(firing, compact), instance, at, more);
}

void other_users_take_name(struct simulation *simulation)
{
        struct fleet *fleet = &simulation->fleet;
        const char *region = some_region(simulation);
        const struct fleet_schedule *drawn =
                &fleet->schedules[dice_below(&simulation->dice, fleet->n_schedules)];
        struct instance *victim = other_users_instance(simulation, region);
        struct instance *other = other_users_instance(simulation, region);
        const struct setting_schedule *setting =
                settings_schedule(fleet_settings(fleet), drawn->name);
        _cleanup_free_ char *tags = NULL;
        char compact[TIME_TEXT_MAX];
        sec_t firing;

        if (!setting || !victim || !other || victim == other)
                return;
        firing = schedule_next(&setting->schedule, other_users_now(simulation) / USEC_PER_SEC);
        if (firing == SEC_NEVER)
                return;
        tags = our_tags(drawn->name, victim->resource.id, firing, "");
        free(other_users_call(simulation, region, NULL,
                              "Action=CreateImage&NoReboot=true&InstanceId=%s&Name=%s-%s-%s%s",
                              other->resource.id, drawn->name, victim->resource.id,
                              format_compact(firing, compact), tags));
}

void other_users_edit_tags(struct simulation *simulation)
{
        static const struct {
                const char *key, *value; /* value NULL: the tag is removed */
        } edits[] = {
                { "schedule", "keep" }, { "schedule", NULL },  { "owner", "people" },
                { "owner", NULL },      { "instance", "i-0" }, { "instance", NULL },
        };
        const char *region = some_region(simulation);
        struct image *image = one_of_ours(simulation, region);
        size_t what = dice_below(&simulation->dice, ELEMENTS(edits));
        _cleanup_free_ char *value = NULL, *key = NULL;

        if (!image)
                return;
        if (edits[what].value)
                value = xasprintf("&Tag.1.Value=%s", edits[what].value);
        free(other_users_call(simulation, region, NULL,
                              "Action=%sTags&ResourceId.1=%s&Tag.1.Key=amid%%3A%s%s",
                              value ? "Create" : "Delete", image->resource.id, edits[what].key,
                              value ? value : ""));
        key = xasprintf("amid:%s", edits[what].key);
        if (streq(tags_get(&image->resource.tags, key),
                  edits[what].value)) /* EC2 has taken the change */
                checker_image_kept(simulation->checker, image->resource.id);
}

void other_users_protect_image(struct simulation *simulation)
{
        const char *region = some_region(simulation);
        struct image *image = one_of_ours(simulation, region);
        struct snapshot *snapshot;

        if (!image || !image->devices.n)
                return;
        snapshot = resource_find(
                other_users_location(simulation, region), KIND_SNAPSHOT,
                image->devices.list[dice_below(&simulation->dice, image->devices.n)].snapshot);
        if (snapshot && dice_chance(&simulation->dice, 0.5))
                snapshot->locked = !snapshot->locked;
        else
                image->protected = !image->protected;
        trace_line(simulation->trace, "! image %s: protected %d, snapshot locked %d",
                   image->resource.id, image->protected, snapshot && snapshot->locked);
}

void other_users_start_daemon(struct simulation *simulation)
{
        const char *region = some_region(simulation);
        struct instance *instance = other_users_instance(simulation, region);
        const struct fleet *fleet = &simulation->fleet;
        const char *schedule =
                fleet->schedules[dice_below(&simulation->dice, fleet->n_schedules)].name;
        sec_t firing = other_users_now(simulation) / USEC_PER_SEC;
        _cleanup_free_ char *tags = NULL;
        char compact[TIME_TEXT_MAX];
        char *image;

        if (!instance || simulation->second.image)
                return;
        tags = our_tags(schedule, instance->resource.id, firing,
                        "&TagSpecification.1.Tag.7.Key=amid%3Adaemon"
                        "&TagSpecification.1.Tag.7.Value=0123456789abcdef");
        image = other_users_call(simulation, region, "imageId",
                                 "Action=CreateImage&NoReboot=true&InstanceId=%s&Name=%s-%s-%s%s",
                                 instance->resource.id, schedule, instance->resource.id,
                                 format_compact(firing, compact), tags);
        if (image)
                simulation->second = (struct second_daemon){ .image = image,
                                                             .schedule = xstrdup(schedule),
                                                             .region = region,
                                                             .at = simulation->clock.now };
}

void other_users_end_daemon(struct simulation *simulation)
{
        if (!simulation->second.image)
                return;
        trace_line(simulation->trace, "! the second daemon is ended");
        machine_stop(&simulation->machine, 5 * USEC_PER_SEC);
        /* Where DeregisterImage is refused, the image has at least no owner any more. */
        free(other_users_call(simulation, simulation->second.region, NULL,
                              "Action=DeleteTags&ResourceId.1=%s&Tag.1.Key=amid%%3Aowner",
                              simulation->second.image));
        free(other_users_call(simulation, simulation->second.region, NULL,
                              "Action=DeregisterImage&ImageId=%s&DeleteAssociatedSnapshots=true",
                              simulation->second.image));
        free(simulation->second.image);
        free(simulation->second.schedule);
        simulation->second = (struct second_daemon){};
}

/* The clone of this region that is not terminated yet; NULL: none. */
static struct instance *find_clone(struct simulation *simulation, const char *region)
{
        FOREACH_RESOURCE(resource, other_users_location(simulation, region), KIND_INSTANCE)
        {
                enum state state =
                        instance_state((struct instance *)resource, other_users_now(simulation));

                if (tags_get(&resource->tags, "Clone") && state != STATE_SHUTTING_DOWN &&
                    state != STATE_TERMINATED)
                        return (struct instance *)resource;
        }
        return NULL;
}

/* At most one clone in a region at a time. */
void other_users_clone(struct simulation *simulation)
{
        const char *region = some_region(simulation);
        struct image *image =
                find_clone(simulation, region) ? NULL : one_of_ours(simulation, region);

        if (image)
                free(other_users_call(simulation, region, NULL,
                                      "Action=RunInstances&ImageId=%s&MinCount=1&MaxCount=1&"
                                      "TagSpecification.1.ResourceType=instance&"
                                      "TagSpecification.1.Tag.1.Key=Group&"
                                      "TagSpecification.1.Tag.1.Value=g%zu&"
                                      "TagSpecification.1.Tag.2.Key=Role&"
                                      "TagSpecification.1.Tag.2.Value=web&"
                                      "TagSpecification.1.Tag.3.Key=Clone&"
                                      "TagSpecification.1.Tag.3.Value=yes",
                                      image->resource.id, dice_below(&simulation->dice, GROUPS)));
}

/* Clones end, so that fleets do not grow for as long as they are simulated. */
void other_users_end_clone(struct simulation *simulation)
{
        const char *region = some_region(simulation);
        struct instance *clone = find_clone(simulation, region);

        if (clone)
                free(other_users_call(simulation, region, NULL,
                                      "Action=TerminateInstances&InstanceId.1=%s",
                                      clone->resource.id));
}
