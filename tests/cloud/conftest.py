"""Fixtures of the cloud tier; tests/README.md tells how to write a test with them."""

import os

# Before moto is imported: no stock images (describing them is slow), and nothing of this machine's.
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull

# Settings and state that a group may write are refused.
os.umask(0o022)

import pytest  # noqa: E402
from front import Front  # noqa: E402
from harness import Account, Daemon, sign_as_you_like  # noqa: E402
from imds import Imds  # noqa: E402
from simulated import KEYS, Sim  # noqa: E402
from ssm import Ssm  # noqa: E402
from timelines import Clock, Timelines  # noqa: E402


@pytest.fixture
def clock():
    """EC2's clock; `advance(seconds)` lets snapshots and reboots go on at once."""
    return Clock()


@pytest.fixture
def timelines(clock):
    with Timelines(clock) as timelines:
        yield timelines


def _front(timelines):
    front = Front(timelines)
    try:
        yield front
    finally:
        front.close()
    assert not front.problems, "\n".join(front.problems)


@pytest.fixture
def front(timelines):
    """The endpoint, with timelines."""
    yield from _front(timelines)


@pytest.fixture(autouse=True)
def signatures():
    """Whoever had moto look at signatures and policies leaves it as it was."""
    yield
    sign_as_you_like()


@pytest.fixture
def account(front):
    return Account(front)


@pytest.fixture
def ssm(account, timelines):
    """Systems Manager that carries commands out; the account may use it."""
    if os.geteuid() != 0:
        pytest.skip("the inside of an instance needs root")
    account.allow("ec2:*", "ssm:*")
    with Ssm(timelines, account.front.changed) as ssm:
        yield ssm


@pytest.fixture
def ec2(account):
    """boto3's EC2 client of the same account."""
    return account.ec2


def _daemon(tmp_path, front, keys):
    daemon = Daemon(tmp_path, front, keys)
    yield daemon
    if daemon.alive():
        daemon.kill()
    if daemon.process:
        daemon.gone()
    assert "Sanitizer" not in daemon.journal, daemon.journal
    assert "runtime error" not in daemon.journal, daemon.journal


@pytest.fixture
def daemon(tmp_path, account):
    yield from _daemon(tmp_path, account.front, account.keys)


@pytest.fixture
def sim():
    """EC2 of our own: ec2sim, ten times as fast."""
    with Sim("--speed", "10", "--no-buckets") as sim:
        yield sim


@pytest.fixture
def sim_daemon(tmp_path, sim):
    yield from _daemon(tmp_path, sim, KEYS)


@pytest.fixture
def unpatched(tmp_path):
    """(account, daemon) with moto as it is: nothing but the HTTP server is ours."""
    for front in _front(None):
        account = Account(front)
        for daemon in _daemon(tmp_path, account.front, account.keys):
            yield account, daemon


@pytest.fixture
def imds(account):
    imds = Imds((*account.keys, None))
    yield imds
    imds.close()
