"""Rolling runs with load balancers and Auto Scaling: nobody is rebooted in service, nobody stays out of
it, and the next one goes when the last one is healthy again. On moto, and on ec2sim."""

import pytest
from rotation import Rotation

REBOOT = {"settle": "3s", "ready_timeout": "60s"}


@pytest.fixture
def rotation(timelines, account):
    account.allow("ec2:*", "elasticloadbalancing:*", "autoscaling:*")
    timelines.course(stale=0.2, down=2)
    with Rotation(timelines) as rotation:
        yield rotation


@pytest.fixture
def elb(account):
    return account.client("elbv2")


def target_group(account, elb, name, instances):
    vpc = account.ec2.describe_instances()["Reservations"][0]["Instances"][0]["VpcId"]
    group = elb.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=vpc)
    arn = group["TargetGroups"][0]["TargetGroupArn"]
    elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": one} for one in instances])
    return arn


def healths(elb, arn):
    described = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    return {one["Target"]["Id"]: one["TargetHealth"]["State"] for one in described}


def schedule(daemon, consistency="reboot", **how):
    daemon.schedule(consistency=consistency, reboot={**REBOOT, **how})
    daemon.start()


def actions(front, *names):
    """What amid asked for, in order: (action, instance)."""
    return [
        (r.action, r.params.get("InstanceId") or r.params.get("Targets.member.1.Id")
         or r.params.get("InstanceIds.member.1"))
        for r in front.log()
        if r.action in names and r.access_key and r.done
    ]


def test_the_next_goes_when_the_last_is_healthy(account, daemon, front, rotation, elb, timelines):
    rotation.rise = 6
    instances = account.launch(2, Backup="yes")
    arn = target_group(account, elb, "web", instances)
    rotation.since.clear()
    schedule(daemon)
    daemon.run("web")
    first, second = timelines.reboots
    assert second.at - first.at >= 2 + 6
    assert front.count("DeregisterTargets") == 0
    assert set(healths(elb, arn).values()) <= {"healthy", "initial"}
    assert daemon.wait_lines("healthy again in its target groups")


def test_drained_first_and_put_back(account, daemon, front, rotation, elb):
    instances = account.launch(2, Backup="yes")
    arn = target_group(account, elb, "web", instances)
    rotation.since.clear()
    schedule(daemon, target_groups="drain")
    before = len(front.log())
    daemon.run("web")
    done = [one for one in actions(front, "DeregisterTargets", "CreateImage", "RegisterTargets")][1:]
    assert before and [name for name, _ in done] == ["DeregisterTargets", "CreateImage", "RegisterTargets"] * 2
    for turn in (done[:3], done[3:]):
        assert len({one for _, one in turn}) == 1
    assert healths(elb, arn) == dict.fromkeys(instances, "healthy")


def test_one_that_stays_unhealthy_halts_the_run(account, daemon, front, rotation, elb):
    instances = account.launch(3, Backup="yes")
    arn = target_group(account, elb, "web", instances)
    rotation.since.clear()
    rotation.sick.update(instances)
    schedule(daemon, target_groups="drain", ready_timeout="8s")
    daemon.run("web", status=1)
    assert front.count("CreateImage") == 1
    assert daemon.wait_lines("web/.*Target.ResponseCodeMismatch")
    assert daemon.wait_lines("halted because .* 2 were not touched")
    assert sorted(healths(elb, arn)) == sorted(instances)


def test_killed_while_it_drains(account, daemon, front, rotation, elb, timelines):
    rotation.drain = 4
    instances = account.launch(1, Backup="yes")
    arn = target_group(account, elb, "web", instances)
    rotation.since.clear()
    schedule(daemon, target_groups="drain")
    daemon.amictl("run", "web")
    daemon.wait(lambda: front.count("DeregisterTargets") == 1, "the instance to be taken out")
    daemon.kill()
    daemon.gone()
    daemon.start()
    daemon.wait_line("healthy again in its target groups")
    assert healths(elb, arn) == dict.fromkeys(instances, "healthy")
    daemon.stop(within=10)  # no request may arrive late, minutes from now: not to be waited for
    assert not daemon.lines("left")
    assert len(timelines.reboots) == 1 and len(account.images()) == 1


def test_told_to_end_while_it_drains(account, daemon, front, rotation, elb, timelines):
    rotation.drain = 30
    instances = account.launch(1, Backup="yes")
    arn = target_group(account, elb, "web", instances)
    rotation.since.clear()
    schedule(daemon, target_groups="drain")
    daemon.amictl("run", "web")
    daemon.wait(lambda: front.count("DeregisterTargets") == 1, "the instance to be taken out")
    daemon.stop(within=30)
    assert sorted(healths(elb, arn)) == instances
    assert not timelines.reboots
    rotation.drain = 1
    daemon.start()
    daemon.wait(lambda: daemon.lines("is done in"), "the end of the run")
    assert len(timelines.reboots) == 1


def test_groups_of_target_groups(account, daemon, rotation, elb, timelines):
    timelines.course(stale=0.2, down=6)
    a, b, both = account.launch(3, Backup="yes")
    target_group(account, elb, "a", [a, both])
    target_group(account, elb, "b", [b, both])
    rotation.since.clear()
    schedule(daemon, group_by="target-group")
    daemon.run("web")
    at = {r.instance: r.at for r in timelines.reboots}
    assert timelines.down_at_once() == 2
    assert abs(at[a] - at[b]) < 6
    assert min(abs(at[both] - at[a]), abs(at[both] - at[b])) >= 6


@pytest.mark.parametrize("how, images", [({}, 1), ({"target_groups": "drain"}, 0),
                                         ({"group_by": "target-group"}, 0)])
def test_target_groups_that_may_not_be_seen(account, daemon, front, rotation, timelines, how, images):
    account.allow("ec2:*")
    account.launch(1, Backup="yes")
    schedule(daemon, **how)
    daemon.run("web", status=0 if images else 1)
    assert len(timelines.reboots) == images
    assert len(daemon.wait_lines("elasticloadbalancing:DescribeTargetGroups")) == 1


def scaling_group(account, least, desired):
    scaling = account.client("autoscaling")
    scaling.create_launch_configuration(
        LaunchConfigurationName="web", ImageId="ami-12c6146b", InstanceType="t3.micro"
    )
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="web",
        LaunchConfigurationName="web",
        MinSize=least,
        MaxSize=9,
        DesiredCapacity=desired,
        AvailabilityZones=["us-east-1a"],
        Tags=[{"Key": "Backup", "Value": "yes", "PropagateAtLaunch": True, "ResourceId": "web",
               "ResourceType": "auto-scaling-group"}],
    )
    return scaling


def lifecycles(scaling):
    found = scaling.describe_auto_scaling_instances()["AutoScalingInstances"]
    return [one["LifecycleState"] for one in found]


def test_standby(account, daemon, front, rotation):
    scaling = scaling_group(account, 1, 2)
    schedule(daemon, auto_scaling="standby")
    daemon.run("web")
    done = actions(front, "EnterStandby", "CreateImage", "ExitStandby")
    assert [name for name, _ in done] == ["EnterStandby", "CreateImage", "ExitStandby"] * 2
    [first, *_] = front.log("EnterStandby")
    assert first.params["ShouldDecrementDesiredCapacity"] == "true"
    assert lifecycles(scaling) == ["InService"] * 2
    [group] = scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert group["DesiredCapacity"] == 2


def test_a_group_that_can_spare_none(account, daemon, front, rotation, timelines):
    scaling = scaling_group(account, 2, 2)
    schedule(daemon, auto_scaling="standby")
    daemon.run("web", status=1)
    assert not timelines.reboots and front.count("EnterStandby") == 0
    assert daemon.wait_lines("Auto Scaling group web .*may not have less than 2.*auto_scaling: leave")
    assert lifecycles(scaling) == ["InService"] * 2


# ---- the same on ec2sim, which knows target groups and Auto Scaling by itself ----


@pytest.mark.parametrize("level", ["reboot", "stop"])
def test_on_ec2sim(sim, sim_daemon, level):
    sim.post("auto-scaling-group", name="web", min=0, **{"target-groups": ["front"]})
    sim.fleet(1, tags={"Backup": "yes"}, region="us-east-1", volumes=[8],
              **{"auto-scaling-group": "web", "target-group": "front"})
    schedule(sim_daemon, level, settle="10s", ready_timeout="5m", target_groups="drain",
             auto_scaling="standby", group_by="target-group")
    sim_daemon.amictl("run", "web")
    sim_daemon.wait(lambda: sim_daemon.lines("is done in"), "the end of the run", deadline=240)
    down = {"reboot": "CreateImage", "stop": "StopInstances"}[level]
    turn = ["EnterStandby", "DeregisterTargets", down, "ExitStandby", "RegisterTargets"]
    assert [r["action"] for r in sim.log(*turn) if r["status"] == 200] == turn, sim_daemon.journal
    assert len(sim_daemon.lines("healthy again in its target groups")) == 1
    state = sim.state()
    [group], [scaling] = state["target_groups"], state["auto_scaling_groups"]
    assert [one["state"] for one in group["targets"]] == ["healthy"]
    assert [one["state"] for one in scaling["members"]] == ["InService"] and scaling["desired"] == 1
