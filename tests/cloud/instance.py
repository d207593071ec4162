"""The inside of an EC2 instance, as far as a shell script sees it: processes and mounts of its own.

/run is an empty tmpfs at every boot, /var/lib a copy-on-write view of the host's, the boot id and
the kernel's log its own. There is no systemd; tests/system has one. Needs root.
"""

import contextlib
import os
import pathlib
import signal
import subprocess
import uuid

# bash waits for whatever dies, as a PID 1 has to
FIRST = "sleep infinity & wait"
BOOT = """
set -eu
mount -t tmpfs -o mode=755 run /run
mkdir /run/disk
mount -t tmpfs -o mode=755 disk /run/disk
mkdir /run/disk/upper /run/disk/work
mount -t overlay -o lowerdir=/var/lib,upperdir=/run/disk/upper,workdir=/run/disk/work overlay /var/lib
umount -l /run/disk
rmdir /run/disk
mkdir -p /var/lib/amazon/ssm
echo "$1" >/run/boot-id
mount --bind /run/boot-id /proc/sys/kernel/random/boot_id
printf '%s\n' "$2" >/run/kernel-log
printf '#!/bin/sh\nexec cat /run/kernel-log\n' >/run/dmesg
chmod 755 /run/dmesg
mount --bind /run/dmesg "$(command -v dmesg)"
"""


class Instance:
    """Boots at once. What it starts outlives the command that started it, but not `close()`."""

    def __init__(self, name="i-test"):
        self.name = name
        self.kernel_log = ""  # of the next boot
        self._first = None
        self.boot()

    def boot(self):
        """Also a reboot: without warning, whatever ran is gone and so is /run."""
        self.close()
        self.boot_id = str(uuid.uuid4())
        self._first = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "-c", FIRST],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        self._wait_for_first()
        self.run("sh", "-c", BOOT, "boot", self.boot_id, self.kernel_log)

    def _wait_for_first(self):
        """Until /proc is the new one: then all namespaces are there."""
        while True:
            assert self._first.poll() is None, "unshare failed: is this root?"
            pid = self._leader()
            if pid and self._enter_works(pid):
                return

    def _leader(self):
        pid = self._first.pid
        with contextlib.suppress(OSError):
            children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            if children and pathlib.Path(f"/proc/{children[0]}/comm").read_text() == "bash\n":
                return int(children[0])
        return 0

    @staticmethod
    def _enter_works(pid):
        words = ["nsenter", "-t", str(pid), "-m", "-p", "test", "-d", "/proc/1"]
        return subprocess.run(words, stdin=subprocess.DEVNULL).returncode == 0

    def close(self):
        if self._first:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._first.pid, signal.SIGKILL)
            self._first.wait()
            self._first.stdout.close()
            self._first = None

    def enter(self, *words):
        """The command line, for the host, of a command inside."""
        return ["nsenter", "-t", str(self._leader()), "-m", "-p", "--", *map(str, words)]

    def try_run(self, *words, **how):
        how = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True, "timeout": 60, **how}
        return subprocess.run(self.enter(*words), **how)

    def run(self, *words, status=0):
        done = self.try_run(*words)
        assert done.returncode == status, f"{words}: status {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def path(self, path):
        """A file of the instance, seen from the host."""
        return pathlib.Path(f"/proc/{self._leader()}/root") / path.lstrip("/")
