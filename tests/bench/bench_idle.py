"""What amid costs while nothing fires: 1,000 schedules, 60 s, with the watchdog of amid.service.

Wake-ups and CPU time (idle.sh), and resident memory beside a Python process that only imported boto3
and made an EC2 client. Exit 1 when there is more than next to nothing to see: WAKEUPS a minute beyond
those that the watchdog asks for, CPU_MS, or memory above 1/LEAST of boto3's.
"""

import os
import pathlib
import re
import subprocess
import sys

import process

SCHEDULES = 1000
SECONDS = int(os.environ.get("AMID_BENCH_SECONDS", "60"))
WATCHDOG = 30  # WatchdogSec= of amid.service; sd-event answers after half to three quarters of it
WAKEUPS = 2
CPU_MS = 10  # one tick of the kernel's accounting
LEAST = 3

BOTO3 = """
import os, sys, boto3
boto3.client("ec2", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
print("ready", flush=True)
sys.stdin.read()
"""


def settings():
    """One firing a year each, half a year from now."""
    lines = ["version: 1", "accounts: {a: {regions: [us-east-1], endpoint_url: 'http://127.0.0.1:9'}}", "schedules:"]
    for i in range(SCHEDULES):
        lines.append(
            f"  fleet-{i:04}-nightly: {{schedule: cron({i % 60} {i // 60 % 24} 1 1 ? 2090-2199), timezone: Asia/Seoul, "
            f"consistency: crash, targets: {{tags: {{Fleet: f-{i}, Env: [prod, stage]}}}}, retain: {{last: 3, daily: 7}}}}"
        )
    return "\n".join(lines) + "\n"


def boto3_memory():
    child = subprocess.Popen([sys.executable, "-c", BOTO3], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    child.stdout.readline()
    found = process.memory(child.pid)
    child.communicate()
    return found


def idle(pid):
    script = pathlib.Path(__file__).with_name("idle.sh")
    text = subprocess.run([script, str(pid), str(SECONDS)], check=True, stdout=subprocess.PIPE, text=True).stdout
    return {key: float(value) for key, value in re.findall(r"(\w+)=([\d.]+)", text)}


def main():
    with process.amid(settings(), WATCHDOG_USEC=str(WATCHDOG * 1000000)) as (daemon, ask):
        assert len(ask("status")["schedules"]) == SCHEDULES
        started = process.cpu_seconds(daemon.pid)
        cost = idle(daemon.pid)
        resident, share, peak = process.memory(daemon.pid)
    theirs, theirs_share, _ = boto3_memory()
    wakeups = cost["wakeups"] * 60 / SECONDS
    allowed = WAKEUPS + 60 / (WATCHDOG / 2)
    ratio = theirs / resident
    print(f"idle with {SCHEDULES} schedules for {SECONDS} s, after {started:.2f} s of CPU to start and to answer `status`")
    print(f"  wake-ups a minute     {wakeups:10.1f}   (wanted: at most {allowed:.0f}, all but {WAKEUPS} for the watchdog)")
    print(f"  CPU                   {cost['cpu_ms']:7.0f} ms   (wanted: at most {CPU_MS} ms)")
    print(f"  resident memory       {resident:7} kB   beside {theirs} kB of boto3, ratio {ratio:.1f} (wanted: at least {LEAST})")
    print(f"  its own part of that  {share:7} kB   beside {theirs_share} kB; peak {peak} kB\n")
    return 0 if wakeups <= allowed and cost["cpu_ms"] <= CPU_MS and ratio >= LEAST else 1


if __name__ == "__main__":
    sys.exit(main())
