/* Good replies of every protocol, by the tables of the actions. */
#include "unit/aws/decode.h"

#include "aws/services/autoscaling.h"
#include "aws/services/ec2.h"
#include "aws/services/elb.h"
#include "aws/services/ssm.h"

static void replies_about_commands_are_decoded(void **state)
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
        /* For an action without output an empty body counts as an empty object. */
        assert_null(decode_good(&ssm_cancel_command, NULL, ""));
        assert_null(decode_good(&ssm_cancel_command, NULL, "{}"));
}

static void replies_about_agents_are_decoded(void **state)
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

static void replies_about_target_groups_are_decoded(void **state)
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

static void replies_about_auto_scaling_are_decoded(void **state)
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

static void replies_about_instances_are_decoded(void **state)
{
        struct ec2_instances instances = {};
        struct ec2_instance_changes changes = {};
        struct ec2_instance_types types = {};
        const struct ec2_instance *first;

        (void)state;
        assert_null(decode_good(
                &ec2_describe_instances, &instances,
                "<DescribeInstancesResponse><reservationSet><item><instancesSet><item>"
                "<instanceId>i-1</instanceId><instanceType>m5.large</instanceType>"
                "<platform>windows</platform><reason>User "
                "initiated</reason><stateReason><code>Client.UserInitiatedShutdown</code><message>"
                "m</message></stateReason><hibernationOptions><configured>true</configured>"
                "</hibernationOptions><ipAddress>192.0.2.1</ipAddress><networkInterfaceSet><item>"
                "<association><publicIp>192.0.2.1</publicIp><ipOwnerId>111122223333</ipOwnerId>"
                "</association></item><item/></networkInterfaceSet></item><item>"
                "<instanceId>i-2</instanceId><networkInterfaceSet><item><association>"
                "<publicIp>192.0.2.2</publicIp><ipOwnerId>amazon</ipOwnerId></association></item>"
                "</networkInterfaceSet></item><item><instanceId>i-3</instanceId></item>"
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

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(replies_about_commands_are_decoded),
                cmocka_unit_test(replies_about_agents_are_decoded),
                cmocka_unit_test(replies_about_target_groups_are_decoded),
                cmocka_unit_test(replies_about_auto_scaling_are_decoded),
                cmocka_unit_test(replies_about_instances_are_decoded),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
