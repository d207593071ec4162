"""amid and ec2sim as processes with a scratch folder, and what /proc says of them."""

import contextlib
import http.client
import json
import os
import pathlib
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time

BUILD = pathlib.Path(os.environ.get("AMID_B", "build/release"))
REGION = "us-east-1"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDBENCH", "AWS_SECRET_ACCESS_KEY": "bench"}


def memory(pid):
    """Kilobytes: resident, the share of it that is this process's alone or its part, the peak."""
    fields = {}
    for name in ("status", "smaps_rollup"):
        for line in pathlib.Path(f"/proc/{pid}/{name}").read_text().splitlines():
            key, _, value = line.partition(":")
            if value.endswith("kB"):
                fields[key] = int(value.split()[0])
    return fields["VmRSS"], fields["Pss"], fields["VmHWM"]


def cpu_seconds(pid):
    ticks = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def amid(settings, **environment):
    """The daemon with these settings, READY; gives (process, ask) with ask(*words) as amictl."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="amid-bench-"))
    file = folder / "amid.yaml"
    file.write_text(settings)
    for name in ("state", "run"):
        (folder / name).mkdir()
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "STATE_DIRECTORY": str(folder / "state"),
        "RUNTIME_DIRECTORY": str(folder / "run"),
        "NOTIFY_SOCKET": str(folder / "notify"),
        "AWS_EC2_METADATA_DISABLED": "true",
        **KEYS,
        **environment,
    }

    def ask(*words):
        done = subprocess.run(
            [BUILD / "amictl", "-c", file, "--json", *words], env=env, check=True, stdout=subprocess.PIPE
        )
        return json.loads(done.stdout)

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify, open(folder / "journal", "w+") as journal:
        notify.bind(env["NOTIFY_SOCKET"])
        process = subprocess.Popen([BUILD / "amid", "-c", file], env=env, stderr=journal)
        try:
            _wait_until_ready(process, notify, folder / "journal")
            yield process, ask
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
            shutil.rmtree(folder)


def _wait_until_ready(process, notify, journal):
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        if select.select([notify], [], [], 0.2)[0] and b"READY=1" in notify.recv(65536):
            return
    raise SystemExit(f"amid did not become ready:\n{journal.read_text()}")


class Sim:
    """ec2sim; post() is its control."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen([BUILD / "ec2sim", *arguments], stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())
        self.url = f"http://127.0.0.1:{self.port}"

    def call(self, method, path, members=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, path, body=json.dumps(members) if members else None)
        answer = connection.getresponse()
        data = json.loads(answer.read())
        connection.close()
        assert answer.status == 200, data
        return data

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)
