/* Requests of every protocol, by the tables of the actions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "aws/client/actions.h"
#include "aws/request/wire.h"
#include "aws/services/autoscaling.h"
#include "aws/services/ec2.h"
#include "aws/services/elb.h"
#include "aws/services/ssm.h"
#include "base/alloc.h"

#define TEXTS(...)                                                                                 \
        (const char *[]){ __VA_ARGS__ }, sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *)

#define FORM(action, version) "Action=" action "&Version=" version
#define ELB(action)           FORM(action, "2015-12-01")
#define ASG(action)           FORM(action, "2011-01-01")
#define EC2(action)           FORM(action, "2016-11-15")

static struct ssm_filter online[] = { { "InstanceIds", TEXTS("i-1", "i-2") } };
static struct ssm_command_filter after[] = { { "InvokedAfter", "2027-01-01T00:00:00Z" } };
static struct elb_target targets[] = { { "i-1", 8080 }, { "10.0.0.1", 0 } };

static const struct {
        int line;
        const struct action *action;
        const void *input;
        const char *target, *body, *next; /* next: with the token "t/1" */
} requests[] = {
        { __LINE__, &ec2_stop_instances, &(struct change_instances){ TEXTS("i-1", "i-2") }, NULL,
          EC2("StopInstances") "&InstanceId.1=i-1&InstanceId.2=i-2", NULL },
        { __LINE__, &ec2_start_instances, &(struct change_instances){ TEXTS("i-1") }, NULL,
          EC2("StartInstances") "&InstanceId.1=i-1", NULL },
        { __LINE__, &ec2_describe_instance_types,
          &(struct describe_instance_types){ TEXTS("m5.large"), NULL, 0 }, NULL,
          EC2("DescribeInstanceTypes") "&InstanceType.1=m5.large",
          EC2("DescribeInstanceTypes") "&InstanceType.1=m5.large&NextToken=t%2F1" },
        { __LINE__, &ec2_describe_instance_types, &(struct describe_instance_types){}, NULL,
          EC2("DescribeInstanceTypes") "&MaxResults=100",
          EC2("DescribeInstanceTypes") "&MaxResults=100&NextToken=t%2F1" },

        { __LINE__, &ssm_describe_instance_information,
          &(struct ssm_describe_instance_information){ online, 1 },
          "AmazonSSM.DescribeInstanceInformation",
          "{\"Filters\":[{\"Key\":\"InstanceIds\",\"Values\":[\"i-1\",\"i-2\"]}],\"MaxResults\":"
          "50}",
          "{\"Filters\":[{\"Key\":\"InstanceIds\",\"Values\":[\"i-1\",\"i-2\"]}],\"MaxResults\":50,"
          "\"NextToken\":\"t/1\"}" },
        { __LINE__, &ssm_describe_instance_information,
          &(struct ssm_describe_instance_information){}, "AmazonSSM.DescribeInstanceInformation",
          "{\"MaxResults\":50}", "{\"MaxResults\":50,\"NextToken\":\"t/1\"}" },
        { __LINE__, &ssm_send_command,
          &(struct ssm_send_command){ TEXTS("i-1"), SSM_RUN_SHELL_SCRIPT,
                                      TEXTS("#!/bin/sh", "echo \"\\\t\x01\xc3\xa9\""), TEXTS("90"),
                                      30, "amid 1" },
          "AmazonSSM.SendCommand",
          "{\"InstanceIds\":[\"i-1\"],\"DocumentName\":\"AWS-RunShellScript\",\"Parameters\":"
          "{\"commands\":[\"#!/bin/sh\",\"echo \\\"\\\\\\t\\u0001\xc3\xa9\\\"\"],"
          "\"executionTimeout\":[\"90\"]},\"TimeoutSeconds\":30,\"Comment\":\"amid 1\"}",
          NULL },
        { __LINE__, &ssm_get_command_invocation,
          &(struct ssm_get_command_invocation){ "c-1", "i-1" }, "AmazonSSM.GetCommandInvocation",
          "{\"CommandId\":\"c-1\",\"InstanceId\":\"i-1\"}", NULL },
        { __LINE__, &ssm_list_commands, &(struct ssm_list_commands){ NULL, NULL, after, 1 },
          "AmazonSSM.ListCommands",
          "{\"Filters\":[{\"key\":\"InvokedAfter\",\"value\":\"2027-01-01T00:00:00Z\"}],"
          "\"MaxResults\":50}",
          "{\"Filters\":[{\"key\":\"InvokedAfter\",\"value\":\"2027-01-01T00:00:00Z\"}],"
          "\"MaxResults\":50,\"NextToken\":\"t/1\"}" },
        { __LINE__, &ssm_cancel_command, &(struct ssm_cancel_command){ "c-1", NULL, 0 },
          "AmazonSSM.CancelCommand", "{\"CommandId\":\"c-1\"}", NULL },

        { __LINE__, &elb_describe_target_groups, &(struct elb_describe_target_groups){}, NULL,
          ELB("DescribeTargetGroups") "&PageSize=400",
          ELB("DescribeTargetGroups") "&PageSize=400&Marker=t%2F1" },
        { __LINE__, &elb_describe_target_groups,
          &(struct elb_describe_target_groups){ TEXTS("arn:1") }, NULL,
          ELB("DescribeTargetGroups") "&TargetGroupArns.member.1=arn%3A1",
          ELB("DescribeTargetGroups") "&TargetGroupArns.member.1=arn%3A1&Marker=t%2F1" },
        { __LINE__, &elb_describe_target_health,
          &(struct elb_describe_target_health){ "arn:1", targets, 2 }, NULL,
          ELB("DescribeTargetHealth") "&TargetGroupArn=arn%3A1&Targets.member.1.Id=i-1"
                                      "&Targets.member.1.Port=8080&Targets.member.2.Id=10.0.0.1",
          NULL },
        { __LINE__, &elb_register_targets, &(struct elb_change_targets){ "arn:1", targets, 1 },
          NULL,
          ELB("RegisterTargets") "&TargetGroupArn=arn%3A1&Targets.member.1.Id=i-1"
                                 "&Targets.member.1.Port=8080",
          NULL },
        { __LINE__, &elb_deregister_targets, &(struct elb_change_targets){ "arn:1", targets, 1 },
          NULL,
          ELB("DeregisterTargets") "&TargetGroupArn=arn%3A1&Targets.member.1.Id=i-1"
                                   "&Targets.member.1.Port=8080",
          NULL },

        { __LINE__, &autoscaling_describe_instances,
          &(struct autoscaling_describe_instances){ TEXTS("i-1") }, NULL,
          ASG("DescribeAutoScalingInstances") "&InstanceIds.member.1=i-1&MaxRecords=50",
          ASG("DescribeAutoScalingInstances") "&InstanceIds.member.1=i-1&MaxRecords=50"
                                              "&NextToken=t%2F1" },
        { __LINE__, &autoscaling_describe_groups,
          &(struct autoscaling_describe_groups){ TEXTS("web") }, NULL,
          ASG("DescribeAutoScalingGroups") "&AutoScalingGroupNames.member.1=web&MaxRecords=100",
          ASG("DescribeAutoScalingGroups") "&AutoScalingGroupNames.member.1=web&MaxRecords=100"
                                           "&NextToken=t%2F1" },
        { __LINE__, &autoscaling_enter_standby,
          &(struct autoscaling_enter_standby){ "web", TEXTS("i-1"), STANDBY_DECREMENT }, NULL,
          ASG("EnterStandby") "&AutoScalingGroupName=web&InstanceIds.member.1=i-1"
                              "&ShouldDecrementDesiredCapacity=true",
          NULL },
        { __LINE__, &autoscaling_enter_standby,
          &(struct autoscaling_enter_standby){ "web", TEXTS("i-1"), STANDBY_REPLACE }, NULL,
          ASG("EnterStandby") "&AutoScalingGroupName=web&InstanceIds.member.1=i-1"
                              "&ShouldDecrementDesiredCapacity=false",
          NULL },
        { __LINE__, &autoscaling_exit_standby,
          &(struct autoscaling_exit_standby){ "web", TEXTS("i-1") }, NULL,
          ASG("ExitStandby") "&AutoScalingGroupName=web&InstanceIds.member.1=i-1", NULL },
};

static void each_action_has_the_body_of_its_protocol(void **state)
{
        (void)state;
        for (size_t i = 0; i < ELEMENTS(requests); i++) {
                const struct action *action = requests[i].action;
                bool json = action->service->protocol == PROTOCOL_JSON_1_1;
                _cleanup_free_ char *target = wire_target(action);
                _cleanup_free_ char *body = wire_encode(action, requests[i].input);
                _cleanup_free_ char *next =
                        action->paging ? wire_encode_page(action, body, "t/1") : NULL;

                assert_string_equal(wire_content_type(action),
                                    json ? "application/x-amz-json-1.1"
                                         : "application/x-www-form-urlencoded; charset=utf-8");
                if (!streq(target, requests[i].target) || !streq(body, requests[i].body) ||
                    !streq(next, requests[i].next))
                        fail_msg("row of line %d: %s\n%s\n%s", requests[i].line, target, body,
                                 next);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_action_has_the_body_of_its_protocol),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
