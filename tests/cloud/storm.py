"""A daemon over ec2sim to which everything happens at once; what is random comes from AMID_TORTURE_SEED."""

import os
import random
import signal
import subprocess
import threading
import time

import pytest
from harness import BUILD, DEADLINE, Daemon
from simulated import KEYS, Sim

SEED = int(os.environ.get("AMID_TORTURE_SEED", "0")) or random.randrange(1, 1 << 32)
# After an unknown outcome amid looks for the image for two minutes before it asks for it again, and
# every trouble on the way there costs it 30 s; and a volume has one snapshot in 15 s, so that what
# operators have asked for again and again goes one by one.
CALM = 1300.0

# kind -> how likely for one request, and what it needs to know
FAULTS = {
    "throttle": (0.05, {}),
    "http500": (0.03, {}),
    "html502": (0.03, {}),
    "drop-before": (0.04, {}),
    "drop-after": (0.08, {}),
    "truncate": (0.04, {}),
    "slow": (0.03, {"seconds": 1.5}),
    "delay": (0.02, {"seconds": 2}),
}
# These are answered, or not, without the deed.
NOT_DONE = {"throttle", "error", "http500", "html502", "drop-before"}


class Storm:
    """A daemon, an EC2, and what goes wrong between them."""

    def __init__(self, folder, *arguments):
        self.dice = random.Random(SEED)
        self.sim = Sim("--seed", str(SEED), *arguments)
        self.daemon = Daemon(folder, self.sim, KEYS)
        self.over = threading.Event()
        self.people = []
        self.said = []  # by amictl to somebody who was refused or failed
        self.seeking = set()  # runs that calm() left open

    def close(self):
        self.over.set()
        for person in self.people:
            person.join()
        if self.daemon.alive():
            self.daemon.kill()
        if self.daemon.process:
            self.daemon.gone()
        self.sim.close()
        assert "Sanitizer" not in self.daemon.journal, self.daemon.journal
        assert "runtime error" not in self.daemon.journal, self.daemon.journal

    def faults(self):
        for kind, (probability, more) in FAULTS.items():
            self.sim.post("fault", kind=kind, probability=probability, count=1e9, **more)

    def no_faults(self):
        self.sim.post("fault", clear=True)

    def until(self, end):
        """Whether there is time left; waits a moment."""
        return not self.over.wait(self.dice.uniform(0.2, 5)) and time.monotonic() < end

    def kill_and_start(self, end):
        """Mostly SIGKILL, at times a stop; a start may itself be killed."""
        while self.until(end):
            if self.dice.random() < 0.2:
                self.daemon.stop(within=20)
            else:
                self.daemon.kill()
                assert self.daemon.gone() == -signal.SIGKILL, self.daemon.journal
            self.daemon.start(ready=self.dice.random() < 0.7)

    def person(self, act):
        """Somebody who does this over and over, until the storm is over."""
        dice = random.Random(self.dice.random())

        def work():
            while not self.over.wait(dice.uniform(0, 0.3)):
                act(dice)

        self.people.append(threading.Thread(target=work))
        self.people[-1].start()

    def amictl(self, *words, kill_after=None):
        """Whatever comes: 1 refused, 3 nobody there. Everything else is an error of amictl."""
        with subprocess.Popen(
            [BUILD / "amictl", "-c", self.daemon.file, *words],
            env=self.daemon.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        ) as process:  # fmt: skip
            try:
                _, said = process.communicate(timeout=kill_after or DEADLINE)
            except subprocess.TimeoutExpired:
                assert kill_after, f"amictl {words} does not end"
                process.kill()
                process.communicate()
                return
        if process.returncode != 0:
            self.said.append((words, process.returncode, said))

    # ---- afterwards ----

    def calm(self):
        """Nothing goes wrong any more: all that was begun comes to its end."""
        self.over.set()
        for person in self.people:
            person.join()
        self.no_faults()
        if not self.daemon.alive():
            self.daemon.gone()
            self.daemon.start(ready=False)
        self.daemon.wait(lambda: self.daemon.try_amictl("status").returncode == 0, "amictl status")
        self.daemon.wait(lambda: not self.unfinished(), "the end of all runs", CALM)
        for run in self.open_runs():
            if not run["phase"]:
                self.daemon.amictl("cancel", run["id"])
        self.seeking = {run["id"] for run in self.open_runs()}

    def open_runs(self):
        return [run for run in self.runs() if run["outcome"] == "open"]

    def only_seeks(self, run):
        steps = {task["step"] for task in self.tasks(run) if task["outcome"] == "open"}
        return "cancelled" in run.get("detail", "") and steps == {"find-image"}

    def unfinished(self):
        """Open runs but for those that were cancelled while it was unknown whether EC2 had made an image
        (amid looks for it for a quarter of an hour before it believes that there is none), and those
        queued behind them."""
        left = self.open_runs()
        seeking = {run["schedule"] for run in left if self.only_seeks(run)}
        return [run for run in left if run["schedule"] not in seeking]

    def runs(self):
        return self.daemon.json("runs", "--all")["runs"]

    def tasks(self, run):
        return self.daemon.json("show", run["id"])["tasks"]

    def done(self, action):
        """The requests of an action that EC2 carried out, whether or not amid heard of it."""
        return [
            request
            for request in self.sim.log(action)
            if request.get("fault") not in NOT_DONE and "code" not in request
        ]


@pytest.fixture
def storm(tmp_path):
    storms = []

    def begin(*arguments):
        storms.append(Storm(tmp_path, *arguments))
        return storms[-1]

    print(f"AMID_TORTURE_SEED={SEED}")
    yield begin
    for one in storms:
        one.close()
