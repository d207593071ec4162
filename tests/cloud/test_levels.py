"""Levels of consistency that need more than EC2: the real daemon on ec2sim with its commands, target
groups and Auto Scaling groups. What is asserted is what the instances went through, by the simulation."""

import pytest
from harness import REGION
from simulated import down_at_once

FREEZE = {"before": ["fsfreeze --freeze /srv"], "after": ["fsfreeze --unfreeze /srv"], "timeout": "60s"}


@pytest.fixture
def daemon(sim_daemon):
    return sim_daemon


def fleet(sim, count=1, **members):
    return sim.fleet(count, tags={"Backup": "yes", "Name": "web-{n}"}, agent=True, region=REGION,
                     volumes=[8, 20], **members)


def instances(sim):
    return {one["id"]: one for one in sim.state()["instances"]}


def our_images(sim):
    return [one for one in sim.state()["images"] if "amid:owner" in one["tags"]]


def snapshots_of(sim, image):
    return [one for one in sim.state()["snapshots"] if one["id"] in image["snapshots"]]


def test_frozen_while_the_snapshots_begin(sim, daemon):
    [one] = fleet(sim)
    daemon.schedule(consistency="freeze", freeze=FREEZE)
    daemon.start()
    daemon.run("web")
    [image] = our_images(sim)
    assert image["tags"]["amid:consistency"] == "frozen", daemon.journal
    [freeze] = instances(sim)[one]["freezes"]
    assert freeze["by"] == "amid"
    snapshots = snapshots_of(sim, image)
    assert len(snapshots) == 2
    for snapshot in snapshots:
        assert freeze["from"] <= snapshot["created"] <= freeze["until"]
    assert not instances(sim)[one]["outages"]
    assert len(sim.log("SendCommand")) == 2


def test_killed_while_it_is_frozen(sim, daemon):
    [one] = fleet(sim)
    sim.post("config", timeline={"snapshot-start": [200, 200]})  # time enough to die in
    daemon.schedule(consistency="freeze", freeze=FREEZE)
    daemon.start()
    daemon.amictl("run", "web")
    daemon.wait(lambda: instances(sim)[one]["frozen"], "a freeze")
    daemon.kill()
    daemon.gone()
    assert instances(sim)[one]["frozen"]
    sim.post("clock", advance=61)
    [freeze] = instances(sim)[one]["freezes"]
    assert not instances(sim)[one]["frozen"] and freeze["by"] == "watchdog"


@pytest.mark.parametrize("kind", ["drop-after", "drop-before", "throttle", "truncate", "http500"])
def test_answers_of_systems_manager_that_are_lost(sim, daemon, kind):
    [one] = fleet(sim)
    daemon.schedule(consistency="freeze", freeze=FREEZE)
    sim.post("fault", kind=kind, action="SendCommand", count=1)
    sim.post("fault", kind=kind, action="GetCommandInvocation", count=1)
    daemon.start()
    daemon.run("web")
    [image] = our_images(sim)
    assert image["tags"]["amid:consistency"] == "frozen", daemon.journal
    assert {freeze["by"] for freeze in instances(sim)[one]["freezes"]} == {"amid"}
    assert not instances(sim)[one]["frozen"]


def test_stopped_and_started_again(sim, daemon):
    [one] = fleet(sim)
    daemon.schedule(consistency="stop", reboot={"settle": "1s", "target_groups": "ignore"})
    sim.post("fault", kind="error", action="StartInstances", code="InsufficientInstanceCapacity")
    daemon.start()
    daemon.amictl("run", "web")
    daemon.wait(lambda: our_images(sim), "an image")
    assert instances(sim)[one]["state"] == "stopped"
    daemon.wait_line("InsufficientInstanceCapacity")
    daemon.wait(lambda: instances(sim)[one]["state"] == "running", "a start")
    assert [outage["cause"] for outage in instances(sim)[one]["outages"]] == ["stop", "start"]


@pytest.mark.parametrize("cost, members", [
    ("spot", {"lifecycle": "spot"}),
    ("instance-store", {"type": "m5d.large"}),
    ("public-address", {"address": "public"}),
    ("auto-scaling", {"auto_scaling_group": "web"}),
])
def test_what_a_stop_would_cost_something_is_not_stopped(sim, daemon, cost, members):
    [one] = fleet(sim, **{key.replace("_", "-"): value for key, value in members.items()})
    daemon.schedule(consistency="stop", reboot={"settle": "1s", "target_groups": "ignore"})
    daemon.start()
    daemon.run("web", status=None)
    assert daemon.lines(f"No image of {one}.*{cost}"), daemon.journal
    assert not sim.log("StopInstances"), daemon.journal
    assert instances(sim)[one]["state"] == "running" and not our_images(sim)


def test_a_rolling_run_halts_at_the_one_that_stays_down(sim, daemon):
    """30 instances in three zones, one of each at a time, in the order that `plan` shows; the fifth
    never comes back. Whoever had no turn by then is never touched, and the run says of each what
    became of it."""
    zone_of = {one: zone for zone in "abc" for one in fleet(sim, 10, zone=f"{REGION}{zone}")}
    daemon.schedule(
        consistency="reboot",
        reboot={"settle": "10s", "group_by": "availability-zone", "ready_timeout": "30s",
                "target_groups": "ignore", "on_failure": "halt"},
    )  # fmt: skip
    daemon.start()
    order = [one["instance"] for one in daemon.json("plan", "web")["instances"]]
    bad = order[4]
    sim.post("instance", **{"instance": bad, "never-ready": True})
    daemon.run("web", status=1)

    world = instances(sim)
    touched = [one for one in order if world[one]["outages"]]
    assert all(len(world[one]["outages"]) == 1 for one in touched)
    assert len(sim.log("CreateImage")) == len(touched) < 30
    for zone in "abc":
        line = [one for one in order if zone_of[one] == zone]
        begun = [one for one in line if one in touched]
        assert begun == line[: len(begun)], "not as planned"
        assert bad not in begun[:-1], "went on after it"
        assert down_at_once([world[one] for one in begun]) == 1
    [run] = daemon.json("runs")["runs"]
    tasks = {task["subject"]: task for task in daemon.json("show", run["id"])["tasks"]}
    for one in order:
        due = "failed" if one == bad else "done" if one in touched else "cancelled"
        assert tasks[one]["outcome"] == due, tasks[one]
        assert one in touched or bad in tasks[one]["detail"], tasks[one]
