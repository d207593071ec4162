"""The clock of the machine beside AWS's: with a wrong one nothing fires and nothing is removed."""

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
