"""kill -9 and stop at any point of a run; the next start goes on. Exactly one image each time."""

import subprocess

import pytest
from harness import BUILD, DEADLINE, tags_of


# After an unknown outcome amid looks for the image for two minutes before it asks for it again.
UNKNOWN_OUTCOME = 200.0


def finish(account, daemon, front, count, deadline=DEADLINE):
    def all_there():
        images = account.images()
        return len(images) >= count and all(i["State"] == "available" for i in images)

    daemon.wait(all_there, "every image", deadline)
    daemon.wait(lambda: '"open"' not in daemon.amictl("--json", "runs"), "the end of the run")
    images = account.images()
    assert len(images) == count
    assert len({tags_of(i)["amid:instance"] for i in images}) == count
    assert sum(r.done for r in front.log("CreateImage")) == count
    assert len(account.snapshots()) == count


# (action, how many of it before, before or after the deed)
POINTS = [
    ("DescribeInstances", 0, "call-before"),
    ("DescribeInstances", 0, "call-after"),
    ("CreateImage", 0, "call-before"),
    ("CreateImage", 0, "call-after"),
    ("CreateImage", 1, "call-after"),
    ("DescribeImages", 0, "call-after"),
    ("DescribeImages", 1, "call-after"),
    ("DescribeSnapshots", 0, "call-after"),
]


@pytest.mark.parametrize("action, skip, kind", POINTS)
def test_killed_and_started_again(account, daemon, front, timelines, action, skip, kind):
    timelines.course(snapshots=8)
    account.launch(2, Backup="yes")
    daemon.schedule()
    daemon.start()
    front.fault(action, kind, skip=skip, call=daemon.kill)
    daemon.amictl("run", "web")
    assert daemon.gone() == -9
    daemon.start()
    finish(account, daemon, front, 2, UNKNOWN_OUTCOME)
    daemon.stop()


@pytest.mark.parametrize("action, skip, kind", POINTS)
def test_killed_while_instances_reboot(account, daemon, front, timelines, action, skip, kind):
    timelines.course(stale=0.5, down=2, snapshots=12)
    account.launch(2, Backup="yes")
    daemon.schedule(
        consistency="reboot", reboot={"settle": "3s", "max_parallel": 1, "group_by": "all"}
    )
    daemon.start()
    front.fault(action, kind, skip=skip, call=daemon.kill)
    daemon.amictl("run", "web")
    assert daemon.gone() == -9
    daemon.start()
    finish(account, daemon, front, 2, UNKNOWN_OUTCOME)
    assert len(timelines.reboots) == 2
    assert timelines.down_at_once() == 1


def test_killed_at_the_status_checks(account, daemon, front, timelines):
    timelines.course(stale=0.5, down=3)
    account.launch(2, Backup="yes")
    daemon.schedule(consistency="reboot", reboot={"settle": "3s"})
    daemon.start()
    front.fault("DescribeInstanceStatus", "call-after", skip=1, call=daemon.kill)
    daemon.amictl("run", "web")
    assert daemon.gone() == -9
    daemon.start()
    finish(account, daemon, front, 2)
    assert timelines.down_at_once() == 1


@pytest.mark.parametrize(
    "action, kind",
    [
        ("DeregisterImage", "call-before"),
        ("DeregisterImage", "call-after"),
        ("DeleteSnapshot", "call-before"),
        ("DeleteSnapshot", "call-after"),
    ],
)
def test_killed_while_pruning(account, daemon, front, action, kind):
    account.launch(Backup="yes")
    daemon.schedule(retain={"last": 1})
    daemon.start()
    daemon.run("web")
    front.fault(action, kind, call=daemon.kill)
    daemon.amictl("run", "web")
    assert daemon.gone() == -9
    daemon.start()
    daemon.wait(lambda: len(account.images()) == 1, "the older being gone")
    if (action, kind) == ("DeregisterImage", "call-after"):
        # Its absence has to last for minutes before its snapshots may go (unit test-evidence).
        asked = front.count("DescribeImages")
        daemon.wait(lambda: front.count("DescribeImages") > asked, "another look for the image")
        states = [row["state"] for row in daemon.json("images")["images"]]
        assert sorted(states) == ["available", "deregistering"]
        assert len(account.snapshots()) == 2
        return
    daemon.wait(lambda: len(account.snapshots()) == 1, "its snapshot being gone")
    if (action, kind) == ("DeleteSnapshot", "call-after"):
        # Whose call it was nobody knows: its absence has to last as well (unit test-removal).
        asked = front.count("DescribeSnapshots")
        daemon.wait(lambda: front.count("DescribeSnapshots") > asked, "a look for the snapshot")
        states = [row["state"] for row in daemon.json("images")["images"]]
        assert sorted(states) == ["available", "deregistered"]
        assert front.count("DeleteSnapshot") == 1


def test_killed_twice_with_lost_answers(account, daemon, front, timelines):
    """The worst of it: the answer lost, the image hidden, the daemon killed; and again."""
    timelines.course(hidden=2, snapshots=4)
    account.launch(2, Backup="yes")
    daemon.schedule()
    daemon.start()
    front.fault("CreateImage", "call-after", call=daemon.kill)
    daemon.amictl("run", "web")
    assert daemon.gone() == -9
    front.fault("CreateImage", "reset-after")
    front.fault("DescribeImages", "call-before", skip=3, call=daemon.kill)
    daemon.start()
    assert daemon.gone() == -9
    daemon.start()
    finish(account, daemon, front, 2)


def test_stopped_in_the_middle(account, daemon, front, timelines):
    timelines.course(snapshots=3600)
    account.launch(2, Backup="yes")
    daemon.schedule()
    daemon.start()
    daemon.amictl("run", "web")
    daemon.wait(lambda: front.count("CreateImage") == 2, "both images")
    daemon.stop(within=5)
    timelines.clock.advance(3600)
    daemon.start()
    finish(account, daemon, front, 2)


def test_stopped_while_ec2_does_not_answer(account, daemon, front):
    account.launch(Backup="yes")
    daemon.schedule()
    daemon.start()
    front.fault("CreateImage", "delay", seconds=8)
    daemon.amictl("run", "web")
    daemon.wait(lambda: not front.faults[0].times, "the request")
    daemon.stop(within=5)
    daemon.start()
    finish(account, daemon, front, 1)


def test_two_daemons_on_one_state(account, daemon):
    daemon.schedule()
    daemon.start()
    other = subprocess.run(
        [BUILD / "amid", "-c", daemon.file],
        env=daemon.env,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert other.returncode != 0
    assert other.stderr
    daemon.amictl("status")
