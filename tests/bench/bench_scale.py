"""The storm: one firing for 10,000 instances in 20 regions of ec2sim, at EC2's own speed and limits.

What no client can beat is the token bucket of CreateImage, per account and region; of it amid takes
half (api_share), and so may not be faster than (instances of a region - burst) / rate, plus the time
the last image takes. Beside it, at the same time and on an ec2sim of its own, a plain boto3 script does
the same for a tenth of the instances, with the whole bucket for itself.

Exit 1 when amid leaves anything undone, takes more than SLOWEST times the bound, calls the API more
than CALLS times the least there is, or needs more than KILOBYTES of memory or MILLISECONDS of CPU per
image. AMID_BENCH_SCALE=0.1 makes both a tenth (then what is fixed weighs more: only the outcome counts).
"""

import collections
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import time

import process

SCALE = float(os.environ.get("AMID_BENCH_SCALE", "1"))
REGIONS = [
    *("us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1", "eu-west-1"),
    *("eu-west-2", "eu-west-3", "eu-central-1", "eu-north-1", "eu-south-1", "ap-south-1", "ap-east-1"),
    *("ap-southeast-1", "ap-southeast-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "me-south-1"),
]
EACH = max(1, round(500 * SCALE))  # instances of a region
THEIRS = REGIONS[:2]  # the regions of the boto3 script
THREADS = 250  # of it, per region
# With boto3's defaults most of its images are given up: it tries five times within seconds.
RETRIES = {"mode": "adaptive", "total_max_attempts": 20}
BURST, RATE = 25, 2.5  # half of CreateImage's published bucket: 50 and 5 a second
PAGE = 200  # images in one DescribeImages
LAST = 60  # seconds: the slowest image of the last instance, and noticing it
SLOWEST, CALLS, KILOBYTES, MILLISECONDS = 1.15, 1.5, 6, 4

SETTINGS = """
version: 1
accounts: {{sim: {{regions: [{regions}], endpoint_url: "{url}"}}}}
schedules:
  fleet:
    schedule: at(2099-01-01T00:00:00)
    consistency: crash
    targets: {{tags: {{Backup: nightly}}, expect: {{min: {n}, max: {n}}}}}
    retain: {{last: 3}}
"""


def launch(sim, regions):
    for region in regions:
        sim.call(
            "POST",
            "/sim/fleet",
            {"count": EACH, "region": region, "volumes": [8], "tags": {"Backup": "nightly", "Name": "web-{n}"}},
        )


def held(sim):
    """What the API was asked, and what there is now."""
    requests = sim.call("GET", "/sim/log")["requests"]
    images = sim.call("GET", "/sim/state")["images"]
    return {
        "actions": collections.Counter(request["action"] for request in requests),
        "calls": len(requests),
        "refused": sum(request["status"] != 200 for request in requests),
        "available": sum(image["state"] == "available" for image in images),
        "doubles": len(images) - len({image["source_instance"] for image in images}),
    }


def with_amid():
    count = EACH * len(REGIONS)
    with process.Sim() as sim:
        launch(sim, REGIONS)
        settings = SETTINGS.format(url=sim.url, n=count, regions=", ".join(REGIONS))
        with process.amid(settings) as (daemon, ask):
            empty, begin, before = process.memory(daemon.pid)[2], time.monotonic(), process.cpu_seconds(daemon.pid)
            run = ask("run", "fleet")["run"]
            end = begin + 120 + 3 * EACH / RATE
            while (row := next(row for row in ask("runs")["runs"] if row["id"] == run))["outcome"] == "open":
                if time.monotonic() > end:
                    raise SystemExit("the run does not end")
                time.sleep(1)
            wall, cpu = time.monotonic() - begin, process.cpu_seconds(daemon.pid) - before
            peak = process.memory(daemon.pid)[2]
        return {"count": count, "outcome": row["outcome"], "wall": wall, "cpu": cpu, "peak": peak, "empty": empty} | held(sim)


def with_boto3():
    with process.Sim() as sim:
        launch(sim, THEIRS)
        script = pathlib.Path(__file__).with_name("plain_boto3.py")
        words = [sys.executable, script, sim.url, str(THREADS * len(THEIRS)), json.dumps(RETRIES), *THEIRS]
        done = json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE).stdout)
        return {"count": EACH * len(THEIRS)} | done | held(sim)


def row(name, form, ours, theirs):
    print(f"  {name:24}{format(ours, form):>14}{format(theirs, form):>14}")


def table(ours, theirs):
    print(f"{'':26}{'amid':>14}{'boto3':>14}")
    row("instances", "d", ours["count"], theirs["count"])
    row("regions", "d", len(REGIONS), len(THEIRS))
    row("threads", "d", 1, THREADS * len(THEIRS))
    row("share of the buckets", ".0%", 0.5, 1)
    row("images available", "d", ours["available"], theirs["available"])
    row("given up by the client", "d", ours["count"] - ours["available"], theirs["failed"])
    row("wall time, s", ".1f", ours["wall"], theirs["wall"])
    row("API calls per image", ".2f", ours["calls"] / ours["count"], theirs["calls"] / theirs["count"])
    row("of them refused", "d", ours["refused"], theirs["refused"])
    row("CPU, s", ".1f", ours["cpu"], theirs["cpu"])
    row("CPU per image, ms", ".2f", ours["cpu"] / ours["count"] * 1e3, theirs["cpu"] / theirs["count"] * 1e3)
    row("peak memory, MB", ".1f", ours["peak"] / 1024, theirs["peak"] / 1024)
    row("per instance, kB", ".1f", ours["peak"] / ours["count"], theirs["peak"] / theirs["count"])


def main():
    with concurrent.futures.ThreadPoolExecutor() as pool:
        waits = pool.submit(with_boto3)
        ours = with_amid()
        theirs = waits.result()
    bound = max(0.0, EACH - BURST) / RATE + LAST
    pages = -(-EACH // PAGE) * len(REGIONS)
    # One CreateImage each; find the instances, see their images and snapshots once, look what to remove.
    least = ours["count"] + 4 * pages
    slow, calls = ours["wall"] / bound, ours["calls"] / least
    fat, hot = (ours["peak"] - ours["empty"]) / ours["count"], ours["cpu"] / ours["count"] * 1e3
    print(f"storm: an image of each instance, ec2sim at EC2's speed with EC2's buckets; run {ours['outcome']}")
    table(ours, theirs)
    print(f"  amid: {slow:.3f} of the {bound:.0f} s that the bucket and the last image take (wanted: at most {SLOWEST})")
    print(f"  amid: {calls:.2f} of the least number of calls, {least} (wanted: at most {CALLS})")
    print(f"  amid: {fat:.1f} kB and {hot:.2f} ms per image (wanted: at most {KILOBYTES} kB, {MILLISECONDS} ms)")
    print("  amid: " + ", ".join(f"{n} {action}" for action, n in ours["actions"].most_common()))
    for error, n in theirs["errors"]:
        print(f"  boto3: {n} times {error}")
    print()
    good = ours["outcome"] == "done" and ours["available"] == ours["count"] and ours["doubles"] == 0
    lean = slow <= SLOWEST and calls <= CALLS and fat <= KILOBYTES and hot <= MILLISECONDS
    return 0 if good and (lean or SCALE < 1) else 1


if __name__ == "__main__":
    sys.exit(main())
