"""A real systemd: systemd-nspawn over an overlay of /, gone without a trace afterwards.

It shares the loopback interface with the host, so a test EC2 on 127.0.0.1 is in its reach. No
machined and no D-Bus of the host is needed: commands enter through the namespaces of its PID 1.
"""

import contextlib
import os
import pathlib
import signal
import subprocess
import tempfile
import time


class Machine:
    """`with Machine() as machine:`; `prepare(root)` may put files into it before it boots."""

    def __init__(self, prepare=None):
        self._prepare = prepare
        self._stack = contextlib.ExitStack()
        self.root = None
        self._leader = 0

    def __enter__(self):
        try:
            self._mount()
            self._boot()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *exc):
        self._stack.close()

    def _mount(self):
        top = pathlib.Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="amid-")))
        upper, self.root = top / "upper", top / "root"
        upper.mkdir()
        self.root.mkdir()
        # overlayfs wants its upper layer on another file system than an overlay's own
        self._mount_one(upper, "-t", "tmpfs", "tmpfs")
        (upper / "u").mkdir()
        (upper / "w").mkdir()
        layers = f"lowerdir=/,upperdir={upper}/u,workdir={upper}/w"
        self._mount_one(self.root, "-t", "overlay", "overlay", "-o", layers)
        for path in ("etc/machine-id", "var/lib/systemd/catalog/database"):
            (self.root / path).unlink(missing_ok=True)
        # The host's own journals would be read as the machine's.
        for journals in (self.root / "var/log/journal").glob("*"):
            subprocess.run(["rm", "-rf", journals], check=True)
        if self._prepare:
            self._prepare(self.root)

    def _mount_one(self, path, *how):
        subprocess.run(["mount", *how, path], check=True)
        self._stack.callback(subprocess.run, ["umount", path], check=True)

    def _boot(self):
        name = f"amid-{os.getpid()}"
        log = self._stack.enter_context(open(self.root.parent / "boot.log", "w+b"))
        container = subprocess.Popen(
            ["systemd-nspawn", "-q", "-D", self.root, "--boot", "--register=no", "--keep-unit",
             f"--machine={name}", "systemd.unit=basic.target"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
        self._stack.callback(self._halt, container)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            assert container.poll() is None, f"did not boot: {(self.root.parent / 'boot.log').read_text()}"
            self._leader = self._child_of(container.pid)
            if self._leader and self.try_run("systemctl", "is-active", "basic.target").returncode == 0:
                return
            time.sleep(0.05)
        raise AssertionError(f"not up in a minute: {(self.root.parent / 'boot.log').read_text()}")

    @staticmethod
    def _child_of(pid):
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for child in children:
            with contextlib.suppress(OSError):
                if pathlib.Path(f"/proc/{child}/comm").read_text().strip() == "systemd":
                    return int(child)
        return 0

    def _halt(self, container):
        if container.poll() is None:
            os.kill(self._leader or container.pid, signal.SIGKILL)
        container.wait(30)

    # ---- for tests ----

    def try_run(self, *words, **how):
        how = {"capture_output": True, "text": True, "timeout": 120, **how}
        enter = ["nsenter", "-t", str(self._leader), "-m", "-p", "-i", "-u", "-C", "-n", "--"]
        return subprocess.run([*enter, *map(str, words)], stdin=subprocess.DEVNULL, **how)

    def run(self, *words, status=0):
        """Runs a command in the machine; what it printed."""
        done = self.try_run(*words)
        assert done.returncode == status, f"{words}: status {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def write(self, path, text, mode=0o644):
        """A file of the machine, seen from inside at once."""
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        place.chmod(mode)
