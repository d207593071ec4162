"""Bad input of every kind against the real daemon: a clear line each, and nothing lost."""

import os
import re
import subprocess
import time

import pytest
from harness import BUILD

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
    """Aliases where the grammar does walk: five thousand schedules, each with the same long lists."""
    values = ", ".join(str(i) for i in range(200))
    tags = ", ".join(f"t{i}: [{values}]" for i in range(5))
    lines = [HEAD, "defaults: {targets: &t {tags: {", tags, "}}}\nschedules:\n"]
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
    assert re.search(says, daemon.refused()), daemon.journal
    assert time.monotonic() - begin < 20
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
    assert re.search(says, daemon.refused()), daemon.journal
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
