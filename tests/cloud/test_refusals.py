"""What an operator is shown while AWS refuses a call that a run waits for: the real daemon on ec2sim."""

import pytest
from harness import REGION
from test_levels import FREEZE


@pytest.fixture
def daemon(sim_daemon):
    return sim_daemon


def on_one_line(text):
    return " ".join(text.split())


DENIED = dict(kind="error", code="AccessDeniedException", status=400,
              message="User: x is not authorized to perform: ssm:GetCommandInvocation on resource: *")


@pytest.mark.parametrize("action, fault, code, end", [
    ("GetCommandInvocation", DENIED, "AccessDeniedException",
     'policy/freeze.json: FreezeLook): {"Sid":"FreezeLook","Effect":"Allow",'
     '"Action":"ssm:GetCommandInvocation","Resource":"*"}'),
    ("GetCommandInvocation", dict(kind="throttle"), "RequestLimitExceeded|ThrottlingException", "quota"),
    ("DescribeInstanceStatus", dict(kind="throttle"), "RequestLimitExceeded", "quota"),
    ("DescribeInstances", dict(kind="throttle"), "RequestLimitExceeded", "quota"),
    ("DescribeImages", dict(kind="error", code="UnauthorizedOperation", status=403, message="No"),
     "UnauthorizedOperation", "policy/core.json"),
], ids=["freeze, denied", "freeze, throttled", "status", "search", "images, denied"])
def test_a_run_that_waits_names_the_refused_call_and_its_code(sim, daemon, action, fault, code, end):
    sim.fleet(1, tags={"Backup": "yes"}, agent=True, region=REGION)
    sim.post("fault", action=action, count=1000000, **fault)
    daemon.schedule(consistency="freeze", freeze=FREEZE)
    daemon.start()
    run = daemon.amictl("run", "web").split()[0]
    words = [f"{action} refused: {word}; asked again " for word in code.split("|")]

    def said(*verb):
        text = on_one_line(daemon.amictl(*verb))
        return any(word in text for word in words) and text
    for verb in ("status",), ("show", run):
        text = daemon.wait(lambda: said(*verb), f"{words} in {verb}")
        assert end in text
    # the call and the code are on one line, which nothing is cut from
    assert any(line.lstrip().startswith(f"{action} refused: ") for line in daemon.amictl("status").splitlines())
    sim.post("fault", clear=True)
    daemon.wait(lambda: daemon.json("show", run)["run"]["outcome"] == "done", "the end of the run")
    assert "refused" not in daemon.amictl("show", run)


def test_a_run_that_is_done_says_which_images_are_worth_less_than_asked_for(sim, daemon):
    sim.fleet(3, tags={"Backup": "yes"}, agent=True, region=REGION)
    sim.post("fault", action="SendCommand", count=1, **DENIED)
    daemon.schedule(consistency="freeze", freeze={**FREEZE, "on_failure": "crash"})
    daemon.start()
    words = "1 of 3 images is below the consistency asked for"
    last = daemon.run("web").splitlines()[-1]
    assert ": done, " in last and last.endswith(f": {words}")
    assert words in daemon.amictl("status")
    shown = on_one_line(daemon.amictl("show", last.split(":")[0]))
    assert words in shown and "the image is worth crash, not freeze as asked for: " in shown
    listed = daemon.amictl("images")  # 80 columns: no terminal
    assert all(len(line) <= 80 for line in listed.splitlines())
    assert sorted(line.split()[-1] for line in listed.splitlines() if "ami-" in line) == ["crash", "frozen", "frozen"]
