"""One booted machine for all tests of this tier, with amid installed by `make install`."""

import json
import os
import pathlib
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "tests/cloud"), str(TOP / "tests/system")]
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull

import pytest  # noqa: E402
from front import Front  # noqa: E402
from harness import REGION, Account, wait_until  # noqa: E402
from machine import Machine  # noqa: E402
from simulated import KEYS, Sim  # noqa: E402
from timelines import Clock, Timelines  # noqa: E402

CREDSTORE = "/etc/credstore/amid.aws"
SETTINGS = """\
version: 1
accounts:
  test: {{regions: [{region}], endpoint_url: "{url}"}}
schedules:
  web:
    schedule: {schedule}
    account: test
    targets: {{tags: {{Backup: "yes"}}}}
    {how}
"""


def install(root):
    """What a packager does, with the release build whatever variant the tests around run with."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    words = ["make", "-C", TOP, "install", f"DESTDIR={root}", "PREFIX=/usr/local"]
    subprocess.run(words, check=True, env=env, stdout=subprocess.DEVNULL)


@pytest.fixture(scope="session")
def machine():
    with Machine(install) as machine:
        machine.run("systemd-sysusers")
        machine.run("journalctl", "--update-catalog")
        machine.run("systemctl", "daemon-reload")
        yield machine


@pytest.fixture
def timelines():
    with Timelines(Clock()) as timelines:
        yield timelines


@pytest.fixture
def front(timelines):
    front = Front(timelines)
    yield front
    front.close()
    assert not front.problems, "\n".join(front.problems)


@pytest.fixture
def account(front):
    return Account(front)


class Service:
    """amid.service in the machine, with its settings and what the journal got since the start. `front`
    is the EC2 it talks to."""

    def __init__(self, machine, front, keys, account=None):
        self.machine = machine
        self.account = account
        self.front = front
        self.write("at(2099-01-01T00:00:00)")
        access, secret = keys
        keys = f"[default]\naws_access_key_id = {access}\naws_secret_access_key = {secret}\n"
        machine.write(CREDSTORE, keys, 0o600)
        self.cursor = self._cursor()

    def write(self, schedule, how="consistency: crash"):
        text = SETTINGS.format(region=REGION, url=self.front.url, schedule=schedule, how=how)
        self.machine.write("/etc/amid/amid.yaml", text)

    def _cursor(self):
        self.machine.run("journalctl", "--sync")
        shown = self.machine.run("journalctl", "-n", "1", "--show-cursor", "-q")
        return shown.strip().rsplit("-- cursor: ", 1)[-1]

    def start(self):
        self.machine.run("systemctl", "start", "amid")

    def stop(self):
        self.machine.run("systemctl", "stop", "amid")

    def property(self, name):
        return self.machine.run("systemctl", "show", "-P", name, "amid").strip()

    def journal(self, *fields):
        """Entries of the unit since this test began, as dicts; only those with these FIELD=value."""
        self.machine.run("journalctl", "--sync")
        text = self.machine.run(
            "journalctl", "-q", "-o", "json", "-u", "amid", f"--after-cursor={self.cursor}", *fields
        )
        return [json.loads(line) for line in text.splitlines()]

    def messages(self):
        return [str(entry.get("MESSAGE", "")) for entry in self.journal()]

    def wait(self, check, what, deadline=60):
        try:
            return wait_until(check, what, deadline)
        except AssertionError as error:
            raise AssertionError(f"{error}\n" + "\n".join(self.messages())) from None

    def amictl(self, *words, status=0):
        return self.machine.run("/usr/local/bin/amictl", *words, status=status)


def _service(machine, *world):
    service = Service(machine, *world)
    yield service
    machine.try_run("systemctl", "stop", "amid")
    machine.try_run("systemctl", "reset-failed", "amid")
    machine.run("rm", "-rf", "/etc/systemd/system/amid.service.d", CREDSTORE)
    machine.run("sh", "-c", "rm -rf /var/lib/private/amid/* /etc/amid/conf.d/*")
    machine.run("systemctl", "daemon-reload")


@pytest.fixture
def service(machine, account):
    yield from _service(machine, account.front, account.keys, account)


@pytest.fixture
def sim():
    """EC2 of our own: ec2sim, ten times as fast."""
    with Sim("--speed", "10", "--no-buckets") as sim:
        yield sim


@pytest.fixture
def sim_service(machine, sim):
    yield from _service(machine, sim, KEYS)
