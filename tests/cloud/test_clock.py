"""The clock of the machine beside AWS's: with a wrong one nothing fires and nothing is removed."""

import time

YEARS_16 = 16 * 365 * 86400


def test_a_wrong_clock_fires_nothing_until_it_is_right(account, daemon, front):
    """The machine is 16 years ahead of what AWS says: as with a dead battery of its clock."""
    account.launch(Backup="yes")
    daemon.schedule(schedule="cron(* * * * ? *)", retain={"within": "30d"})
    front.date_ahead = -YEARS_16
    daemon.start()
    line = daemon.wait_line("clock of this machine is ahead by", 90)
    assert "timesyncd" in line and "chrony" in line
    assert "ahead by" in daemon.json("status")["clock"]
    assert "ahead by" in daemon.amictl("status")
    for verb in (["run", "web"], ["prune"]):
        refused = daemon.try_amictl(*verb)
        assert refused.returncode == 1 and "ahead by" in refused.stderr, refused
    assert front.count("CreateImage") == 0
    front.date_ahead = 0
    daemon.wait_line("agrees with AWS's again", 90)
    daemon.wait(lambda: front.count("CreateImage") > 0, "a firing", 90)
    assert len(daemon.lines("clock of this machine is ahead by")) == 1
    assert "clock" not in daemon.json("status")


def test_a_command_right_after_the_start_is_refused_under_a_wrong_clock(account, daemon, front):
    """Nobody waits for a minute to hear of it, and no time is shown that means nothing."""
    account.launch(Backup="yes")
    daemon.schedule(schedule="rate(1 hour)", retain={"last": 1})
    front.date_ahead = -YEARS_16
    daemon.start()
    daemon.wait(lambda: "held: the clock is wrong" in daemon.amictl("status"), "status", 10)
    assert len(daemon.lines("clock of this machine is ahead by")) == 1
    daemon.stop()
    for words in (["run", "web"], ["run", "web", "--wait"], ["prune"]):
        daemon.start()
        begun = time.monotonic()
        refused = daemon.try_amictl(*words)
        assert time.monotonic() - begun < 10
        assert refused.returncode == 1, refused
        assert "ahead by" in refused.stderr and "timedatectl set-ntp true" in refused.stderr
        assert refused.stdout == ""
        [row] = [line for line in daemon.amictl("status").splitlines() if line.startswith("web ")]
        assert "held: the clock is wrong" in row and "20" not in row
        assert "firings held" in daemon.notify.value("STATUS")
        daemon.stop()
    assert front.count("CreateImage") == 0


def test_a_command_says_that_the_clock_is_being_compared(account, daemon, front):
    account.launch(Backup="yes")
    daemon.schedule()
    front.fault("DescribeRegions", "delay", seconds=4)
    daemon.start()
    done = daemon.try_amictl("run", "web", "--wait")
    assert "nothing has begun yet: the clock is being compared with AWS's" in done.stderr, done
    assert done.returncode == 0 and len(account.images()) == 1


def test_a_removal_under_a_wrong_clock_is_held(account, daemon, front):
    """AWS's Date changes between the images and what they replace."""
    account.launch(Backup="yes")
    daemon.schedule(retain={"last": 1})
    daemon.start()
    daemon.run("web")
    first = account.images()[0]["ImageId"]
    front.date_ahead = YEARS_16
    daemon.amictl("run", "web")
    daemon.wait_line("clock of this machine is behind by", 60)
    daemon.wait(lambda: len(account.images()) == 2, "the second image")
    assert front.count("DeregisterImage") == 0
    front.date_ahead = 0
    daemon.wait(lambda: len(account.images()) == 1, "the first one's removal", 120)
    assert account.images()[0]["ImageId"] != first


def test_a_rate_without_a_start_has_one_truth(account, daemon, front):
    """check, plan, next and the daemon: it counts from when the daemon first had it."""
    account.launch(Backup="yes")
    daemon.schedule(schedule="rate(7 days)")
    said = "rate(7 days) without `start` counts from"
    assert f"{said} when amid first has it" in " ".join(daemon.amictl("check").split())
    daemon.start()
    [schedule] = daemon.json("status")["schedules"]
    assert daemon.json("next")[0]["firings"][0] == schedule["next"]
    for verb in ("next", "plan"):
        assert f"web: {said} {schedule['anchor'][:10]}" in " ".join(daemon.amictl(verb).split())
    assert front.count("CreateImage") == 0
