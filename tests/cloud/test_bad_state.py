"""A state that cannot be used, against the real daemon: missing, read-only, full, damaged, somebody else's."""

import contextlib
import os
import re
import sqlite3
import subprocess

import pytest
from harness import BUILD, tags_of

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: mounts, and another user")


@contextlib.contextmanager
def small(folder, size):
    """`folder` is a file system of its own, of `size` bytes."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "amid-test", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder):
    """Leaves no byte; gives the file to remove."""
    filler = folder / "filler"
    with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass
    return filler


def test_no_state_directory(account, daemon):
    daemon.schedule()
    daemon.state.rmdir()
    said = daemon.refused()
    assert re.search(r"Cannot keep state in .*/state: No such file or directory\. Create it, or set \$STATE_DIRECTORY", said)
    daemon.state.write_text("")
    assert "Not a directory" in daemon.refused()
    daemon.state.unlink()
    daemon.state.mkdir()
    daemon.start()


@root_only
def test_a_read_only_state_directory(account, daemon):
    daemon.schedule()
    with small(daemon.state, "1m"):
        subprocess.run(["mount", "-o", "remount,ro", daemon.state], check=True)
        said = daemon.refused()
    assert re.search(r"Cannot keep state in .*/state.*: Read-only file system\. .*mount it read-write", said)


@root_only
def test_a_state_that_became_read_only(account, daemon, timelines):
    """Nothing is begun that could not be remembered, and it goes on by itself."""
    account.launch(Backup="yes")
    daemon.schedule()
    with small(daemon.state, "4m"):
        daemon.start()
        daemon.run("web")
        daemon.stop()
        subprocess.run(["mount", "-o", "remount,ro", daemon.state], check=True)
        assert "Read-only file system" in daemon.refused()
        subprocess.run(["mount", "-o", "remount,rw", daemon.state], check=True)
        daemon.start()
        assert "done" in daemon.amictl("runs")
        daemon.stop()


@root_only
def test_a_full_disk_at_start(account, daemon):
    daemon.schedule()
    with small(daemon.state, "64k"):
        filler = fill(daemon.state)
        said = daemon.refused()
        assert re.search(r"Cannot keep state in .*: No space left on device\. Free some space", said)
        filler.unlink()
        assert not list(daemon.state.glob("amid.db")), "half a database would be damage"
    daemon.start()


@root_only
def test_a_full_disk_before_a_run(account, daemon, front):
    """What cannot be remembered is not begun: no image that nobody knows of."""
    account.launch(Backup="yes")
    daemon.schedule()
    with small(daemon.state, "4m"):
        daemon.start()
        filler = fill(daemon.state)
        done = daemon.try_amictl("run", "web", "--wait")
        assert done.returncode == 1
        assert re.search("The state cannot be written: .*full", done.stderr), done.stderr
        assert not front.log("CreateImage")
        filler.unlink()
        daemon.run("web")
        assert len(account.images()) == 1
        daemon.stop()


@root_only
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_full_disk_in_the_middle(account, daemon, front, timelines, moment):
    """Full just before the image id could be written down, or while the snapshots are followed."""
    timelines.course(snapshots=20)
    [instance] = account.launch(Backup="yes")
    daemon.schedule()
    with small(daemon.state, "4m"):
        fillers = []
        if moment == "before":
            front.fault("CreateImage", "call-after", call=lambda: fillers.append(fill(daemon.state)))
        daemon.start()
        run = daemon.json("run", "web")["run"]
        daemon.wait(lambda: front.count("CreateImage") == 1, "the image")
        if moment == "after":
            daemon.wait_line("EC2 is creating|is being created|Image ami-")
            fillers.append(fill(daemon.state))
        timelines.clock.advance(60)
        daemon.wait_line("The state cannot be written: .*full")
        lines = daemon.amictl("status").splitlines()
        assert "held: the state cannot be written" in next(line for line in lines if line.startswith("web "))
        daemon.wait(lambda: fillers, "the filler")[0].unlink()
        daemon.wait_line("The state can be written again")
        daemon.wait(lambda: daemon.json("show", run)["run"]["outcome"] == "done", "the end of the run")
        daemon.stop()
    [image] = account.images()
    assert tags_of(image)["amid:instance"] == instance
    assert front.count("CreateImage") == 1
    assert len(daemon.lines("The state cannot be written")) == 1, "one failure is one line"


def newer(database):
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA user_version = 999")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def somebody_elses(database):
    database.unlink()
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE t (x)")
        connection.commit()


DAMAGE = {
    "newer": newer,
    "empty": lambda database: database.write_bytes(b""),
    "zeros": lambda database: database.write_bytes(bytes(database.stat().st_size)),
    "cut off": lambda database: os.truncate(database, database.stat().st_size // 2),
    "garbage": lambda database: database.write_bytes(os.urandom(100000)),
    "a text": lambda database: database.write_text("runs: none\n"),
    "another program's": somebody_elses,
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_state_that_cannot_be_used(account, daemon, kind):
    """Refused, kept byte for byte, and the line tells the way out, which works."""
    account.launch(Backup="yes")
    daemon.schedule()
    daemon.start()
    daemon.run("web")
    daemon.stop()
    database = daemon.state / "amid.db"
    DAMAGE[kind](database)
    for extra in daemon.state.glob("amid.db-*"):
        extra.unlink()
    data = database.read_bytes()
    said = daemon.refused()
    assert re.search("written by a newer amid" if kind == "newer" else "is damaged", said), said
    assert "amictl adopt" in said and f"move {database}* away" in said
    assert database.read_bytes() == data
    database.rename(daemon.folder / "kept")
    for extra in daemon.state.glob("amid.db-*"):
        extra.unlink()
    daemon.start()
    daemon.amictl("adopt")
    [image] = account.images()
    daemon.wait(lambda: image["ImageId"] in daemon.amictl("images"), "the image in the list")


def test_two_daemons_with_one_state(account, daemon):
    daemon.schedule()
    daemon.start()
    other = subprocess.run(
        [BUILD / "amid", "-c", daemon.file],
        env={**daemon.env, "RUNTIME_DIRECTORY": str(daemon.folder)},
        stderr=subprocess.PIPE, text=True, timeout=20,
    )  # fmt: skip
    assert other.returncode == 1
    assert "is in use by another amid" in other.stderr
    daemon.amictl("status")


def test_a_state_that_others_may_change_is_not_used(account, daemon):
    daemon.schedule()
    daemon.start()
    daemon.stop()
    (daemon.state / "amid.db").chmod(0o666)
    assert "amid.db has mode 0666: everybody may change it; chmod o-w /" in daemon.refused()


def test_a_trigger_in_the_state_is_refused(account, daemon):
    daemon.schedule()
    daemon.start()
    daemon.stop()
    with contextlib.closing(sqlite3.connect(daemon.state / "amid.db")) as db:
        db.execute("CREATE TRIGGER t AFTER INSERT ON runs BEGIN DELETE FROM images; END")
        db.commit()
    said = daemon.refused()
    assert 'changed by something else than amid: trigger "t" is not of amid' in said
    assert "amictl adopt" in said
