/* Invariants of requests: each request of the daemon is checked when it arrives, before the
 * model carries it out, and once more when it is answered. */
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

/* The longest time from CreateImage to the reboot that it makes. */
#define REBOOT_BEGINS (60 * USEC_PER_SEC)

static usec_t now_of(const struct checker *checker)
{
        return virtual_true_time(&checker->simulation->clock);
}

struct creation *creation_by_id(struct checker *checker, const char *id)
{
        struct creation *creation;

        HASH_FIND(by_id, checker->ids, id, strlen(id), creation);
        return creation;
}

void creation_free(struct checker *checker, struct creation *creation)
{
        budget_task_ends(checker, creation);
        HASH_DEL(checker->creations, creation);
        HASH_DELETE(by_id, checker->ids, creation);
        free(creation->name);
        free(creation->id);
        free(creation->region);
        free(creation->instance);
        free(creation->schedule);
        free(creation->run);
        free(creation);
}

struct instance *find_instance(struct checker *checker, const char *region, const char *id)
{
        return resource_find(sim_location(checker->simulation->cloud.sim, DEFAULT_ACCOUNT, region),
                             KIND_INSTANCE, id);
}

/* ---- before a request ---- */

static const char *owner_of(struct checker *checker, const char *region, enum kind kind,
                            const char *id)
{
        const struct resource *resource = resource_find(
                sim_location(checker->simulation->cloud.sim, DEFAULT_ACCOUNT, region), kind, id);

        return resource ? tags_get(&resource->tags, "amid:owner") : "sim";
}

static void judge_deleting(struct checker *checker, const struct cloud_request *request)
{
        _cleanup_free_ char *id = request_parameter(request->body, "SnapshotId");

        clock_judge_removal(checker, request->action);
        if (!streq(owner_of(checker, request->region, KIND_SNAPSHOT, id), "sim"))
                simulation_fail(checker->simulation, "nothing of other users is touched",
                                "snapshot %s is deleted, which is not ours", id);
}

static void judge_deregistering(struct checker *checker, const struct cloud_request *request)
{
        clock_judge_removal(checker, request->action);
        retention_judge(checker, request);
}

static void judge_tagging(struct checker *checker, const struct cloud_request *request)
{
        for (int i = 1;; i++) {
                _cleanup_free_ char *name = xasprintf("ResourceId.%d", i);
                _cleanup_free_ char *id = request_parameter(request->body, name);

                if (!id)
                        return;
                if (startswith(id, "snap-")
                            ? !streq(owner_of(checker, request->region, KIND_SNAPSHOT, id), "sim")
                            : !creation_by_id(checker, id))
                        simulation_fail(checker->simulation, "nothing of other users is touched",
                                        "%s is tagged, which is not ours", id);
        }
}

static void judge_nothing(struct checker *checker, const struct cloud_request *request)
{
        (void)checker;
        (void)request;
}

static void judge_role(struct checker *checker, const struct cloud_request *request)
{
        _cleanup_free_ char *arn = request_parameter(request->body, "RoleArn");
        _cleanup_free_ char *external = request_parameter(request->body, "ExternalId");

        if (!checker->simulation->fleet.role || !streq(arn, FLEET_ROLE) || !streq(external, "sim"))
                simulation_fail(checker->simulation, "takes no role but that of the settings",
                                "it takes %s with ExternalId %s", arn, external);
}

/* All actions that the daemon may call. */
static const struct {
        const char *action;
        void (*judge)(struct checker *checker, const struct cloud_request *request);
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

void checker_before_request(const struct cloud_request *request, void *userdata)
{
        struct simulation *simulation = userdata;

        if (simulation->fleet.role && !request->by_role && !streq(request->action, "AssumeRole"))
                simulation_fail(simulation, "the keys that take a role are for nothing else",
                                "%s is asked with them", request->action);
        removal_before_request(simulation->checker, request);
        outage_before_request(simulation->checker, request);
        for (size_t i = 0; i < ELEMENTS(judges); i++) {
                if (!streq(judges[i].action, request->action))
                        continue;
                judges[i].judge(simulation->checker, request);
                return;
        }
        simulation_fail(simulation, "calls only the actions it needs", "%s", request->action);
}

/* ---- after a request ---- */

/* The group within which at most max_parallel instances may be down. */
static char *group_of(struct checker *checker, const struct creation *creation)
{
        const struct fleet_schedule *schedule =
                fleet_find(&checker->simulation->fleet, creation->schedule);
        const struct instance *instance =
                find_instance(checker, creation->region, creation->instance);
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

/* Whether the instance is down because of this image, and the daemon still waits for it. */
static bool is_down(struct checker *checker, const struct creation *creation)
{
        const struct instance *instance =
                find_instance(checker, creation->region, creation->instance);
        const struct outage *outage;
        usec_t now = now_of(checker);

        if (!creation->reboot || creation->released || !instance ||
            instance_state(instance, now) != STATE_RUNNING)
                return false;
        outage = instance->n_outages ? &instance->outages[instance->n_outages - 1] : NULL;
        return outage && streq(outage->cause, "create-image") && now < outage->until &&
               outage->from - (checker->simulation->clock.epoch + creation->made) < REBOOT_BEGINS &&
               outage->from >= checker->simulation->clock.epoch + creation->made;
}

static void judge_outages(struct checker *checker, const struct creation *made)
{
        const struct fleet_schedule *schedule =
                fleet_find(&checker->simulation->fleet, made->schedule);
        _cleanup_free_ char *group = group_of(checker, made);
        int down = 0;

        for (const struct creation *c = checker->creations; c; c = c->hh.next) {
                _cleanup_free_ char *other = NULL;

                if (!streq(c->schedule, made->schedule) || !is_down(checker, c))
                        continue;
                other = group_of(checker, c);
                down += streq(group, other);
        }
        if (down > schedule->max_parallel)
                simulation_fail(checker->simulation, "no more down at once than allowed",
                                "%s makes it %d of group %s of %s, and max_parallel is %d",
                                made->instance, down, group, made->schedule,
                                schedule->max_parallel);
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

static void note_creation(struct checker *checker, const struct cloud_request *request)
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
        creation->made = checker->simulation->clock.now;
        if (!creation->schedule || !creation->run || !time ||
            !parse_rfc3339(time, &creation->firing))
                simulation_fail(checker->simulation, "every image carries our tags", "%s does not",
                                creation->name);
        HASH_FIND_STR(checker->creations, creation->name, before);
        /* After the state was lost, the daemon cannot know of a firing whose image was removed
         * before. */
        if (before && !before->taken_by_others &&
            !(before->removed && before->removed_at < checker->lost_at))
                simulation_fail(checker->simulation, "exactly one image",
                                "%s is made a second time: %s and %s", creation->name, before->id,
                                creation->id);
        if (before)
                creation_free(checker, before);
        HASH_ADD_KEYPTR(hh, checker->creations, creation->name, strlen(creation->name), creation);
        HASH_ADD_KEYPTR(by_id, checker->ids, creation->id, strlen(creation->id), creation);
        checker->numbers.images++;
        instance = find_instance(checker, creation->region, creation->instance);
        creation->reboot = !streq(no_reboot, "true") &&
                           instance_state(instance, now_of(checker)) == STATE_RUNNING;
        creation->stopped = instance_state(instance, now_of(checker)) == STATE_STOPPED;
        creation->asked = now_of(checker);
        if (creation->reboot)
                judge_outages(checker, creation);
        if (!streq(tags_get(&creation_image(checker, creation)->resource.tags, "amid:consistency"),
                   ACHIEVED_CRASH))
                simulation_fail(checker->simulation, "no label says more than is proven",
                                "%s is created with another label than crash", creation->name);
}

static void note_labels(struct checker *checker, const struct cloud_request *request)
{
        for (int i = 1;; i++) {
                _cleanup_free_ char *name = xasprintf("ResourceId.%d", i);
                _cleanup_free_ char *id = request_parameter(request->body, name);
                const struct creation *creation = id ? creation_by_id(checker, id) : NULL;

                if (!id)
                        return;
                if (creation)
                        levels_check_label(checker, creation);
        }
}

void checker_request_refused(const struct cloud_request *request, bool unclear, void *userdata)
{
        struct simulation *simulation = userdata;

        budget_request_refused(simulation->checker, request, unclear);
}

void checker_after_request(const struct cloud_request *request, void *userdata)
{
        struct simulation *simulation = userdata;
        struct checker *checker = simulation->checker;

        budget_after_request(checker, request);
        if (!request->succeeded) {
                if (streq(request->action, "StartInstances"))
                        fault_events_hindered(simulation);
                return;
        }
        levels_after_request(checker, request);
        removal_after_request(checker, request);
        if (streq(request->action, "CreateImage")) {
                note_creation(checker, request);
                clock_judge_image(checker, tag_parameter(request, "amid:run"));
        } else if (streq(request->action, "CreateTags")) {
                note_labels(checker, request);
        } else if (streq(request->action, "DeregisterImage")) {
                _cleanup_free_ char *id = request_parameter(request->body, "ImageId");
                struct creation *creation = creation_by_id(checker, id);

                creation->removed = true;
                creation->removed_at = creation->gone_at = simulation->clock.now;
                checker->numbers.removed++;
        }
}
