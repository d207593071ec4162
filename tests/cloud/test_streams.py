"""No size breaks a verb that streams: a dry run over 1,200 images, a run of 1,100 targets, and a
reader that stops."""

import json
import os
import signal
import subprocess

from harness import BUILD, DEADLINE

HOUR = 3600
TARGETS = 1100
IMAGES = 1200
# 22, so that half of what EC2 lets one account ask of a region is enough for all at once
AREAS = ["us-east", "us-west", "eu-west", "eu-central", "eu-south", "ap-northeast", "ap-southeast", "ap-south",
         "ca-central", "sa-east", "me-south"]
REGIONS = [f"{area}-{n}" for area in AREAS for n in (1, 2)]


def ours(age):
    """An image of each instance of the fleet, as amid would have made it."""
    tags = {
        "amid:owner": "amid", "amid:schedule": "web", "amid:run": "web.{stamp}", "amid:instance": "{instance}",
        "amid:time": "{time}", "amid:method": "crash", "amid:consistency": "crash",
    }  # fmt: skip
    return {"age": age, "name": "web-{instance}-{stamp}", "tags": tags}


def test_a_dry_run_over_1200_images_tells_of_each(sim, sim_daemon):
    daemon = sim_daemon
    images = [ours((n + 1) * HOUR) for n in range(IMAGES // 40)]
    sim.fleet(40, tags={"Backup": "yes"}, images=images)
    daemon.schedule(retain={"last": 3})
    daemon.start()
    daemon.amictl("adopt")
    assert len(daemon.json("images")["images"]) == IMAGES
    told = [json.loads(line) for line in daemon.amictl("--json", "prune", "--dry-run").splitlines()]
    decisions = [one["event"]["decision"] for one in told if "decision" in one.get("event", {})]
    assert len({decision["image"]["id"] for decision in decisions}) == IMAGES
    assert [line for line in daemon.amictl("prune", "--dry-run").splitlines() if "would be removed" in line]


def test_a_run_of_1100_targets_is_waited_for_by_whoever_lags(sim, sim_daemon):
    """Two operators wait: one stops reading for a while, the other notices nothing of it."""
    daemon = sim_daemon
    sim.post("config", timeline={"snapshot": [1, 2], "snapshot-free": 0})
    for region in REGIONS:
        sim.fleet(TARGETS // len(REGIONS), tags={"Backup": "yes"}, region=region)
    daemon.schedule(account={"test": {"regions": REGIONS, "endpoint_url": sim.url}})
    daemon.start()
    run = daemon.amictl("run", "web").strip()
    words = [BUILD / "amictl", "-c", daemon.file, "--json", "watch", run]
    lagging = subprocess.Popen(words, env=daemon.env, stdout=subprocess.PIPE)
    os.kill(lagging.pid, signal.SIGSTOP)
    reading = subprocess.Popen(words, env=daemon.env, stdout=subprocess.PIPE)
    output, _ = reading.communicate(timeout=DEADLINE)
    events = [json.loads(line)["event"] for line in output.splitlines()]
    newest = {event["task"]["id"]: event["task"] for event in events if "task" in event}
    done = [task for task in newest.values() if task["kind"] == "image" and task["outcome"] == "done"]
    assert len(done) == TARGETS
    assert events[-1]["run"]["outcome"] == "done"
    os.kill(lagging.pid, signal.SIGCONT)
    output, _ = lagging.communicate(timeout=DEADLINE)
    assert json.loads(output.splitlines()[-1])["event"]["run"]["outcome"] == "done"
    assert lagging.returncode == reading.returncode == 0
