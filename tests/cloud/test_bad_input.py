"""Bad input of every kind against the real daemon: a clear line each, and nothing lost."""

import contextlib
import http.server
import json
import os
import re
import resource
import shutil
import signal
import socket
import socketserver
import sqlite3
import subprocess
import threading
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
    """Aliases where the grammar does walk: a thousand schedules, each with a long list of ids."""
    ids = ", ".join(f"i-{i:017x}" for i in range(2000))
    lines = [HEAD, "defaults: {targets: &t {instance_ids: [", ids, "]}}\nschedules:\n"]
    lines += [f"  s{i}: {{schedule: rate(1 day), consistency: crash, targets: *t}}\n" for i in range(20000)]
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
    assert re.search(says, daemon.journal), daemon.journal
    assert "the old ones stay in force" in daemon.journal
    daemon.schedule()
    assert "web" in daemon.amictl("status")
    daemon.stop()
