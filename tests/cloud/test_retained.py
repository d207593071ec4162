"""Which images outlive others: no weaker one takes the place of a stronger one, and EC2's clock alone
tells which is newer."""

import contextlib
import json
import sqlite3

from harness import tags_of


def ids(account):
    return {image["ImageId"] for image in account.images()}


def of_images(daemon):
    [answer] = [json.loads(line) for line in daemon.amictl("--json", "images").splitlines()]
    return {image["id"]: image for image in answer["images"]}


def test_images_of_runs_that_fail_displace_no_good_one(account, daemon, timelines):
    timelines.course(stale=0.5, down=6)
    account.launch(Backup="yes")
    reboot = {"settle": "1s", "ready_timeout": "30s", "on_failure": "continue"}
    daemon.schedule(consistency="reboot", retain={"last": 1}, reboot=reboot)
    daemon.start()
    daemon.run("web")
    [good] = ids(account)
    assert tags_of(account.images()[0])["amid:outcome"] == "done"
    # From now on nobody comes back in time.
    timelines.course(down=None, stale=0.2)
    reboot["ready_timeout"] = "4s"
    daemon.schedule(consistency="reboot", retain={"last": 1}, reboot=reboot)
    daemon.amictl("reload")
    daemon.run("web", status=None)
    assert len(ids(account)) == 2
    [weaker] = ids(account) - {good}
    daemon.run("web", status=None)
    daemon.wait(lambda: weaker not in ids(account), "the older of the weaker ones being gone")
    assert good in ids(account)
    [newest] = ids(account) - {good}
    known = of_images(daemon)
    assert (known[good]["consistency"], known[good]["outcome"]) == ("reboot-clean", "done")
    assert known[newest]["consistency"] == "crash"
    text = " ".join(daemon.amictl("prune", "--dry-run").split())
    assert "kept: last #1 of those worth reboot" in text
    assert "kept: last #1 of those worth crash or more" in text


def test_an_image_of_a_wrong_clock_is_not_newest_for_ever(account, daemon):
    """The clock of the machine said 2042 when it fired; EC2 knows better."""
    account.launch(Backup="yes")
    daemon.schedule(retain={"last": 1})
    daemon.start()
    daemon.run("web")
    [wrong] = ids(account)
    daemon.stop()
    with contextlib.closing(sqlite3.connect(daemon.state / "amid.db")) as connection:
        connection.execute("UPDATE images SET firing = 2272147200")
        connection.commit()
    daemon.start()
    assert "2042-01-01T00:00:00Z, cannot be right" in " ".join(
        daemon.amictl("prune", "--dry-run").split()
    )
    daemon.run("web")
    daemon.wait(lambda: wrong not in ids(account), "the image of 2042 being gone")
    [right] = ids(account)
    daemon.run("web")
    daemon.wait(lambda: right not in ids(account), "the next one taking its place")
    assert len(ids(account)) == 1
