"""`consistency: freeze` as a whole: the real daemon, moto, commands that are truly carried out on an
instance with file systems of its own, and snapshots that are copies of its volumes."""

import os

import pytest
from databases import Postgres, Writer, check_rows
from harness import wait_until
from recipe import Host, blocked, free, recipe

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="mounts need root")

DEVICES = ("/dev/sdf", "/dev/sdg")


class Machine(Host):
    """An EC2 instance with two volumes. A snapshot of one is a copy of it, by the snapshot's id;
    `between()` is called before each, in the middle of CreateImage."""

    def __init__(self, folder, account, ssm, timelines):
        [self.id] = account.launch(volumes=3, Backup="yes")
        super().__init__(folder, ssm.instance(self.id))
        self.copies = {}
        self.between = lambda: None
        self._volumes = {}
        timelines.on_snapshot = self._take

    def attach(self, device, mount, kind="ext4"):
        self._volumes[device] = self.disk(mount, kind)

    def _take(self, instance, device, snapshot):
        assert instance == self.id
        self.between()
        if device in self._volumes:
            self.copies[snapshot] = self.snapshot(self._volumes[device])

    def restore(self, host, image, **mounts):
        """Puts what the image has of these devices (sdf="/srv") where it belongs on another host."""
        for mapping in image["BlockDeviceMappings"]:
            mount = mounts.get(mapping["DeviceName"].removeprefix("/dev/"))
            if mount:
                host.mount(self.copies[mapping["Ebs"]["SnapshotId"]], mount)


@pytest.fixture
def machine(tmp_path, account, ssm, timelines):
    tmp_path.chmod(0o755)
    machine = Machine(tmp_path, account, ssm, timelines)
    yield machine
    machine.close()


@pytest.fixture
def another(tmp_path):
    host = Host(tmp_path)
    yield host
    host.close()


def commands(ssm, machine):
    """What was carried out, oldest first: "freeze" and "thaw"."""
    return ["freeze" if "before.1" in one.script else "thaw" for one in ssm.commands(machine.id)]


@pytest.mark.skipif(not os.path.isdir("/usr/lib/postgresql"), reason="no PostgreSQL")
def test_an_image_of_a_busy_postgresql_loses_nothing(daemon, account, ssm, machine, another):
    """Data and WAL on two volumes, of which the second is copied when more would have been written;
    the image starts elsewhere with every row that was confirmed before."""
    for device, mount in zip(DEVICES, ("/srv/data", "/srv/wal")):
        machine.attach(device, mount)
    machine.shell("install -d -o postgres -m 700 /srv/data/pg /srv/wal/pg")
    server = Postgres(machine, "/srv/data/pg", "/run/pg")
    server.run("initdb", "-D", server.data, "--waldir=/srv/wal/pg", "-A", "trust", "--no-sync")
    server.start()
    server.ask("CREATE TABLE t (n int)")
    writer = Writer(machine, server.psql)
    confirmed = []
    machine.between = lambda: confirmed.append(writer.stands())
    daemon.schedule(consistency="freeze", freeze=recipe("postgresql", psql=server.psql))
    daemon.start()
    daemon.run("web")
    assert len(confirmed) == 3 and len(set(confirmed)) == 1, "rows between two snapshots"
    writer.wait_for(50)  # nobody was hurt
    assert commands(ssm, machine) == ["freeze", "thaw"]

    [image] = account.images(**{"amid:schedule": "web"})
    tags = {tag["Key"]: tag["Value"] for tag in image["Tags"]}
    assert (tags["amid:consistency"], tags["amid:method"]) == ("frozen", "freeze")
    assert "frozen for" in daemon.amictl("show", tags["amid:run"])
    machine.restore(another, image, sdf="/srv/data", sdg="/srv/wal")
    another.shell("rm -f /srv/data/pg/postmaster.pid")
    restored = Postgres(another, "/srv/data/pg", "/run/restored")
    restored.start()
    check_rows(restored.ask("SELECT n FROM t ORDER BY n"), confirmed[0])


def test_killed_between_freeze_and_thaw(daemon, account, front, machine, ssm):
    """Nobody helps: the file system is writable again within `timeout`. What was begun is taken up
    by the next start, and its image says no more than is true."""
    machine.attach(DEVICES[0], "/srv/one")
    freeze = {**recipe("fsfreeze", mounts="/srv/one"), "timeout": "20s"}
    daemon.schedule(consistency="freeze", freeze=freeze)
    front.fault("CreateImage", "call-after", call=daemon.kill)
    daemon.start()
    daemon.amictl("run", "web")
    wait_until(lambda: not daemon.alive(), "its death")
    daemon.gone()
    done = blocked(machine, "/srv/one")
    wait_until(done, "the watchdog")
    assert commands(ssm, machine) == ["freeze"]

    daemon.start()
    daemon.wait_line(r"Run web\.\S+ is done")
    assert commands(ssm, machine) == ["freeze", "thaw"]
    free(machine, "/srv/one")
    [image] = account.images(**{"amid:schedule": "web"})
    tags = {tag["Key"]: tag["Value"] for tag in image["Tags"]}
    assert tags["amid:consistency"] == "crash", daemon.journal
    assert daemon.lines("its own timer was sooner"), daemon.journal


@pytest.mark.parametrize("on_failure, images", [("skip", 0), ("crash", 1)])
def test_a_freeze_that_fails_halfway(daemon, account, machine, ssm, on_failure, images):
    """The second file system cannot be frozen: the first one is writable again before anything else
    happens, and the line says what `before` said."""
    machine.attach(DEVICES[0], "/srv/one")
    machine.attach(DEVICES[1], "/srv/two", "xfs")
    machine.run("fsfreeze", "-f", "/srv/two")  # by somebody else
    machine.between = lambda: free(machine, "/srv/one")
    freeze = {**recipe("fsfreeze", mounts="/srv/one /srv/two"), "on_failure": on_failure}
    daemon.schedule(consistency="freeze", freeze=freeze)
    daemon.start()
    daemon.run("web", status=None)
    free(machine, "/srv/one")
    assert len(account.images(**{"amid:schedule": "web"})) == images, daemon.journal
    assert daemon.lines(f"{machine.id}: it could not be frozen: before-failed"), daemon.journal
    assert daemon.lines("fsfreeze: /srv/two: freeze failed"), daemon.journal
    done = blocked(machine, "/srv/two")  # is not ours to thaw
    machine.run("fsfreeze", "-u", "/srv/two")
    wait_until(done, "the write")
