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

usec_t people_now(const struct universe *universe)
{
        return virtual_true_time(&universe->clock);
}

struct place *people_place(struct universe *universe, const char *region)
{
        return sim_place(universe->cloud.sim, DEFAULT_ACCOUNT, region);
}

/* A call of somebody else's; what the answer says is of no interest but for one id. */
char *people_call(struct universe *universe, const char *region, const char *element,
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
        sim_answer(universe->cloud.sim, people_now(universe),
                   &(struct sim_request){ .region = region,
                                          .access_key = "people",
                                          .body = body,
                                          .size = strlen(body) },
                   &reply);
        seen.answer = reply.body;
        value = element && reply.status == 200 ? answer_element(&seen, element) : NULL;
        trace_line(universe->trace, "! people: %s: %d", parameters, reply.status);
        sim_reply_done(&reply);
        return value;
}

struct instance *people_instance(struct universe *universe, const char *region)
{
        struct instance *found[200];
        size_t n = 0;

        FOREACH_RESOURCE(resource, people_place(universe, region), KIND_INSTANCE)
        {
                struct instance *instance = (struct instance *)resource;
                enum state state = instance_state(instance, people_now(universe));

                if (tags_get(&resource->tags, "Group") && n < ELEMENTS(found) &&
                    (state == STATE_RUNNING || state == STATE_STOPPED))
                        found[n++] = instance;
        }
        return n ? found[dice_below(&universe->dice, n)] : NULL;
}

struct image *people_image(struct universe *universe, const char *region)
{
        struct image *found[1000];
        size_t n = 0;

        FOREACH_RESOURCE(resource, people_place(universe, region), KIND_IMAGE)
        {
                struct image *image = (struct image *)resource;

                image_settle(image, people_now(universe));
                if (!image->owner_alias && n < ELEMENTS(found) &&
                    image->state == IMAGE_IS_AVAILABLE &&
                    image->deregistered > people_now(universe))
                        found[n++] = image;
        }
        return n ? found[dice_below(&universe->dice, n)] : NULL;
}

void people_stop_or_start(struct universe *universe, const char *region)
{
        struct instance *instance = people_instance(universe, region);
        bool running;

        if (!instance)
                return;
        running = instance_state(instance, people_now(universe)) == STATE_RUNNING;
        free(people_call(universe, region, NULL, "Action=%sInstances&InstanceId.1=%s",
                         running ? "Stop" : "Start", instance->resource.id));
}

static char *launch(struct universe *universe, const char *region, const char *image,
                    const char *group, const char *role)
{
        return people_call(universe, region, "instanceId",
                           "Action=RunInstances&ImageId=%s&MinCount=1&MaxCount=1&"
                           "TagSpecification.1.ResourceType=instance&"
                           "TagSpecification.1.Tag.1.Key=%s&TagSpecification.1.Tag.1.Value=%s&"
                           "TagSpecification.1.Tag.2.Key=Role&TagSpecification.1.Tag.2.Value=%s",
                           image, group ? "Group" : "Use", group ? group : "image", role);
}

void people_replace(struct universe *universe, const char *region)
{
        struct instance *instance = people_instance(universe, region);
        const char *group, *role;

        if (!instance)
                return;
        group = tags_get(&instance->resource.tags, "Group");
        role = tags_get(&instance->resource.tags, "Role");
        /* The Auto Scaling group does that itself. */
        if (!universe->fleet.scaling)
                free(launch(universe, region, image_public_id(), group, role ? role : "web"));
        free(people_call(universe, region, NULL, "Action=TerminateInstances&InstanceId.1=%s",
                         instance->resource.id));
}

void people_retag(struct universe *universe, const char *region)
{
        struct instance *instance = people_instance(universe, region);

        if (!instance)
                return;
        if (dice_chance(&universe->dice, 0.5))
                free(people_call(
                        universe, region, NULL,
                        "Action=CreateTags&ResourceId.1=%s&Tag.1.Key=Group&Tag.1.Value=g%zu",
                        instance->resource.id, dice_below(&universe->dice, GROUPS)));
        else
                free(people_call(
                        universe, region, NULL,
                        "Action=CreateTags&ResourceId.1=%s&Tag.1.Key=Backup&Tag.1.Value=%s",
                        instance->resource.id, dice_chance(&universe->dice, 0.3) ? "off" : "on"));
}

/* One whose checks fail. */
static struct instance *impaired_instance(struct universe *universe, const char *region)
{
        FOREACH_RESOURCE(resource, people_place(universe, region), KIND_INSTANCE)
        if (((struct instance *)resource)->impaired)
                return (struct instance *)resource;
        return NULL;
}

void people_break(struct universe *universe, const char *region)
{
        struct instance *instance = impaired_instance(universe, region);

        if (!instance || dice_chance(&universe->dice, 0.5))
                instance = people_instance(universe, region);
        if (!instance)
                return;
        if (dice_chance(&universe->dice, 0.5))
                instance->never_ready = !instance->never_ready;
        else
                instance->impaired = instance->impaired ? 0 : people_now(universe);
        trace_line(universe->trace, "! instance %s: never ready %d, impaired %d",
                   instance->resource.id, instance->never_ready, instance->impaired > 0);
}

void people_cripple(struct universe *universe, const char *region)
{
        struct resource *first = people_place(universe, region)->resources[KIND_INSTANCE];

        ((struct instance *)first)->never_ready = true;
}

void people_order_failure(struct universe *universe, const char *region)
{
        struct instance *instance = people_instance(universe, region);

        if (!instance)
                return;
        switch (dice_below(&universe->dice, 3)) {
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
        trace_line(universe->trace, "! the next image of %s fails or sticks",
                   instance->resource.id);
}

void people_disturb_agent(struct universe *universe, const char *region)
{
        struct instance *instance = people_instance(universe, region);

        if (!instance)
                return;
        switch (dice_below(&universe->dice, 4)) {
        case 0:
                instance->orders.command_fails = true;
                break;
        case 1:
                instance->orders.command_hangs = true;
                break;
        default:
                instance->agent = !instance->agent;
        }
        trace_line(universe->trace, "! agent of %s: %s; its next command %s", instance->resource.id,
                   instance->agent ? "there" : "away",
                   instance->orders.command_fails   ? "fails"
                   : instance->orders.command_hangs ? "hangs"
                                                    : "is well");
}

void people_break_service(struct universe *universe, const char *region)
{
        struct instance *instance = people_instance(universe, region);

        if (!instance)
                return;
        instance->service_down = !instance->service_down;
        trace_line(universe->trace, "! service of %s is %s", instance->resource.id,
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

static void refuse(struct universe *universe, const char *region, enum shortage shortage,
                   uint64_t times)
{
        struct fault *fault = fault_add(universe->cloud.sim);

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
        trace_line(universe->trace, "! %s will be answered %s %zu times", fault->action,
                   fault->code, (size_t)fault->count);
}

void people_fill(struct universe *universe, const char *region)
{
        refuse(universe, region, NO_IMAGES, UINT32_MAX);
}

void people_exhaust(struct universe *universe, const char *region)
{
        enum shortage shortage = (enum shortage)dice_below(&universe->dice, SHORTAGES);
        int64_t most = dice_chance(&universe->dice, 0.8) ? 12 : 80; /* a while, or for hours */

        refuse(universe, region, shortage, (uint64_t)dice_between(&universe->dice, 1, most));
}

void people_deregister(struct universe *universe, const char *region)
{
        struct image *image = people_image(universe, region);

        if (!image)
                return;
        witness_people_took(universe->witness, image->resource.id);
        free(people_call(universe, region, NULL, "Action=DeregisterImage&ImageId=%s",
                         image->resource.id));
}

/* Whether people throw it away: one of an instance of theirs, not older than `since`. */
static bool is_discarded(const struct universe *universe, struct resource *resource,
                         const char *instance, usec_t since)
{
        struct image *image = (struct image *)resource;

        image_settle(image, people_now(universe));
        return image->source_instance && streq(image->source_instance, instance) &&
               image->state == IMAGE_IS_AVAILABLE && resource->created >= since &&
               image->deregistered > people_now(universe);
}

void people_discard(struct universe *universe, const char *region)
{
        const struct image *first = people_image(universe, region);
        _cleanup_free_ char *instance = first ? xstrdup(first->source_instance) : NULL;
        usec_t since = first ? first->resource.created + 1 : 0;

        if (!instance)
                return;
        FOREACH_RESOURCE(resource, people_place(universe, region), KIND_IMAGE)
        {
                _cleanup_free_ char *done = NULL;

                if (!is_discarded(universe, resource, instance, since))
                        continue;
                done = people_call(universe, region, "return", "Action=DeregisterImage&ImageId=%s",
                                   resource->id);
                if (streq(done, "true"))
                        witness_people_took(universe->witness, resource->id);
        }
}

void people_launch_from_image(struct universe *universe, const char *region)
{
        struct image *image = people_image(universe, region);

        if (image)
                free(launch(universe, region, image->resource.id, NULL, "none"));
}

void people_make_image(struct universe *universe, const char *region)
{
        struct instance *instance = people_instance(universe, region);
        const struct image *ours = people_image(universe, region);
        const char *schedule = ours ? tags_get(&ours->resource.tags, "amid:schedule") : NULL;
        const char *run = ours ? tags_get(&ours->resource.tags, "amid:run") : NULL;
        const char *of = ours ? tags_get(&ours->resource.tags, "amid:instance") : NULL;
        _cleanup_free_ char *tags = NULL;

        if (!instance)
                return;
        /* Copied tags, as people do who copy an image; without the time it cannot be adopted. */
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
        free(people_call(universe, region, NULL,
                         "Action=CreateImage&NoReboot=true&InstanceId=%s&Name=people-%zu%s",
                         instance->resource.id, (size_t)(universe->clock.now / USEC_PER_SEC),
                         tags ? tags : ""));
}

void people_rotate_keys(struct universe *universe)
{
        _cleanup_free_ char *key =
                xasprintf("AKID%zu", (size_t)(universe->clock.now / USEC_PER_SEC));

        xreplace(&universe->cloud.access_key, key);
        setenv("AWS_ACCESS_KEY_ID", key, 1); /* NOLINT(concurrency-mt-unsafe) */
        trace_line(universe->trace, "! keys are rotated");
}

/* ---- repairs ---- */

static void repair_instance(struct universe *universe, struct instance *instance)
{
        usec_t now = people_now(universe);
        const char *region = instance->resource.place->region;
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
        if (state == STATE_STOPPED && !witness_is_held(universe->witness, instance->resource.id))
                free(people_call(universe, region, NULL, "Action=StartInstances&InstanceId.1=%s",
                                 instance->resource.id));
        else if (state == STATE_RUNNING && !instance_is_up(instance, now))
                free(people_call(universe, region, NULL, "Action=RebootInstances&InstanceId.1=%s",
                                 instance->resource.id));
        /* Only the last ones matter to anybody. */
        if (instance->n_outages > 16) {
                size_t surplus = instance->n_outages - 8;

                for (size_t i = 0; i < 8; i++)
                        instance->outages[i] = instance->outages[i + surplus];
                instance->n_outages = 8;
        }
}

void people_unstick(struct universe *universe)
{
        usec_t now = people_now(universe);

        for (size_t i = 0; i < universe->fleet.n_regions; i++) {
                FOREACH_RESOURCE(resource, people_place(universe, universe->fleet.regions[i]),
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

void people_repair(struct universe *universe)
{
        people_unstick(universe);
        for (size_t i = 0; i < universe->fleet.n_regions; i++)
                FOREACH_RESOURCE(resource, people_place(universe, universe->fleet.regions[i]),
                                 KIND_INSTANCE)
        repair_instance(universe, (struct instance *)resource);
        ledger_clear(universe->cloud.sim->ledger);
        faults_clear(universe->cloud.sim);
}
