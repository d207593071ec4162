"""Retention: what is removed, what stays, and that it is said why."""

import json

from harness import tags_of


def run_times(daemon, account, count):
    for n in range(1, count + 1):
        daemon.run("web")
    return account.images()


def names_by_id(account):
    return {image["ImageId"]: image["Name"] for image in account.images()}


def names(account):
    return {image["Name"] for image in account.images()}


def test_the_oldest_goes_with_its_snapshots(account, daemon, front):
    [instance] = account.launch(volumes=2, Backup="yes")
    daemon.schedule(retain={"last": 2})
    daemon.start()
    daemon.run("web")
    [first] = account.images()
    daemon.run("web")
    assert len(account.images()) == 2
    daemon.run("web")
    daemon.wait(lambda: len(account.images()) == 2, "the oldest being gone")
    assert first["ImageId"] not in {image["ImageId"] for image in account.images()}
    daemon.wait(lambda: len(account.snapshots()) == 4, "its snapshots being gone")
    [line, *_] = daemon.wait_lines(f"(removed|deregistered|gone).*{first['ImageId']}|{first['ImageId']}.*(removed|deregistered|gone)")
    assert "web" in line or instance in line


def test_without_retain_nothing_goes(account, daemon, front):
    account.launch(Backup="yes")
    daemon.schedule()
    daemon.start()
    run_times(daemon, account, 2)
    daemon.amictl("prune", status=None)
    assert front.count("DeregisterImage") == 0


def test_images_of_others_stay(account, daemon, ec2):
    [instance] = account.launch(Backup="yes")
    tags = {"amid:owner": "another", "amid:schedule": "web", "amid:instance": instance}
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    theirs = [{"ResourceType": "image", "Tags": listed}]
    ec2.create_image(InstanceId=instance, Name="theirs", NoReboot=True, TagSpecifications=theirs)
    ec2.create_image(InstanceId=instance, Name="by hand", NoReboot=True)
    daemon.schedule(retain={"last": 1})
    daemon.start()
    run_times(daemon, account, 2)
    daemon.wait(lambda: len(account.images()) == 3, "one of ours being gone")
    assert {"theirs", "by hand"} <= names(account)


def test_a_tag_alone_is_not_enough(account, daemon, ec2, front):
    """Deleting needs our tags and our row: a copy of the tags on another image proves nothing."""
    [instance] = account.launch(Backup="yes")
    daemon.schedule(retain={"last": 1})
    daemon.start()
    daemon.run("web")
    [ours] = account.images()
    stolen = [{"Key": k, "Value": v} for k, v in tags_of(ours).items()]
    specification = [{"ResourceType": "image", "Tags": stolen}]
    ec2.create_image(
        InstanceId=instance, Name="lookalike", NoReboot=True, TagSpecifications=specification
    )
    daemon.run("web")
    daemon.wait(lambda: len(account.images()) == 2, "ours being gone")
    assert "lookalike" in names(account)


def test_our_row_alone_is_not_enough(account, daemon, ec2):
    """Somebody took our tag off: the image is theirs now."""
    account.launch(Backup="yes")
    daemon.schedule(retain={"last": 1})
    daemon.start()
    daemon.run("web")
    [ours] = account.images()
    ec2.delete_tags(Resources=[ours["ImageId"]], Tags=[{"Key": "amid:owner"}])
    daemon.run("web")
    daemon.amictl("prune", status=None)
    assert ours["Name"] in names(account)


def test_the_last_good_image_stays(account, daemon, timelines, front):
    account.launch(Backup="yes")
    daemon.schedule(retain={"last": 1})
    daemon.start()
    daemon.run("web")
    [good] = account.images()
    timelines.course(fails="image")
    daemon.run("web", status=1)
    daemon.amictl("prune", status=None)
    assert good["Name"] in names(account)


def test_a_dry_run_explains_and_removes_nothing(account, daemon, front):
    account.launch(Backup="yes")
    daemon.schedule(retain={"last": 1})
    daemon.start()
    daemon.run("web")
    daemon.schedule(retain={"last": 5})
    daemon.amictl("reload")
    daemon.run("web")
    older, newer = account.images()
    daemon.schedule(retain={"last": 1})
    daemon.amictl("reload")
    before = front.count("DeregisterImage")
    text = daemon.amictl("prune", "--dry-run")
    assert older["ImageId"] in text and newer["ImageId"] in text
    assert "last" in text
    assert front.count("DeregisterImage") == before
    for line in daemon.amictl("--json", "prune", "--dry-run").splitlines():
        json.loads(line)
    daemon.amictl("prune")
    daemon.wait(lambda: len(account.images()) == 1, "the older being gone")


def test_a_shared_snapshot_stays(account, daemon, ec2, timelines):
    """A snapshot that another image uses is not ours alone to delete: EC2 says InUse."""
    account.launch(Backup="yes")
    daemon.schedule(retain={"last": 1})
    daemon.start()
    daemon.run("web")
    [ours] = account.images()
    snapshot = ours["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    [instance] = account.launch()
    other = ec2.create_image(InstanceId=instance, Name="by hand", NoReboot=True)["ImageId"]
    reuse(timelines, other, snapshot)
    daemon.run("web")
    daemon.wait(lambda: len(account.images()) == 2, "ours being gone")
    assert snapshot in {s["SnapshotId"] for s in account.snapshots()}


def reuse(timelines, image_id, snapshot_id):
    """Makes an image of moto's stand on a given snapshot, as RegisterImage would."""
    from moto.ec2.models import ec2_backends

    backend = ec2_backends["123456789012"]["us-east-1"]
    snapshot = backend.snapshots[snapshot_id]
    snapshot.from_ami = image_id
    backend.amis[image_id].devices = [("/dev/sda1", snapshot)]


def test_a_lost_answer_to_a_removal_is_no_harm(account, daemon, front):
    account.launch(Backup="yes")
    daemon.schedule(retain={"last": 1})
    daemon.start()
    daemon.run("web")
    # Of what our calls may have deleted only minutes of absence tell that it is gone.
    [oldest] = account.images()
    front.fault("DeleteSnapshot", "reset-after")
    daemon.amictl("run", "web")
    daemon.wait(lambda: oldest["ImageId"] not in names_by_id(account) and account.images(), "the oldest being gone")
    daemon.wait(lambda: len(account.snapshots()) == 1, "its snapshot being gone")
    [older] = account.images()
    front.fault("DeregisterImage", "reset-after")
    daemon.amictl("run", "web")
    daemon.wait(lambda: front.count("DeregisterImage") >= 3, "the call being made again")
    daemon.wait(lambda: older["ImageId"] not in names_by_id(account), "the older being gone")
    rows = {row["id"]: row["state"] for row in daemon.json("images")["images"]}
    assert rows[older["ImageId"]] == "deregistering"
    assert len(account.snapshots()) == 2
