"""ec2sim as a process, in the place of `front` for a Daemon; tests/sim/README.md tells what it can."""

import collections
import http.client
import json
import subprocess

from harness import BUILD

KEYS = ("AKIDTORTURE", "torture")


class Sim:
    """EC2 without machines. Its log and its state are what tests judge by."""

    problems = ()  # as a Front has
    changed = None

    def __init__(self, *arguments):
        words = [BUILD / "ec2sim", "--key", ":".join(KEYS), *arguments]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        self.process.terminate()
        self.process.stdout.close()
        assert self.process.wait(60) == 0

    def call(self, method, path, body=None, refused=False):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, body=json.dumps(body) if body is not None else None)
        answer = connection.getresponse()
        data = json.loads(answer.read())
        connection.close()
        assert (answer.status != 200) == refused, data
        return data

    def post(self, what, refused=False, **members):
        body = {name.replace("_", "-"): value for name, value in members.items()}
        return self.call("POST", f"/sim/{what}", body, refused)

    def fleet(self, count=1, **members):
        return self.post("fleet", count=count, **members)["instances"]

    def state(self):
        return self.call("GET", "/sim/state")

    def log(self, *actions):
        """All requests so far, or those of these actions."""
        requests = self.call("GET", "/sim/log")["requests"]
        return [r for r in requests if not actions or r["action"] in actions]


def down_at_once(instances):
    """How many of these were down together at the worst moment."""
    steps = []
    for instance in instances:
        for outage in instance["outages"]:
            steps += [(outage["from"], 1), (outage.get("until", float("inf")), -1)]
    worst = down = 0
    for _, step in sorted(steps):
        down += step
        worst = max(worst, down)
    return worst


def more_than_once(things):
    return [thing for thing, n in collections.Counter(things).items() if n > 1]
