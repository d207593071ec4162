/* Requests and replies of every protocol, by the tables of the actions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cjson/cJSON.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "aws/actions.h"
#include "aws/autoscaling.h"
#include "aws/ec2.h"
#include "aws/elb.h"
#include "aws/ssm.h"
#include "aws/wire.h"
#include "base/alloc.h"

#define TEXTS(...)                                                                                 \
        (const char *[]){ __VA_ARGS__ }, sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *)

/* ---- requests ---- */

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

static void test_requests(void **state)
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

/* ---- replies ---- */

static int decode(const struct action *action, void *object, int status, const char *text,
                  const char *error_type, struct shape_decoded *ret, char **ret_error)
{
        /* On the heap and without a NUL, so that a read beyond the end is found. */
        size_t size = strlen(text);
        _cleanup_free_ char *copy = xmemdup(text, size);

        return wire_decode(action, object,
                           &(struct http_reply){ .status = status,
                                                 .body = copy,
                                                 .body_size = size,
                                                 .content_type = wire_content_type(action),
                                                 .error_type = error_type },
                           ret, ret_error);
}

/* Decodes what has to be a good reply. Gives the token of the next page; caller frees. */
static char *decode_good(const struct action *action, void *object, const char *text)
{
        struct shape_decoded decoded;
        char *error = NULL, *token;

        if (decode(action, object, 200, text, NULL, &decoded, &error) < 0)
                fail_msg("%s: %s", action->name, error);
        assert_null(decoded.code);
        token = steal(decoded.next_token);
        shape_decoded_done(&decoded);
        return token;
}

static void test_commands(void **state)
{
        struct ssm_sent_command sent = {};
        struct ssm_invocation invocation = {};
        struct ssm_commands commands = {};
        _cleanup_free_ char *token = NULL;

        (void)state;
        assert_null(decode_good(
                &ssm_send_command, &sent,
                "{\"Command\":{\"CommandId\":\"c-1\",\"Comment\":\"amid 1\",\"ExpiresAfter\":1.5,"
                "\"InstanceIds\":[\"i-1\",\"i-2\"],\"Parameters\":{\"commands\":[\"true\"]},"
                "\"RequestedDateTime\":1.764131652999E9,\"Status\":\"Pending\",\"Targets\":[],"
                "\"StatusDetails\":\"Pending\",\"NextToken\":\"not one\"}}"));
        assert_string_equal(sent.command.id, "c-1");
        assert_string_equal(sent.command.comment, "amid 1");
        assert_int_equal(sent.command.status, SSM_PENDING);
        assert_int_equal(sent.command.requested, 1764131652);
        assert_int_equal(sent.command.n_instances, 2);
        assert_string_equal(sent.command.instances[1], "i-2");
        shape_done(ssm_send_command.output, &sent);

        assert_null(decode_good(
                &ssm_get_command_invocation, &invocation,
                "{\"Status\":\"InProgress\",\"ResponseCode\":-1,\"StandardOutputContent\":\"\","
                "\"ExecutionStartDateTime\":\"2027-01-01T00:00:00.123Z\","
                "\"ExecutionEndDateTime\":\"\",\"StandardErrorContent\":null} \n"));
        assert_int_equal(invocation.status, SSM_IN_PROGRESS);
        assert_int_equal(invocation.exit_status, -1);
        assert_int_equal(invocation.started, 1798761600);
        assert_int_equal(invocation.ended, 0);
        assert_string_equal(invocation.output, "");
        assert_null(invocation.errors);
        shape_done(ssm_get_command_invocation.output, &invocation);

        assert_null(decode_good(&ssm_get_command_invocation, &invocation,
                                "{\"Status\":\"Rejected\",\"ResponseCode\":137,"
                                "\"StatusDetails\":\"Execution Timed Out\","
                                "\"StandardErrorContent\":\"a\\nb \\u00e9\"}"));
        assert_int_equal(invocation.status, SSM_STATUS_OTHER);
        assert_int_equal(invocation.exit_status, 137);
        assert_string_equal(invocation.details, "Execution Timed Out");
        assert_string_equal(invocation.errors, "a\nb \xc3\xa9");
        shape_done(ssm_get_command_invocation.output, &invocation);

        token = decode_good(&ssm_list_commands, &commands,
                            "{\"Commands\":[{\"CommandId\":\"c-1\",\"InstanceIds\":[\"i-1\"]},"
                            "{\"CommandId\":\"c-2\",\"Status\":\"TimedOut\",\"InstanceIds\":[]}],"
                            "\"NextToken\":\"t/1\"}");
        assert_string_equal(token, "t/1");
        assert_null(decode_good(&ssm_list_commands, &commands,
                                "{\"Commands\":[{\"CommandId\":\"c-3\"}],\"NextToken\":\"\"}"));
        assert_int_equal(commands.n_commands, 3);
        assert_string_equal(commands.commands[0].instances[0], "i-1");
        assert_int_equal(commands.commands[1].status, SSM_TIMED_OUT);
        assert_int_equal(commands.commands[1].n_instances, 0);
        assert_string_equal(commands.commands[2].id, "c-3");
        shape_done(ssm_list_commands.output, &commands);
        /* No output is expected: no body is as good as an empty object. */
        assert_null(decode_good(&ssm_cancel_command, NULL, ""));
        assert_null(decode_good(&ssm_cancel_command, NULL, "{}"));
}

static void test_agents(void **state)
{
        struct ssm_agents agents = {};

        (void)state;
        assert_null(decode_good(
                &ssm_describe_instance_information, &agents,
                "{\"InstanceInformationList\":[{\"InstanceId\":\"i-1\",\"PingStatus\":\"Online\","
                "\"LastPingDateTime\":1800000000.75,\"PlatformType\":\"Linux\","
                "\"AgentVersion\":\"3.3.1\",\"IsLatestVersion\":false},{\"InstanceId\":\"i-2\","
                "\"PingStatus\":\"ConnectionLost\",\"LastPingDateTime\":1e300}]}"));
        assert_int_equal(agents.n_agents, 2);
        assert_int_equal(agents.agents[0].ping, SSM_PING_ONLINE);
        assert_int_equal(agents.agents[0].last_ping, 1800000000);
        assert_string_equal(agents.agents[0].platform, "Linux");
        assert_string_equal(agents.agents[0].version, "3.3.1");
        assert_int_equal(agents.agents[1].ping, SSM_PING_LOST);
        assert_int_equal(agents.agents[1].last_ping, 0);
        shape_done(ssm_describe_instance_information.output, &agents);
}

static void test_target_groups(void **state)
{
        struct elb_target_groups groups = {};
        struct elb_healths healths = {};
        _cleanup_free_ char *token = NULL;

        (void)state;
        token = decode_good(
                &elb_describe_target_groups, &groups,
                "<DescribeTargetGroupsResponse xmlns=\"urn:x\"><DescribeTargetGroupsResult>"
                "<TargetGroups><member><TargetGroupArn>arn:1</TargetGroupArn><TargetGroupName>web"
                "</TargetGroupName><TargetType>instance</TargetType><HealthCheckIntervalSeconds>30"
                "</HealthCheckIntervalSeconds><HealthyThresholdCount>5</HealthyThresholdCount>"
                "<LoadBalancerArns><member>arn:lb</member></LoadBalancerArns><VpcId>vpc-1</VpcId>"
                "</member></TargetGroups><NextMarker>t/1</NextMarker></DescribeTargetGroupsResult>"
                "<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>"
                "</DescribeTargetGroupsResponse>");
        assert_string_equal(token, "t/1");
        assert_int_equal(groups.n_groups, 1);
        assert_string_equal(groups.groups[0].arn, "arn:1");
        assert_string_equal(groups.groups[0].target_type, "instance");
        assert_int_equal(groups.groups[0].interval, 30);
        assert_int_equal(groups.groups[0].healthy_threshold, 5);
        assert_int_equal(groups.groups[0].n_load_balancers, 1);
        shape_done(elb_describe_target_groups.output, &groups);

        assert_null(decode_good(
                &elb_describe_target_health, &healths,
                "<DescribeTargetHealthResponse><DescribeTargetHealthResult>"
                "<TargetHealthDescriptions><member><Target><Id>i-1</Id><Port>80</Port></Target>"
                "<TargetHealth><State>draining</State><Reason>Target.DeregistrationInProgress"
                "</Reason><Description>on its way</Description></TargetHealth></member>"
                "<member><Target><Id>i-2</Id></Target><TargetHealth><State>unhealthy.draining"
                "</State></TargetHealth></member></TargetHealthDescriptions>"
                "</DescribeTargetHealthResult></DescribeTargetHealthResponse>"));
        assert_int_equal(healths.n_healths, 2);
        assert_string_equal(healths.healths[0].id, "i-1");
        assert_int_equal(healths.healths[0].port, 80);
        assert_int_equal(healths.healths[0].state, TARGET_DRAINING);
        assert_string_equal(healths.healths[0].reason, "Target.DeregistrationInProgress");
        assert_int_equal(healths.healths[1].state, TARGET_UNHEALTHY_DRAINING);
        shape_done(elb_describe_target_health.output, &healths);
}

static void test_autoscaling(void **state)
{
        struct autoscaling_instances instances = {};
        struct autoscaling_groups groups = {};

        (void)state;
        assert_null(decode_good(
                &autoscaling_describe_instances, &instances,
                "<DescribeAutoScalingInstancesResponse><DescribeAutoScalingInstancesResult>"
                "<AutoScalingInstances><member><InstanceId>i-1</InstanceId><AutoScalingGroupName>"
                "web</AutoScalingGroupName><LifecycleState>EnteringStandby</LifecycleState>"
                "<HealthStatus>HEALTHY</HealthStatus></member></AutoScalingInstances>"
                "</DescribeAutoScalingInstancesResult></DescribeAutoScalingInstancesResponse>"));
        assert_string_equal(instances.instances[0].group, "web");
        assert_int_equal(instances.instances[0].lifecycle, LIFECYCLE_ENTERING_STANDBY);
        assert_string_equal(instances.instances[0].health, "HEALTHY");
        shape_done(autoscaling_describe_instances.output, &instances);

        assert_null(decode_good(
                &autoscaling_describe_groups, &groups,
                "<DescribeAutoScalingGroupsResponse><DescribeAutoScalingGroupsResult>"
                "<AutoScalingGroups><member><AutoScalingGroupName>web</AutoScalingGroupName>"
                "<MinSize>1</MinSize><MaxSize>4</MaxSize><DesiredCapacity>2</DesiredCapacity>"
                "<SuspendedProcesses><member><ProcessName>HealthCheck</ProcessName>"
                "<SuspensionReason>x</SuspensionReason></member></SuspendedProcesses></member>"
                "</AutoScalingGroups></DescribeAutoScalingGroupsResult>"
                "</DescribeAutoScalingGroupsResponse>"));
        assert_int_equal(groups.groups[0].min, 1);
        assert_int_equal(groups.groups[0].max, 4);
        assert_int_equal(groups.groups[0].desired, 2);
        assert_int_equal(groups.groups[0].n_suspended, 1);
        assert_string_equal(groups.groups[0].suspended[0], "HealthCheck");
        shape_done(autoscaling_describe_groups.output, &groups);
}

static void test_instances(void **state)
{
        struct ec2_instances instances = {};
        struct ec2_instance_changes changes = {};
        struct ec2_instance_types types = {};
        const struct ec2_instance *first;

        (void)state;
        assert_null(decode_good(
                &ec2_describe_instances, &instances,
                "<DescribeInstancesResponse><reservationSet><item><instancesSet><item>"
                "<instanceType>m5.large</instanceType><platform>windows</platform><reason>User "
                "initiated</reason><stateReason><code>Client.UserInitiatedShutdown</code><message>"
                "m</message></stateReason><hibernationOptions><configured>true</configured>"
                "</hibernationOptions><ipAddress>192.0.2.1</ipAddress><networkInterfaceSet><item>"
                "<association><publicIp>192.0.2.1</publicIp><ipOwnerId>111122223333</ipOwnerId>"
                "</association></item><item/></networkInterfaceSet></item><item>"
                "<networkInterfaceSet><item><association><publicIp>192.0.2.2</publicIp><ipOwnerId>"
                "amazon</ipOwnerId></association></item></networkInterfaceSet></item><item/>"
                "</instancesSet></item></reservationSet></DescribeInstancesResponse>"));
        assert_int_equal(instances.n_instances, 3);
        first = &instances.instances[0];
        assert_string_equal(first->type, "m5.large");
        assert_string_equal(first->platform, "windows");
        assert_string_equal(first->reason_code, "Client.UserInitiatedShutdown");
        assert_true(first->hibernation);
        assert_string_equal(first->public_address, "192.0.2.1");
        assert_int_equal(first->n_interfaces, 2);
        assert_false(ec2_instance_loses_address(first));
        assert_true(ec2_instance_loses_address(&instances.instances[1]));
        assert_false(ec2_instance_loses_address(&instances.instances[2]));
        shape_done(ec2_describe_instances.output, &instances);

        assert_null(decode_good(&ec2_stop_instances, &changes,
                                "<StopInstancesResponse><instancesSet><item><instanceId>i-1"
                                "</instanceId><currentState><code>64</code><name>stopping</name>"
                                "</currentState><previousState><code>16</code><name>running</name>"
                                "</previousState></item></instancesSet></StopInstancesResponse>"));
        assert_int_equal(changes.changes[0].current, INSTANCE_STOPPING);
        assert_int_equal(changes.changes[0].previous, INSTANCE_RUNNING);
        shape_done(ec2_stop_instances.output, &changes);

        assert_null(decode_good(
                &ec2_describe_instance_types, &types,
                "<DescribeInstanceTypesResponse><instanceTypeSet><item><instanceType>m5d.large"
                "</instanceType><instanceStorageSupported>true</instanceStorageSupported></item>"
                "<item><instanceType>m5.large</instanceType><instanceStorageSupported>false"
                "</instanceStorageSupported></item></instanceTypeSet>"
                "</DescribeInstanceTypesResponse>"));
        assert_string_equal(types.types[0].name, "m5d.large");
        assert_true(types.types[0].instance_storage);
        assert_false(types.types[1].instance_storage);
        shape_done(ec2_describe_instance_types.output, &types);
}

/* ---- errors ---- */

static void test_errors(void **state)
{
        static const struct {
                int line;
                const struct action *action;
                const char *header, *body, *code, *message;
        } rows[] = {
                { __LINE__, &ssm_send_command, NULL,
                  "{\"__type\":\"InvalidInstanceId\",\"message\":\"m\"}", "InvalidInstanceId",
                  "m" },
                { __LINE__, &ssm_send_command, NULL,
                  "{\"__type\":\"com.amazonaws.ssm#ThrottlingException\",\"Message\":\"m\"}",
                  "ThrottlingException", "m" },
                { __LINE__, &ssm_send_command, NULL, "{\"__type\":\"a#b#C:http://d/e#f\"}", "C",
                  NULL },
                { __LINE__, &ssm_send_command, "A:http://internal.amazon.com/coral/",
                  "{\"message\":\"m\"}", "A", "m" },
                { __LINE__, &ssm_send_command, "A:http://internal.amazon.com/coral/",
                  "{\"__type\":\"B\"}", "B", NULL },
                { __LINE__, &ssm_send_command, "ns#A", "", "A", NULL },
                { __LINE__, &ssm_send_command, NULL, "{\"code\":\"A\",\"message\":\"m\"}", "A",
                  "m" },
                { __LINE__, &elb_register_targets, NULL,
                  "<ErrorResponse xmlns=\"x\"><Error><Type>Sender</Type><Code>InvalidTarget</Code>"
                  "<Message>m</Message></Error><RequestId>r</RequestId></ErrorResponse>",
                  "InvalidTarget", "m" },
                { __LINE__, &autoscaling_enter_standby, NULL,
                  "<ErrorResponse><Error><Code>ResourceContention</Code></Error></ErrorResponse>",
                  "ResourceContention", NULL },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct shape_decoded decoded;
                char *error = NULL;

                if (decode(rows[i].action, NULL, 400, rows[i].body, rows[i].header, &decoded,
                           &error) < 0)
                        fail_msg("row of line %d: %s", rows[i].line, error);
                if (!streq(decoded.code, rows[i].code) || !streq(decoded.message, rows[i].message))
                        fail_msg("row of line %d: %s: %s", rows[i].line, decoded.code,
                                 decoded.message);
                shape_decoded_done(&decoded);
        }
}

static char *repeated(const char *head, const char *item, size_t n, const char *tail)
{
        _cleanup_(text_done) struct text text = {};

        text_append(&text, head);
        for (size_t i = 0; i < n; i++)
                text_append(&text, item);
        text_append(&text, tail);
        return text_steal(&text);
}

static void test_refused(void **state)
{
        enum { DEPTH = 100000 };
        _cleanup_free_ char *deep = repeated("{\"Commands\":", "[", DEPTH, "");
        _cleanup_free_ char *rows_too_many =
                repeated("{\"Commands\":[", "{},", REPLY_ROWS_MAX, "{}]}");
        _cleanup_free_ char *too_long =
                repeated("{\"Commands\":[{},{\"Comment\":\"", "0123456789abcdef",
                         REPLY_TEXT_MAX / 16 + 1, "\"}]}");
        _cleanup_free_ char *too_large =
                repeated("{\"Commands\":[", "[0,0,0,0,0,0,0],", REPLY_JSON_MAX / 16 + 1, "0]}");
        const struct {
                int line, status;
                const char *json, *error;
        } rows[] = {
                { __LINE__, 200, "", "not JSON" },
                { __LINE__, 500, "", "not JSON" },
                { __LINE__, 502, "<html><body>Bad Gateway</body></html>", "not JSON" },
                { __LINE__, 200, "[]", "no object" },
                { __LINE__, 200, "\"Commands\"", "no object" },
                { __LINE__, 200, "{\"Commands\":[{\"CommandId\":\"c\"}]", "not JSON" },
                { __LINE__, 200, "{\"Commands\":[{\"CommandId\":\"c\"}]}{", "junk" },
                { __LINE__, 400, "{}", "an error without a code of AWS" },
                { __LINE__, 400, "{\"__type\":\":\",\"message\":7}", "without a code" },
                { __LINE__, 403, "{\"code\":403}", "without a code" },
                { __LINE__, 403, "{\"code\":\"A\\u001b[2J\"}", "without a code" },
                { __LINE__, 200, deep, "not JSON" },
                { __LINE__, 200, too_large, "more than 4194304 bytes" },
                { __LINE__, 200, rows_too_many, "more than 100000 rows" },
                { __LINE__, 200, too_long, "more than 1048576 characters" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct ssm_commands commands = {};
                struct shape_decoded decoded;
                _cleanup_free_ char *error = NULL;
                int r = decode(&ssm_list_commands, &commands, rows[i].status, rows[i].json, NULL,
                               &decoded, &error);

                if (r != -EBADMSG || !strstr(error, rows[i].error))
                        fail_msg("row of line %d: %d %s", rows[i].line, r, error);
                /* Nothing of a refused page stays behind. */
                if (commands.n_commands || commands.commands)
                        fail_msg("row of line %d: rows were left", rows[i].line);
        }
}

/* What stands where something else was wanted is passed over. */
static void test_strange_types(void **state)
{
        struct ssm_commands commands = {};

        (void)state;
        assert_null(decode_good(&ssm_list_commands, &commands,
                                "{\"Commands\":[7,\"x\",null,[{\"CommandId\":\"no\"}],"
                                "{\"CommandId\":{\"a\":1},\"Comment\":[\"a\",\"b\"],\"Status\":7,"
                                "\"InstanceIds\":\"i-1\",\"RequestedDateTime\":true,"
                                "\"StatusDetails\":5}],\"NextToken\":null,\"Commands2\":[{}]}"));
        /* An object is a row, and a text alone a list of one. */
        assert_int_equal(commands.n_commands, 1);
        assert_null(commands.commands[0].id);
        assert_string_equal(commands.commands[0].comment, "b");
        assert_int_equal(commands.commands[0].status, SSM_STATUS_OTHER);
        assert_string_equal(commands.commands[0].details, "5");
        assert_int_equal(commands.commands[0].requested, 0);
        assert_int_equal(commands.commands[0].n_instances, 1);
        shape_done(ssm_list_commands.output, &commands);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_requests),      cmocka_unit_test(test_commands),
                cmocka_unit_test(test_agents),        cmocka_unit_test(test_target_groups),
                cmocka_unit_test(test_autoscaling),   cmocka_unit_test(test_instances),
                cmocka_unit_test(test_errors),        cmocka_unit_test(test_refused),
                cmocka_unit_test(test_strange_types),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
