"""Instances, images and snapshots of ec2sim, as boto3 sees them."""

import pytest
from botocore.exceptions import ClientError
from ec2sim import BASE_IMAGE, check_of, code_of, ec2, image_of, make_image, sim, state_of  # noqa: F401


# ---- instances ----


def test_fleet_and_describe_instances(sim, ec2):
    ids = sim.fleet(4, volumes=[8, 100], tags={"Name": "web-{n}", "Role": ["a", "b"]}, zone="us-east-1c")
    found = [i for r in ec2.describe_instances()["Reservations"] for i in r["Instances"]]
    assert [i["InstanceId"] for i in found] == ids
    assert {t["Key"]: t["Value"] for t in found[3]["Tags"]} == {"Name": "web-4", "Role": "b"}
    assert [m["DeviceName"] for m in found[0]["BlockDeviceMappings"]] == ["/dev/xvda", "/dev/sdb"]
    assert found[0]["Placement"]["AvailabilityZone"] == "us-east-1c"
    assert check_of(ec2, ids[0]) == "ok"
    volumes = ec2.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": [ids[1]]}])["Volumes"]
    assert [v["Size"] for v in volumes] == [8, 100]
    assert volumes[0]["Attachments"][0]["InstanceId"] == ids[1]


def test_run_instances(sim, ec2):
    launched = ec2.run_instances(
        ImageId=BASE_IMAGE, MinCount=1, MaxCount=3, ClientToken="once",
        BlockDeviceMappings=[{"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 50, "DeleteOnTermination": False}}],
        TagSpecifications=[
            {"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "new"}]},
            {"ResourceType": "volume", "Tags": [{"Key": "Disk", "Value": "yes"}]},
        ],
    )  # fmt: skip
    ids = [i["InstanceId"] for i in launched["Instances"]]
    assert len(ids) == 3 and launched["Instances"][0]["State"]["Name"] == "pending"
    again = ec2.run_instances(ImageId=BASE_IMAGE, MinCount=1, MaxCount=3, ClientToken="once")
    assert [i["InstanceId"] for i in again["Instances"]] == ids
    assert len(ec2.describe_instances()["Reservations"]) == 1
    assert (
        code_of(ec2.run_instances, ImageId=BASE_IMAGE, MinCount=1, MaxCount=1, ClientToken="once")
        == "IdempotentParameterMismatch"
    )
    assert len(ec2.describe_volumes(Filters=[{"Name": "tag:Disk", "Values": ["yes"]}])["Volumes"]) == 6
    sim.advance(15)
    assert state_of(ec2, ids[0]) == "running" and check_of(ec2, ids[0]) == "initializing"
    sim.advance(100)
    ec2.get_waiter("instance_status_ok").wait(InstanceIds=ids)
    ec2.terminate_instances(InstanceIds=ids)
    sim.advance(21)
    assert state_of(ec2, ids[0]) == "terminated"
    kept = ec2.describe_volumes()["Volumes"]
    assert [(v["Size"], v["State"]) for v in kept] == [(50, "available")] * 3
    sim.advance(3601)
    assert code_of(ec2.describe_instances, InstanceIds=[ids[0]]) == "InvalidInstanceID.NotFound"
    unknown = {"ImageId": "ami-0123456789abcdef0", "MinCount": 1, "MaxCount": 1}
    assert code_of(ec2.run_instances, **unknown) == "InvalidAMIID.NotFound"


def test_stop_and_start(sim, ec2):
    (one,) = sim.fleet()
    change = ec2.stop_instances(InstanceIds=[one])["StoppingInstances"][0]
    assert (change["PreviousState"]["Name"], change["CurrentState"]["Name"]) == ("running", "stopping")
    assert code_of(ec2.start_instances, InstanceIds=[one]) == "IncorrectInstanceState"
    assert code_of(ec2.reboot_instances, InstanceIds=[one]) == "IncorrectInstanceState"
    sim.advance(21)
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[one])
    assert ec2.describe_instance_status()["InstanceStatuses"] == []
    assert check_of(ec2, one) == "not-applicable"
    assert ec2.start_instances(InstanceIds=[one])["StartingInstances"][0]["CurrentState"]["Name"] == "pending"
    sim.advance(11)
    assert state_of(ec2, one) == "running" and check_of(ec2, one) == "initializing"
    sim.advance(100)
    assert check_of(ec2, one) == "ok"
    ec2.terminate_instances(InstanceIds=[one])
    for call in (ec2.stop_instances, ec2.start_instances):
        assert code_of(call, InstanceIds=[one]) == "IncorrectInstanceState"
    ec2.reboot_instances(InstanceIds=[one])  # ignored
    assert code_of(ec2.create_image, InstanceId=one, Name="too-late") == "IncorrectInstanceState"


def test_a_stale_ok_follows_a_reboot(sim, ec2):
    """The checks run once a minute: a shorter outage may pass between two of them, a longer one shows."""
    sim.post("config", timeline={"shutdown": 10, "boot": 100})
    (one,) = sim.fleet()
    ec2.reboot_instances(InstanceIds=[one])
    assert not sim.get("state")["instances"][0]["up"]
    assert check_of(ec2, one) == "ok"  # not measured since
    seen = []
    for _ in range(40):
        sim.advance(5)
        seen.append(check_of(ec2, one))
    changes = [status for i, status in enumerate(seen) if i == 0 or seen[i - 1] != status]
    assert changes in (["ok", "initializing", "ok"], ["initializing", "ok"])
    (outage,) = sim.get("state")["instances"][0]["outages"]
    assert outage["cause"] == "reboot" and round(outage["until"] - outage["from"]) == 110


def test_an_instance_that_never_comes_back(sim, ec2):
    (one,) = sim.fleet(tags={"Name": "lost"})
    sim.post("instance", instance="lost", never_ready=True)
    ec2.reboot_instances(InstanceIds=[one])
    sim.advance(120)
    assert (state_of(ec2, one), check_of(ec2, one)) == ("running", "initializing")
    sim.advance(300)
    assert check_of(ec2, one) == "impaired"
    (status,) = ec2.describe_instance_status(InstanceIds=[one])["InstanceStatuses"]
    (detail,) = status["InstanceStatus"]["Details"]
    (outage,) = sim.get("state")["instances"][0]["outages"]
    assert round(detail["ImpairedSince"].timestamp()) == round(outage["from"])
    sim.post("instance", instance=one, never_ready=False)
    ec2.reboot_instances(InstanceIds=[one])
    sim.advance(120)
    assert check_of(ec2, one) == "ok"
    sim.post("instance", instance=one, checks="impaired")
    assert check_of(ec2, one) == "impaired"


def test_pages_that_hold_less_than_asked_for(sim, ec2):
    """Boto3 goes on to the last one, also over pages without anything."""
    fleet = sim.fleet(20)
    sim.post("config", page=2)
    pages = list(ec2.get_paginator("describe_instances").paginate(PaginationConfig={"PageSize": 1000}))
    found = [[one["InstanceId"] for many in page["Reservations"] for one in many["Instances"]] for page in pages]
    assert sorted(sum(found, [])) == sorted(fleet) and max(map(len, found)) == 2
    assert all("NextToken" in page for page in pages[:-1])


# ---- images ----


def test_create_image_reboots_and_fills_up(sim, ec2):
    (one,) = sim.fleet(volumes=[8, 100])
    tags = [{"Key": "amid:owner", "Value": "<a & b>"}]
    image = ec2.create_image(
        InstanceId=one, Name="first", Description="of many",
        TagSpecifications=[{"ResourceType": r, "Tags": tags} for r in ("image", "snapshot")],
    )["ImageId"]  # fmt: skip
    found = image_of(ec2, image)
    assert found["State"] == "pending" and found["SourceInstanceId"] == one and found["Tags"] == tags
    assert "SnapshotId" not in found["BlockDeviceMappings"][0]["Ebs"]  # not before the shutdown
    sim.advance(11)
    snapshots = ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    mapped = [m["Ebs"]["SnapshotId"] for m in image_of(ec2, image)["BlockDeviceMappings"]]
    assert [s["SnapshotId"] for s in snapshots] == mapped and all(s["Tags"] == tags for s in snapshots)
    assert snapshots[0]["Description"] == f"Created by CreateImage({one}) for {image}"
    sim.advance(50)
    assert 45 <= int(ec2.describe_snapshots(SnapshotIds=[mapped[0]])["Snapshots"][0]["Progress"][:-1]) <= 55
    sim.advance(50)
    ec2.get_waiter("snapshot_completed").wait(SnapshotIds=mapped)
    assert image_of(ec2, image)["State"] == "pending"
    sim.advance(10)
    ec2.get_waiter("image_available").wait(ImageIds=[image])
    (outage,) = sim.get("state")["instances"][0]["outages"]
    assert outage["cause"] == "create-image"


def test_create_image_without_reboot(sim, ec2):
    (one,) = sim.fleet(volumes=[8, 9, 10])
    image = make_image(
        sim, ec2, one,
        BlockDeviceMappings=[
            {"DeviceName": "/dev/sdb", "NoDevice": ""},
            {"DeviceName": "/dev/sdc", "Ebs": {"DeleteOnTermination": True}},
        ],
    )  # fmt: skip
    mapped = image_of(ec2, image)["BlockDeviceMappings"]
    assert [(m["DeviceName"], m["Ebs"]["DeleteOnTermination"]) for m in mapped] == [("/dev/xvda", True), ("/dev/sdc", True)]
    assert sim.get("state")["instances"][0]["outages"] == []


def test_stopped_instance_is_imaged_and_stays_stopped(sim, ec2):
    (one,) = sim.fleet(state="stopped")
    ec2.create_image(InstanceId=one, Name="asleep")
    sim.advance(200)
    assert state_of(ec2, one) == "stopped"
    ec2.start_instances(InstanceIds=[one])
    assert code_of(ec2.create_image, InstanceId=one, Name="waking") == "InvalidParameterValue"


def test_image_names(sim, ec2):
    (one,) = sim.fleet()
    image = make_image(sim, ec2, one, name="taken")
    with pytest.raises(ClientError, match=f"AMI name taken is already in use by AMI {image}"):
        ec2.create_image(InstanceId=one, Name="taken")
    for name in ("ab", "x" * 129, "semi;colon", "ümlaut"):
        assert code_of(ec2.create_image, InstanceId=one, Name=name) == "InvalidAMIName.Malformed"
    sim.post("config", timeline={"name-free": 30})
    ec2.deregister_image(ImageId=image)
    assert code_of(ec2.create_image, InstanceId=one, Name="taken") == "InvalidAMIName.Duplicate"
    sim.advance(31)
    make_image(sim, ec2, one, name="taken")


def test_failures_say_why(sim, ec2):
    one, two, three = sim.fleet(3)
    sim.post("instance", instance=one, fail_next_image="Disk on fire")
    sim.post("instance", instance=two, fail_next_snapshot="The KMS key is gone")
    sim.post("instance", instance=three, stick_next_snapshot=99)
    images = [ec2.create_image(InstanceId=i, Name=f"of-{i}", NoReboot=True)["ImageId"] for i in (one, two, three)]
    sim.advance(1000)
    found = [image_of(ec2, image) for image in images]
    assert [i["State"] for i in found] == ["failed", "failed", "pending"]
    assert found[0]["StateReason"] == {"Code": "Server.InternalError", "Message": "Disk on fire"}
    assert found[1]["StateReason"]["Message"] == "The KMS key is gone"
    broken = ec2.describe_snapshots(Filters=[{"Name": "status", "Values": ["error"]}])["Snapshots"]
    assert [s["StateMessage"] for s in broken] == ["The KMS key is gone"]
    (stuck,) = ec2.describe_snapshots(Filters=[{"Name": "status", "Values": ["pending"]}])["Snapshots"]
    assert stuck["Progress"] == "99%"
    sim.post("snapshot", snapshot=stuck["SnapshotId"], finish=True)
    sim.advance(11)
    assert image_of(ec2, images[2])["State"] == "available"
    make_image(sim, ec2, one, name="orders hold once")


def test_deregister_and_snapshots(sim, ec2):
    (one,) = sim.fleet(volumes=[8, 9])
    image = make_image(sim, ec2, one)
    root, data = [m["Ebs"]["SnapshotId"] for m in image_of(ec2, image)["BlockDeviceMappings"]]
    other = ec2.register_image(
        Name="shares", RootDeviceName="/dev/xvda",
        BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": root}}],
    )["ImageId"]  # fmt: skip
    assert image_of(ec2, other)["State"] == "available"
    assert code_of(ec2.delete_snapshot, SnapshotId=data) == "InvalidSnapshot.InUse"
    sim.post("config", timeline={"image-gone": 20, "snapshot-free": 30})
    results = ec2.deregister_image(ImageId=image, DeleteAssociatedSnapshots=True)["DeleteSnapshotResults"]
    assert [(r["SnapshotId"], r["ReturnCode"]) for r in results] == [(root, "skipped"), (data, "success")]
    assert image_of(ec2, image)["State"] == "deregistered"
    assert code_of(ec2.deregister_image, ImageId=image) == "InvalidAMIID.Unavailable"
    sim.advance(11)
    assert ec2.describe_images(ImageIds=[image])["Images"] == []
    sim.advance(10)
    assert code_of(ec2.describe_images, ImageIds=[image]) == "InvalidAMIID.NotFound"
    ec2.deregister_image(ImageId=other)
    assert code_of(ec2.delete_snapshot, SnapshotId=root) == "InvalidSnapshot.InUse"  # lag
    sim.advance(31)
    ec2.delete_snapshot(SnapshotId=root)
    assert code_of(ec2.delete_snapshot, SnapshotId=root) == "InvalidSnapshot.NotFound"
    assert ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"] == []


def test_disabled_images_hide(sim, ec2):
    (one,) = sim.fleet()
    image = make_image(sim, ec2, one)
    ec2.disable_image(ImageId=image)
    assert ec2.describe_images(ImageIds=[image])["Images"] == []
    assert ec2.describe_images(Owners=["self"])["Images"] == []
    assert ec2.describe_images(Owners=["self"], IncludeDisabled=True)["Images"][0]["State"] == "disabled"
    ec2.enable_image(ImageId=image)
    assert image_of(ec2, image)["State"] == "available"


def test_copy_image_to_another_region(sim, ec2):
    (one,) = sim.fleet(volumes=[8, 9])
    image = make_image(sim, ec2, one, TagSpecifications=[{"ResourceType": "image", "Tags": [{"Key": "a", "Value": "b"}]}])
    there = sim.client(region="eu-west-1")
    copy = {"Name": "copy", "SourceImageId": image, "SourceRegion": "us-east-1", "CopyImageTags": True, "ClientToken": "t"}
    copied = there.copy_image(**copy)["ImageId"]
    assert there.copy_image(**copy)["ImageId"] == copied
    sim.advance(200)
    found = image_of(there, copied)
    assert (found["State"], found["SourceImageId"], found["SourceImageRegion"]) == ("available", image, "us-east-1")
    assert found["Tags"] == [{"Key": "a", "Value": "b"}]
    assert {s["VolumeId"] for s in there.describe_snapshots(OwnerIds=["self"])["Snapshots"]} == {"vol-ffffffff"}
    assert code_of(ec2.describe_images, ImageIds=[copied]) == "InvalidAMIID.NotFound"


# ---- snapshots ----


def test_limits_per_volume(sim, ec2):
    (one,) = sim.fleet()
    volume = ec2.describe_volumes()["Volumes"][0]["VolumeId"]
    snapshots = [ec2.create_snapshot(VolumeId=volume, Description="x")["SnapshotId"] for _ in range(5)]
    assert code_of(ec2.create_snapshot, VolumeId=volume) == "ConcurrentSnapshotLimitExceeded"
    assert code_of(ec2.create_image, InstanceId=one, Name="more") == "ConcurrentSnapshotLimitExceeded"
    sim.advance(101)
    for snapshot in snapshots:
        ec2.delete_snapshot(SnapshotId=snapshot)
    sim.post("config", timeline={"snapshot-spacing": 15}, pending_snapshots=3)
    ec2.create_snapshot(VolumeId=volume)
    assert code_of(ec2.create_snapshot, VolumeId=volume) == "SnapshotCreationPerVolumeRateExceeded"
    image = ec2.create_image(InstanceId=one, Name="too soon", NoReboot=True)["ImageId"]
    sim.advance(60)
    assert image_of(ec2, image)["StateReason"]["Code"] == "Server.InternalError"
    ec2.create_snapshot(VolumeId=volume)
    assert code_of(ec2.create_image, InstanceId=one, Name="many") == "PendingSnapshotLimitExceeded"


def test_large_volumes_take_longer(sim, ec2):
    sim.post("config", timeline={"snapshot-per-gib": 2})
    small, large = sim.fleet(volumes=[10]) + sim.fleet(volumes=[100])
    for instance in (small, large):
        ec2.create_image(InstanceId=instance, Name=f"of-{instance}", NoReboot=True)
    sim.advance(125)
    assert [s["State"] for s in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]] == ["completed", "pending"]
