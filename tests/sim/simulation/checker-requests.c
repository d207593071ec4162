/* What the daemon asks of the cloud is judged when it gets there, before it happens. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/images/method.h"
#include "sim/sim-image.h"
#include "sim/sim-instance.h"
#include "sim/sim-snapshot.h"
#include "sim/simulation/checker-private.h"
#include "sim/simulation/fault-events.h"

/* From the call to the reboot it makes. */
#define REBOOT_BEGINS (60 * USEC_PER_SEC)

static usec_t now_of(const struct witness *witness)
{
        return virtual_true_time(&witness->universe->clock);
}

struct creation *creation_by_id(struct witness *witness, const char *id)
{
        struct creation *creation;

        HASH_FIND(by_id, witness->ids, id, strlen(id), creation);
        return creation;
}

void creation_free(struct witness *witness, struct creation *creation)
{
        economy_task_ends(witness, creation);
        HASH_DEL(witness->creations, creation);
        HASH_DELETE(by_id, witness->ids, creation);
        free(creation->name);
        free(creation->id);
        free(creation->region);
        free(creation->instance);
        free(creation->schedule);
        free(creation->run);
        free(creation);
}

struct instance *find_instance(struct witness *witness, const char *region, const char *id)
{
        return place_find(sim_place(witness->universe->cloud.sim, DEFAULT_ACCOUNT, region),
                          KIND_INSTANCE, id);
}

/* ---- others ---- */

static const char *owner_of(struct witness *witness, const char *region, enum kind kind,
                            const char *id)
{
        const struct resource *resource = place_find(
                sim_place(witness->universe->cloud.sim, DEFAULT_ACCOUNT, region), kind, id);

        return resource ? tags_get(&resource->tags, "amid:owner") : "sim";
}

static void judge_deleting(struct witness *witness, const struct cloud_request *request)
{
        _cleanup_free_ char *id = request_parameter(request->body, "SnapshotId");

        clock_judge_removal(witness, request->action);
        if (!streq(owner_of(witness, request->region, KIND_SNAPSHOT, id), "sim"))
                universe_fail(witness->universe, "nothing foreign is touched",
                              "snapshot %s is deleted, which is not ours", id);
}

static void judge_deregistering(struct witness *witness, const struct cloud_request *request)
{
        clock_judge_removal(witness, request->action);
        retention_judge(witness, request);
}

static void judge_tagging(struct witness *witness, const struct cloud_request *request)
{
        for (int i = 1;; i++) {
                _cleanup_free_ char *name = xasprintf("ResourceId.%d", i);
                _cleanup_free_ char *id = request_parameter(request->body, name);

                if (!id)
                        return;
                if (startswith(id, "snap-")
                            ? !streq(owner_of(witness, request->region, KIND_SNAPSHOT, id), "sim")
                            : !creation_by_id(witness, id))
                        universe_fail(witness->universe, "nothing foreign is touched",
                                      "%s is tagged, which is not ours", id);
        }
}

static void judge_nothing(struct witness *witness, const struct cloud_request *request)
{
        (void)witness;
        (void)request;
}

static void judge_role(struct witness *witness, const struct cloud_request *request)
{
        _cleanup_free_ char *arn = request_parameter(request->body, "RoleArn");
        _cleanup_free_ char *external = request_parameter(request->body, "ExternalId");

        if (!witness->universe->fleet.role || !streq(arn, FLEET_ROLE) || !streq(external, "sim"))
                universe_fail(witness->universe, "takes no role but that of the settings",
                              "it takes %s with ExternalId %s", arn, external);
}

/* All that the daemon may ask; anything else is none of its business. */
static const struct {
        const char *action;
        void (*judge)(struct witness *witness, const struct cloud_request *request);
} judges[] = {
        { "AssumeRole", judge_role },
        { "DeregisterTargets", judge_nothing },
        { "DescribeAutoScalingGroups", judge_nothing },
        { "DescribeAutoScalingInstances", judge_nothing },
        { "DescribeInstanceInformation", judge_nothing },
        { "DescribeInstanceTypes", judge_nothing },
        { "DescribeTargetGroupAttributes", judge_nothing },
        { "DescribeTargetGroups", judge_nothing },
        { "DescribeTargetHealth", judge_nothing },
        { "EnterStandby", judge_nothing },
        { "ExitStandby", judge_nothing },
        { "GetCommandInvocation", judge_nothing },
        { "ListCommands", judge_nothing },
        { "RegisterTargets", judge_nothing },
        { "SendCommand", judge_nothing },
        { "StartInstances", judge_nothing },
        { "StopInstances", judge_nothing },
        { "CreateImage", judge_nothing },
        { "CreateTags", judge_tagging },
        { "DeleteSnapshot", judge_deleting },
        { "DeregisterImage", judge_deregistering },
        { "DescribeImages", judge_nothing },
        { "DescribeRegions", judge_nothing },
        { "GetCallerIdentity", judge_nothing },
        { "DescribeInstanceStatus", judge_nothing },
        { "DescribeInstances", judge_nothing },
        { "DescribeSnapshots", judge_nothing },
};

void cloud_asking(const struct cloud_request *request, void *userdata)
{
        struct universe *universe = userdata;

        if (universe->fleet.role && !request->by_role && !streq(request->action, "AssumeRole"))
                universe_fail(universe, "the keys that take a role are for nothing else",
                              "%s is asked with them", request->action);
        removal_asking(universe->witness, request);
        outage_asking(universe->witness, request);
        for (size_t i = 0; i < ELEMENTS(judges); i++) {
                if (!streq(judges[i].action, request->action))
                        continue;
                judges[i].judge(universe->witness, request);
                return;
        }
        universe_fail(universe, "asks only what it has to", "%s", request->action);
}

/* ---- what has happened ---- */

/* The group within which at most max_parallel are down. */
static char *group_of(struct witness *witness, const struct creation *creation)
{
        const struct fleet_schedule *schedule =
                fleet_find(&witness->universe->fleet, creation->schedule);
        const struct instance *instance =
                find_instance(witness, creation->region, creation->instance);
        const char *role = instance ? tags_get(&instance->resource.tags, "Role") : NULL;

        switch (schedule->group_by) {
        case 0:
                return xstrdup(role ? role : "");
        case 1:
                return xstrdup(instance ? instance->zone : "");
        default:
                return xstrdup("");
        }
}

/* Down by our doing, and still waited for. */
static bool is_down(struct witness *witness, const struct creation *creation)
{
        const struct instance *instance =
                find_instance(witness, creation->region, creation->instance);
        const struct outage *outage;
        usec_t now = now_of(witness);

        if (!creation->reboot || creation->released || !instance ||
            instance_state(instance, now) != STATE_RUNNING)
                return false;
        outage = instance->n_outages ? &instance->outages[instance->n_outages - 1] : NULL;
        return outage && streq(outage->cause, "create-image") && now < outage->until &&
               outage->from - (witness->universe->clock.epoch + creation->made) < REBOOT_BEGINS &&
               outage->from >= witness->universe->clock.epoch + creation->made;
}

static void judge_outages(struct witness *witness, const struct creation *made)
{
        const struct fleet_schedule *schedule =
                fleet_find(&witness->universe->fleet, made->schedule);
        _cleanup_free_ char *group = group_of(witness, made);
        int down = 0;

        for (const struct creation *c = witness->creations; c; c = c->hh.next) {
                _cleanup_free_ char *other = NULL;

                if (!streq(c->schedule, made->schedule) || !is_down(witness, c))
                        continue;
                other = group_of(witness, c);
                down += streq(group, other);
        }
        if (down > schedule->max_parallel)
                universe_fail(witness->universe, "no more down at once than allowed",
                              "%s makes it %d of group %s of %s, and max_parallel is %d",
                              made->instance, down, group, made->schedule, schedule->max_parallel);
}

static char *tag_parameter(const struct cloud_request *request, const char *key)
{
        for (int i = 1; i <= 50; i++) {
                _cleanup_free_ char *name = xasprintf("TagSpecification.1.Tag.%d.Key", i);
                _cleanup_free_ char *found = request_parameter(request->body, name);
                _cleanup_free_ char *value = NULL;

                if (!found)
                        return NULL;
                if (!streq(found, key))
                        continue;
                value = xasprintf("TagSpecification.1.Tag.%d.Value", i);
                return request_parameter(request->body, value);
        }
        return NULL;
}

static void note_creation(struct witness *witness, const struct cloud_request *request)
{
        struct creation *creation = xnew(struct creation), *before;
        _cleanup_free_ char *time = tag_parameter(request, "amid:time");
        _cleanup_free_ char *no_reboot = request_parameter(request->body, "NoReboot");
        const struct instance *instance;

        creation->name = request_parameter(request->body, "Name");
        creation->id = answer_element(request, "imageId");
        creation->region = xstrdup(request->region);
        creation->instance = request_parameter(request->body, "InstanceId");
        creation->schedule = tag_parameter(request, "amid:schedule");
        creation->run = tag_parameter(request, "amid:run");
        creation->made = witness->universe->clock.now;
        if (!creation->schedule || !creation->run || !time ||
            !parse_rfc3339(time, &creation->firing))
                universe_fail(witness->universe, "every image carries our tags", "%s does not",
                              creation->name);
        HASH_FIND_STR(witness->creations, creation->name, before);
        /* After losing the state nobody knows of a firing whose image was removed before. */
        if (before && !before->taken_by_people &&
            !(before->removed && before->removed_at < witness->lost_at))
                universe_fail(witness->universe, "exactly one image",
                              "%s is made a second time: %s and %s", creation->name, before->id,
                              creation->id);
        if (before)
                creation_free(witness, before);
        HASH_ADD_KEYPTR(hh, witness->creations, creation->name, strlen(creation->name), creation);
        HASH_ADD_KEYPTR(by_id, witness->ids, creation->id, strlen(creation->id), creation);
        witness->numbers.images++;
        instance = find_instance(witness, creation->region, creation->instance);
        creation->reboot = !streq(no_reboot, "true") &&
                           instance_state(instance, now_of(witness)) == STATE_RUNNING;
        creation->stopped = instance_state(instance, now_of(witness)) == STATE_STOPPED;
        creation->asked = now_of(witness);
        if (creation->reboot)
                judge_outages(witness, creation);
        if (!streq(tags_get(&creation_image(witness, creation)->resource.tags, "amid:consistency"),
                   PROVEN_CRASH))
                universe_fail(witness->universe, "no label says more than is proven",
                              "%s is created with another label than crash", creation->name);
}

static void note_labels(struct witness *witness, const struct cloud_request *request)
{
        for (int i = 1;; i++) {
                _cleanup_free_ char *name = xasprintf("ResourceId.%d", i);
                _cleanup_free_ char *id = request_parameter(request->body, name);
                const struct creation *creation = id ? creation_by_id(witness, id) : NULL;

                if (!id)
                        return;
                if (creation)
                        levels_check_label(witness, creation);
        }
}

void cloud_refused(const struct cloud_request *request, bool doubtful, void *userdata)
{
        struct universe *universe = userdata;

        economy_refused(universe->witness, request, doubtful);
}

void cloud_answered(const struct cloud_request *request, void *userdata)
{
        struct universe *universe = userdata;
        struct witness *witness = universe->witness;

        economy_answered(witness, request);
        if (!request->succeeded) {
                if (streq(request->action, "StartInstances"))
                        happenings_hinder(universe);
                return;
        }
        levels_answered(witness, request);
        removal_answered(witness, request);
        if (streq(request->action, "CreateImage")) {
                note_creation(witness, request);
                clock_judge_image(witness, tag_parameter(request, "amid:run"));
        } else if (streq(request->action, "CreateTags")) {
                note_labels(witness, request);
        } else if (streq(request->action, "DeregisterImage")) {
                _cleanup_free_ char *id = request_parameter(request->body, "ImageId");
                struct creation *creation = creation_by_id(witness, id);

                creation->removed = true;
                creation->removed_at = creation->gone_at = universe->clock.now;
                witness->numbers.removed++;
        }
}
