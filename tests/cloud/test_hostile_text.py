"""Text from outside that would drive a terminal, forge lines or hide: answers of AWS, output of
commands, arguments, settings. It reaches journal and terminal as visible characters, on one line."""

import json
import os
import re
import subprocess

import pytest
from harness import BUILD

UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
# As XML can carry it; ESC it cannot.
TEXT = "no\nforged line \u009b2J\u007f\u202egnp.exe\u2028and\u200bon"
CLEAN = r"no\nforged line \u009b2J\x7f\u202egnp.exe\u2028and\u200bon"


def is_clean(*texts):
    for text in texts:
        assert not UNSAFE.search(text), ascii(text)
        assert not [line for line in text.splitlines() if line.startswith("forged")], text


def everything(daemon, run):
    """All that amictl prints of a run, as text and as JSON."""
    words = [["show", run], ["status"], ["runs"], ["images"], ["run", "web", "--wait"], ["watch", run]]
    done = [daemon.try_amictl(*w) for w in words] + [daemon.try_amictl("--json", *w) for w in words]
    return [text for d in done for text in (d.stdout, d.stderr)]


def test_an_error_text_of_aws_is_printed_as_visible_characters(account, daemon, front):
    account.launch(Backup="yes")
    front.fault("CreateImage", "error", code="UnauthorizedOperation", status=403, message=TEXT, times=9)
    daemon.schedule()
    daemon.start()
    run = daemon.amictl("run", "web", "--wait", status=1).split()[0]
    is_clean(daemon.journal, *everything(daemon, run))
    assert daemon.lines(re.escape(CLEAN))
    assert CLEAN in daemon.json("show", run)["tasks"][-1]["detail"]


def test_what_a_command_on_an_instance_says_is_printed_as_visible_characters(account, daemon, ssm):
    [one] = account.launch(Backup="yes")
    ssm.instance(one)
    says = r"printf 'a\033[2J\377\302\233\342\200\256 \r\nforged line\n' >&2; exit 3"
    daemon.schedule(consistency="freeze", freeze={"before": [says], "after": ["true"], "on_failure": "skip"})
    daemon.start()
    run = daemon.amictl("run", "web", "--wait", status=1).split()[0]
    is_clean(daemon.journal, *everything(daemon, run))
    assert daemon.lines(r"before-failed .*a\\x1b\[2J.*\\u009b\\u202e +forged line")


def test_tags_are_true_in_ec2_and_visible_where_they_are_shown(account, daemon):
    name = "web\u009b1\u202e"
    account.launch(Backup="yes", Name=name)
    daemon.schedule(image={"copy_tags": True})
    daemon.start()
    run = daemon.amictl("run", "web", "--wait").split()[0]
    [image] = account.images()
    assert {tag["Key"]: tag["Value"] for tag in image["Tags"]}["Name"] == name
    plan = daemon.try_amictl("plan")
    is_clean(daemon.journal, plan.stdout, plan.stderr, *everything(daemon, run))


@pytest.mark.parametrize("json_", [[], ["--json"]])
@pytest.mark.parametrize("verb", ["run", "pause", "show", "cancel", "images", "\033[2J", "calendar"])
def test_an_argument_is_not_echoed_as_it_is(daemon, verb, json_):
    daemon.schedule()
    daemon.start()
    for argument in (b"\033[2J\nforged", "\u202e\u009b".encode(), b"\xff\xc0\xaf"):
        words = [BUILD / "amictl", "-c", daemon.file, *json_, verb, argument]
        done = subprocess.run(words, env=daemon.env, capture_output=True, timeout=60)
        assert done.returncode in (1, 2)
        is_clean(done.stdout.decode(), done.stderr.decode())  # which is UTF-8
    is_clean(daemon.journal)


@pytest.mark.parametrize("program", ["amid", "amictl"])
def test_an_option_is_not_echoed_as_it_is(daemon, program):
    for argument in (b"--\033[2J\nforged=1", b"-\x9b", b"--\xff"):
        done = subprocess.run([BUILD / program, argument], env=daemon.env, capture_output=True, timeout=60)
        assert done.returncode == 2
        is_clean(done.stdout.decode(), done.stderr.decode())


def test_settings_are_not_echoed_as_they_are(daemon):
    """Also where the name of the file itself is hostile."""
    file = os.fsencode(daemon.folder) + b"/\033[2J\xff.yaml"
    text = 'version: 1\nschedules: {"w\u202eb": {"ke\\ey": 1, schedule: "\\x1b[2J\\nforged", timezone: "\u009b"}}\n'
    with open(file, "wb") as settings:
        settings.write(text.encode())
    for words in (["amid", "--check", "-c"], ["amictl", "check"]):
        done = subprocess.run([BUILD / words[0], *words[1:], file], env=daemon.env, capture_output=True)
        assert done.returncode == 1
        is_clean(done.stdout.decode(), done.stderr.decode())


def test_json_has_the_true_values_and_no_raw_control_characters(account, daemon, front):
    account.launch(Backup="yes")
    front.fault("CreateImage", "error", code="UnauthorizedOperation", status=403, message="\u202e", times=9)
    daemon.schedule()
    daemon.start()
    run = daemon.amictl("run", "web", "--wait", status=1).split()[0]
    for line in daemon.amictl("--json", "show", run).splitlines():
        is_clean(line)
        json.loads(line)
