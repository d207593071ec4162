"""Everything at once against the real daemon: kills, faults, operators and reloads while it works.

What is random comes from AMID_TORTURE_SEED, which a failure prints (which instruction a kill hits is the
machine's). AMID_TORTURE_SECONDS is how long the storm lasts; the calm after it takes as long as it has to.
"""

import collections
import contextlib
import datetime
import json
import os
import random
import time

from harness import tags_of
from simulated import down_at_once, more_than_once
from storm import CALM, SEED, storm  # noqa: F401

SECONDS = float(os.environ.get("AMID_TORTURE_SECONDS", "40"))
# Shorter of EC2's times, so that a storm of a minute has all of a night in it.
SPEED = 20
TIME = "%Y-%m-%dT%H:%M:%SZ"
DOOM = "the host caught fire"


def at(seconds):
    return datetime.datetime.fromtimestamp(int(seconds), datetime.UTC)


def tagged(thing, **tags):
    return all(thing["tags"].get(key.replace("_", ":")) == value for key, value in tags.items())


# ---- what must be true when all is calm ----


def check_images(storm, before):
    """Exactly one image per (schedule, instance, firing) or a recorded reason, and none forgotten."""
    created = storm.done("CreateImage")
    names = [request["parameters"]["Name"] for request in created]
    assert more_than_once(names) == []
    state, known = storm.sim.state(), storm.daemon.json("images", "--all")["images"]
    old = {image["id"] for image in before["images"]}
    ours = [image for image in state["images"] if image["id"] not in old]
    assert all(tagged(image, amid_owner="amid") for image in ours)
    keys = [tuple(i["tags"][f"amid:{t}"] for t in ("schedule", "instance", "time")) for i in ours]
    assert more_than_once(keys) == []
    rows = {image["id"]: image for image in known}
    assert [image["name"] for image in ours if image["id"] not in rows] == []
    listed = {image["id"] for image in state["images"]}
    assert [i["id"] for i in known if i["state"] == "available" and i["id"] not in listed] == []
    told, doomed = set(), set()
    for run in storm.runs():
        for task in storm.tasks(run):
            if task["kind"] != "image":
                continue
            if task["outcome"] == "open":
                assert run["id"] in storm.seeking and task["step"] == "find-image", task
                assert task["name"] not in names, task
            elif task["outcome"] == "done":
                assert task["image"] in rows and task["name"] in names, task
                told.add(task["name"])
            else:
                assert task.get("detail"), task
                if DOOM in task["detail"]:
                    doomed.add(task["name"])
    # Of what EC2 began only the image that failed has no task that is done.
    assert set(names) - told == doomed and len(doomed) == 1
    for image in ours:
        here = (image["state"], rows[image["id"]]["state"])
        assert here == (("failed", "failed") if image["name"] in doomed else ("available", "available"))
    assert len(storm.daemon.lines(f"No image of .*{DOOM}")) <= 1


def check_machines(storm, before, reboots):
    """Nobody is down, nobody went down but for an image, once for each."""
    state = storm.sim.state()
    for old, new in zip(before["instances"], state["instances"], strict=True):
        assert (old["id"], old["state"], old["up"]) == (new["id"], new["state"], new["up"])
    rebooting = {
        id
        for request in storm.done("CreateImage")
        if request["parameters"].get("NoReboot") != "true"
        for id in [request["parameters"]["InstanceId"]]
    }
    assert rebooting == set(reboots)
    for instance in state["instances"]:
        outages = [o for o in instance["outages"] if o["cause"] != "stop"]
        assert len(outages) == (instance["id"] in rebooting), instance
    groups = collections.defaultdict(list)
    for instance in state["instances"]:
        if instance["id"] in rebooting:
            groups[instance["tags"]["Rolling"], instance["tags"]["Role"]].append(instance)
    assert {name: down_at_once(group) for name, group in groups.items()} == dict.fromkeys(groups, 1)


def check_foreign(storm, before):
    """What was there before is there, unchanged, and nobody as much as tried."""
    state = storm.sim.state()
    for kind in ("images", "snapshots", "volumes"):
        now = {thing["id"]: thing for thing in state[kind]}
        assert [old["id"] for old in before[kind] if now.get(old["id"], {}).get("tags") != old["tags"]] == []
    foreign = {thing["id"] for kind in ("images", "snapshots") for thing in before[kind]}
    for request in storm.sim.log("DeregisterImage", "DeleteSnapshot", "CreateTags"):
        assert not foreign & set(request["parameters"].values()), request


def check_snapshots(storm, before):
    """No snapshot of ours without its image."""
    state = storm.sim.state()
    used = {snapshot for image in state["images"] for snapshot in image["snapshots"]}
    old = {snapshot["id"] for snapshot in before["snapshots"]}
    assert [s["id"] for s in state["snapshots"] if s["id"] not in old | used] == []


def check_firings(storm, firings):
    """Each is a run, and each run that did not do everything has a reason, in the state and the journal."""
    runs = {run["id"]: run for run in storm.runs()}
    assert [id for id in firings if id not in runs] == []
    for run in runs.values():
        if run["outcome"] != "done":
            assert run.get("detail"), run
    for id in firings:
        ends = storm.daemon.lines(rf"Run {id} (is done|ended)")
        # Said once; a kill between the commit and the line may have swallowed it.
        assert len(ends) <= 1, ends
    # A request that was refused each time it was repeated may end a task, with that as the reason.
    done = [id for id in firings if runs[id]["outcome"] == "done"]
    reasons = [runs[id]["detail"] for id in firings if id not in done and DOOM not in runs[id]["detail"]]
    assert len(reasons) <= 1, "\n".join([*reasons, storm.daemon.journal])


# ---- the storm ----


def somebody(storm):
    """What operators do: look, fire, change their minds."""
    hands = ["hand-0", "hand-1"]

    def look(dice):
        storm.amictl(dice.choice(["status", "runs", "images", "next"]))

    def watch(dice):
        storm.amictl("--json", "watch", kill_after=dice.uniform(0.1, 2))

    def fire(dice):
        storm.amictl("run", dice.choice(hands))

    def change_minds(dice):
        with contextlib.suppress(IndexError, AssertionError, ValueError):
            hand = [run for run in storm.open_runs() if run["schedule"] in hands]
            if hand and dice.random() < 0.2:
                storm.amictl("cancel", dice.choice(hand)["id"])
        schedule = dice.choice(hands)
        storm.amictl("pause", schedule)
        storm.amictl("prune", schedule, kill_after=1)
        storm.amictl("resume", schedule)

    for act in (look, look, watch, fire, change_minds):
        storm.person(act)


def schedules(begin):
    """Firings a few seconds apart, of crash and reboot; two schedules for operators, which prune."""
    disks = {f"disks-{n}": int(begin + 2 + 4 * n) for n in range(6)}
    rolling = {"rolling-early": int(begin + 3), "rolling-late": int(begin + 11)}
    common = {"missed": {"run": "all", "within": "1h"}, "retain": {"last": 3}}
    settings = {
        name: {
            **common,
            "schedule": f"at({at(time):%Y-%m-%dT%H:%M:%S})",
            "consistency": "crash",
            "targets": {"tags": {"Backup": "yes"}},
        }
        for name, time in disks.items()
    }
    for name, time in rolling.items():
        settings[name] = {
            **common,
            "schedule": f"at({at(time):%Y-%m-%dT%H:%M:%S})",
            "consistency": "reboot",
            "reboot": {
                "max_parallel": 1, "group_by": "tag:Role", "settle": "4s", "on_failure": "continue",
            },
            "targets": {"tags": {"Rolling": name}},
        }  # fmt: skip
    for n in range(2):
        settings[f"hand-{n}"] = {
            "schedule": "at(2099-01-01T00:00:00)",
            "overlap": "queue",
            "consistency": "crash",
            "targets": {"tags": {"Hand": str(n)}},
            "retain": {"last": 1},
        }
    ids = [f"{name}.{at(time):%Y%m%dT%H%M%SZ}" for name, time in (disks | rolling).items()]
    return settings, ids


def test_storm(storm):
    """Kills, faults of every kind and operators, for as long as asked; then all is as promised."""
    storm = storm("--speed", str(SPEED))
    foreign = [{"age": 86400, "name": "by hand {instance}", "tags": {"Owner": "somebody else"}}]
    theirs = {"amid:owner": "another", "amid:schedule": "hand-0", "amid:instance": "{instance}"}
    foreign += [{"age": 7200, "name": "other {instance}", "tags": theirs}]
    tags = {"Backup": "yes", "Hand": ["0", "1"], "Role": ["a", "b"]}
    storm.sim.fleet(6, tags=tags, images=foreign)
    # Without it a second image within seconds fails, as it does on EC2.
    storm.sim.post("config", timeline={"snapshot-spacing": 0})
    doomed = storm.sim.state()["instances"][0]["id"]
    storm.sim.post("instance", **{"instance": doomed, "fail-next-image": DOOM})
    reboots = []
    for name in ("rolling-early", "rolling-late"):
        reboots += storm.sim.fleet(4, tags={"Rolling": name, "Role": ["a", "b"]}, volumes=[8, 20])
    before = storm.sim.state()
    settings, firings = schedules(time.time())
    storm.daemon.write({"schedules": settings})
    storm.daemon.start()
    storm.faults()
    somebody(storm)
    storm.kill_and_start(time.monotonic() + SECONDS)
    storm.calm()
    storm.daemon.amictl("prune")  # what the storm kept from being removed
    storm.daemon.wait(lambda: not storm.unfinished(), "the end of pruning")
    check_firings(storm, firings)
    check_images(storm, before)
    check_machines(storm, before, reboots)
    check_foreign(storm, before)
    check_snapshots(storm, before)
    for n in range(2):  # what an operator fired is pruned to one each
        left = [i for i in storm.sim.state()["images"] if tagged(i, amid_owner="amid", amid_schedule=f"hand-{n}")]
        assert more_than_once([image["tags"]["amid:instance"] for image in left]) == []
    assert [said for said in storm.said if said[1] not in (1, 3)] == []
    storm.daemon.stop()


def at_schedules(begin, **keys):
    """Three schedules that fire within seconds, and their runs."""
    times = {f"web-{n}": int(begin + 2 + 3 * n) for n in range(3)}
    settings = {
        name: {
            "schedule": f"at({at(time):%Y-%m-%dT%H:%M:%S})",
            "missed": {"run": "all", "within": "1h"},
            "consistency": "crash",
            "targets": {"tags": {"Backup": "yes"}},
            **keys,
        }
        for name, time in times.items()
    }
    return settings, [f"{name}.{at(time):%Y%m%dT%H%M%SZ}" for name, time in times.items()]


def test_storm_with_moto(account, daemon, front, timelines):
    """The same against an EC2 that nobody here wrote."""
    print(f"AMID_TORTURE_SEED={SEED}")
    dice = random.Random(SEED)
    timelines.course(hidden=1, snapshots=6)
    instances = account.launch(4, Backup="yes")
    [stranger] = account.launch(1)
    foreign = account.ec2.create_image(InstanceId=stranger, Name="by hand")["ImageId"]
    settings, firings = at_schedules(time.time())
    daemon.write({"schedules": settings})
    daemon.start()
    end = time.monotonic() + SECONDS / 2
    kinds = ["error", "http500", "html502", "reset-before", "reset-after", "truncated", "cut-xml", "slow"]
    while time.monotonic() < end:
        for _ in range(dice.randrange(4)):
            front.fault("*", dice.choice(kinds), skip=dice.randrange(6), seconds=1)
        time.sleep(dice.uniform(0.1, 3))
        daemon.kill()
        daemon.gone()
        daemon.start(ready=dice.random() < 0.7)
    front.faults.clear()

    def all_done():
        answer = daemon.try_amictl("--json", "runs", "--all")
        found = json.loads(answer.stdout)["runs"] if answer.returncode == 0 else []
        return len(found) == len(firings) and all(run["outcome"] != "open" for run in found) and found

    runs = daemon.wait(all_done, "the end of all runs", CALM)
    assert {run["id"]: run["outcome"] for run in runs} == dict.fromkeys(firings, "done")
    images = account.images(**{"amid:owner": "amid"})
    keys = sorted((tags_of(image)["amid:run"], tags_of(image)["amid:instance"]) for image in images)
    assert keys == sorted((run, instance) for run in firings for instance in instances)
    assert {image["State"] for image in images} == {"available"}
    assert sum(request.done for request in front.log("CreateImage")) == len(keys) + 1
    assert len(account.snapshots()) == len(keys) + 1
    assert foreign in [image["ImageId"] for image in account.images()]
    daemon.stop()
