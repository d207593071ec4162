/* The table of actions: buckets, functions and parameters. */
#include "sim/sim-actions.h"

#include <string.h>

#include "base/alloc.h"
#include "sim/sim-command.h"
#include "sim/sim-image.h"
#include "sim/sim-instance.h"
#include "sim/sim-role.h"
#include "sim/sim-scaling.h"
#include "sim/sim-snapshot.h"
#include "sim/sim-tag.h"
#include "sim/sim-target.h"
#include "sim/sim-xml.h"

static bool get_caller_identity(struct call *call)
{
        _cleanup_free_ char *arn = xasprintf("arn:aws:iam::%s:user/sim", call->location->account);

        xml_text(&call->out, "Arn", arn);
        xml_text(&call->out, "UserId", "AIDASIMULATEDUSER0000");
        xml_text(&call->out, "Account", call->location->account);
        return true;
}

#define PARAMETERS(...)                                                                            \
        (const char *const[])                                                                      \
        {                                                                                          \
                __VA_ARGS__, NULL                                                                  \
        }

#define FILTERS "Filter.N.Name", "Filter.N.Value.N"
#define PAGES   "MaxResults", "NextToken"
#define TAGS_AT_ONCE                                                                               \
        "TagSpecification.N.ResourceType", "TagSpecification.N.Tag.N.Key",                         \
                "TagSpecification.N.Tag.N.Value"

/* Bucket size and tokens per second:
 * https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html */
#define READING                                                                                    \
        {                                                                                          \
                100, 20                                                                            \
        }
#define UNFILTERED                                                                                 \
        {                                                                                          \
                50, 10                                                                             \
        }
#define CHANGING                                                                                   \
        {                                                                                          \
                50, 5                                                                              \
        }

/* The other services publish no numbers; the daemon should stay far below these. */
#define OTHERS                                                                                     \
        {                                                                                          \
                100, 20                                                                            \
        }
#define TARGETS "Targets.member.N.Id", "Targets.member.N.Port", "Targets.member.N.AvailabilityZone"

/* By name. */
static const struct sim_action actions[] = {
        { "AssumeRole", OTHERS, .run = assume_role, .service = SIM_STS,
          .parameters =
                  PARAMETERS("!RoleArn", "!RoleSessionName", "DurationSeconds", "ExternalId") },
        { "CancelCommand", OTHERS, .run = cancel_command, .service = SIM_SSM,
          .parameters = PARAMETERS("!CommandId", "InstanceIds.N") },
        { "CopyImage",
          { 100, 1 },
          .run = copy_image,
          .parameters = PARAMETERS("!Name", "!SourceImageId", "!SourceRegion", "ClientToken",
                                   "Description", "CopyImageTags", "Encrypted", TAGS_AT_ONCE) },
        { "CreateImage", CHANGING, .run = create_image,
          .parameters =
                  PARAMETERS("!InstanceId", "!Name", "Description", "NoReboot",
                             "BlockDeviceMapping.N.DeviceName", "BlockDeviceMapping.N.NoDevice",
                             "BlockDeviceMapping.N.Ebs.DeleteOnTermination", TAGS_AT_ONCE) },
        { "CreateSnapshot",
          { 100, 5 },
          .run = create_snapshot,
          .parameters = PARAMETERS("!VolumeId", "Description", TAGS_AT_ONCE) },
        { "CreateTags",
          { 100, 10 },
          .run = create_tags,
          .parameters = PARAMETERS("!ResourceId.N", "Tag.N.Key", "Tag.N.Value") },
        { "DeleteSnapshot",
          { 100, 5 },
          .run = delete_snapshot,
          .parameters = PARAMETERS("!SnapshotId") },
        { "DeleteTags",
          { 100, 10 },
          .run = delete_tags,
          .parameters = PARAMETERS("!ResourceId.N", "Tag.N.Key", "Tag.N.Value") },
        { "DeregisterImage",
          { 100, 5 },
          .run = deregister_image,
          .parameters = PARAMETERS("!ImageId", "DeleteAssociatedSnapshots") },
        { "DeregisterTargets", OTHERS, .run = deregister_targets, .service = SIM_ELB,
          .parameters = PARAMETERS("!TargetGroupArn", TARGETS) },
        { "DescribeAutoScalingGroups", OTHERS, .run = describe_auto_scaling_groups,
          .service = SIM_AUTOSCALING,
          .parameters = PARAMETERS("AutoScalingGroupNames.member.N", "MaxRecords", "NextToken") },
        { "DescribeAutoScalingInstances", OTHERS, .run = describe_auto_scaling_instances,
          .service = SIM_AUTOSCALING,
          .parameters = PARAMETERS("InstanceIds.member.N", "MaxRecords", "NextToken") },
        { "DescribeImages", READING, .run = describe_images,
          .parameters = PARAMETERS("ImageId.N", "Owner.N", "IncludeDeprecated", "IncludeDisabled",
                                   FILTERS, PAGES) },
        { "DescribeInstanceInformation", OTHERS, .run = describe_instance_information,
          .service = SIM_SSM,
          .parameters =
                  PARAMETERS("Filters.N.Key", "Filters.N.Values.N", "MaxResults", "NextToken") },
        { "DescribeInstanceStatus", READING, UNFILTERED, .run = describe_instance_status,
          .parameters = PARAMETERS("InstanceId.N", "IncludeAllInstances", FILTERS, PAGES) },
        { "DescribeInstanceTypes", READING, .run = describe_instance_types,
          .parameters = PARAMETERS("InstanceType.N", FILTERS, PAGES) },
        { "DescribeInstances", READING, UNFILTERED, .run = describe_instances,
          .parameters = PARAMETERS("InstanceId.N", FILTERS, PAGES) },
        { "DescribeRegions", READING, .run = describe_regions,
          .parameters = PARAMETERS("AllRegions") },
        { "DescribeSnapshots", READING, UNFILTERED, .run = describe_snapshots,
          .parameters = PARAMETERS("SnapshotId.N", "Owner.N", FILTERS, PAGES) },
        { "DescribeTags", READING, .run = describe_tags, .parameters = PARAMETERS(FILTERS) },
        { "DescribeTargetGroupAttributes", OTHERS, .run = describe_target_group_attributes,
          .service = SIM_ELB, .parameters = PARAMETERS("!TargetGroupArn") },
        { "DescribeTargetGroups", OTHERS, .run = describe_target_groups, .service = SIM_ELB,
          .parameters = PARAMETERS("TargetGroupArns.member.N", "PageSize", "Marker") },
        { "DescribeTargetHealth", OTHERS, .run = describe_target_health, .service = SIM_ELB,
          .parameters = PARAMETERS("!TargetGroupArn", TARGETS) },
        { "DescribeVolumes", READING, UNFILTERED, .run = describe_volumes,
          .parameters = PARAMETERS("VolumeId.N", FILTERS, PAGES) },
        { "DisableImage", CHANGING, .run = disable_image, .parameters = PARAMETERS("!ImageId") },
        { "EnableImage", CHANGING, .run = enable_image, .parameters = PARAMETERS("!ImageId") },
        { "EnterStandby", OTHERS, .run = enter_standby, .service = SIM_AUTOSCALING,
          .parameters = PARAMETERS("!AutoScalingGroupName", "InstanceIds.member.N",
                                   "!ShouldDecrementDesiredCapacity") },
        { "ExitStandby", OTHERS, .run = exit_standby, .service = SIM_AUTOSCALING,
          .parameters = PARAMETERS("!AutoScalingGroupName", "InstanceIds.member.N") },
        { "GetCallerIdentity", READING, .run = get_caller_identity,
          .parameters = PARAMETERS("Action"), .service = SIM_STS },
        { "GetCommandInvocation", OTHERS, .run = get_command_invocation, .service = SIM_SSM,
          .parameters = PARAMETERS("!CommandId", "!InstanceId", "PluginName") },
        { "ListCommands", OTHERS, .run = list_commands, .service = SIM_SSM,
          .parameters = PARAMETERS("CommandId", "InstanceId", "Filters.N.key", "Filters.N.value",
                                   "MaxResults", "NextToken") },
        { "RebootInstances", CHANGING, .run = reboot_instances,
          .parameters = PARAMETERS("!InstanceId.N") },
        { "RegisterImage", CHANGING, .run = register_image,
          .parameters =
                  PARAMETERS("!Name", "Description", "Architecture", "RootDeviceName",
                             "VirtualizationType", "EnaSupport", "BlockDeviceMapping.N.DeviceName",
                             "BlockDeviceMapping.N.Ebs.SnapshotId", TAGS_AT_ONCE) },
        { "RegisterTargets", OTHERS, .run = register_targets, .service = SIM_ELB,
          .parameters = PARAMETERS("!TargetGroupArn", TARGETS) },
        { "RunInstances",
          { 5, 2 },
          .per_instance = { 1000, 2 },
          .run = run_instances,
          .parameters = PARAMETERS(
                  "!ImageId", "!MinCount", "!MaxCount", "InstanceType", "ClientToken", "KeyName",
                  "SecurityGroupId.N", "SubnetId", "UserData", "Placement.AvailabilityZone",
                  "BlockDeviceMapping.N.DeviceName", "BlockDeviceMapping.N.Ebs.DeleteOnTermination",
                  "BlockDeviceMapping.N.Ebs.Encrypted", "BlockDeviceMapping.N.Ebs.VolumeSize",
                  "BlockDeviceMapping.N.Ebs.VolumeType", TAGS_AT_ONCE) },
        { "SendCommand", OTHERS, .run = send_command, .service = SIM_SSM,
          .parameters = PARAMETERS("InstanceIds.N", "!DocumentName", "Comment", "TimeoutSeconds",
                                   "Parameters.commands.N", "Parameters.executionTimeout.N") },
        { "StartInstances",
          { 5, 2 },
          .per_instance = { 1000, 2 },
          .run = start_instances,
          .parameters = PARAMETERS("!InstanceId.N") },
        { "StopInstances", CHANGING, .per_instance = { 1000, 20 }, .run = stop_instances,
          .parameters = PARAMETERS("!InstanceId.N", "Force") },
        { "TerminateInstances",
          { 100, 5 },
          .per_instance = { 1000, 20 },
          .run = terminate_instances,
          .parameters = PARAMETERS("!InstanceId.N") },
};

static int compare_action(const void *name, const void *action)
{
        return strcmp(name, ((const struct sim_action *)action)->name);
}

const struct sim_action *action_find(const char *name)
{
        return name ? bsearch(name, actions, ELEMENTS(actions), sizeof(*actions), compare_action)
                    : NULL;
}

static bool is_known(const struct sim_action *action, const char *name)
{
        /* Of forms the first two, of EC2 all. */
        static const char *const always[] = { "Action", "Version", "DryRun" };

        for (size_t i = 0; action->service != SIM_SSM && i < ELEMENTS(always); i++)
                if (streq(always[i], name))
                        return action->service == SIM_EC2 || !streq(name, "DryRun");
        for (const char *const *known = action->parameters; *known; known++)
                if (param_fits(name, *known + (**known == '!')))
                        return true;
        return false;
}

static bool has(const struct call *call, const char *pattern)
{
        _cleanup_free_ char *name = xstrdup(pattern);
        size_t n = strlen(name);

        if (!endswith(name, ".N"))
                return param(&call->params, "%s", name);
        name[n - strlen(".N")] = '\0';
        return param_next(&call->params, name, 0);
}

bool action_check_parameters(struct call *call)
{
        for (size_t i = 0; i < call->params.n; i++) {
                const char *name = call->params.list[i].name;

                if (!is_known(call->action, name))
                        return fail(call, "UnknownParameter", "The parameter %s is not recognized",
                                    name);
                if (i && streq(name, call->params.list[i - 1].name))
                        return fail(call, "InvalidQueryParameter",
                                    "The parameter %s is given twice", name);
        }
        for (const char *const *known = call->action->parameters; *known; known++)
                if (**known == '!' && !has(call, *known + 1))
                        return fail(call, "MissingParameter",
                                    "The request must contain the parameter %s", *known + 1);
        return true;
}

static bool is_narrowed(const struct call *call)
{
        static const char *const narrowing[] = { "Filter",    "Owner",      "MaxResults",
                                                 "NextToken", "InstanceId", "SnapshotId",
                                                 "VolumeId" };

        for (size_t i = 0; i < call->params.n; i++)
                for (size_t j = 0; j < ELEMENTS(narrowing); j++)
                        if (startswith(call->params.list[i].name, narrowing[j]))
                                return true;
        return false;
}

static size_t count_instances(const struct call *call)
{
        const char *count = param(&call->params, "MaxCount");
        unsigned long long number = 0;
        size_t n;

        free(param_list(&call->params, "InstanceId", &n));
        return count && parse_number(count, SIZE_MAX, &number) ? (size_t)number : n;
}

bool action_take_tokens(struct call *call)
{
        const struct sim_action *action = call->action;
        bool unfiltered = action->unfiltered.capacity > 0 && !is_narrowed(call);
        _cleanup_free_ char *name =
                xasprintf("%s%s", action->name, unfiltered ? " unfiltered" : "");
        _cleanup_free_ char *instances = xasprintf("%s instances", action->name);
        struct rate rate = unfiltered ? action->unfiltered : action->bucket;

        if (!call->sim->buckets_on)
                return true;
        if (location_take_token(call->location, name, rate, 1, call->now) &&
            (action->per_instance.capacity <= 0 ||
             location_take_token(call->location, instances, action->per_instance,
                                 (double)count_instances(call), call->now)))
                return true;
        call->throttled = true;
        return fail(call, "RequestLimitExceeded", "%s",
                    call->service == SIM_EC2 ? "Request limit exceeded." : "Rate exceeded");
}
