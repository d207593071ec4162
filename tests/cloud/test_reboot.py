"""consistency: reboot. CreateImage reboots by itself; never two outages, never too many at once."""

import re

import pytest
from harness import tags_of
from instance import Instance

REBOOT = {"settle": "3s", "ready_timeout": "30s", "max_parallel": 1, "group_by": "all"}


def schedule(daemon, **how):
    daemon.schedule(consistency="reboot", reboot={**REBOOT, **how})
    daemon.start()


def test_one_after_the_other_each_once(account, daemon, front, timelines):
    timelines.course(stale=1, down=2)
    instances = account.launch(3, Backup="yes")
    schedule(daemon)
    daemon.run("web")
    assert sorted(r.instance for r in timelines.reboots) == sorted(instances)
    assert {r.by for r in timelines.reboots} == {"CreateImage"}
    assert timelines.down_at_once() == 1
    assert front.count("RebootInstances") == 0
    assert all(r.params.get("NoReboot") in (None, "false") for r in front.log("CreateImage"))
    assert [i["State"] for i in account.images()] == ["available"] * 3


@pytest.mark.parametrize("status", [302, 400, 403])
def test_a_proxys_answer_takes_no_second_instance_down(account, daemon, front, timelines, status):
    """The first reboot was carried out, and a proxy's page came instead of the answer."""
    timelines.course(stale=1, down=4)
    account.launch(2, Backup="yes")
    front.fault("CreateImage", "html-after", status=status)
    schedule(daemon)
    daemon.run("web")
    assert timelines.down_at_once() == 1
    assert len(timelines.reboots) == 2 and front.count("CreateImage") == 2
    assert [i["State"] for i in account.images()] == ["available"] * 2


def test_the_next_does_not_wait_for_slow_snapshots(account, daemon, front, timelines):
    timelines.course(stale=0.5, down=1, snapshots=3600)
    account.launch(2, Backup="yes")
    schedule(daemon)
    daemon.amictl("run", "web")
    daemon.wait(lambda: front.count("CreateImage") == 2, "the second reboot")
    timelines.clock.advance(3600)
    daemon.wait(lambda: all(i["State"] == "available" for i in account.images()), "the images")


def test_an_ok_from_before_the_reboot_is_not_believed(account, daemon, timelines):
    """Checks run once a minute: after the reboot they still say ok for a while."""
    timelines.course(stale=2, down=4)
    account.launch(2, Backup="yes")
    schedule(daemon, settle="10s")
    daemon.run("web")
    assert timelines.down_at_once() == 1


def test_what_is_proven_is_tagged(account, daemon, timelines):
    timelines.course(stale=0.5, down=6)
    account.launch(Backup="yes")
    schedule(daemon)
    daemon.run("web")
    [image] = account.images()
    assert tags_of(image)["amid:consistency"] == "reboot-clean"


def test_before_the_proof_the_tag_says_crash(account, daemon, front, timelines):
    timelines.course(down=None)
    account.launch(Backup="yes")
    schedule(daemon)
    daemon.amictl("run", "web")
    daemon.wait(lambda: front.count("CreateImage") == 1, "an image")
    assert tags_of(account.images()[0])["amid:consistency"] == "crash"


@pytest.mark.parametrize("on_failure, images", [("halt", 1), ("continue", 2)])
def test_an_instance_that_stays_down(account, daemon, front, timelines, on_failure, images):
    timelines.course(down=None, stale=0.2)
    instances = account.launch(2, Backup="yes")
    schedule(daemon, ready_timeout="4s", settle="1s", on_failure=on_failure)
    daemon.run("web", status=1)
    assert front.count("CreateImage") == images
    down = timelines.reboots[0].instance
    assert down in instances
    assert daemon.wait_lines(f"{down}.*(status checks|come back|came back|not back|ready)")


def test_groups_are_independent(account, daemon, timelines):
    timelines.course(stale=0.2, down=8)
    account.launch(2, zone="us-east-1a", Backup="yes")
    account.launch(2, zone="us-east-1b", Backup="yes")
    schedule(daemon, group_by="availability-zone")
    daemon.run("web")
    assert timelines.down_at_once() == 2
    assert len(timelines.reboots) == 4


def test_cancel_reboots_nobody_else(account, daemon, front, timelines):
    timelines.course(stale=0.2, down=5)
    account.launch(3, Backup="yes")
    schedule(daemon)
    daemon.amictl("run", "web")
    daemon.wait(lambda: front.count("CreateImage") == 1, "the first reboot")
    daemon.amictl("cancel", re.search(r"web\.\d{8}T\d{6}Z", daemon.amictl("--json", "runs"))[0])
    daemon.wait(lambda: '"open"' not in daemon.amictl("--json", "runs"), "the end of the run")
    assert front.count("CreateImage") == 1
    assert [i["State"] for i in account.images()] == ["available"]


def test_a_reboot_window_that_is_over(account, daemon, front, timelines):
    timelines.course(stale=0.2, down=6)
    account.launch(2, Backup="yes")
    schedule(daemon, window="3s")
    daemon.run("web", status=None)
    assert front.count("CreateImage") == 1
    assert daemon.wait_lines("window")


REPLAYED = "EXT4-fs (nvme1n1): recovery complete"


@pytest.mark.parametrize(
    "reboots, kernel_log, proven, told",
    [
        (True, "", "reboot-clean", "another boot id"),
        (True, REPLAYED, "reboot-forced", "a file system was repaired"),
        (False, "", "crash", "the boot id of before"),
    ],
)
def test_the_instance_itself_tells(
    account, daemon, ssm, timelines, monkeypatch, reboots, kernel_log, proven, told
):
    """Over Systems Manager: its boot id and its log. One that had not rebooted at all would look well
    to the status checks alone."""
    timelines.course(stale=0.2, down=6)
    [one] = account.launch(Backup="yes")
    inside = ssm.instance(one)
    before, inside.kernel_log = inside.boot_id, kernel_log
    if not reboots:
        monkeypatch.setattr(Instance, "boot", lambda inside: None)
    schedule(daemon, proof="ssm", settle="1s", target_groups="ignore")
    daemon.run("web", status=None)
    assert (ssm.instance(one).boot_id != before) == reboots
    [image] = account.images()
    assert tags_of(image)["amid:consistency"] == proven, daemon.journal
    shown = daemon.amictl("show", tags_of(image)["amid:run"])
    assert told in " ".join(shown.split()), "lines are folded"
