"""Reload, adopt, status and what a damaged state looks like."""

import json
import re
import shutil

import pytest
from harness import REGION, tags_of


def test_status_tells_of_schedules_and_the_next_firing(account, daemon):
    daemon.schedule()
    daemon.start()
    status = daemon.wait(lambda: daemon.notify.value("STATUS"), "STATUS=")
    assert "1 schedule" in status
    assert "2099" in status
    daemon.stop()
    assert "STOPPING=1" in daemon.notify.messages


def test_ready_comes_after_the_settings(account, daemon):
    daemon.file.write_text("version: 1\nschedules: {web: {shedule: rate(1 day)}}\n")
    daemon.start(ready=False)
    status = daemon.gone()
    assert status not in (0, -6, -11)
    assert "READY=1" not in daemon.notify.messages
    assert re.search(r"amid\.yaml:2:\d+: .*shedule", daemon.journal)


def test_reload_takes_good_settings(account, daemon):
    daemon.schedule()
    daemon.start()
    daemon.schedule(name="db")
    daemon.amictl("reload")
    shown = daemon.amictl("status")
    assert "db" in shown and "web" not in shown
    assert daemon.json("reload") == {"messages": []}


def test_reload_refuses_bad_settings(account, daemon):
    account.launch(Backup="yes")
    daemon.schedule()
    daemon.start()
    good = daemon.file.read_text()
    daemon.file.write_text(good + "nonsense: [1\n")
    done = daemon.try_amictl("reload")
    assert done.returncode == 1
    head, *lines = done.stderr.splitlines()
    assert head == "amictl: The settings were refused; the old ones stay in force:"
    assert lines and all(re.search(r"^/.*amid\.yaml:\d+:\d+: ", line) for line in lines), lines
    assert daemon.alive()
    daemon.run("web")
    assert len(account.images()) == 1


def test_a_run_keeps_the_settings_it_began_with(account, daemon, front, timelines):
    timelines.course(stale=0.2, down=4)
    account.launch(2, Backup="yes")
    daemon.schedule(consistency="reboot", reboot={"settle": "1s"}, image={"tags": {"Era": "old"}})
    daemon.start()
    daemon.amictl("run", "web")
    daemon.wait(lambda: front.count("CreateImage") == 1, "the first image")
    daemon.schedule(consistency="crash", image={"tags": {"Era": "new"}})
    daemon.amictl("reload")
    daemon.wait(lambda: len(account.images(Era="old")) == 2, "the second of the old kind")
    assert all("NoReboot" not in r.params or r.params["NoReboot"] == "false" for r in front.log("CreateImage"))


def test_a_schedule_that_is_gone_finishes_its_run(account, daemon, timelines, front):
    timelines.course(snapshots=3600)
    account.launch(Backup="yes")
    daemon.schedule()
    daemon.start()
    daemon.amictl("run", "web")
    daemon.wait(lambda: front.count("CreateImage") == 1, "the image")
    daemon.schedule(name="other")
    daemon.amictl("reload")
    timelines.clock.advance(3600)
    daemon.wait(lambda: '"open"' not in daemon.amictl("--json", "runs"), "the end of the run")
    daemon.stop()
    daemon.start()


@pytest.mark.parametrize("wait", [[], ["--wait"]])
def test_an_instance_that_is_no_target_fails_the_command(account, daemon, wait):
    [target] = account.launch(Backup="yes")
    [other] = account.launch(Backup="no")
    daemon.schedule()
    daemon.start()
    absent = "i-0123456789abcdef0"
    for named, why in [
        ([absent], f"there is no instance {absent} in test/us-east-1"),
        ([target, absent], f"there is no instance {absent} in test/us-east-1"),
        ([other], f"{other} is no target of schedule web: its tag Backup is no, and not yes"),
        (["web-1"], '"web-1" is no instance id'),
    ]:
        words = [word for id in named for word in ("--instance", id)]
        done = daemon.try_amictl("run", "web", *words, *wait)
        assert done.returncode == 1 and why in done.stderr + done.stdout, done
    assert account.images() == []
    daemon.amictl("run", "web", "--instance", target, *wait)
    daemon.wait(lambda: len(account.images()) == 1, "the image of the target")


def test_images_tell_when_they_were_listed_and_what_was_not(account, daemon, ec2):
    account.launch(2, Backup="yes")
    daemon.schedule(retain={"last": 2})
    daemon.start()
    daemon.run("web")
    assert "as EC2 listed them" in daemon.amictl("images")
    [first, second] = daemon.json("images")["images"]
    assert first["seen"] >= first["created"] and "missed" not in first
    ec2.deregister_image(ImageId=first["id"])
    daemon.amictl("prune", "--dry-run")
    shown = {line.split()[0]: line for line in daemon.amictl("images").splitlines() if "ami-" in line}
    assert "not listed" in shown[first["id"]] and "available" in shown[second["id"]]
    assert "missed" in daemon.json("images")["images"][0]


def test_images_that_nothing_lists_say_so(account, daemon):
    account.launch(Backup="yes")
    daemon.schedule()
    daemon.start()
    daemon.run("web")
    assert "as EC2 had them when they were made or adopted; not looked at since" in (
        " ".join(daemon.amictl("images").split())
    )


def test_a_dry_and_a_real_run_of_one_second_are_two(account, daemon):
    daemon.schedule(retain={"last": 1})
    daemon.start()
    seen = []
    for verb in ["adopt", "prune"]:
        for dry in [["--dry-run"], [], ["--dry-run"], []]:
            lines = daemon.amictl("--json", verb, *dry).splitlines()
            seen.append(json.loads(lines[0])["run"])
    assert len(set(seen)) == len(seen), seen


def test_show_tells_how_far_the_snapshots_are(sim, sim_daemon):
    [one] = sim.fleet(1, tags={"Backup": "yes"}, region=REGION, volumes=[8, 8])
    sim.post("instance", instance=one, stick_next_snapshot=37)
    sim_daemon.schedule()
    sim_daemon.start()
    run = sim_daemon.amictl("run", "web").strip()

    def stuck():
        for task in sim_daemon.json("show", run)["tasks"]:
            if task.get("snapshot_percent") == 37 and task["percent"] > 60:
                return task
        return None

    task = sim_daemon.wait(stuck, "a snapshot that stands at 37 %")
    shown = " ".join(sim_daemon.amictl("show", run).split())
    assert "image pending; its snapshots" in shown and "await-" not in shown, "the step in words"
    assert f"its snapshots are at {task['percent']} %; {task['snapshot']} is pending, at 37 %" in shown


def test_what_is_followed_is_told_in_words(account, daemon):
    account.launch(Backup="yes")
    daemon.schedule(retain={"last": 1})
    daemon.start()
    daemon.run("web")
    told = daemon.run("web") + daemon.amictl("prune")
    for words in ("looking for instances", "waiting for its turn", "image pending", "listing images",
                  "applying the retention policy", "deregistering it", "deleting its snapshots"):  # fmt: skip
        assert words in told, (words, told)
    for name in ("describe-instances", "wait-turn", "await-image", "find-uses", "deregister-image"):
        assert name not in told
    lines = [line.split(" ", 2)[-1] for line in told.splitlines()]
    assert all(one != two for one, two in zip(lines, lines[1:])), "the same is said twice"


def test_a_renamed_schedule_leaves_no_image_without_a_word(account, daemon):
    account.launch(2, Backup="yes")
    daemon.schedule(name="old", retain={"last": 1})
    daemon.start()
    daemon.run("old")
    daemon.schedule(name="new", retain={"last": 1})
    daemon.amictl("reload")
    line = daemon.wait_line("Schedule old is not in the settings, and has 2 images")
    assert "amictl prune old" in line and "enabled: false" in line
    daemon.restart()
    daemon.amictl("reload")
    shown = " ".join(daemon.amictl("status").split())
    assert "2 images of schedule old, which is not in the settings" in shown
    assert daemon.json("status")["left"] == [{"schedule": "old", "images": 2}]
    assert "old  not in the settings" in daemon.amictl("images")
    assert len(daemon.lines("Schedule old is not in the settings")) == 1
    daemon.schedule(name="old", enabled=False, retain={"last": 1})
    daemon.amictl("reload")
    assert daemon.json("status")["left"] == []
    daemon.amictl("prune", "old")
    assert len(account.images()) == 2


def test_adopt_after_the_state_was_lost(account, daemon, front):
    account.launch(2, Backup="yes")
    daemon.schedule(retain={"last": 1})
    daemon.start()
    daemon.run("web")
    daemon.stop()
    first = {i["ImageId"] for i in account.images()}
    shutil.rmtree(daemon.state)
    daemon.state.mkdir()
    daemon.start()
    for image in first:
        assert image not in daemon.amictl("images")
    told = daemon.amictl("adopt")
    assert len(re.findall(f"in test/{REGION}: everything fits", told)) == len(first), told
    assert f" test/{REGION}: listing images" in told, "several accounts may have a region"

    def adopted():
        shown = daemon.amictl("images")
        return all(image in shown for image in first)

    daemon.wait(adopted, "the images in the list")
    daemon.run("web")
    daemon.wait(lambda: len(account.images()) == 2, "the adopted ones being pruned")
    assert not first & {i["ImageId"] for i in account.images()}


def test_adopt_leaves_another_installation_alone(account, daemon, ec2):
    [instance] = account.launch(Backup="yes")
    daemon.schedule()
    daemon.start()
    daemon.run("web")
    [ours] = account.images()
    tags = [
        {"Key": key, "Value": "another" if key == "amid:owner" else value}
        for key, value in tags_of(ours).items()
    ]
    theirs = ec2.create_image(
        InstanceId=instance,
        Name="theirs",
        NoReboot=True,
        TagSpecifications=[{"ResourceType": "image", "Tags": tags}],
    )["ImageId"]
    daemon.amictl("adopt")
    daemon.wait(lambda: '"open"' not in daemon.amictl("--json", "runs"), "the end of it")
    assert theirs not in daemon.amictl("images")


def test_a_damaged_state_is_refused_and_kept(account, daemon):
    daemon.schedule()
    daemon.start()
    daemon.stop()
    database = daemon.state / "amid.db"
    for extra in daemon.state.glob("amid.db-*"):
        extra.unlink()
    data = bytearray(database.read_bytes())
    data[100:3000] = b"\xa5" * 2900
    database.write_bytes(data)
    daemon.start(ready=False)
    assert daemon.gone() not in (0, -6, -11)
    assert "adopt" in daemon.journal
    assert database.read_bytes() == data


def test_amictl_without_a_daemon(account, daemon):
    daemon.schedule()
    daemon.amictl("status", status=3)
    daemon.amictl("check")
    assert "2099" in daemon.amictl("next")
    daemon.amictl("no-such-verb", status=2)


@pytest.mark.parametrize("verb", ["plan", "whoami"])
def test_amictl_says_which_call_it_waits_for(account, daemon, front, verb):
    call = {"plan": "DescribeInstances", "whoami": "GetCallerIdentity"}[verb]
    front.fault(call, "delay", seconds=6)
    daemon.schedule()
    done = daemon.try_amictl(verb)
    assert done.returncode == 0, done
    assert f"waiting for {call} in {REGION}, attempt 1\n" in done.stderr
    assert "waiting" not in daemon.try_amictl(verb).stderr


@pytest.mark.parametrize("verb", ["status", "runs", "images", "next", "plan"])
def test_tables_fit_a_terminal(account, daemon, verb):
    account.launch(3, Backup="yes")
    daemon.schedule(name="a-schedule-with-a-rather-long-name")
    daemon.start()
    daemon.run("a-schedule-with-a-rather-long-name")
    text = daemon.amictl(verb)
    assert "\x1b" not in text, "colours are for terminals"
    for line in text.replace(str(daemon.file), "/etc/amid/amid.yaml").splitlines():
        assert len(line) <= 80, line
