"""The services around EC2 in ec2sim, as boto3 sees them; replies are held against its models."""

import json

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError
from test_ec2sim import TOP, Sim, check_of, code_of, ec2, sim, state_of  # noqa: F401

FREEZE = "#!/bin/sh\n# amid freeze token={} timeout={}\nfsfreeze -f /srv\n"
THAW = "#!/bin/sh\n# amid thaw token={}\n"


@pytest.fixture
def ssm(sim):
    return sim.client("ssm")


@pytest.fixture
def elb(sim):
    return sim.client("elbv2")


@pytest.fixture
def scaling(sim):
    return sim.client("autoscaling")


def instance_of(ec2, instance):
    return ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]


# ---- instances ----


def test_types_with_disks_of_their_own(sim, ec2):
    names = ["m5.large", "m5d.large", "m6id.xlarge", "i3.large", "t3.micro", "r6gd.large", "mac1.metal"]
    types = ec2.describe_instance_types(InstanceTypes=names)["InstanceTypes"]
    assert [one["InstanceType"] for one in types if one["InstanceStorageSupported"]] == [
        "m5d.large", "m6id.xlarge", "i3.large", "r6gd.large"]
    assert len(ec2.describe_instance_types(MaxResults=100)["InstanceTypes"]) > 5
    by_name = [{"Name": "instance-type", "Values": ["m5d.large", "m5d.24xlarge", "m5.l*"]}]
    found = ec2.describe_instance_types(Filters=by_name)["InstanceTypes"]
    assert {one["InstanceType"] for one in found} == {"m5d.large", "m5.large", "m5d.24xlarge"}
    with_disks = [*by_name, {"Name": "instance-storage-supported", "Values": ["true"]}]
    found = ec2.describe_instance_types(Filters=with_disks)["InstanceTypes"]
    assert {one["InstanceType"] for one in found} == {"m5d.large", "m5d.24xlarge"}
    assert code_of(ec2.describe_instance_types, InstanceTypes=["large"]) == "InvalidInstanceType"


def test_addresses_over_a_stop(sim, ec2):
    kinds = ("none", "public", "elastic")
    ids = [sim.fleet(address=kind)[0] for kind in kinds]
    before = [instance_of(ec2, one) for one in ids]
    assert [one.get("PublicIpAddress") is None for one in before] == [True, False, False]
    owners = [one["NetworkInterfaces"][0].get("Association", {}).get("IpOwnerId") for one in before]
    assert owners == [None, "amazon", "123456789012"]
    ec2.stop_instances(InstanceIds=ids)
    sim.advance(30)
    stopped = [instance_of(ec2, one) for one in ids]
    assert [one.get("PublicIpAddress") for one in stopped[:2]] == [None, None]
    assert stopped[2]["PublicIpAddress"] == before[2]["PublicIpAddress"]
    assert stopped[0]["StateReason"]["Code"] == "Client.UserInitiatedShutdown"
    ec2.start_instances(InstanceIds=ids)
    sim.advance(15)
    after = [instance_of(ec2, one) for one in ids]
    assert after[1]["PublicIpAddress"] != before[1]["PublicIpAddress"]
    assert after[2]["PublicIpAddress"] == before[2]["PublicIpAddress"]
    assert after[0]["LaunchTime"] > before[0]["LaunchTime"]
    assert check_of(ec2, ids[0]) == "initializing"
    sim.advance(120)
    assert check_of(ec2, ids[0]) == "ok"


def test_spot_instances_cannot_be_stopped(sim, ec2):
    [spot] = sim.fleet(lifecycle="spot")
    assert instance_of(ec2, spot)["InstanceLifecycle"] == "spot"
    assert code_of(ec2.stop_instances, InstanceIds=[spot]) == "UnsupportedOperation"
    assert state_of(ec2, spot) == "running"


def test_no_capacity_to_start(sim, ec2):
    [one] = sim.fleet(state="stopped")
    sim.post("fault", kind="error", action="StartInstances", code="InsufficientInstanceCapacity", count=2)
    for _ in range(2):
        with pytest.raises(ClientError) as caught:
            ec2.start_instances(InstanceIds=[one])
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert state_of(ec2, one) == "stopped"
    ec2.start_instances(InstanceIds=[one])
    assert state_of(ec2, one) == "pending"


# ---- target groups ----


def health_of(elb, arn, instance, **target):
    [one] = elb.describe_target_health(TargetGroupArn=arn, Targets=[{"Id": instance, **target}])[
        "TargetHealthDescriptions"]
    return one["TargetHealth"]["State"], one["TargetHealth"].get("Reason")


def test_targets_come_and_go(sim, ec2, elb):
    [one] = sim.fleet()
    arn = sim.post("target-group", name="web", delay=60)["arn"]
    [group] = elb.describe_target_groups()["TargetGroups"]
    assert (group["TargetGroupArn"], group["TargetType"]) == (arn, "instance")
    attributes = elb.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
    assert {"Key": "deregistration_delay.timeout_seconds", "Value": "60"} in attributes
    assert health_of(elb, arn, one) == ("unused", "Target.NotRegistered")
    elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": one}])
    assert health_of(elb, arn, one) == ("initial", "Elb.InitialHealthChecking")
    sim.advance(25)
    assert health_of(elb, arn, one) == ("healthy", None)
    elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": one, "Port": 80}])  # there already
    assert health_of(elb, arn, one, Port=80) == ("healthy", None)
    elb.deregister_targets(TargetGroupArn=arn, Targets=[{"Id": one}])
    assert health_of(elb, arn, one) == ("draining", "Target.DeregistrationInProgress")
    sim.advance(55)
    assert health_of(elb, arn, one)[0] == "draining"
    sim.advance(10)
    assert health_of(elb, arn, one) == ("unused", "Target.NotRegistered")
    assert elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"] == []
    elb.deregister_targets(TargetGroupArn=arn, Targets=[{"Id": one}])
    assert code_of(elb.describe_target_health, TargetGroupArn=arn + "x") == "TargetGroupNotFound"


def test_a_target_over_a_reboot(sim, ec2, elb):
    [one] = sim.fleet(target_group="web")
    [group] = elb.describe_target_groups()["TargetGroups"]
    arn = group["TargetGroupArn"]
    assert health_of(elb, arn, one)[0] == "healthy"
    ec2.reboot_instances(InstanceIds=[one])
    sim.advance(10)
    assert health_of(elb, arn, one)[0] == "healthy"  # not seen yet: nobody may trust in this
    sim.advance(20)
    assert health_of(elb, arn, one) == ("unhealthy", "Target.Timeout")
    sim.advance(25)  # it is up again
    assert health_of(elb, arn, one)[0] == "unhealthy"
    sim.advance(20)
    assert health_of(elb, arn, one)[0] == "healthy"
    sim.post("instance", instance=one, service="down")
    assert health_of(elb, arn, one) == ("unhealthy", "Target.ResponseCodeMismatch")


def test_a_target_over_a_stop(sim, ec2, elb):
    [one] = sim.fleet(target_group="web")
    arn = elb.describe_target_groups()["TargetGroups"][0]["TargetGroupArn"]
    ec2.stop_instances(InstanceIds=[one])
    sim.advance(25)
    assert health_of(elb, arn, one) == ("unused", "Target.InvalidState")
    assert code_of(elb.register_targets, TargetGroupArn=arn, Targets=[{"Id": one, "Port": 8080}]) == "InvalidTarget"
    ec2.start_instances(InstanceIds=[one])
    sim.advance(15)
    assert health_of(elb, arn, one)[0] == "initial"
    sim.advance(60)
    assert health_of(elb, arn, one)[0] == "healthy"
    sim.post("target-group", name="web", attached=False)
    assert health_of(elb, arn, one) == ("unused", "Target.NotInUse")


def test_pages_of_target_groups(sim, elb):
    for n in range(7):
        sim.post("target-group", name=f"group-{n}")
    pages = list(elb.get_paginator("describe_target_groups").paginate(PaginationConfig={"PageSize": 3}))
    assert [len(page["TargetGroups"]) for page in pages] == [3, 3, 1]


# ---- Auto Scaling ----


def members(scaling):
    found = scaling.describe_auto_scaling_instances()["AutoScalingInstances"]
    return {one["InstanceId"]: one["LifecycleState"] for one in found}


def group_of(scaling, name="web"):
    return scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"][0]


def test_standby(sim, ec2, scaling, elb):
    sim.post("auto-scaling-group", name="web", min=1, target_groups=["front"])
    arn = sim.post("target-group", name="front", delay=30)["arn"]
    one, two = sim.fleet(2, auto_scaling_group="web", target_group="front")
    assert members(scaling) == {one: "InService", two: "InService"}
    assert (group_of(scaling)["MinSize"], group_of(scaling)["DesiredCapacity"]) == (1, 2)
    assert {"Key": "aws:autoscaling:groupName", "Value": "web"} in instance_of(ec2, one)["Tags"]
    standby = {"AutoScalingGroupName": "web", "InstanceIds": [one]}
    assert code_of(scaling.exit_standby, **standby) == "ValidationError"
    made = scaling.enter_standby(**standby, ShouldDecrementDesiredCapacity=True)
    assert made["Activities"][0]["StatusCode"] == "InProgress"
    assert members(scaling)[one] == "EnteringStandby"
    assert health_of(elb, arn, one)[0] == "draining"
    assert group_of(scaling)["DesiredCapacity"] == 1
    assert code_of(scaling.enter_standby, **standby, ShouldDecrementDesiredCapacity=True) == "ValidationError"
    other = {"AutoScalingGroupName": "web", "InstanceIds": [two]}
    with pytest.raises(ClientError, match="min-size=1"):
        scaling.enter_standby(**other, ShouldDecrementDesiredCapacity=True)
    sim.advance(15)
    assert members(scaling)[one] == "Standby"
    ec2.stop_instances(InstanceIds=[one])
    sim.advance(500)
    assert state_of(ec2, one) == "stopped"  # nobody replaces it
    ec2.start_instances(InstanceIds=[one])
    sim.advance(60)
    scaling.exit_standby(**standby)
    assert members(scaling)[one] == "Pending"
    sim.advance(15)
    assert members(scaling) == {one: "InService", two: "InService"}
    assert health_of(elb, arn, one)[0] == "initial"
    assert group_of(scaling)["DesiredCapacity"] == 2


def test_what_is_stopped_in_service_is_replaced(sim, ec2, scaling):
    one, two = sim.fleet(2, auto_scaling_group="web")
    ec2.reboot_instances(InstanceIds=[two])
    ec2.stop_instances(InstanceIds=[one])
    sim.advance(90)
    assert state_of(ec2, one) == "stopped"
    sim.advance(20)
    assert state_of(ec2, one) == "shutting-down"
    after = members(scaling)
    assert set(after) - {two} and one not in after and len(after) == 2
    assert state_of(ec2, two) == "running"
    assert code_of(ec2.start_instances, InstanceIds=[one]) == "IncorrectInstanceState"


def test_suspended_processes_spare_it(sim, ec2, scaling):
    [one] = sim.fleet(auto_scaling_group="web")
    sim.post("auto-scaling-group", name="web", suspended=["HealthCheck"])
    assert [one["ProcessName"] for one in group_of(scaling)["SuspendedProcesses"]] == ["HealthCheck"]
    ec2.stop_instances(InstanceIds=[one])
    sim.advance(1000)
    assert state_of(ec2, one) == "stopped"
    assert scaling.describe_auto_scaling_groups(AutoScalingGroupNames=["x"])["AutoScalingGroups"] == []


# ---- Systems Manager ----


def send(ssm, instance, *lines, **more):
    return ssm.send_command(
        InstanceIds=[instance], DocumentName="AWS-RunShellScript", Comment="amid 1",
        Parameters={"commands": list(lines), "executionTimeout": ["60"]}, **more,
    )["Command"]["CommandId"]


def outcome(ssm, command, instance):
    found = ssm.get_command_invocation(CommandId=command, InstanceId=instance)
    return found["Status"], found["StatusDetails"], found["ResponseCode"], found["StandardOutputContent"]


def test_agents(sim, ec2, ssm):
    [with_agent] = sim.fleet(agent=True)
    [without] = sim.fleet()
    found = ssm.describe_instance_information(
        Filters=[{"Key": "InstanceIds", "Values": [with_agent, without]}])["InstanceInformationList"]
    assert [(one["InstanceId"], one["PingStatus"]) for one in found] == [(with_agent, "Online")]
    assert code_of(send, ssm, without, "true") == "InvalidInstanceId"
    ec2.stop_instances(InstanceIds=[with_agent])
    sim.advance(290)
    [one] = ssm.describe_instance_information()["InstanceInformationList"]
    assert one["PingStatus"] == "Online"  # as it was last
    sim.advance(20)
    [one] = ssm.describe_instance_information()["InstanceInformationList"]
    assert one["PingStatus"] == "ConnectionLost"
    assert code_of(send, ssm, with_agent, "true") == "InvalidInstanceId"
    sim.post("instance", instance=with_agent, agent=False)
    assert ssm.describe_instance_information()["InstanceInformationList"] == []


def test_a_command(sim, ssm):
    [one] = sim.fleet(agent=True)
    command = send(ssm, one, "true")
    assert code_of(outcome, ssm, command, one) == "InvocationDoesNotExist"
    sim.advance(2.5)
    assert outcome(ssm, command, one) == ("InProgress", "InProgress", -1, "")
    sim.advance(2)
    assert outcome(ssm, command, one) == ("Success", "Success", 0, "")
    found = ssm.get_command_invocation(CommandId=command, InstanceId=one)
    assert found["ExecutionStartDateTime"] < found["ExecutionEndDateTime"]
    sim.post("instance", instance=one, fail_next_command=True)
    command = send(ssm, one, "false")
    sim.advance(5)
    assert outcome(ssm, command, one)[:3] == ("Failed", "Failed", 1)
    sim.post("instance", instance=one, hang_next_command=True)
    command = send(ssm, one, "sleep infinity")
    sim.advance(50)
    assert outcome(ssm, command, one)[0] == "InProgress"
    sim.advance(12)
    assert outcome(ssm, command, one)[:3] == ("TimedOut", "Execution Timed Out", -1)


def test_a_command_to_a_system_that_is_down(sim, ec2, ssm):
    [one] = sim.fleet(agent=True)
    ec2.reboot_instances(InstanceIds=[one])
    sim.advance(3)
    command = send(ssm, one, "true", TimeoutSeconds=600)
    given_up = send(ssm, one, "true", TimeoutSeconds=30)
    sim.advance(10)
    assert outcome(ssm, command, one)[0] == "Delayed"
    sim.advance(25)
    assert outcome(ssm, given_up, one)[:2] == ("TimedOut", "Delivery Timed Out")
    sim.advance(12)
    assert outcome(ssm, command, one)[0] == "Success"
    # One that is struck by a reboot in its middle is not heard of again.
    command = send(ssm, one, "true")
    sim.advance(2.5)
    ec2.reboot_instances(InstanceIds=[one])
    sim.advance(50)
    assert outcome(ssm, command, one)[0] == "InProgress"
    sim.advance(20)
    assert outcome(ssm, command, one)[:2] == ("TimedOut", "Execution Timed Out")


def test_cancelling(sim, ec2, ssm):
    [one] = sim.fleet(agent=True)
    ec2.reboot_instances(InstanceIds=[one])
    sim.advance(1)
    command = send(ssm, one, FREEZE.format("t", 60))
    ssm.cancel_command(CommandId=command)
    sim.advance(120)
    assert outcome(ssm, command, one)[0] == "Cancelled"
    assert sim.get("state")["instances"][0]["freezes"] == []
    assert code_of(ssm.cancel_command, CommandId="x") == "InvalidCommandId"


def test_finding_a_command_again(sim, ssm):
    one, two = sim.fleet(2, agent=True)
    sim.post("fault", kind="drop-after", action="SendCommand")
    with pytest.raises(ConnectionClosedError):
        send(ssm, one, "true")
    later = [send(ssm, two, "true") for _ in range(4)]
    found = ssm.list_commands(Filters=[{"key": "InvokedAfter", "value": "2020-01-01T00:00:00Z"},
                                       {"key": "DocumentName", "value": "AWS-RunShellScript"}])["Commands"]
    assert [command["CommandId"] for command in found[:4]] == later[::-1]
    assert (found[4]["InstanceIds"], found[4]["Comment"]) == ([one], "amid 1")
    assert ssm.list_commands(InstanceId=one)["Commands"] == []  # it has not got there
    sim.advance(5)
    [lost] = ssm.list_commands(InstanceId=one)["Commands"]
    assert lost["Status"] == "Success"
    assert ssm.list_commands(Filters=[{"key": "InvokedAfter", "value": "2099-01-01T00:00:00Z"}])["Commands"] == []
    pages = ssm.get_paginator("list_commands").paginate(PaginationConfig={"PageSize": 2})
    assert [len(page["Commands"]) for page in pages] == [2, 2, 1]
    assert code_of(ssm.list_commands, Filters=[{"key": "Colour", "value": "red"}]) == "InvalidFilterKey"


def freezes_of(sim):
    [one] = sim.get("state")["instances"]
    return one["frozen"], [(freeze["token"], freeze["by"]) for freeze in one["freezes"]]


def test_freeze_and_thaw(sim, ssm):
    [one] = sim.fleet(agent=True)
    command = send(ssm, one, FREEZE.format("t-1", 60))
    sim.advance(5)
    status, _, code, output = outcome(ssm, command, one)
    assert (status, code) == ("Success", 0)
    assert output.startswith("amid-freeze: state=frozen watchdog=systemd boot-id=")
    facts = dict(word.split("=") for word in output.split()[1:])
    assert int(facts["thaws-at"]) - int(facts["frozen-at"]) == 60_000_000_000
    assert freezes_of(sim) == (True, [("t-1", "watchdog")])
    again = send(ssm, one, FREEZE.format("t-1", 60))
    other = send(ssm, one, FREEZE.format("t-2", 60))
    sim.advance(5)
    assert outcome(ssm, again, one)[3] == output
    assert outcome(ssm, other, one)[2:] == (1, "amid-freeze: state=refused reason=busy other=t-1\n")
    thaw = send(ssm, one, THAW.format("t-1"))
    sim.advance(5)
    assert outcome(ssm, thaw, one)[3].endswith(" thawed-by=amid\n")
    assert freezes_of(sim) == (False, [("t-1", "amid")])
    # A token that was thawed never freezes again.
    again = send(ssm, one, FREEZE.format("t-1", 60))
    sim.advance(5)
    assert outcome(ssm, again, one)[0] == "Failed"
    assert freezes_of(sim)[0] is False


def test_the_watchdog_thaws(sim, ssm):
    [one] = sim.fleet(agent=True)
    send(ssm, one, FREEZE.format("t", 60))
    sim.advance(60)
    assert freezes_of(sim)[0] is True
    sim.advance(5)
    assert freezes_of(sim) == (False, [("t", "watchdog")])
    thaw = send(ssm, one, THAW.format("t"))
    sim.advance(5)
    assert outcome(ssm, thaw, one)[3].endswith(" thawed-by=watchdog\n")


def test_a_thaw_that_is_first_and_commands_that_fail(sim, ssm):
    [one] = sim.fleet(agent=True)
    thaw = send(ssm, one, THAW.format("t"))
    sim.advance(5)
    assert outcome(ssm, thaw, one)[2:] == (0, "amid-thaw: state=thawed reason=never-frozen\n")
    late = send(ssm, one, FREEZE.format("t", 60))
    sim.advance(5)
    assert outcome(ssm, late, one)[0] == "Failed"
    sim.post("instance", instance=one, fail_next_command=True)
    failed = send(ssm, one, FREEZE.format("u", 60))
    sim.advance(5)
    status, _, code, output = outcome(ssm, failed, one)
    assert (status, code) == ("Failed", 1)
    assert output.startswith("amid-freeze: state=thawed reason=before-failed")
    assert freezes_of(sim)[0] is False


def test_a_thaw_that_fails(sim, ssm):
    [one] = sim.fleet(agent=True)
    send(ssm, one, FREEZE.format("t", 60))
    sim.advance(5)
    sim.post("instance", instance=one, fail_next_command=True)
    thaw = send(ssm, one, THAW.format("t"))
    sim.advance(5)
    assert outcome(ssm, thaw, one)[2:] == (1, "amid-thaw: state=stuck watchdog=systemd\n")
    assert freezes_of(sim) == (True, [("t", "watchdog")])


def test_the_boot_that_an_instance_tells(sim, ec2, ssm):
    [one] = sim.fleet(agent=True)
    script = (TOP / "daemon/runs/boot-probe.sh").read_text()
    told = []
    for unclean in (False, True):
        sim.post("instance", instance=one, unclean=unclean)
        command = send(ssm, one, script)
        sim.advance(5)
        told.append(outcome(ssm, command, one)[3])
        ec2.reboot_instances(InstanceIds=[one])
        sim.advance(60)
    assert told[0].endswith(" clean=yes\n") and told[1].endswith(" clean=no\n")
    assert told[0].split()[1] != told[1].split()[1]


def test_a_reboot_thaws_and_forgets(sim, ec2, ssm):
    [one] = sim.fleet(agent=True)
    first = send(ssm, one, FREEZE.format("t", 600))
    sim.advance(5)
    ec2.reboot_instances(InstanceIds=[one])
    sim.advance(60)
    assert freezes_of(sim) == (False, [("t", "restart")])
    second = send(ssm, one, FREEZE.format("t", 60))
    sim.advance(5)
    boots = {outcome(ssm, command, one)[3].split("boot-id=")[1].split()[0] for command in (first, second)}
    assert len(boots) == 2 and freezes_of(sim)[0] is True


# ---- faults, errors, the log ----


def test_errors_of_json_services(sim, ssm):
    [one] = sim.fleet(agent=True)
    sim.post("fault", kind="throttle", action="SendCommand")
    assert code_of(send, ssm, one, "true") == "ThrottlingException"
    sim.post("fault", kind="error", action="SendCommand", code="InternalServerError")
    with pytest.raises(ClientError) as caught:
        send(ssm, one, "true")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    sim.post("fault", kind="http500", action="SendCommand")
    with pytest.raises(ClientError):
        send(ssm, one, "true")
    sim.post("fault", kind="truncate", action="SendCommand")
    with pytest.raises(Exception):  # noqa: B017 - which one is botocore's business
        send(ssm, one, "true")
    assert code_of(ssm.send_command, InstanceIds=[one], DocumentName="x") == "InvalidDocument"
    assert code_of(ssm.send_command, InstanceIds=[one]) == "ValidationException"
    assert code_of(ssm.get_parameter, Name="x") == "UnknownOperationException"
    assert [entry["status"] for entry in sim.get("log")["requests"][:3]] == [400, 500, 500]
    [entry] = [entry for entry in sim.get("log")["requests"] if entry.get("fault") == "truncate"]
    assert entry["action"] == "SendCommand"
    assert entry["parameters"]["Parameters.commands.1"] == "true"


def test_errors_of_query_services(sim, elb, scaling):
    sim.post("fault", kind="throttle", action="DescribeTargetGroups")
    assert code_of(elb.describe_target_groups) == "Throttling"
    sim.post("fault", kind="error", action="EnterStandby", code="ResourceContention")
    with pytest.raises(ClientError) as caught:
        scaling.enter_standby(AutoScalingGroupName="x", ShouldDecrementDesiredCapacity=True)
    assert caught.value.response["Error"]["Code"] == "ResourceContention"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert code_of(scaling.describe_scaling_activities) == "InvalidAction"


def test_signatures_of_services():
    sim = Sim("--key", "AKID:secret")
    try:
        good = {name: sim.client(name, key="AKID", secret="secret") for name in ("ssm", "elbv2", "autoscaling")}
        good["ssm"].list_commands()
        good["elbv2"].describe_target_groups()
        good["autoscaling"].describe_auto_scaling_groups()
        assert code_of(sim.client("ssm", key="AKID", secret="x").list_commands) == "InvalidSignatureException"
        assert code_of(sim.client("ssm", key="WHO").list_commands) == "UnrecognizedClientException"
        assert code_of(sim.client("elbv2", key="WHO").describe_target_groups) == "InvalidClientTokenId"
    finally:
        sim.close()


def test_groups_are_made_and_refused(sim):
    assert "needs its" in json.dumps(sim.post("target-group", refused=True))
    assert "unknown member" in json.dumps(sim.post("auto-scaling-group", name="x", size=3, refused=True))
    assert "list of texts" in json.dumps(sim.post("auto-scaling-group", name="x", suspended=[7], refused=True))
    assert "lifecycle" in json.dumps(sim.post("fleet", lifecycle="odd", refused=True))
    state = sim.get("state")
    assert state["target_groups"] == [] and state["commands"] == []
