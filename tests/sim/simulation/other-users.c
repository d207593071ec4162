/*
 * What other users and operators do to instances and images, and the repairs after a fault period.
 */
#include "sim/simulation/other-users.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "sim/sim-fault.h"
#include "sim/sim-image.h"
#include "sim/sim-instance.h"
#include "sim/sim-log.h"
#include "sim/sim-snapshot.h"
#include "sim/simulation/checker.h"
#include "sim/simulation/simulation.h"

usec_t other_users_now(const struct simulation *simulation)
{
        return virtual_true_time(&simulation->clock);
}

struct sim_location *other_users_location(struct simulation *simulation, const char *region)
{
        return sim_location(simulation->cloud.sim, DEFAULT_ACCOUNT, region);
}

/* Calls an action as another user. One element of the answer is of interest at most. */
char *other_users_call(struct simulation *simulation, const char *region, const char *element,
                       const char *format, ...)
{
        va_list arguments;
        _cleanup_free_ char *parameters = NULL, *body = NULL;
        struct cloud_request seen = {};
        struct sim_reply reply;
        char *value;

        va_start(arguments, format);
        parameters = xvasprintf(format, arguments);
        va_end(arguments);
        body = xasprintf("%s&Version=2016-11-15", parameters);
        sim_answer(simulation->cloud.sim, other_users_now(simulation),
                   &(struct sim_request){ .region = region,
                                          .access_key = "people",
                                          .body = body,
                                          .size = strlen(body) },
                   &reply);
        seen.answer = reply.body;
        value = element && reply.status == 200 ? answer_element(&seen, element) : NULL;
        trace_line(simulation->trace, "! people: %s: %d", parameters, reply.status);
        sim_reply_done(&reply);
        return value;
}

struct instance *other_users_instance(struct simulation *simulation, const char *region)
{
        struct instance *found[200];
        size_t n = 0;

        FOREACH_RESOURCE(resource, other_users_location(simulation, region), KIND_INSTANCE)
        {
                struct instance *instance = (struct instance *)resource;
                enum state state = instance_state(instance, other_users_now(simulation));

                if (tags_get(&resource->tags, "Group") && n < ELEMENTS(found) &&
                    (state == STATE_RUNNING || state == STATE_STOPPED))
                        found[n++] = instance;
        }
        return n ? found[dice_below(&simulation->dice, n)] : NULL;
}

struct image *other_users_image(struct simulation *simulation, const char *region)
{
        struct image *found[1000];
        size_t n = 0;

        FOREACH_RESOURCE(resource, other_users_location(simulation, region), KIND_IMAGE)
        {
                struct image *image = (struct image *)resource;

                image_settle(image, other_users_now(simulation));
                if (!image->owner_alias && n < ELEMENTS(found) &&
                    image->state == IMAGE_IS_AVAILABLE &&
                    image->deregistered > other_users_now(simulation))
                        found[n++] = image;
        }
        return n ? found[dice_below(&simulation->dice, n)] : NULL;
}

void other_users_stop_or_start(struct simulation *simulation, const char *region)
{
        struct instance *instance = other_users_instance(simulation, region);
        bool running;

        if (!instance)
                return;
        running = instance_state(instance, other_users_now(simulation)) == STATE_RUNNING;
        free(other_users_call(simulation, region, NULL, "Action=%sInstances&InstanceId.1=%s",
                              running ? "Stop" : "Start", instance->resource.id));
}

static char *launch(struct simulation *simulation, const char *region, const char *image,
                    const char *group, const char *role)
{
        return other_users_call(
                simulation, region, "instanceId",
                "Action=RunInstances&ImageId=%s&MinCount=1&MaxCount=1&"
                "TagSpecification.1.ResourceType=instance&"
                "TagSpecification.1.Tag.1.Key=%s&TagSpecification.1.Tag.1.Value=%s&"
                "TagSpecification.1.Tag.2.Key=Role&TagSpecification.1.Tag.2.Value=%s",
                image, group ? "Group" : "Use", group ? group : "image", role);
}

void other_users_replace(struct simulation *simulation, const char *region)
{
        struct instance *instance = other_users_instance(simulation, region);
        const char *group, *role;

        if (!instance)
                return;
        group = tags_get(&instance->resource.tags, "Group");
        role = tags_get(&instance->resource.tags, "Role");
        /* An Auto Scaling group launches the replacement itself. */
        if (!simulation->fleet.scaling)
                free(launch(simulation, region, image_public_id(), group, role ? role : "web"));
        free(other_users_call(simulation, region, NULL, "Action=TerminateInstances&InstanceId.1=%s",
                              instance->resource.id));
}

void other_users_retag(struct simulation *simulation, const char *region)
{
        struct instance *instance = other_users_instance(simulation, region);

        if (!instance)
                return;
        if (dice_chance(&simulation->dice, 0.5))
                free(other_users_call(
                        simulation, region, NULL,
                        "Action=CreateTags&ResourceId.1=%s&Tag.1.Key=Group&Tag.1.Value=g%zu",
                        instance->resource.id, dice_below(&simulation->dice, GROUPS)));
        else
                free(other_users_call(
                        simulation, region, NULL,
                        "Action=CreateTags&ResourceId.1=%s&Tag.1.Key=Backup&Tag.1.Value=%s",
                        instance->resource.id, dice_chance(&simulation->dice, 0.3) ? "off" : "on"));
}

/* An instance whose status checks fail. */
static struct instance *impaired_instance(struct simulation *simulation, const char *region)
{
        FOREACH_RESOURCE(resource, other_users_location(simulation, region), KIND_INSTANCE)
        if (((struct instance *)resource)->impaired)
                return (struct instance *)resource;
        return NULL;
}

void other_users_break(struct simulation *simulation, const char *region)
{
        struct instance *instance = impaired_instance(simulation, region);

        if (!instance || dice_chance(&simulation->dice, 0.5))
                instance = other_users_instance(simulation, region);
        if (!instance)
                return;
        if (dice_chance(&simulation->dice, 0.5))
                instance->never_ready = !instance->never_ready;
        else
                instance->impaired = instance->impaired ? 0 : other_users_now(simulation);
        trace_line(simulation->trace, "! instance %s: never ready %d, impaired %d",
                   instance->resource.id, instance->never_ready, instance->impaired > 0);
}

void other_users_break_first(struct simulation *simulation, const char *region)
{
        struct resource *first = other_users_location(simulation, region)->resources[KIND_INSTANCE];

        ((struct instance *)first)->never_ready = true;
}

void other_users_order_failure(struct simulation *simulation, const char *region)
{
        struct instance *instance = other_users_instance(simulation, region);

        if (!instance)
                return;
        switch (dice_below(&simulation->dice, 3)) {
        case 0:
                xreplace(&instance->orders.image_code, "Server.InternalError");
                xreplace(&instance->orders.image_reason, "Server.InternalError");
                break;
        case 1:
                xreplace(&instance->orders.snapshot_error, "An error occurred");
                break;
        default:
                instance->orders.snapshot_stuck = 99;
        }
        trace_line(simulation->trace, "! the next image of %s fails or sticks",
                   instance->resource.id);
}

void other_users_disturb_agent(struct simulation *simulation, const char *region)
{
        struct instance *instance = other_users_instance(simulation, region);

        if (!instance)
                return;
        switch (dice_below(&simulation->dice, 4)) {
        case 0:
                instance->orders.command_fails = true;
                break;
        case 1:
                instance->orders.command_hangs = true;
                break;
        default:
                instance->agent = !instance->agent;
        }
        trace_line(simulation->trace, "! agent of %s: %s; its next command %s",
                   instance->resource.id, instance->agent ? "there" : "away",
                   instance->orders.command_fails   ? "fails"
                   : instance->orders.command_hangs ? "hangs"
                                                    : "is well");
}

void other_users_break_service(struct simulation *simulation, const char *region)
{
        struct instance *instance = other_users_instance(simulation, region);

        if (!instance)
                return;
        instance->service_down = !instance->service_down;
        trace_line(simulation->trace, "! service of %s is %s", instance->resource.id,
                   instance->service_down ? "down" : "up");
}

enum shortage { NO_CAPACITY, NO_IMAGES, NO_SNAPSHOTS, NO_STANDBY, NO_TAGS, SHORTAGES };

static const struct {
        const char *action, *code, *message;
} shortages[SHORTAGES] = {
        [NO_CAPACITY] = { "StartInstances", "InsufficientInstanceCapacity",
                          "Insufficient capacity. Please retry later." },
        [NO_IMAGES] = { "CreateImage", "ResourceLimitExceeded",
                        "You have exceeded the number of allowed images." },
        [NO_SNAPSHOTS] = { "CreateImage", "PendingSnapshotLimitExceeded",
                           "You have exceeded your limit of pending snapshots." },
        [NO_STANDBY] = { "EnterStandby", "ValidationError",
                         "AutoScalingGroup web would have less capacity than its minimum." },
        [NO_TAGS] = { "CreateTags", "UnauthorizedOperation",
                      "You are not authorized to perform this operation." },
};

static void refuse(struct simulation *simulation, const char *region, enum shortage shortage,
                   uint64_t times)
{
        struct fault *fault = fault_add(simulation->cloud.sim);

        *fault = (struct fault){
                .kind = FAULT_ERROR,
                .action = xstrdup(shortages[shortage].action),
                .region = xstrdup(region),
                .code = xstrdup(shortages[shortage].code),
                .message = xstrdup(shortages[shortage].message),
                .status = 400,
                .count = times,
                .probability = 1,
        };
        trace_line(simulation->trace, "! %s will be answered %s %zu times", fault->action,
                   fault->code, (size_t)fault->count);
}

void other_users_exhaust_images(struct simulation *simulation, const char *region)
{
        refuse(simulation, region, NO_IMAGES, UINT32_MAX);
}

void other_users_exhaust(struct simulation *simulation, const char *region)
{
        enum shortage shortage = (enum shortage)dice_below(&simulation->dice, SHORTAGES);
        int64_t most =
                dice_chance(&simulation->dice, 0.8) ? 12 : 80; /* for a while, or for hours */

        refuse(simulation, region, shortage, (uint64_t)dice_between(&simulation->dice, 1, most));
}

void other_users_deregister(struct simulation *simulation, const char *region)
{
        struct image *image = other_users_image(simulation, region);

        if (!image)
                return;
        checker_image_taken(simulation->checker, image->resource.id);
        free(other_users_call(simulation, region, NULL, "Action=DeregisterImage&ImageId=%s",
                              image->resource.id));
}

/* Whether the image is one of the instance's, available, and not older than `since`. */
static bool is_discarded(const struct simulation *simulation, struct resource *resource,
                         const char *instance, usec_t since)
{
        struct image *image = (struct image *)resource;

        image_settle(image, other_users_now(simulation));
        return image->source_instance && streq(image->source_instance, instance) &&
               image->state == IMAGE_IS_AVAILABLE && resource->created >= since &&
               image->deregistered > other_users_now(simulation);
}

void other_users_discard(struct simulation *simulation, const char *region)
{
        const struct image *first = other_users_image(simulation, region);
        _cleanup_free_ char *instance = first ? xstrdup(first->source_instance) : NULL;
        usec_t since = first ? first->resource.created + 1 : 0;

        if (!instance)
                return;
        FOREACH_RESOURCE(resource, other_users_location(simulation, region), KIND_IMAGE)
        {
                _cleanup_free_ char *done = NULL;

                if (!is_discarded(simulation, resource, instance, since))
                        continue;
                done = other_users_call(simulation, region, "return",
                                        "Action=DeregisterImage&ImageId=%s", resource->id);
                if (streq(done, "true"))
                        checker_image_taken(simulation->checker, resource->id);
        }
}

void other_users_launch_from_image(struct simulation *simulation, const char *region)
{
        struct image *image = other_users_image(simulation, region);

        if (image)
                free(launch(simulation, region, image->resource.id, NULL, "none"));
}

void other_users_make_image(struct simulation *simulation, const char *region)
{
        struct instance *instance = other_users_instance(simulation, region);
        const struct image *ours = other_users_image(simulation, region);
        const char *schedule = ours ? tags_get(&ours->resource.tags, "amid:schedule") : NULL;
        const char *run = ours ? tags_get(&ours->resource.tags, "amid:run") : NULL;
        const char *of = ours ? tags_get(&ours->resource.tags, "amid:instance") : NULL;
        _cleanup_free_ char *tags = NULL;

        if (!instance)
                return;
        /* The tags are those of a copied image; without amid:time the image cannot be adopted. */
        if (schedule && run && of)
                tags = xasprintf("&TagSpecification.1.ResourceType=image"
                                 "&TagSpecification.1.Tag.1.Key=amid%%3Aowner"
                                 "&TagSpecification.1.Tag.1.Value=sim"
                                 "&TagSpecification.1.Tag.2.Key=amid%%3Aschedule"
                                 "&TagSpecification.1.Tag.2.Value=%s"
                                 "&TagSpecification.1.Tag.3.Key=amid%%3Arun"
                                 "&TagSpecification.1.Tag.3.Value=%s"
                                 "&TagSpecification.1.Tag.4.Key=amid%%3Ainstance"
                                 "&TagSpecification.1.Tag.4.Value=%s",
                                 schedule, run, of);
        free(other_users_call(simulation, region, NULL,
                              "Action=CreateImage&NoReboot=true&InstanceId=%s&Name=people-%zu%s",
                              instance->resource.id, (size_t)(simulation->clock.now / USEC_PER_SEC),
                              tags ? tags : ""));
}

void other_users_rotate_keys(struct simulation *simulation)
{
        _cleanup_free_ char *key =
                xasprintf("AKID%zu", (size_t)(simulation->clock.now / USEC_PER_SEC));

        xreplace(&simulation->cloud.access_key, key);
        setenv("AWS_ACCESS_KEY_ID", key, 1); /* NOLINT(concurrency-mt-unsafe) */
        trace_line(simulation->trace, "! keys are rotated");
}

/* ---- repairs ---- */

static void repair_instance(struct simulation *simulation, struct instance *instance)
{
        usec_t now = other_users_now(simulation);
        const char *region = instance->resource.location->region;
        enum state state = instance_state(instance, now);

        instance->never_ready = false;
        instance->impaired = 0;
        xreplace(&instance->orders.image_code, NULL);
        xreplace(&instance->orders.image_reason, NULL);
        xreplace(&instance->orders.snapshot_error, NULL);
        instance->orders.snapshot_stuck = 0;
        instance->orders.command_fails = instance->orders.command_hangs = false;
        instance->agent = true;
        instance->service_down = false;
        if (state == STATE_STOPPED &&
            !checker_is_stopped(simulation->checker, instance->resource.id))
                free(other_users_call(simulation, region, NULL,
                                      "Action=StartInstances&InstanceId.1=%s",
                                      instance->resource.id));
        else if (state == STATE_RUNNING && !instance_is_up(instance, now))
                free(other_users_call(simulation, region, NULL,
                                      "Action=RebootInstances&InstanceId.1=%s",
                                      instance->resource.id));
        /* Only the last outages matter to the checker. */
        if (instance->n_outages > 16) {
                size_t surplus = instance->n_outages - 8;

                for (size_t i = 0; i < 8; i++)
                        instance->outages[i] = instance->outages[i + surplus];
                instance->n_outages = 8;
        }
}

void other_users_unstick(struct simulation *simulation)
{
        usec_t now = other_users_now(simulation);

        for (size_t i = 0; i < simulation->fleet.n_regions; i++) {
                FOREACH_RESOURCE(resource,
                                 other_users_location(simulation, simulation->fleet.regions[i]),
                                 KIND_SNAPSHOT)
                {
                        struct snapshot *snapshot = (struct snapshot *)resource;

                        if (!snapshot->stuck)
                                continue;
                        snapshot->stuck = 0;
                        snapshot->done = now;
                }
        }
}

void other_users_repair(struct simulation *simulation)
{
        other_users_unstick(simulation);
        for (size_t i = 0; i < simulation->fleet.n_regions; i++)
                FOREACH_RESOURCE(resource,
                                 other_users_location(simulation, simulation->fleet.regions[i]),
                                 KIND_INSTANCE)
        repair_instance(simulation, (struct instance *)resource);
        ledger_clear(simulation->cloud.sim->ledger);
        faults_clear(simulation->cloud.sim);
}
