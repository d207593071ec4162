/* The actions of Elastic Load Balancing as tables. */
#include "aws/services/elb.h"

const char *const target_state_names[] = {
        "initial",     "healthy", "unhealthy", "unused", "draining", "unhealthy.draining",
        "unavailable", NULL,
};

/* AWS documents token buckets per account and region, but no numbers
 * (https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/load-balancer-api-throttling.html).
 * These are a fifth of EC2's buckets for Describe actions and for changes. */
#define BUCKET_READ                                                                                \
        {                                                                                          \
                20, 4                                                                              \
        }
#define BUCKET_CHANGE                                                                              \
        {                                                                                          \
                10, 1                                                                              \
        }

enum { PAGE_SIZE = 400 };
static const struct paging pages = { "PageSize", "Marker",
                                     "DescribeTargetGroupsResult/NextMarker" };

/* ---- groups ---- */

SHAPE(describe_target_groups_in, struct elb_describe_target_groups,
      FIELD("TargetGroupArns.member", AS_TEXTS, struct elb_describe_target_groups, arns));
SHAPE(target_group, struct elb_target_group,
      FIELD("TargetGroupArn", AS_TEXT, struct elb_target_group, arn),
      FIELD("TargetGroupName", AS_TEXT, struct elb_target_group, name),
      FIELD("TargetType", AS_TEXT, struct elb_target_group, target_type),
      FIELD("VpcId", AS_TEXT, struct elb_target_group, vpc),
      FIELD("HealthCheckIntervalSeconds", AS_COUNT, struct elb_target_group, interval),
      FIELD("HealthyThresholdCount", AS_COUNT, struct elb_target_group, healthy_threshold),
      FIELD("LoadBalancerArns/member", AS_TEXTS, struct elb_target_group, load_balancers));
SHAPE(describe_target_groups_out, struct elb_target_groups,
      FIELD_ROWS("DescribeTargetGroupsResult/TargetGroups/member", struct elb_target_groups, groups,
                 &target_group));

const struct action elb_describe_target_groups = {
        .name = "DescribeTargetGroups",
        .service = &service_elb,
        .priority = PRIORITY_FOLLOW,
        .bucket = BUCKET_READ,
        .input = &describe_target_groups_in,
        .output = &describe_target_groups_out,
        .paging = &pages,
        .page_size = PAGE_SIZE,
        .ids = "TargetGroupArns.member",
        .repeatable = true,
};

/* ---- targets ---- */

SHAPE(target, struct elb_target, FIELD("Id", AS_TEXT, struct elb_target, id),
      FIELD("Port", AS_COUNT, struct elb_target, port));
SHAPE(describe_target_health_in, struct elb_describe_target_health,
      FIELD("TargetGroupArn", AS_TEXT, struct elb_describe_target_health, group),
      FIELD_ROWS("Targets.member", struct elb_describe_target_health, targets, &target));
SHAPE(health, struct elb_health, FIELD("Target/Id", AS_TEXT, struct elb_health, id),
      FIELD("Target/Port", AS_COUNT, struct elb_health, port),
      FIELD_ENUM("TargetHealth/State", struct elb_health, state, target_state_names),
      FIELD("TargetHealth/Reason", AS_WORDS, struct elb_health, reason),
      FIELD("TargetHealth/Description", AS_WORDS, struct elb_health, description));
SHAPE(describe_target_health_out, struct elb_healths,
      FIELD_ROWS("DescribeTargetHealthResult/TargetHealthDescriptions/member", struct elb_healths,
                 healths, &health));

const struct action elb_describe_target_health = {
        .name = "DescribeTargetHealth",
        .service = &service_elb,
        .priority = PRIORITY_FOLLOW,
        .bucket = BUCKET_READ,
        .input = &describe_target_health_in,
        .output = &describe_target_health_out,
        .repeatable = true,
};

SHAPE(change_targets_in, struct elb_change_targets,
      FIELD("TargetGroupArn", AS_TEXT, struct elb_change_targets, group),
      FIELD_ROWS("Targets.member", struct elb_change_targets, targets, &target));

const struct action elb_register_targets = {
        .name = "RegisterTargets",
        .service = &service_elb,
        .priority = PRIORITY_START,
        .bucket = BUCKET_CHANGE,
        .input = &change_targets_in,
        .repeatable = true,
};

const struct action elb_deregister_targets = {
        .name = "DeregisterTargets",
        .service = &service_elb,
        .priority = PRIORITY_CREATE,
        .bucket = BUCKET_CHANGE,
        .input = &change_targets_in,
        .repeatable = true,
};
