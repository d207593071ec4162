"""Load balancers and Auto Scaling in ec2sim, as boto3 sees them, and instances over them."""

import json

import pytest
from botocore.exceptions import ClientError
from ec2sim import Sim, check_of, code_of, ec2, sim, state_of  # noqa: F401


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


# ---- faults, errors, the log ----


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
