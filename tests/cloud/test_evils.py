"""One evil at a time against the real daemon: answers that do not end, no memory, reloads without pause."""

import contextlib
import json
import resource
import signal
import subprocess
import time

import harness
import pytest
from harness import BUILD, DEADLINE, resident
from storm import CALM, storm  # noqa: F401


def fast(storm, count, **more):
    """ec2sim without waits or limits, and a schedule that an operator fires."""
    storm = storm("--speed", "60", "--no-buckets")
    storm.sim.fleet(count, tags={"Backup": "yes", **more.pop("tags", {})}, **more)
    storm.daemon.schedule()
    return storm


def ended(storm, run, within=DEADLINE):
    """The run, when it has ended."""

    def look():
        [found] = [one for one in storm.runs() if one["id"] == run]
        return found if found["outcome"] != "open" else None

    return storm.daemon.wait(look, f"the end of {run}", within)


def virtual(process):
    with open(f"/proc/{process.pid}/statm") as statm:
        return int(statm.read().split()[0]) * resource.getpagesize()


def is_sanitized():
    return b"__asan_init" in (BUILD / "amid").read_bytes()


def test_slow_loris(storm):
    """An answer that comes byte by byte for a quarter of an hour: given up after a minute, and nothing else waits."""
    storm = fast(storm, 3)
    storm.sim.fleet(2, tags={"Other": "yes"})
    base = {"schedule": "at(2099-01-01T00:00:00)", "consistency": "crash"}
    targets = {"web": {"tags": {"Backup": "yes"}}, "other": {"tags": {"Other": "yes"}}}
    storm.daemon.write({"schedules": {name: {**base, "targets": one} for name, one in targets.items()}})
    storm.daemon.start()
    storm.sim.post("fault", kind="slow", action="CreateImage", count=3, seconds=900)
    begin = time.monotonic()
    web = storm.daemon.json("run", "web")["run"]
    storm.daemon.wait(lambda: len(storm.sim.log("CreateImage")) == 3, "the requests")
    other = storm.daemon.json("run", "other")["run"]
    assert ended(storm, other, 45)["outcome"] == "done"
    assert storm.daemon.json("show", web)["run"]["outcome"] == "open"
    assert ended(storm, web, 150)["outcome"] == "done"
    assert 55 < time.monotonic() - begin
    assert len(storm.daemon.lines("exists already and is taken over")) == 3
    assert len(storm.done("CreateImage")) == len(storm.sim.state()["images"]) == 5
    storm.daemon.stop()


def test_little_memory(storm, monkeypatch):
    """Without memory the process ends and says why; each next start goes on from where it was."""
    if is_sanitized():  # its shadow needs terabytes of addresses
        release = harness.TOP / "build/release"
        if not (release / "amid").exists():
            pytest.skip("needs build/release")
        monkeypatch.setattr(harness, "BUILD", release)
    long = {f"Tag-{n:02}": "x" * 250 for n in range(40)}
    storm = fast(storm, 120, tags=long)
    storm.daemon.start()
    run = None
    deaths = 0
    for headroom in (64, 256, 512, 1024, 1536, 2048, 3072, 4096):  # kB
        limit = virtual(storm.daemon.process) + (headroom << 10)
        resource.prlimit(storm.daemon.process.pid, resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
        if not run:
            done = storm.daemon.try_amictl("--json", "run", "web")
            run = json.loads(done.stdout)["run"] if done.returncode == 0 else None
        with contextlib.suppress(subprocess.TimeoutExpired):
            storm.daemon.process.wait(2)
        if not storm.daemon.alive():
            deaths += 1
            assert storm.daemon.gone() == -signal.SIGABRT
            assert len(storm.daemon.lines("^amid: out of memory$")) == deaths, storm.daemon.journal
            storm.daemon.start()
    assert deaths, "memory was never short: the test is none"
    infinite = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    resource.prlimit(storm.daemon.process.pid, resource.RLIMIT_AS, infinite)
    run = run or storm.runs()[0]["id"]
    assert ended(storm, run, CALM)["outcome"] == "done"
    images = storm.sim.state()["images"]
    assert len({image["source_instance"] for image in images}) == len(images) == 120
    assert len(storm.done("CreateImage")) == 120
    storm.daemon.stop()


def test_ten_reloads_a_second(storm):
    """For 20 s, every fifth with an error: the run goes on under the settings it began with."""
    storm = fast(storm, 60)
    texts = {}
    for name in ("first", "second"):
        storm.daemon.schedule(image={"description": name})
        texts[name] = storm.daemon.file.read_text()
    texts["broken"] = texts["first"].replace("consistency:", "consistence:")
    storm.daemon.file.write_text(texts["first"])
    storm.daemon.start()
    run = storm.daemon.json("run", "web")["run"]
    refused = reloads = settled = 0
    begin = time.monotonic()
    while time.monotonic() - begin < 20:
        name = "broken" if reloads % 5 == 4 else ("second", "first")[reloads % 2]
        storm.daemon.file.write_text(texts[name])
        refused += storm.daemon.try_amictl("reload").returncode
        storm.daemon.process.send_signal(signal.SIGHUP)
        reloads += 1
        if reloads == 30:
            settled = resident(storm.daemon.process)
        time.sleep(max(0.0, begin + reloads / 5 - time.monotonic()))
    assert reloads > 50 and refused == reloads // 5
    # A signal may have fallen together with the one before it; a call may not.
    assert refused <= len(storm.daemon.lines("consistence")) <= 2 * 2 * refused
    assert reloads - refused <= len(storm.daemon.lines("The settings in .* are in force"))
    grown = resident(storm.daemon.process) - settled
    assert is_sanitized() or grown < 1 << 20, f"grown by {grown >> 10} kB"
    assert ended(storm, run)["outcome"] == "done"
    said = {request["parameters"]["Description"] for request in storm.sim.log("CreateImage")}
    assert said == {"first"}
    assert len(storm.done("CreateImage")) == len(storm.sim.state()["images"]) == 60
    storm.daemon.stop()
