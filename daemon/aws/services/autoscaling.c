/* The actions of EC2 Auto Scaling as tables. */
#include "aws/services/autoscaling.h"

const char *const lifecycle_state_names[] = {
        "Pending",     "Pending:Wait",     "Pending:Proceed",
        "InService",   "EnteringStandby",  "Standby",
        "Terminating", "Terminating:Wait", "Terminating:Proceed",
        "Terminated",  "Detaching",        "Detached",
        NULL,
};
static const char *const decrement_names[] = { "false", "true", NULL };

/* AWS publishes no token buckets of Auto Scaling. These are the numbers of elb.c. */
#define BUCKET_READ                                                                                \
        {                                                                                          \
                20, 4                                                                              \
        }
#define BUCKET_CHANGE                                                                              \
        {                                                                                          \
                10, 1                                                                              \
        }

enum { INSTANCES_PAGE_SIZE = 50, GROUPS_PAGE_SIZE = 100 };
#define PAGES(result)                                                                              \
        {                                                                                          \
                "MaxRecords", "NextToken", result "/NextToken"                                     \
        }
static const struct paging instances_pages = PAGES("DescribeAutoScalingInstancesResult");
static const struct paging groups_pages = PAGES("DescribeAutoScalingGroupsResult");

SHAPE(describe_instances_in, struct autoscaling_describe_instances,
      FIELD("InstanceIds.member", AS_TEXTS, struct autoscaling_describe_instances, ids));
SHAPE(instance, struct autoscaling_instance,
      FIELD("InstanceId", AS_TEXT, struct autoscaling_instance, id),
      FIELD("AutoScalingGroupName", AS_TEXT, struct autoscaling_instance, group),
      FIELD_ENUM("LifecycleState", struct autoscaling_instance, lifecycle, lifecycle_state_names),
      FIELD("HealthStatus", AS_TEXT, struct autoscaling_instance, health));
SHAPE(describe_instances_out, struct autoscaling_instances,
      FIELD_ROWS("DescribeAutoScalingInstancesResult/AutoScalingInstances/member",
                 struct autoscaling_instances, instances, &instance));

const struct action autoscaling_describe_instances = {
        .name = "DescribeAutoScalingInstances",
        .service = &service_autoscaling,
        .priority = PRIORITY_FOLLOW,
        .bucket = BUCKET_READ,
        .input = &describe_instances_in,
        .output = &describe_instances_out,
        .paging = &instances_pages,
        .page_size = INSTANCES_PAGE_SIZE,
        .repeatable = true,
};

SHAPE(describe_groups_in, struct autoscaling_describe_groups,
      FIELD("AutoScalingGroupNames.member", AS_TEXTS, struct autoscaling_describe_groups, names));
SHAPE(group, struct autoscaling_group,
      FIELD("AutoScalingGroupName", AS_TEXT, struct autoscaling_group, name),
      FIELD("MinSize", AS_COUNT, struct autoscaling_group, min),
      FIELD("MaxSize", AS_COUNT, struct autoscaling_group, max),
      FIELD("DesiredCapacity", AS_COUNT, struct autoscaling_group, desired),
      FIELD("SuspendedProcesses/member/ProcessName", AS_TEXTS, struct autoscaling_group,
            suspended));
SHAPE(describe_groups_out, struct autoscaling_groups,
      FIELD_ROWS("DescribeAutoScalingGroupsResult/AutoScalingGroups/member",
                 struct autoscaling_groups, groups, &group));

const struct action autoscaling_describe_groups = {
        .name = "DescribeAutoScalingGroups",
        .service = &service_autoscaling,
        .priority = PRIORITY_FOLLOW,
        .bucket = BUCKET_READ,
        .input = &describe_groups_in,
        .output = &describe_groups_out,
        .paging = &groups_pages,
        .page_size = GROUPS_PAGE_SIZE,
        .repeatable = true,
};

SHAPE(enter_standby_in, struct autoscaling_enter_standby,
      FIELD("AutoScalingGroupName", AS_TEXT, struct autoscaling_enter_standby, group),
      FIELD("InstanceIds.member", AS_TEXTS, struct autoscaling_enter_standby, ids),
      FIELD_ENUM("ShouldDecrementDesiredCapacity", struct autoscaling_enter_standby, decrement,
                 decrement_names));

const struct action autoscaling_enter_standby = {
        .name = "EnterStandby",
        .service = &service_autoscaling,
        .priority = PRIORITY_CREATE,
        .bucket = BUCKET_CHANGE,
        .input = &enter_standby_in,
        .repeatable = true,
};

SHAPE(exit_standby_in, struct autoscaling_exit_standby,
      FIELD("AutoScalingGroupName", AS_TEXT, struct autoscaling_exit_standby, group),
      FIELD("InstanceIds.member", AS_TEXTS, struct autoscaling_exit_standby, ids));

const struct action autoscaling_exit_standby = {
        .name = "ExitStandby",
        .service = &service_autoscaling,
        .priority = PRIORITY_START,
        .bucket = BUCKET_CHANGE,
        .input = &exit_standby_in,
        .repeatable = true,
};
