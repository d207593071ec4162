"""A whole run: one crash-consistent image of each of 500 instances of ec2sim, to the end.

The bound is EC2's own: a token bucket for CreateImage, of which amid takes half, lets no client be
faster than (instances - burst) / rate. Exit 1 when the run takes more than SLOWEST times that, calls
the API more than CALLS times per image, or leaves anything undone.
"""

import collections
import os
import sys
import time

import process

INSTANCES = int(os.environ.get("AMID_BENCH_INSTANCES", "500"))
BURST, RATE = 25, 2.5  # half of CreateImage's published bucket: 50 and 5 a second
SPEED = 60  # snapshots that take minutes are done in seconds; the buckets keep the wall clock
SLOWEST = 1.25
CALLS = 2.0

SETTINGS = """
version: 1
accounts: {{sim: {{regions: [us-east-1], endpoint_url: "{url}"}}}}
schedules:
  fleet:
    schedule: at(2099-01-01T00:00:00)
    consistency: crash
    targets: {{tags: {{Backup: nightly}}, expect: {{min: {n}, max: {n}}}}}
    retain: {{last: 3}}
"""


def finish(ask, run):
    """Waits for the end of the run; its row."""
    end = time.monotonic() + 60 + 2 * INSTANCES / RATE
    while time.monotonic() < end:
        time.sleep(1)
        [row] = [row for row in ask("runs")["runs"] if row["id"] == run]
        if row["outcome"] != "open":
            return row
    raise SystemExit("the run does not end")


def main():
    with process.Sim("--speed", str(SPEED)) as sim:
        sim.call("POST", "/sim/fleet", {"count": INSTANCES, "tags": {"Backup": "nightly"}, "volumes": [8]})
        with process.amid(SETTINGS.format(url=sim.url, n=INSTANCES)) as (daemon, ask):
            begin, before = time.monotonic(), process.cpu_seconds(daemon.pid)
            run = ask("run", "fleet")["run"]
            row = finish(ask, run)
            wall, cpu = time.monotonic() - begin, process.cpu_seconds(daemon.pid) - before
            _, _, peak = process.memory(daemon.pid)
        requests = sim.call("GET", "/sim/log")["requests"]
        images = sim.call("GET", "/sim/state")["images"]
    actions = collections.Counter(request["action"] for request in requests)
    refused = sum(request["status"] != 200 for request in requests)
    available = sum(image["state"] == "available" for image in images)
    bound, calls = (INSTANCES - BURST) / RATE, len(requests) / INSTANCES
    print(f"{INSTANCES} instances imaged on ec2sim: run {row['outcome']}, {available} images available")
    print(f"  wall time        {wall:9.1f} s    {wall / bound:.3f} of the {bound:.0f} s that the bucket takes (wanted: at most {SLOWEST})")
    print(f"  API calls        {len(requests):9}      {calls:.2f} per image (wanted: at most {CALLS:.0f}), {refused} refused")
    print("                   " + ", ".join(f"{n} {action}" for action, n in actions.most_common()))
    print(f"  CPU              {cpu:9.2f} s    {cpu / INSTANCES * 1e3:.1f} ms per image")
    print(f"  peak memory      {peak:9} kB\n")
    good = row["outcome"] == "done" and available == INSTANCES == actions["CreateImage"]
    return 0 if good and wall <= SLOWEST * bound and calls <= CALLS else 1


if __name__ == "__main__":
    sys.exit(main())
