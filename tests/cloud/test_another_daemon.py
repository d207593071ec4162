"""Two daemons with one owner and states of their own, as after a virtual machine was cloned."""

import datetime

import pytest
from harness import Daemon
from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends


@pytest.fixture
def other(tmp_path, account):
    folder = tmp_path / "other"
    folder.mkdir()
    daemon = Daemon(folder, account.front, account.keys)
    yield daemon
    daemon.stop()


def made_at(image, time):
    """Sets what EC2 says of an image's creation: nobody waits for minutes here."""
    for backends in ec2_backends.values():
        for backend in backends.values():
            if image in backend.amis:
                backend.amis[image].creation_date = time
                return
    pytest.fail(f"no image {image}")


def test_the_later_one_makes_no_outage_and_says_so(account, daemon, other, timelines):
    account.launch(Backup="yes")
    for each in (daemon, other):
        each.schedule(consistency="reboot", reboot={"settle": "1s"})
        each.start()
    daemon.run("web")
    assert len(timelines.reboots) == 1
    [image] = [i["ImageId"] for i in account.images()]
    made_at(image, utcnow() + datetime.timedelta(minutes=7))

    other.run("web", status=1)
    other.wait_line(f"another daemon works with owner amid: it made image {image}.*'owner'")
    assert len(timelines.reboots) == 1
    headline = other.amictl("status").split("\n\n")[1]
    assert image in headline and "another 'owner'" in " ".join(headline.split())
    assert max(map(len, headline.splitlines())) <= 80, "wrapped, and not cut"
    other.run("web", status=1)
    assert len(timelines.reboots) == 1, "until it is restarted"
    assert len(account.images()) == 1

    # the first one has made the image itself, and goes on
    daemon.run("web")
    assert len(timelines.reboots) == 2
    assert not daemon.lines("another daemon")

    # of before the start of the one that stays
    daemon.stop()
    for each in account.images():
        made_at(each["ImageId"], utcnow())
    other.restart()
    other.run("web")
    assert len(timelines.reboots) == 3
