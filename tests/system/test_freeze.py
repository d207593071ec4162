"""The scripts that freeze and thaw, with systemd's timer as the watchdog."""

import uuid

import pytest
from harness import wait_until
from recipe import said, script


class Freeze:
    """Commands that leave a line in a file, under a token of its own."""

    def __init__(self, machine, before="true", timeout=60):
        self.machine = machine
        self.token = uuid.uuid4().hex
        self.events = f"/run/events-{self.token}"
        self.script = f"/opt/freeze-{self.token}.sh"
        note = f"echo %s >>{self.events}"
        words = [note % "before", before, "--", note % "after"]
        machine.write(self.script, script(self.token, str(timeout), *words))
        machine.write(f"/opt/thaw-{self.token}.sh", script(self.token))

    def freeze(self):
        return said(self.machine.run("sh", self.script))

    def thaw(self):
        return said(self.machine.run("sh", f"/opt/thaw-{self.token}.sh"))

    def seen(self):
        return self.machine.try_run("cat", self.events).stdout.split()

    def state(self, kind):
        unit = f"amid-thaw-{self.token}.{kind}"
        return self.machine.try_run("systemctl", "is-active", unit).stdout.strip()


def test_the_timer_is_stopped_by_the_thaw(machine):
    one = Freeze(machine)
    line = one.freeze()
    assert (line["state"], line["watchdog"]) == ("frozen", "systemd")
    assert one.state("timer") == "active"
    assert one.thaw()["thawed-by"] == "amid"
    assert one.seen() == ["before", "after"]
    assert (one.state("timer"), one.state("service")) == ("inactive", "inactive")


def test_the_timer_thaws(machine):
    one = Freeze(machine, timeout=2)
    line = one.freeze()
    wait_until(lambda: one.seen() == ["before", "after"], "the watchdog")
    wait_until(lambda: one.state("service") == "inactive", "its service to end well")
    late = one.thaw()
    assert (late["thawed-by"], late["frozen-at"]) == ("watchdog", line["frozen-at"])
    # On time: systemd's own accuracy would be a minute.
    assert int(line["thaws-at"]) <= int(late["thawing-at"]) < int(line["thaws-at"]) + 5 * 10**9
    assert one.seen() == ["before", "after"]


@pytest.mark.parametrize("before", ["true", "sleep 600"])
def test_the_timer_outlives_whoever_armed_it(machine, before):
    """An agent that is stopped or killed with all that it had started, frozen or half-way there."""
    one = Freeze(machine, before, timeout=4)
    agent = f"agent-{one.token}"
    machine.run("systemd-run", f"--unit={agent}", "sh", "-c", f"sh {one.script}; sleep 600")
    wait_until(lambda: one.seen() == ["before"], "the freeze")
    machine.run("systemctl", "kill", "--signal=KILL", agent)
    wait_until(lambda: one.seen() == ["before", "after"], "the watchdog")
    assert one.thaw()["thawed-by"] == "watchdog"
    machine.try_run("systemctl", "reset-failed", agent)
