"""The real daemon in a scratch folder, and an account of EC2 for it. See tests/README.md."""

import json
import os
import pathlib
import re
import resource
import signal
import socket
import subprocess
import threading
import time

import boto3
import botocore.config
import moto.settings
import yaml
from moto.core.authorization import ActionAuthenticatorMixin
from moto.moto_api._internal import moto_api_backend

TOP = pathlib.Path(__file__).resolve().parents[2]
# Where the programs are: what make says it built (VARIANT=san has a folder of its own).
BUILD = TOP / os.environ.get("AMID_B", "build")
REGION = "us-east-1"
# Generous: a machine that also compiles must not fail a test. Nothing waits this long when all is
# well, because everything waits for a state.
DEADLINE = 60.0


def wait_until(check, what, deadline=DEADLINE, condition=None, watch=lambda: None):
    """Polls `check` until it gives something true, and returns that. `watch` may raise."""
    end = time.monotonic() + deadline
    while True:
        found = check()
        if found:
            return found
        watch()
        if time.monotonic() > end:
            raise AssertionError(f"not within {deadline:.0f} s: {what}")
        if condition:
            with condition:
                condition.wait(0.05)
        else:
            time.sleep(0.05)


def resident(process):
    """Bytes of memory it has."""
    with open(f"/proc/{process.pid}/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


def sign_as_you_like():
    """moto, which is one in a process, looks at no signature and no policy from here on."""
    moto.settings.INITIAL_NO_AUTH_ACTION_COUNT = float("inf")


def sign_strictly():
    moto.settings.INITIAL_NO_AUTH_ACTION_COUNT = 0


class Account:
    """An AWS account in moto, empty, with one user whose requests must be signed well."""

    def __init__(self, front):
        self.front = front
        sign_as_you_like()
        ActionAuthenticatorMixin.request_count = 0
        moto_api_backend.reset()
        self.keys = ("founder", "founder")
        iam = self.client("iam")
        iam.create_user(UserName="amid")
        key = iam.create_access_key(UserName="amid")["AccessKey"]
        self.keys = (key["AccessKeyId"], key["SecretAccessKey"])
        self.allow("ec2:*", "elasticloadbalancing:Describe*")
        self.ec2 = self.client("ec2")

    def client(self, service, region=REGION):
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.front.url,
            aws_access_key_id=self.keys[0],
            aws_secret_access_key=self.keys[1],
            config=botocore.config.Config(retries={"total_max_attempts": 1}),
        )

    def allow(self, *actions):
        """The one policy of the user."""
        self._put([{"Effect": "Allow", "Action": list(actions), "Resource": "*"}])

    def allow_files(self, *names):
        """The actions of config/policy/NAME.json, as they are there. Of the rest moto evaluates
        nothing: resources and conditions are left to tests/unit/aws/test-policy.c."""
        statements = []
        for name in names:
            document = json.loads((TOP / f"config/policy/{name}.json").read_text())
            statements += document["Statement"]
        for statement in statements:
            statement.pop("Condition", None)
            statement["Resource"] = "*"
        self._put(statements)

    def _put(self, statements):
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        sign_as_you_like()
        self.client("iam").put_user_policy(
            UserName="amid", PolicyName="only", PolicyDocument=policy
        )
        sign_strictly()

    def launch(self, count=1, volumes=1, zone="us-east-1a", **tags):
        """Instances with these tags and that many volumes; their ids."""
        devices = [
            {"DeviceName": f"/dev/sd{letter}", "Ebs": {"VolumeSize": 8}}
            for letter in ("a1", *"fghijk")[:volumes]
        ]
        specification = {
            "ResourceType": "instance",
            "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        }
        return [
            self.ec2.run_instances(
                ImageId="ami-12c6146b",
                InstanceType="t3.micro",
                MinCount=1,
                MaxCount=1,
                Placement={"AvailabilityZone": zone},
                BlockDeviceMappings=devices,
                TagSpecifications=[specification] if tags else [],
            )["Instances"][0]["InstanceId"]
            for _ in range(count)
        ]

    def images(self, **tags):
        """All images of the account with these tags, oldest first, whatever their state."""
        found = self.ec2.describe_images(Owners=["self"])["Images"]
        return sorted(
            (image for image in found if tags.items() <= tags_of(image).items()),
            key=lambda image: (image["CreationDate"], image["Name"]),
        )

    def snapshots(self):
        return self.ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]


def tags_of(thing):
    return {tag["Key"]: tag["Value"] for tag in thing.get("Tags", [])}


class Notify:
    """The service manager's end of sd_notify(). It always reads: a full socket would block amid."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.messages = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        while message := self.socket.recv(65536):
            self.messages += message.decode().splitlines()

    def value(self, key):
        """The last value of a variable, or None."""
        found = [m.split("=", 1)[1] for m in list(self.messages) if m.startswith(key + "=")]
        return found[-1] if found else None

    def close(self):
        """An empty message ends the reader."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
            end.sendto(b"", self.socket.getsockname())
        self._reader.join()
        self.socket.close()


class Daemon:
    """amid in a folder of its own. `settings` is a dict, written as amid.yaml."""

    def __init__(self, folder, front, keys):
        self.folder = folder
        self.front = front
        self.file = folder / "amid.yaml"
        self.state = folder / "state"
        self.runtime = folder / "run"
        for path in (self.state, self.runtime):
            path.mkdir()
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "STATE_DIRECTORY": str(self.state),
            "RUNTIME_DIRECTORY": str(self.runtime),
            "AWS_ACCESS_KEY_ID": keys[0],
            "AWS_SECRET_ACCESS_KEY": keys[1],
            "AWS_EC2_METADATA_DISABLED": "true",
            "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0",
            "UBSAN_OPTIONS": "print_stacktrace=1",
        }
        self.process = None
        self.notify = None
        self.starts = 0
        self._stderr = []
        self._reader = None

    # ---- settings ----

    def schedule(self, name="web", account=None, **keys):
        """Writes settings with one schedule: `keys` over a crash-consistent one that fires never."""
        values = {
            "schedule": "at(2099-01-01T00:00:00)",
            "targets": {"tags": {"Backup": "yes"}},
            "consistency": "crash",
        }
        values.update(keys)
        self.write({"schedules": {name: values}, **({"accounts": account} if account else {})})

    def write(self, settings):
        account = {"regions": [REGION], "endpoint_url": self.front.url}
        whole = {"version": 1, "accounts": {"test": account}, **settings}
        for schedule in whole.get("schedules", {}).values():
            schedule.setdefault("account", next(iter(whole["accounts"])))
        self.file.write_text(yaml.safe_dump(whole, sort_keys=False))

    # ---- life ----

    def start(self, ready=True, prefix=()):
        """`prefix`: a command that execs amid, such as prlimit."""
        assert self.process is None
        self.starts += 1
        self.notify = Notify(self.folder / f"notify-{self.starts}")
        env = {**self.env, "NOTIFY_SOCKET": str(self.folder / f"notify-{self.starts}")}
        self.process = subprocess.Popen(
            [*prefix, BUILD / "amid", "-c", self.file], env=env, stderr=subprocess.PIPE, text=True
        )
        self._reader = threading.Thread(target=self._read, args=(self.process.stderr,))
        self._reader.start()
        if ready:
            self.wait(lambda: self.notify.value("READY") == "1", "READY=1")

    def _read(self, stream):
        for line in stream:
            self._stderr.append(line.rstrip("\n"))

    @property
    def journal(self):
        """What went to stderr so far, of all starts."""
        return "\n".join(self._stderr)

    def lines(self, pattern):
        return [line for line in list(self._stderr) if re.search(pattern, line)]

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """kill -9. Safe to call from a fault."""
        if self.process:
            self.process.kill()

    def gone(self):
        """Waits for the end of a daemon that was killed or signalled; its exit status."""
        status = self.process.wait(DEADLINE)
        self._reader.join()
        self.process.stderr.close()
        self.notify.close()
        self.process = None
        return status

    def stop(self, within=10.0):
        """SIGTERM: it must end well, and soon."""
        begin = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        status = self.gone()
        assert status == 0, f"exit status {status}\n{self.journal}"
        assert time.monotonic() - begin < within
        return status

    def restart(self):
        self.stop()
        self.start()

    def refused(self):
        """Starts it, and it ends by itself, in good order; the journal."""
        self.start(ready=False)
        assert self.gone() == 1, self.journal
        assert "READY=1" not in self.notify.messages
        return self.journal

    # ---- asking ----

    def amictl(self, *words, status=0):
        """Runs amictl; its standard output. status None: any will do."""
        done = self.try_amictl(*words)
        if status is not None:
            assert done.returncode == status, f"amictl {words}: {done}\n{self.journal}"
        return done.stdout

    def try_amictl(self, *words):
        return subprocess.run(
            [BUILD / "amictl", "-c", self.file, *words],
            env=self.env,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
        )

    def json(self, *words, status=0):
        return json.loads(self.amictl("--json", *words, status=status))

    def wait(self, check, what, deadline=DEADLINE):
        """Waits for a state of the world; ends at once when the daemon is gone or moto failed."""

        def watch():
            assert not self.front.problems, self.front.problems
            assert self.alive(), f"amid ended, waiting for {what}\n{self.journal}"

        try:
            return wait_until(check, what, deadline, self.front.changed, watch)
        except AssertionError as error:
            raise AssertionError(f"{error}\n--- journal\n{self.journal}") from None

    def wait_lines(self, pattern, deadline=DEADLINE):
        """The lines of the journal that match, as soon as there are any."""
        return self.wait(lambda: self.lines(pattern), f"a line with {pattern!r}", deadline)

    def wait_line(self, pattern, deadline=DEADLINE):
        return self.wait_lines(pattern, deadline)[0]

    def run(self, *words, status=0):
        """`amictl run ... --wait`"""
        return self.amictl("run", *words, "--wait", status=status)
