"""config/freeze/*.yaml on a scratch instance with disks, by the scripts that amid sends."""

import os
import re
import subprocess
import uuid

import yaml
from harness import TOP, wait_until
from instance import Instance

PRINTER = TOP / os.environ.get("AMID_B", "build/release") / "tests/tools/freeze-script"


def recipe(name, **changes):
    """The `freeze` of a recipe, with lines "NAME='...'" of its scripts set as a reader would."""
    freeze = yaml.safe_load((TOP / f"config/freeze/{name}.yaml").read_text())["freeze"]
    for variable, value in changes.items():
        line = re.compile(rf"^{variable}=.*?( *# <-.*)$", re.MULTILINE)
        assert any(line.search(script) for script in freeze["before"]), variable
        freeze["before"] = [line.sub(rf"{variable}='{value}'\1", s) for s in freeze["before"]]
    return freeze


def script(*words):
    """TOKEN TIMEOUT BEFORE... -- AFTER..., or TOKEN for the thaw: what amid would send."""
    return subprocess.run([PRINTER, *words], check=True, capture_output=True, text=True).stdout


def said(output):
    """The words of the last line, as amid reads them."""
    return dict(word.split("=", 1) for word in output.splitlines()[-1].split()[1:])


class Host:
    """An instance with file systems of its own, each in a file below `folder`. `inside`: one that
    somebody else has booted, and ends."""

    def __init__(self, folder, inside=None):
        self.folder = folder
        self.inside = inside or Instance()
        self.run = self.inside.run
        self.mounts = []
        self.token = ""

    def close(self):
        for mount in self.mounts:  # a frozen file system would outlive everything
            self.inside.try_run("fsfreeze", "-u", mount)
        self.inside.close()

    def shell(self, text, status=0):
        return self.run("sh", "-c", text, status=status)

    def start(self, text):
        """A process inside; the returned Popen is of nsenter."""
        words = self.inside.enter("sh", "-c", text)
        return subprocess.Popen(words, stdin=subprocess.DEVNULL, start_new_session=True)

    def disk(self, mount, kind="ext4", size="320M"):
        """A new file system at `mount`; its file is the "volume"."""
        volume = self.folder / mount.strip("/").replace("/", "-")
        subprocess.run(["truncate", "-s", size, volume], check=True)
        subprocess.run([f"mkfs.{kind}", "-q", volume], check=True)
        self.mount(volume, mount)
        self.mounts.append(mount)
        return volume

    def mount(self, volume, mount):
        self.run("mkdir", "-p", mount)
        self.run("mount", "-o", "loop", volume, mount)

    def snapshot(self, volume):
        """The volume as it is now, in a file of its own."""
        copy = volume.with_name(f"{volume.name}-{uuid.uuid4().hex[:6]}")
        subprocess.run(["cp", "--sparse=always", volume, copy], check=True)
        return copy

    # ---- what amid does ----

    def _send(self, *words):
        done = self.inside.try_run("sh", "-s", input=script(*words), stdin=None)
        return {**said(done.stdout), "status": done.returncode, "stderr": done.stderr}

    def freeze(self, freeze, timeout=60):
        """What the freeze says: the words of its last line, `status` and `stderr`."""
        self.token = uuid.uuid4().hex
        before, after = freeze["before"], freeze["after"]
        return self._send(self.token, str(timeout), *before, "--", *after)

    def thaw(self):
        return self._send(self.token)


def blocked(host, mount):
    """Starts a write to `mount` and makes sure that it waits; gives what tells when it is done."""
    mark = f"/run/wrote-{uuid.uuid4().hex}"
    words = host.start(f"echo $$ >{mark}.pid; exec dd if=/dev/zero of={mount}/probe count=1 status=none")

    def waits():
        pid = host.inside.try_run("cat", f"{mark}.pid").stdout.strip()
        stat = host.inside.try_run("cat", f"/proc/{pid}/stat").stdout if pid else ""
        return stat and stat.rpartition(") ")[2].startswith("D")

    wait_until(waits, f"a write to {mount} to wait")
    assert words.poll() is None
    return lambda: words.poll() == 0


def free(host, mount):
    """A write goes through."""
    host.run("timeout", "20", "dd", "if=/dev/zero", f"of={mount}/probe", "count=1", "conv=fsync", "status=none")
