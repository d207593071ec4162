"""The recipes of config/freeze, tried for real: file systems that freeze, servers that write."""

import os
import shutil
import subprocess
import textwrap

import pytest
from databases import Mariadb, Postgres, Writer, check_rows
from harness import BUILD, TOP, wait_until
from recipe import Host, blocked, free, recipe, said, script

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="mounts need root")


@pytest.fixture
def host(tmp_path):
    tmp_path.chmod(0o755)
    host = Host(tmp_path)
    yield host
    host.close()


def needs_recovery(volume):
    shown = subprocess.run(["dumpe2fs", "-h", volume], capture_output=True, text=True, check=True)
    return "needs_recovery" in shown.stdout


# ---- all of them ----

RECIPES = sorted(path.stem for path in (TOP / "config/freeze").glob("*.yaml"))


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_a_setting(tmp_path, name):
    """As it stands, under `defaults` and under a schedule."""
    lines = (TOP / f"config/freeze/{name}.yaml").read_text().splitlines()
    schedule = "schedule: rate(1 day)\ntargets: {instance_ids: [i-0123456789abcdef0]}\nconsistency: freeze"
    head = "version: 1\naccounts: {default: {regions: [eu-west-1]}}\n"
    inner = textwrap.indent(schedule, "    ")
    settings = [
        head + "defaults:\n" + textwrap.indent("\n".join(lines), "  ") + f"\nschedules:\n  s:\n{inner}\n",
        head + f"schedules:\n  s:\n{inner}\n" + textwrap.indent("\n".join(lines), "    ") + "\n",
    ]
    for text in settings:
        (tmp_path / "amid.yaml").write_text(text)
        done = subprocess.run(
            [BUILD / "amictl", "check", tmp_path / "amid.yaml"], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", RECIPES)
def test_shellcheck_has_nothing_to_say(name):
    freeze = recipe(name)
    for script in freeze["before"] + freeze["after"]:
        # SC2016: the quotes are for another shell, SC2086: words on purpose
        words = ["shellcheck", "-s", "sh", "-e", "SC2016,SC2086", "-"]
        done = subprocess.run(words, input=script, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


# ---- file systems ----


def test_two_file_systems_are_frozen_and_thawed(host):
    """A copy that is taken between is clean, which one of a live file system is not. (xfs leaves a
    record in its log on purpose, so only ext4 can tell.)"""
    one, two = host.disk("/srv/one", "ext4"), host.disk("/srv/two", "xfs")
    freeze = recipe("fsfreeze", mounts="/srv/one /srv/two")
    host.shell("echo precious >/srv/one/file; echo precious >/srv/two/file")
    live = host.snapshot(one)
    assert needs_recovery(live)
    line = host.freeze(freeze)
    assert (line["state"], line["status"]) == ("frozen", 0), line
    done = [blocked(host, "/srv/one"), blocked(host, "/srv/two")]
    copies = [host.snapshot(one), host.snapshot(two)]
    assert not needs_recovery(copies[0])
    subprocess.run(["e2fsck", "-fn", copies[0]], check=True, capture_output=True)
    assert not any(is_done() for is_done in done)
    assert host.thaw()["thawed-by"] == "amid"
    wait_until(lambda: all(is_done() for is_done in done), "the writes to go on")
    for copy, options in zip(copies, ("loop,ro", "loop,nouuid")):
        host.run("mkdir", "-p", "/mnt/copy")
        host.run("mount", "-o", options, copy, "/mnt/copy")
        assert host.run("cat", "/mnt/copy/file") == "precious\n"
        assert "probe" not in host.run("ls", "/mnt/copy")
        host.run("umount", "/mnt/copy")


def test_the_watchdog_thaws_a_file_system(host):
    host.disk("/srv/one")
    line = host.freeze(recipe("fsfreeze", mounts="/srv/one"), timeout=3)
    assert line["state"] == "frozen", line
    done = blocked(host, "/srv/one")
    wait_until(done, "the watchdog")
    line = host.thaw()
    assert (line["state"], line["thawed-by"]) == ("thawed", "watchdog")
    assert line["thaws-at"] <= line["thawing-at"]
    free(host, "/srv/one")


def test_what_was_frozen_is_thawed_when_the_next_one_fails(host):
    host.disk("/srv/one")
    host.disk("/srv/two")
    host.run("fsfreeze", "-f", "/srv/two")  # by somebody else, and stays so
    line = host.freeze(recipe("fsfreeze", mounts="/srv/one /srv/two"))
    assert (line["state"], line["reason"], line["status"]) == ("thawed", "before-failed", 1), line
    free(host, "/srv/one")
    done = blocked(host, "/srv/two")
    host.run("fsfreeze", "-u", "/srv/two")
    wait_until(done, "the write")


def test_the_disk_of_the_agent_is_refused(host):
    line = host.freeze(recipe("fsfreeze", mounts="/var/lib"))
    assert line["reason"] == "before-failed"
    assert "is where the SSM agent writes" in line["stderr"]


def test_the_disk_of_the_agent_is_thawed_at_once(host):
    """Also when a recipe of somebody else freezes it."""
    host.disk("/var/lib/amazon/ssm")
    commands = {"before": ["fsfreeze -f /var/lib/amazon/ssm"], "after": ["fsfreeze -u /var/lib/amazon/ssm"]}
    line = host.freeze(commands)
    assert (line["state"], line["reason"], line["status"]) == ("thawed", "agent-frozen", 1), line
    free(host, "/var/lib/amazon/ssm")


def test_by_systems_manager(account, ssm, tmp_path):
    """The scripts as AWS-RunShellScript gets them; amid's second command never comes."""
    [instance] = account.launch()
    client = account.client("ssm")
    volume = tmp_path / "volume"
    subprocess.run(["truncate", "-s", "64M", volume], check=True)
    subprocess.run(["mkfs.ext4", "-q", volume], check=True)
    ssm.instance(instance).run("mkdir", "-p", "/srv/one")
    ssm.instance(instance).run("mount", "-o", "loop", volume, "/srv/one")

    def send(*words):
        parameters = {"commands": [script(*words)], "executionTimeout": ["60"]}
        command = client.send_command(
            InstanceIds=[instance], DocumentName="AWS-RunShellScript", Parameters=parameters
        )["Command"]["CommandId"]
        wait_until(lambda: ssm.commands()[-1].status == "Success", "the command")
        wait_until(lambda: client.list_commands(CommandId=command)["Commands"], "it to be known")
        done = client.get_command_invocation(CommandId=command, InstanceId=instance)
        return said(done["StandardOutputContent"])

    freeze = recipe("fsfreeze", mounts="/srv/one")
    line = send("token", "3", *freeze["before"], "--", *freeze["after"])
    assert line["state"] == "frozen"
    assert line["boot-id"] == ssm.instance(instance).boot_id
    ssm.instance(instance).run("timeout", "60", "dd", "if=/dev/zero", "of=/srv/one/x", "count=1", "status=none")
    assert send("token")["thawed-by"] == "watchdog"


# ---- databases ----


@pytest.mark.skipif(not os.path.isdir("/usr/lib/postgresql"), reason="no PostgreSQL")
@pytest.mark.parametrize("durable", ["on", "off"])
def test_postgresql(host, durable):
    """Data and WAL on two volumes; "off": commits are confirmed before they are on disk."""
    volumes = [host.disk("/srv/data"), host.disk("/srv/wal")]
    host.shell("install -d -o postgres -m 700 /srv/data/pg /srv/wal/pg")
    server = Postgres(host, "/srv/data/pg", "/run/pg")
    server.run("initdb", "-D", server.data, "--waldir=/srv/wal/pg", "-A", "trust", "--no-sync")
    server.start()
    server.ask("CREATE TABLE t (n int)")
    server.ask(f"ALTER SYSTEM SET synchronous_commit = {durable}")
    server.ask("SELECT pg_reload_conf()")
    writer = Writer(host, server.psql)
    confirmed = writer.rows()
    line = host.freeze(recipe("postgresql", psql=server.psql))
    assert line["state"] == "frozen", line
    if durable == "on":  # then none can be confirmed while all is frozen
        confirmed = writer.stands()
    copies = [host.snapshot(volume) for volume in volumes]
    assert host.thaw()["thawed-by"] == "amid"
    writer.wait_for(50)  # nobody was hurt

    host.run("umount", "-l", "/srv/data", "/srv/wal")
    host.mount(copies[0], "/srv/data")
    host.mount(copies[1], "/srv/wal")
    host.shell("rm -f /srv/data/pg/postmaster.pid")
    restored = Postgres(host, "/srv/data/pg", "/run/restored")
    restored.start()
    check_rows(restored.ask("SELECT n FROM t ORDER BY n"), confirmed)
    assert "redo starts" in host.run("cat", "/run/restored/log")


@pytest.mark.skipif(not shutil.which("mariadbd"), reason="no MariaDB")
@pytest.mark.parametrize("engine", ["InnoDB", "Aria"])
def test_mariadb(host, engine):
    volume = host.disk("/srv/data", size="512M")
    host.shell("install -d -o mysql -m 700 /srv/data/my")
    host.run("mariadb-install-db", "--no-defaults", "--user=mysql", "--datadir=/srv/data/my", "--skip-test-db")
    server = Mariadb(host, "/srv/data/my", "/run/my")
    server.start()
    host.shell(f"{server.client[:-5]} -e 'CREATE DATABASE test'")
    server.ask(f"CREATE TABLE t (n int) ENGINE={engine}")
    writer = Writer(host, f"{server.client} --unbuffered")
    line = host.freeze(recipe("mysql", client=server.client.replace(" test", "")))
    assert line["state"] == "frozen", line
    confirmed = writer.rows()
    copy = host.snapshot(volume)
    assert writer.stands() in (confirmed, confirmed + 1)
    assert host.thaw()["thawed-by"] == "amid"
    writer.wait_for(50)
    assert server.ask("SHOW PROCESSLIST").count("\n") == 2, "the session with the lock is gone"

    host.run("umount", "-l", "/srv/data")
    host.mount(copy, "/srv/data")
    restored = Mariadb(host, "/srv/data/my", "/run/restored")
    restored.start()
    check_rows(restored.ask("SELECT n FROM t ORDER BY n"), confirmed)
    assert restored.ask("CHECK TABLE t").split()[-1] == "OK"


MONGOSH = """#!/bin/sh
# Stands for mongosh and its server: the lock is a file with a line per fsyncLock().
for word; do script=$word; done
case $script in
*'fsync: 1, lock: true'*) echo lock >>/run/mongo; echo locked ;;
*'fsyncUnlock: 1'*) while [ -s /run/mongo ]; do sed -i '$d' /run/mongo; done; echo unlocked ;;
*) exit 1 ;;
esac
"""


def test_mongodb_with_a_stand_in(host):
    """No server: nothing but that the recipe's shell locks once and unlocks once."""
    host.inside.path("/run/mongosh").write_text(MONGOSH)
    host.run("chmod", "755", "/run/mongosh")
    line = host.freeze(recipe("mongodb", client="/run/mongosh --quiet"))
    assert line["state"] == "frozen", line
    assert host.run("cat", "/run/mongo") == "lock\n"
    assert host.thaw()["state"] == "thawed"
    assert host.run("cat", "/run/mongo") == ""
    host.shell("rm /run/mongosh")
    assert host.freeze(recipe("mongodb", client="/run/mongosh"))["state"] == "stuck"
