"""A removal is a decision with witnesses: what keeps an image, and what a refusal leaves behind."""

import datetime
import json
import sqlite3
import time as time_module

from harness import tags_of

MINUTE = datetime.timedelta(minutes=1)


def two_runs(account, daemon, **launch):
    """Two images of one instance, the older of which is to go by the next prune."""
    account.launch(Backup="yes", **launch)
    daemon.schedule(retain={"last": 5})
    daemon.start()
    daemon.run("web")
    daemon.run("web")
    daemon.schedule(retain={"last": 1})
    daemon.amictl("reload")
    return account.images()


def decisions(daemon, *words):
    """The decisions of a dry run, by image."""
    lines = daemon.amictl("--json", *words).splitlines()
    events = [json.loads(line).get("event") or {} for line in lines]
    found = [event["decision"] for event in events if "decision" in event]
    return {decision["image"]["id"]: decision for decision in found}


def named(schedule, instance, time):
    """Name and tags of the image that amid would make of this firing."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ")
    tags = {
        "amid:owner": "amid",
        "amid:schedule": schedule,
        "amid:run": f"{schedule}.{stamp}",
        "amid:instance": instance,
        "amid:time": time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "amid:consistency": "crash",
    }
    return f"{schedule}-{instance}-{stamp}", tags


def make(ec2, instance, name, tags):
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    specifications = [{"ResourceType": kind, "Tags": listed} for kind in ("image", "snapshot")]
    return ec2.create_image(
        InstanceId=instance, Name=name, NoReboot=True, TagSpecifications=specifications
    )["ImageId"]


def now():
    return datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)


def test_an_image_kept_by_its_tag_after_a_refusal_stays(account, daemon, ec2, front):
    older, newer = two_runs(account, daemon)
    front.fault("DeregisterImage", "error", code="UnauthorizedOperation", status=403)
    daemon.amictl("prune", status=1)
    daemon.wait_lines(f"{older['ImageId']}.*could not be removed.*UnauthorizedOperation")
    assert decisions(daemon, "prune", "--dry-run")[older["ImageId"]]["action"] == "remove"
    ec2.create_tags(Resources=[older["ImageId"]], Tags=[{"Key": "amid:schedule", "Value": "keep"}])
    before = front.count("DeregisterImage")
    daemon.amictl("prune")
    daemon.amictl("prune")
    assert front.count("DeregisterImage") == before
    assert len(account.images()) == 2 and len(account.snapshots()) == 2
    [line] = daemon.wait_lines(f"{older['ImageId']}.*no longer amid's")
    assert "amid:schedule is keep" in line
    assert decisions(daemon, "prune", "--dry-run")[older["ImageId"]]["action"] == "keep"
    [row] = [row for row in daemon.json("images")["images"] if row["id"] == older["ImageId"]]
    assert row["state"] == "released"
    ec2.create_tags(Resources=[older["ImageId"]], Tags=[{"Key": "amid:schedule", "Value": "web"}])
    daemon.amictl("prune")
    daemon.wait(lambda: len(account.snapshots()) == 1, "the older being gone")


def test_only_what_fits_in_everything_is_adopted(account, daemon, ec2, front):
    [instance] = account.launch(Backup="yes")
    [other] = account.launch()
    daemon.schedule(retain={"last": 1})
    daemon.start()
    time = now() - 30 * MINUTE
    name, tags = named("web", instance, time)
    fits = make(ec2, instance, name, tags)
    _, tags = named("web", instance, time - MINUTE)
    golden = make(ec2, other, "golden", tags)
    name, tags = named("web", instance, time - 2 * MINUTE)
    foreign = make(ec2, other, name, tags)
    name, tags = named("web", instance, now().replace(year=2099))
    future = make(ec2, instance, name, tags)
    copy = ec2.copy_image(SourceImageId=fits, SourceRegion="us-east-1", Name="a copy")["ImageId"]
    _, tags = named("web", instance, time)
    ec2.create_tags(Resources=[copy], Tags=[{"Key": k, "Value": v} for k, v in tags.items()])
    why = {
        golden: "its name is golden",
        foreign: f"its SourceInstanceId is {other}",
        future: "is before its tag amid:time",
        copy: "its name is a copy",
    }

    found = decisions(daemon, "adopt", "--dry-run")
    assert {image for image, d in found.items() if d["action"] == "adopt"} == {fits}
    assert {image for image, d in found.items() if d["action"] == "leave"} == set(why)
    for image, words in why.items():
        assert words in found[image]["why"]
    assert daemon.json("images")["images"] == []

    text = daemon.amictl("adopt")
    assert "1 adopted, 4 left." in text and "its name is golden" in text
    daemon.wait_lines(f"{golden}.*is not adopted: its name is golden")
    assert [row["id"] for row in daemon.json("images")["images"]] == [fits]
    time_module.sleep(1.1)  # EC2 tells CreationDate in seconds
    daemon.run("web")
    daemon.wait(lambda: fits not in {i["ImageId"] for i in account.images()}, "it being pruned")
    assert set(why) < {image["ImageId"] for image in account.images()}
    assert front.count("DeregisterImage") == 1


def test_the_first_two_hundred_in_use_hold_up_no_other(account, daemon, ec2):
    [instance] = account.launch(Backup="yes")
    start = now() - 1160 * MINUTE
    images = [make(ec2, instance, *named("web", instance, start + 5 * n * MINUTE)) for n in range(230)]
    for image in images[:200]:
        ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1)
    daemon.schedule(retain={"last": 1})
    daemon.start()
    assert "230 adopted" in daemon.amictl("adopt")
    found = decisions(daemon, "prune", "--dry-run")
    removed = {image for image, d in found.items() if d["remove"]}
    assert 29 <= len(removed) <= 30 and not removed & set(images[:200])
    assert all(d["action"] in ("keep", "remove") for d in found.values())
    assert all(not d["why"].startswith("removed") for d in found.values() if not d["remove"])
    daemon.amictl("prune")
    assert {image["ImageId"] for image in account.images()} == set(images) - removed


def test_a_snapshot_that_is_refused_holds_up_no_other(account, daemon, ec2, front):
    older, newer = two_runs(account, daemon, volumes=2)
    front.fault("DeleteSnapshot", "error", code="SnapshotLocked", message="It is locked.", status=400)
    daemon.amictl("prune", status=1)
    daemon.wait(lambda: len(account.snapshots()) == 3, "one of its two snapshots being gone")
    assert len(account.images()) == 1
    [line] = daemon.wait_lines("snapshots of it are left")
    assert "SnapshotLocked" in line and older["ImageId"] in line
    [row] = [row for row in daemon.json("images")["images"] if row["id"] == older["ImageId"]]
    assert row["state"] == "deregistered" and len(row["snapshots"]) == 1 and "retry" in row
    found = decisions(daemon, "prune", "--dry-run")[older["ImageId"]]
    assert found["action"] == "remove" and "SnapshotLocked" in found["why"]
    daemon.amictl("prune")
    daemon.wait(lambda: len(account.snapshots()) == 2, "the other being gone")
    assert front.count("DeregisterImage") == 1


def test_a_row_put_in_by_hand_removes_nothing(account, daemon, ec2, front):
    """Whoever can write the state cannot make amid delete what EC2 does not call amid's."""
    two_runs(account, daemon)
    [instance] = account.launch()
    golden = ec2.create_image(InstanceId=instance, Name="golden", NoReboot=True)["ImageId"]
    [found] = [i for i in account.images() if i["ImageId"] == golden]
    snapshot = found["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    daemon.stop()
    for state in ("available", "deregistering", "deregistered"):
        with sqlite3.connect(daemon.state / "amid.db") as state_file:
            state_file.execute(
                "UPDATE images SET id = ?, name = 'golden', snapshots = ?, state = ?, removed = NULL,"
                " created = 1, firing = 1 WHERE rowid = (SELECT min(rowid) FROM images)",
                (golden, snapshot, state),
            )
        state_file.close()
        daemon.start()
        daemon.amictl("prune", status=None)
        daemon.amictl("prune", status=None)
        daemon.stop()
    assert golden in {image["ImageId"] for image in account.images()}
    assert snapshot in {s["SnapshotId"] for s in account.snapshots()}
    assert golden not in {r.params.get("ImageId") for r in front.log("DeregisterImage")}
    assert front.count("DeleteSnapshot") == 0
    assert tags_of(found) == {}
