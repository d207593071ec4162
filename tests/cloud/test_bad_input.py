"""Bad input of every kind against the real daemon: a clear line each, and nothing lost."""

import contextlib
import json
import os
import re
import resource
import socket
import sqlite3
import subprocess
import time

import pytest
from harness import BUILD, tags_of

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: mounts, and another user")

HEAD = "version: 1\naccounts: {test: {regions: [us-east-1]}}\n"


def one_schedule(**keys):
    values = {
        "schedule": "rate(1 day)",
        "consistency": "crash",
        "targets": "{tags: {Backup: 'yes'}}",
        **keys,
    }
    lines = "".join(f"    {key}: {value}\n" for key, value in values.items())
    return f"{HEAD}schedules:\n  web:\n{lines}"


def bomb():
    """Ten levels of ten aliases: ten thousand million values."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for i in range(1, 10):
        lines.append(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]")
    return "version: 1\n" + "\n".join(lines) + "\nschedules: *a9\n"


def merge_bomb():
    """Aliases where the grammar does walk: five thousand schedules, each with the same long list."""
    ids = ", ".join(f"i-{i:017x}" for i in range(900))
    lines = [HEAD, "defaults: {targets: &t {instance_ids: [", ids, "]}}\nschedules:\n"]
    lines += [f"  s{i}: {{schedule: rate(1 day), consistency: crash, targets: *t}}\n" for i in range(5000)]
    return "".join(lines)


# what the file is -> what the journal must say of it
SETTINGS = {
    "empty": (b"", r"amid\.yaml:1:1: the file is empty"),
    "blank": (b"\n \n# nothing\n", r"amid\.yaml:1:1: the file is empty"),
    "10 MB": (HEAD.encode() + b"# filler\n" * (10 << 20), r"amid\.yaml: larger than 4194304 bytes"),
    "one endless line": (b"a" * (3 << 20), r"amid\.yaml:1:1: "),
    "alias bomb": (bomb().encode(), r"amid\.yaml:\d+:\d+: "),
    "alias bomb of targets": (merge_bomb().encode(), r"amid\.yaml:\d+:\d+: aliases make far more"),
    "deep": (b"version: 1\nschedules: " + b"[" * 100000, r"amid\.yaml:2:\d+: nested deeper than 32 levels"),
    "binary": (bytes(range(256)) * 64, r"amid\.yaml:1:1: a NUL byte: the file is binary"),
    "a program": ((BUILD / "amid"), r"amid\.yaml:1:\d+: "),
    "UTF-16": ("version: 1\n".encode("utf-16"), r"amid\.yaml:1:1: "),
    "Latin-1": (HEAD.encode() + "# über\n".encode("latin-1"), r"amid\.yaml:3:3: this is not UTF-8"),
    "not YAML": (b"version: 1\nschedules: {web: [\n", r"amid\.yaml:\d+:\d+: not YAML: "),
    "tabs": (b"version: 1\nschedules:\n\tweb: {}\n", r"amid\.yaml:3:1: not YAML: .*not with tabs"),
    "a list": (b"- version: 1\n", r"amid\.yaml:1:1: the file needs a map"),
    "a word": (b"hello\n", r"amid\.yaml:1:1: the file needs a map"),
    "two documents": (HEAD.encode() + b"---\n" + HEAD.encode(), r"amid\.yaml:3:1: a second document"),
    "another version": (b"version: 99\n", r"amid\.yaml:1:10: "),
    "a map for a word": (one_schedule(schedule="{rate: 1}").encode(), r"amid\.yaml:5:15: schedule "),
    "a list for a map": (one_schedule(targets="[yes]").encode(), r"amid\.yaml:\d+:\d+: targets needs a map"),
    "a word for a number": (one_schedule(retain="{last: many}").encode(), r"amid\.yaml:\d+:\d+: last .*many"),
    "a number for a duration": (one_schedule(flexible_window="15").encode(), r"amid\.yaml:\d+:\d+: flexible_window"),
    "an unknown zone": (one_schedule(timezone="Mars/Olympus").encode(), r"amid\.yaml:\d+:15: .*Mars/Olympus"),
    "a zone outside": (one_schedule(timezone="../../etc/passwd").encode(), r"amid\.yaml:\d+:15: .*passwd"),
    "an unknown key": (one_schedule(shedule="x").encode(), r'amid\.yaml:\d+:5: unknown key "shedule"; did you mean "schedule"'),
    "an unknown account": (one_schedule(account="prod").encode(), r"amid\.yaml:\d+:14: .*unknown account prod"),
    "an endpoint in the clear": (
        b"version: 1\naccounts: {a: {endpoint_url: 'http://ec2.example.com'}}\n",
        r"amid\.yaml:2:\d+: .*http would send it in the clear",
    ),
    "a unix cron": (one_schedule(schedule="'0 3 * * *'").encode(), r"amid\.yaml:5:15: .*cron\(0 3 \* \* \? \*\)"),
    "no consistency": (one_schedule(consistency="").encode(), r"amid\.yaml:\d+:\d+: consistency "),
    "a name twice": (
        (HEAD + "schedules:\n" + "  web: {schedule: rate(1 day), consistency: crash, targets: {instance_ids: [i-00000001]}}\n" * 2).encode(),
        r"amid\.yaml:5:3: schedule web is given twice \(first at .*amid\.yaml:4:3\)",
    ),
}  # fmt: skip


def content(name):
    data, says = SETTINGS[name]
    return data if isinstance(data, bytes) else data.read_bytes()[: 3 << 20], says


@pytest.mark.parametrize("name", SETTINGS)
def test_bad_settings_at_start(account, daemon, name):
    data, says = content(name)
    daemon.file.write_bytes(data)
    begin = time.monotonic()
    daemon.start(ready=False)
    assert daemon.gone() == 1
    assert time.monotonic() - begin < 20
    assert re.search(says, daemon.journal), daemon.journal
    assert "READY=1" not in daemon.notify.messages
    assert len(daemon.journal) < 100000, "a bad file may not flood the journal"
    assert not list(daemon.state.iterdir()), "nothing was touched"


@pytest.mark.parametrize("name", SETTINGS)
def test_bad_settings_at_reload(account, daemon, name):
    data, says = content(name)
    daemon.schedule()
    daemon.start()
    daemon.file.write_bytes(data)
    done = daemon.try_amictl("reload")
    assert done.returncode == 1
    assert re.search(says, done.stdout + done.stderr), done
    daemon.wait_line("the old ones stay in force")
    daemon.wait_line(says)
    daemon.schedule()
    assert "web" in daemon.amictl("status")
    daemon.stop()


# ---- what others may change ----


WRITABLE = ["amid.yaml", "conf.d/db.yaml", "conf.d", "."]


def drop_in(daemon):
    folder = daemon.folder / "conf.d"
    folder.mkdir()
    (folder / "db.yaml").write_text("version: 1\n")


@pytest.mark.parametrize("name", WRITABLE)
def test_settings_that_others_may_change_are_not_taken(account, daemon, name):
    """By the daemon at start, by both checks; each says what to mend."""
    daemon.schedule()
    drop_in(daemon)
    path = daemon.folder / name
    path.chmod(path.stat().st_mode | 0o002)
    says = rf"{re.escape(str(path.resolve()))} has mode 0\d+: everybody may change it; chmod o-w /"
    daemon.start(ready=False)
    assert daemon.gone() == 1
    assert re.search(says, daemon.journal), daemon.journal
    for done in (
        daemon.try_amictl("check"),
        subprocess.run([BUILD / "amid", "-c", daemon.file, "--check"], capture_output=True, text=True),
    ):
        assert done.returncode == 1
        assert re.search(says, done.stderr), done
    path.chmod(path.stat().st_mode & ~0o002)
    assert "good" in daemon.amictl("check")
    daemon.start()


def test_settings_that_became_writable_leave_the_old_ones_in_force(account, daemon):
    daemon.schedule()
    daemon.start()
    daemon.schedule("other")
    daemon.file.chmod(0o666)
    done = daemon.try_amictl("reload")
    assert done.returncode == 1
    assert "everybody may change it" in done.stdout + done.stderr
    assert "web" in daemon.amictl("status")


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a file away")
def test_settings_of_somebody_else_are_not_printed(account, daemon):
    """`sudo amictl -c FILE check` says whose it is, and nothing of what it holds."""
    daemon.file.write_text("version: 1\nsecret_key: hunter2\n")
    os.chown(daemon.file, 65534, 65534)
    done = daemon.try_amictl("check")
    assert done.returncode == 1
    assert "belongs to user 65534" in done.stderr
    assert "secret" not in done.stderr and "hunter2" not in done.stderr


def test_a_file_that_is_no_settings_is_not_printed(account, daemon):
    daemon.file.write_text("secret_key: hunter2\nusers: {root: sesame}\n")
    done = daemon.try_amictl("check")
    assert done.returncode == 1
    assert "version" in done.stderr
    assert not re.search("secret|hunter2|users|sesame", done.stderr), done.stderr


def test_credentials_that_others_may_change_are_not_taken(account, daemon, front):
    shared_credentials(daemon, *account.keys)
    (daemon.folder / ".aws" / "credentials").chmod(0o666)
    account.launch(Backup="yes")
    daemon.schedule()
    daemon.start()
    run = daemon.amictl("run", "web").strip()
    daemon.wait_line("credentials has mode 0666: everybody may change it; chmod o-w /")
    assert front.count("DescribeInstances") == 0
    assert daemon.json("show", run)["run"]["outcome"] == "open"


def test_a_state_that_others_may_change_is_not_used(account, daemon):
    daemon.schedule()
    daemon.start()
    daemon.stop()
    (daemon.state / "amid.db").chmod(0o666)
    daemon.start(ready=False)
    assert daemon.gone() == 1
    assert "amid.db has mode 0666: everybody may change it; chmod o-w /" in daemon.journal


def test_a_trigger_in_the_state_is_refused(account, daemon):
    daemon.schedule()
    daemon.start()
    daemon.stop()
    with contextlib.closing(sqlite3.connect(daemon.state / "amid.db")) as db:
        db.execute("CREATE TRIGGER t AFTER INSERT ON runs BEGIN DELETE FROM images; END")
        db.commit()
    daemon.start(ready=False)
    assert daemon.gone() == 1
    assert 'changed by something else than amid: trigger "t" is not of amid' in daemon.journal
    assert "amictl adopt" in daemon.journal


# ---- credentials ----


def shared_credentials(daemon, access_key, secret):
    """What comes from the environment is gone, this is in the shared file."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        daemon.env.pop(name, None)
    folder = daemon.folder / ".aws"
    folder.mkdir(exist_ok=True)
    new = folder / "new"
    new.write_text(f"[default]\naws_access_key_id = {access_key}\naws_secret_access_key = {secret}\n")
    new.rename(folder / "credentials")


def test_a_run_waits_for_credentials(account, daemon, front):
    """The line names every source; once there are credentials the run goes on by itself."""
    account.launch(Backup="yes")
    keys = daemon.env.pop("AWS_ACCESS_KEY_ID"), daemon.env.pop("AWS_SECRET_ACCESS_KEY")
    daemon.schedule()
    daemon.start()
    run = daemon.json("run", "web")["run"]
    line = daemon.wait_line("no credentials")
    sources = ("environment: ", "credentials file: ", "systemd credential: ", "container: ", "instance metadata: ")
    for source in sources:
        assert source in line
    assert "It is tried again" in line
    assert not front.log("DescribeInstances")
    assert "open" in daemon.amictl("runs")
    shared_credentials(daemon, *keys)
    daemon.wait(lambda: daemon.json("show", run)["run"]["outcome"] == "done", "the end of the run", 120)
    daemon.wait_line("AWS answers again")
    assert len(daemon.lines("no credentials")) == 1, "one failure is one line"
    assert len(account.images()) == 1


@pytest.mark.parametrize("wrong", ["key", "secret"])
def test_refused_credentials(account, daemon, front, wrong):
    access_key, secret = account.keys
    account.launch(Backup="yes")
    if wrong == "key":
        shared_credentials(daemon, "AKIAIOSFODNN7EXAMPLE", secret)
    else:
        shared_credentials(daemon, access_key, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    daemon.schedule()
    daemon.start()
    run = daemon.amictl("run", "web").strip()
    line = daemon.wait_line("DescribeInstances in us-east-1.*; check the ")
    assert "AuthFailure" in line or "SignatureDoesNotMatch" in line
    assert "of the shared credentials file" in line and "It is tried again" in line
    assert "EXAMPLE" not in daemon.journal and access_key not in daemon.journal
    assert daemon.json("show", run)["run"]["outcome"] == "open"
    shared_credentials(daemon, access_key, secret)
    daemon.wait(lambda: daemon.json("show", run)["run"]["outcome"] == "done", "the end of the run", 120)
    daemon.wait_line("AWS answers again")
    assert len(account.images()) == 1


# ---- the state directory ----


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


def refused(daemon):
    """The daemon ends by itself, in good order; what it said."""
    daemon.start(ready=False)
    assert daemon.gone() == 1, daemon.journal
    assert "READY=1" not in daemon.notify.messages
    return daemon.journal


def test_no_state_directory(account, daemon):
    daemon.schedule()
    daemon.state.rmdir()
    said = refused(daemon)
    assert re.search(r"Cannot keep state in .*/state: No such file or directory\. Create it, or set \$STATE_DIRECTORY", said)
    daemon.state.write_text("")
    assert "Not a directory" in refused(daemon)
    daemon.state.unlink()
    daemon.state.mkdir()
    daemon.start()


@root_only
def test_a_read_only_state_directory(account, daemon):
    daemon.schedule()
    with small(daemon.state, "1m"):
        subprocess.run(["mount", "-o", "remount,ro", daemon.state], check=True)
        said = refused(daemon)
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
        assert "Read-only file system" in refused(daemon)
        subprocess.run(["mount", "-o", "remount,rw", daemon.state], check=True)
        daemon.start()
        assert "done" in daemon.amictl("runs")
        daemon.stop()


@root_only
def test_a_full_disk_at_start(account, daemon):
    daemon.schedule()
    with small(daemon.state, "64k"):
        filler = fill(daemon.state)
        said = refused(daemon)
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
        assert re.search("the state cannot be written: .*full", done.stderr), done.stderr
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
    said = refused(daemon)
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


# ---- the runtime directory ----


def test_no_runtime_directory(account, daemon):
    """One level is made; more, or something in the way, is a clear end."""
    daemon.schedule()
    daemon.runtime.rmdir()
    daemon.start()
    daemon.amictl("status")
    daemon.stop()
    assert not (daemon.runtime / "control").exists()
    daemon.env["RUNTIME_DIRECTORY"] = str(daemon.folder / "no" / "such" / "place")
    said = refused(daemon)
    assert re.search(r"Cannot listen on .*/place/control: No such file or directory\. .*\$RUNTIME_DIRECTORY", said)


def test_something_in_the_way_of_the_socket(account, daemon):
    daemon.schedule()
    way = daemon.runtime / "control"
    way.write_text("precious")
    assert "Something that is not a socket is in the way" in refused(daemon)
    assert way.read_text() == "precious"


def test_a_socket_left_behind(account, daemon):
    daemon.schedule()
    daemon.start()
    daemon.kill()
    daemon.gone()
    assert (daemon.runtime / "control").exists()
    daemon.start()
    daemon.amictl("status")


# ---- the control socket ----


def connect(daemon):
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(5)
    connection.connect(str(daemon.runtime / "control"))
    return connection


def call(method, more=False, **parameters):
    return json.dumps({"method": f"io.amid.Manager.{method}", "more": more, "parameters": parameters}).encode() + b"\0"


GARBAGE = {
    "nothing": b"",
    "noise": bytes(range(1, 256)) * 200 + b"\0",
    "no end": b'{"method":"' + b"x" * (3 << 20),
    "half a call": b'{"method":"io.amid.Mana',
    "deep": b"[" * 500000 + b"\0",
    "HTTP": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n\0",
    "numbers": b"1\0" * 1000,
    "wrong types": b'{"method": 7, "parameters": []}\0',
    "no such method": call("NoSuchMethod"),
    "many calls at once": call("ListRuns") * 2000,
    "a reader that does not read": call("Watch", more=True),
}


def flood(daemon, each):
    """Connections with garbage, `each` of every kind, none of which is ever read from."""
    open_ones = []
    for data in list(GARBAGE.values()) * each:
        for _ in range(50):  # the queue of those that wait for accept() is full
            with contextlib.suppress(BlockingIOError):
                connection = connect(daemon)
                break
            time.sleep(0.01)
        else:
            continue
        open_ones.append(connection)
        with contextlib.suppress(OSError):
            connection.setblocking(False)
            connection.send(data)
    return open_ones


def resident(process):
    with open(f"/proc/{process.pid}/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


def test_a_flooded_socket(account, daemon, front, timelines):
    """Hundreds of connections and garbage: the run goes on, memory stays, amictl works afterwards."""
    timelines.course(snapshots=20)
    account.launch(3, Backup="yes")
    daemon.schedule()
    daemon.start()
    run = daemon.json("run", "web")["run"]
    daemon.wait(lambda: front.count("CreateImage") == 3, "the images")
    before = resident(daemon.process)
    connections = flood(daemon, 40)
    assert len(connections) > 300
    polls = front.count("DescribeImages")
    timelines.clock.advance(20)
    daemon.wait(lambda: front.count("DescribeImages") > polls, "that the run goes on during the flood")
    daemon.wait(lambda: len(daemon.lines("is available")) == 3, "the images, during the flood")
    grown = resident(daemon.process) - before
    assert grown < 64 << 20, f"grown by {grown >> 10} kB"
    busy = daemon.try_amictl("status")
    assert busy.returncode in (0, 1, 3)
    if busy.returncode:
        assert "Too many connections" in busy.stderr, busy.stderr
    for connection in connections:
        connection.close()
    daemon.wait(lambda: daemon.try_amictl("status").returncode == 0, "amictl after the flood")
    assert daemon.json("show", run)["run"]["outcome"] == "done"
    assert len(account.images()) == 3
    closed = daemon.lines("Closed the control connection")
    assert closed, "it is said why connections were closed"
    assert len(closed) < 30 and daemon.lines("The control socket is flooded"), "nobody can flood the journal"
    daemon.stop()


# ---- descriptors ----


def test_few_descriptors(account, daemon, front, timelines):
    """A flood takes the last descriptor: the run waits for one and then goes on."""
    timelines.course(snapshots=5)
    account.launch(2, Backup="yes")
    daemon.schedule()
    daemon.start()
    resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (24, 24))
    run = daemon.json("run", "web")["run"]
    connections = flood(daemon, 10)
    daemon.wait_line("Cannot accept a control connection: Too many open files")
    timelines.clock.advance(20)
    time.sleep(3)
    for connection in connections:
        connection.close()
    daemon.wait(lambda: daemon.try_amictl("status").returncode == 0, "amictl after the flood")
    daemon.wait(lambda: daemon.json("show", run)["run"]["outcome"] == "done", "the end of the run", 120)
    assert len(account.images()) == 2
    assert sum(request.done for request in front.log("CreateImage")) == 2
    assert len(daemon.lines("Cannot accept|Closed the control")) < 30, "nobody can flood the journal"
    daemon.stop()


@pytest.mark.parametrize("files", [3, 4, 5, 6, 8, 10, 12, 14])
def test_hardly_any_descriptor(account, daemon, files):
    """It starts, or says why not: never a crash, never silence."""
    daemon.schedule()
    daemon.start(ready=False, prefix=["prlimit", f"--nofile={files}"])

    def settled():
        return not daemon.alive() or daemon.notify.value("READY") == "1"

    end = time.monotonic() + 20
    while not settled() and time.monotonic() < end:
        time.sleep(0.05)
    assert settled()
    if daemon.alive():
        daemon.stop()
        return
    assert daemon.gone() in (1, 127), daemon.journal
    assert re.search("Too many open files|too many open files|error while loading|unable to open", daemon.journal), daemon.journal
