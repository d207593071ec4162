"""What no longer exists, what does not start, and what was broken before: the real daemon, on ec2sim and
on moto. One answer that says NotFound ends nothing."""

import pytest
from harness import REGION

STOP = {"settle": "1s", "target_groups": "ignore"}
REBOOT = {"settle": "3s", "ready_timeout": "60s", "target_groups": "ignore"}


def fleet(sim, count=1):
    return sim.fleet(count, tags={"Backup": "yes", "Name": "web-{n}"}, region=REGION, volumes=[8])


def instances(sim):
    return {one["id"]: one for one in sim.state()["instances"]}


def our_images(sim):
    return [one for one in sim.state()["images"] if "amid:owner" in one["tags"]]


def not_found(sim, action, count=1, **how):
    sim.post("fault", kind="error", action=action, code="InvalidInstanceID.NotFound", status=400,
             count=count, **how)


@pytest.mark.parametrize("action", ["DescribeInstanceStatus", "StartInstances", "StopInstances",
                                    "CreateImage"])
def test_one_not_found_leaves_nobody_stopped(sim, sim_daemon, action):
    [one] = fleet(sim)
    not_found(sim, action)
    sim_daemon.schedule(consistency="stop", reboot=STOP)
    sim_daemon.start()
    sim_daemon.run("web")
    [image] = our_images(sim)
    assert image["tags"]["amid:consistency"] == "stopped", sim_daemon.journal
    assert instances(sim)[one]["state"] == "running"


@pytest.mark.parametrize("action", ["DescribeInstanceStatus", "CreateImage"])
def test_one_not_found_halts_no_rolling_run(account, daemon, front, timelines, action):
    timelines.course(stale=1, down=2)
    account.launch(2, Backup="yes")
    front.fault(action, "error", code="InvalidInstanceID.NotFound", status=400,
                message="The instance ID does not exist")
    daemon.schedule(consistency="reboot", reboot={"settle": "3s", "ready_timeout": "60s"})
    daemon.start()
    daemon.run("web")
    assert len(timelines.reboots) == 2 and len(account.images()) == 2, daemon.journal


def test_a_start_that_falls_back_is_told_with_its_reason(sim, sim_daemon):
    one, other = fleet(sim, 2)
    for each in (one, other):
        sim.post("instance", **{"instance": each, "fail-starts": 1})
    sim_daemon.schedule(consistency="stop", reboot={**STOP, "ready_timeout": "5s"})
    sim_daemon.start()
    sim_daemon.run("web", status=1)
    assert sim_daemon.lines("does not stay up .*Client.InternalError.*kms:CreateGrant")
    assert sim_daemon.lines("does not run .*after it was first started")
    assert not sim_daemon.lines("arrived late")
    world = instances(sim)
    assert {each["state"] for each in world.values()} == {"running"}
    touched = [each for each in world.values() if each["outages"]]
    assert len(touched) == 1, "the run was not halted"


@pytest.mark.parametrize("impaired, how", [("image", "without a reboot"), ("skip", "no image")])
def test_a_plan_tells_what_is_impaired(sim, sim_daemon, impaired, how):
    one, two = fleet(sim, 2)
    sim.post("instance", instance=one, checks="impaired")
    sim_daemon.schedule(targets={"tags": {"Backup": "yes"}, "impaired": impaired}, consistency="reboot")
    lines = sim_daemon.amictl("plan").splitlines()
    [at] = [i for i, line in enumerate(lines) if one in line]
    assert how in lines[at], lines
    assert f"impaired now (system check ok, instance check impaired); targets.impaired: {impaired}" in (
        " ".join(" ".join(lines[at + 1 : at + 3]).split())
    )
    [other] = [line for line in lines if two in line]
    assert "with a reboot" in other
    assert sum("impaired now" in line for line in lines) == 1
    assert len(sim.log("DescribeInstanceStatus")) == 1
    told = {item["instance"]: item for item in sim_daemon.json("plan")["instances"]}
    assert "impaired now" in told[one]["impaired"] and "impaired" not in told[two]
    assert told[one].get("skipped", False) == (impaired == "skip")


def test_a_plan_stands_where_the_status_is_refused(account, daemon):
    [one] = account.launch(Backup="yes")
    daemon.schedule(consistency="reboot")
    account.allow("ec2:DescribeInstances", "ec2:DescribeImages", "elasticloadbalancing:Describe*")
    shown = " ".join(daemon.amictl("plan").split())
    assert one in shown and "1 instance would be imaged" in shown
    assert "Whether they are impaired is not known: AWS answered UnauthorizedOperation" in shown


@pytest.mark.parametrize("impaired, images", [("image", 2), ("skip", 1)])
def test_what_was_impaired_before_is_not_rebooted(sim, sim_daemon, impaired, images):
    one, other = fleet(sim, 2)
    sim.post("instance", instance=one, checks="impaired")
    sim_daemon.schedule(targets={"tags": {"Backup": "yes"}, "impaired": impaired},
                        consistency="reboot", reboot=REBOOT)
    sim_daemon.start()
    sim_daemon.run("web", status=None)
    assert sim_daemon.lines(f"{one} was impaired before .*not rebooted"), sim_daemon.journal
    assert not sim_daemon.lines("halted")
    world = instances(sim)
    assert not world[one]["outages"] and len(world[other]["outages"]) == 1
    assert len(our_images(sim)) == images
    assert all(image["tags"]["amid:consistency"] == "crash"
               for image in our_images(sim) if image["tags"]["amid:instance"] == one)


@pytest.mark.parametrize("code", ["OperationNotPermitted", "UnauthorizedOperation"])
def test_a_refused_stop_is_no_outage(sim, sim_daemon, code):
    [one] = fleet(sim)
    sim.post("fault", kind="error", action="StopInstances", code=code, status=400, count=100)
    sim_daemon.schedule(consistency="stop", reboot=STOP)
    sim_daemon.start()
    sim_daemon.run("web", status=1)
    assert sim_daemon.lines(f"No image of {one}.*{code}")
    assert not sim.log("StartInstances") and not instances(sim)[one]["outages"]
    assert not sim_daemon.lines("is started again|is back after|is stopped for its image")


def test_one_unknown_id_starves_no_others(sim, sim_daemon):
    ids = fleet(sim, 30)
    sim_daemon.schedule(consistency="reboot", reboot={**REBOOT, "max_parallel": 30})
    not_found(sim, "DescribeInstanceStatus", 8, contains=ids[7])
    sim_daemon.start()
    sim_daemon.run("web", status=None)
    assert len(sim_daemon.lines("is back after")) >= 29, sim_daemon.journal
    assert not sim_daemon.lines("did not come back")
    assert {len(each["outages"]) for each in instances(sim).values()} == {1}
