"""ec2sim as boto3 sees it.

Every reply that passes through a client here is also held against botocore's model of EC2: an element
the model does not know would be dropped by boto3 without a word, so it is an error.
"""

import calendar
import concurrent.futures
import http.client
import json
import os
import pathlib
import re
import socket
import subprocess
import time
import xml.etree.ElementTree as xml

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

TOP = pathlib.Path(__file__).resolve().parents[2]
# As for the daemon (harness.py); EC2SIM names another program, such as one under valgrind.
PROGRAM = os.environ.get("EC2SIM", str(TOP / os.environ.get("AMID_B", "build") / "ec2sim"))
BASE_IMAGE = "ami-00000000000000001"

# What takes time takes exactly so long, and nothing lags, unless a test says so.
EXACT = {
    "launch": 10, "boot": 30, "shutdown": 10, "reboot-queue": 0, "stop": 20, "terminate": 20,
    "check-period": 60, "check-patience": 300, "snapshot-start": 0, "snapshot": 100,
    "snapshot-per-gib": 0, "snapshot-spacing": 0, "snapshot-free": 0, "image": 10, "image-gone": 0,
    "name-free": 0, "visible": 0, "terminated-shown": 3600,
    "target-healthy": 20, "target-unhealthy": 20, "standby": 10, "scaling-health": 100,
    "agent-start": 5, "agent-lost": 300, "command-visible": 2, "command-delivery": 1, "command": 3,
}  # fmt: skip


# ---- replies against the model ----


def _members(shape):
    """Element name -> shape, as the ec2 and query protocols write them."""
    return {member.serialization.get("name", name): member for name, member in shape.members.items()}


def _local(element):
    return element.tag.rsplit("}", 1)[-1]


def check_element(element, shape, path):
    if shape.type_name == "structure":
        known = _members(shape)
        for child in element:
            assert _local(child) in known, f"{path}/{_local(child)} is not in the model"
            check_element(child, known[_local(child)], f"{path}/{_local(child)}")
        missing = set(shape.required_members) - {
            name for name, member in shape.members.items()
            if member.serialization.get("name", name) in {_local(child) for child in element}
        }  # fmt: skip
        assert not missing, f"{path} lacks {missing}"
    elif shape.type_name == "list":
        for child in element:
            assert _local(child) == shape.member.serialization.get("name", "member"), path
            check_element(child, shape.member, f"{path}[]")
    elif shape.type_name == "boolean":
        assert element.text in ("true", "false"), path
    elif shape.type_name in ("integer", "long"):
        int(element.text)
    elif shape.type_name == "string" and getattr(shape, "enum", None):
        assert element.text in shape.enum, f"{path} is {element.text}"


def check_json(value, shape, path):
    if shape.type_name == "structure":
        assert set(value) <= set(shape.members), f"{path}: {set(value) - set(shape.members)}"
        for key, part in value.items():
            check_json(part, shape.members[key], f"{path}/{key}")
    elif shape.type_name == "list":
        for part in value:
            check_json(part, shape.member, f"{path}[]")
    elif shape.type_name == "string":
        assert isinstance(value, str), path
        assert value in (getattr(shape, "enum", None) or [value]), f"{path} is {value}"
    else:
        wanted = {"boolean": bool, "integer": int, "timestamp": (int, float)}[shape.type_name]
        assert isinstance(value, wanted), path


def check_reply(operation_model, response_dict, **_):
    if response_dict["status_code"] != 200 or not response_dict["body"]:
        return
    if operation_model.service_model.metadata["protocol"] == "json":
        try:
            value = json.loads(response_dict["body"])
        except ValueError:
            return  # cut off on purpose
        check_json(value, operation_model.output_shape, operation_model.name)
        return
    try:
        root = xml.fromstring(response_dict["body"])
    except xml.ParseError:
        return  # cut off on purpose
    name = operation_model.name
    assert _local(root) == f"{name}Response"
    body = [child for child in root if _local(child) not in ("requestId", "ResponseMetadata")]
    shape = operation_model.output_shape
    if shape is None:  # actions without a modelled answer say true
        assert [(_local(child), child.text) for child in body] == [("return", "true")]
        return
    if "resultWrapper" in shape.serialization:
        [result] = body
        assert _local(result) == shape.serialization["resultWrapper"]
        body = list(result)
    whole = xml.Element(name)
    whole.extend(body)
    check_element(whole, shape, name)


# ---- the program ----


class Sim:
    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        self.port = int(line)
        self.url = f"http://127.0.0.1:{self.port}"

    def close(self):
        self.process.terminate()
        _, errors = self.process.communicate(timeout=20)
        assert (self.process.returncode, errors) == (0, "")

    def client(self, service="ec2", region="us-east-1", key="AKIDANY", secret="any", timeout=20):
        client = boto3.client(
            service, region_name=region, endpoint_url=self.url, aws_access_key_id=key,
            aws_secret_access_key=secret,
            config=Config(retries={"total_max_attempts": 1}, read_timeout=timeout, parameter_validation=False),
        )  # fmt: skip
        client.meta.events.register(f"before-parse.{service}", check_reply)
        return client

    def call(self, method, path, body=None, refused=False, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, path, body=json.dumps(body) if body is not None else None, headers=headers or {})
        answer = connection.getresponse()
        data = json.loads(answer.read())
        connection.close()
        assert (answer.status != 200) == refused, data
        return data

    def post(self, what, refused=False, **members):
        return self.call("POST", f"/sim/{what}", {name.replace("_", "-"): value for name, value in members.items()}, refused)

    def get(self, what):
        return self.call("GET", f"/sim/{what}")

    def advance(self, seconds):
        return self.post("clock", advance=seconds)["time"]

    def fleet(self, count=1, **members):
        return self.post("fleet", count=count, **members)["instances"]


@pytest.fixture
def sim():
    sim = Sim("--no-buckets")
    sim.post("config", timeline=EXACT)
    yield sim
    sim.close()


@pytest.fixture
def ec2(sim):
    return sim.client()


def code_of(call, *arguments, **parameters):
    with pytest.raises(ClientError) as caught:
        call(*arguments, **parameters)
    error = caught.value.response
    assert error["Error"]["Message"]
    assert error["ResponseMetadata"]["RequestId"].count("-") == 4
    return error["Error"]["Code"]


def image_of(ec2, image):
    return ec2.describe_images(ImageIds=[image])["Images"][0]


def check_of(ec2, instance):
    statuses = ec2.describe_instance_status(InstanceIds=[instance], IncludeAllInstances=True)
    return statuses["InstanceStatuses"][0]["InstanceStatus"]["Status"]


def state_of(ec2, instance):
    return ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]["State"]["Name"]


def make_image(sim, ec2, instance, name="an-image", **more):
    image = ec2.create_image(InstanceId=instance, Name=name, NoReboot=True, **more)["ImageId"]
    sim.advance(120)
    assert image_of(ec2, image)["State"] == "available"
    return image


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


# ---- consistency, tags, filters, pages ----


def test_what_is_new_is_not_known_at_once(sim, ec2):
    (one,) = sim.fleet()
    sim.post("config", timeline={"visible": 30})
    image = ec2.create_image(InstanceId=one, Name="shy", NoReboot=True)["ImageId"]
    assert code_of(ec2.describe_images, ImageIds=[image]) == "InvalidAMIID.NotFound"
    tag = {"Resources": [image], "Tags": [{"Key": "a", "Value": "b"}]}
    assert code_of(ec2.create_tags, **tag) == "InvalidAMIID.NotFound"
    assert ec2.describe_images(Owners=["self"])["Images"] == []
    assert code_of(ec2.create_image, InstanceId=one, Name="shy") == "InvalidAMIName.Duplicate"
    sim.advance(31)
    assert image_of(ec2, image)["Name"] == "shy"
    ec2.create_tags(**tag)


def test_tags(sim, ec2):
    one, two = sim.fleet(2, tags={"Name": "x"})
    ec2.create_tags(Resources=[one, two], Tags=[{"Key": "Name", "Value": "y"}, {"Key": "k", "Value": ""}])
    ec2.delete_tags(Resources=[one], Tags=[{"Key": "Name", "Value": "other"}, {"Key": "k"}])
    assert [(t["ResourceId"], t["Key"], t["Value"]) for t in ec2.describe_tags()["Tags"]] == [
        (one, "Name", "y"), (two, "Name", "y"), (two, "k", ""),
    ]  # fmt: skip
    found = ec2.describe_tags(Filters=[{"Name": "key", "Values": ["k*"]}, {"Name": "resource-type", "Values": ["instance"]}])
    assert [t["ResourceId"] for t in found["Tags"]] == [two]
    ec2.delete_tags(Resources=[one])
    assert len(ec2.describe_tags()["Tags"]) == 2
    many = [{"Key": f"k{n}", "Value": "v"} for n in range(51)]
    assert code_of(ec2.create_tags, Resources=[one], Tags=many) == "TagLimitExceeded"
    assert code_of(ec2.create_tags, Resources=[one], Tags=[{"Key": "aws:x", "Value": ""}]) == "InvalidParameterValue"
    assert code_of(ec2.create_tags, Resources=["x-1"], Tags=many[:1]) == "InvalidID"
    assert code_of(ec2.create_tags, Resources=[one], Tags=[{"Key": "k" * 129, "Value": ""}]) == "InvalidParameterValue"
    wrong = [{"ResourceType": "instance", "Tags": many[:1]}]
    assert code_of(ec2.create_image, InstanceId=one, Name="abc", TagSpecifications=wrong) == "InvalidParameterValue"


FILTERS = [
    # values that fit, values that do not
    ("tag:Name", ["web-1", "nobody"], ["web"]),
    ("tag:Name", ["web-?"], ["web-??"]),
    ("tag:Name", ["*-1"], ["*-2"]),
    ("tag:odd", [r"a\*b\?c\\d"], [r"a\*b\?c"]),
    ("tag:odd", ["a*"], [r"a\*"]),
    ("tag:odd", ["*d"], ["*d?"]),
    ("tag-key", ["Na*"], ["name"]),
    ("instance-state-name", ["running", "stopped"], ["stopped"]),
    ("instance-state-code", ["16"], ["80"]),
    ("image-id", [BASE_IMAGE], ["ami-2"]),
    ("availability-zone", ["us-east-1a"], ["us-east-1b"]),
    ("owner-id", ["123456789012"], ["2*"]),
]


@pytest.fixture(scope="module")
def filtered():
    sim = Sim("--no-buckets")
    sim.fleet(tags={"Name": "web-1", "odd": "a*b?c\\d"})
    yield sim.client()
    sim.close()


@pytest.mark.parametrize("name, fits, misses", FILTERS)
def test_instance_filters(filtered, name, fits, misses):
    found = filtered.describe_instances(Filters=[{"Name": name, "Values": fits}])["Reservations"]
    assert len(found) == 1
    assert filtered.describe_instances(Filters=[{"Name": name, "Values": misses}])["Reservations"] == []


def test_image_and_snapshot_filters(sim, ec2):
    (one,) = sim.fleet()
    image = make_image(sim, ec2, one, name="web/a", Description="d")
    snapshot = image_of(ec2, image)["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    volume = ec2.describe_volumes()["Volumes"][0]["VolumeId"]
    for name, value in [
        ("name", "web/*"), ("state", "available"), ("image-id", image), ("owner-id", "123456789012"),
        ("source-instance-id", one), ("block-device-mapping.snapshot-id", snapshot), ("description", "d"),
        ("root-device-type", "ebs"), ("creation-date", "20*"), ("is-public", "false"),
    ]:  # fmt: skip
        found = ec2.describe_images(Owners=["self"], Filters=[{"Name": name, "Values": [value]}])["Images"]
        assert [i["ImageId"] for i in found] == [image], name
        assert ec2.describe_images(Owners=["self"], Filters=[{"Name": name, "Values": ["no"]}])["Images"] == []
    for name, value in [("snapshot-id", snapshot), ("volume-id", volume), ("status", "completed"), ("description", "*CreateImage*")]:
        assert len(ec2.describe_snapshots(Filters=[{"Name": name, "Values": [value]}])["Snapshots"]) == 1, name
    assert [i["OwnerId"] for i in ec2.describe_images(Owners=["amazon"])["Images"]] == ["137112412989"]
    for call in (ec2.describe_images, ec2.describe_instances, ec2.describe_snapshots, ec2.describe_volumes, ec2.describe_tags):
        assert code_of(call, Filters=[{"Name": "no-such", "Values": ["x"]}]) == "InvalidParameterValue"
    many = [{"Name": "name", "Values": [str(n) for n in range(201)]}]
    assert code_of(ec2.describe_images, Filters=many) == "FilterLimitExceeded"


def test_pages(sim, ec2):
    ids = sim.fleet(23)
    paginator = ec2.get_paginator("describe_instances")
    pages = list(paginator.paginate(PaginationConfig={"PageSize": 5}))
    assert [i["InstanceId"] for p in pages for r in p["Reservations"] for i in r["Instances"]] == ids
    assert len(pages) == 5
    for operation, key in [("describe_volumes", "Volumes"), ("describe_instance_status", "InstanceStatuses")]:
        assert len(ec2.get_paginator(operation).paginate(PaginationConfig={"PageSize": 7}).build_full_result()[key]) == 23
    for n in range(3):
        ec2.create_image(InstanceId=ids[n], Name=f"image-{n}", NoReboot=True)
    assert len(ec2.get_paginator("describe_snapshots").paginate(OwnerIds=["self"]).build_full_result()["Snapshots"]) == 3
    images = ec2.get_paginator("describe_images").paginate(Owners=["self"], PaginationConfig={"PageSize": 1})
    assert [i["Name"] for i in images.build_full_result()["Images"]] == ["image-0", "image-1", "image-2"]


def test_a_page_token_survives_changes(sim, ec2):
    (one,) = sim.fleet()
    images = [ec2.create_image(InstanceId=sim.fleet()[0], Name=f"image-{n}")["ImageId"] for n in range(4)]
    page = ec2.describe_images(Owners=["self"], MaxResults=2)
    ec2.deregister_image(ImageId=images[0])
    ec2.deregister_image(ImageId=images[1])  # the one the token stands on
    late = ec2.create_image(InstanceId=one, Name="late")["ImageId"]
    rest = ec2.describe_images(Owners=["self"], NextToken=page["NextToken"])
    assert [i["ImageId"] for i in rest["Images"]] == [*images[2:], late] and "NextToken" not in rest
    for token in ("nonsense", "0" * 32, page["NextToken"] + "0"):
        assert code_of(ec2.describe_images, Owners=["self"], NextToken=token) == "InvalidNextToken"
    other = {"Filters": [{"Name": "name", "Values": ["x"]}], "NextToken": page["NextToken"]}
    assert code_of(ec2.describe_images, **other) == "InvalidNextToken"


def test_bad_requests(sim, ec2):
    (one,) = sim.fleet()
    unknown = "i-0123456789abcdef0"
    for expected, call, parameters in [
        ("InvalidInstanceID.NotFound", ec2.describe_instances, {"InstanceIds": [one, unknown]}),
        ("InvalidInstanceID.NotFound", ec2.describe_instance_status, {"InstanceIds": [one, unknown]}),
        ("InvalidInstanceID.NotFound", ec2.reboot_instances, {"InstanceIds": [one, unknown]}),
        ("InvalidInstanceID.NotFound", ec2.create_image, {"InstanceId": unknown, "Name": "abc"}),
        ("InvalidInstanceID.Malformed", ec2.describe_instances, {"InstanceIds": ["i-xyz"]}),
        ("InvalidAMIID.Malformed", ec2.describe_images, {"ImageIds": ["ami-ABC"]}),
        ("InvalidAMIID.Malformed", ec2.deregister_image, {"ImageId": "i-0123456789abcdef0"}),
        ("InvalidAMIID.NotFound", ec2.describe_images, {"ImageIds": [BASE_IMAGE, "ami-01234567"]}),
        ("AuthFailure", ec2.deregister_image, {"ImageId": BASE_IMAGE}),
        ("InvalidSnapshot.NotFound", ec2.describe_snapshots, {"SnapshotIds": ["snap-01234567"]}),
        ("InvalidVolume.NotFound", ec2.describe_volumes, {"VolumeIds": ["vol-01234567"]}),
        ("InvalidParameterCombination", ec2.describe_instances, {"InstanceIds": [one], "MaxResults": 5}),
        ("InvalidParameterValue", ec2.describe_instances, {"MaxResults": 4}),
        ("InvalidParameterValue", ec2.describe_instances, {"MaxResults": 1001}),
        ("InvalidParameterValue", ec2.describe_images, {"MaxResults": 0}),
        ("UnknownParameter", ec2.describe_images, {"ExecutableUsers": ["self"]}),
        ("MissingParameter", ec2.create_image, {"InstanceId": one}),
        ("InvalidAction", ec2.describe_vpcs, {}),
        ("DryRunOperation", ec2.stop_instances, {"InstanceIds": [one], "DryRun": True}),
    ]:
        assert code_of(call, **parameters) == expected, (call, parameters)
    assert state_of(ec2, one) == "running"


# ---- accounts, regions, signatures ----


def test_accounts_and_regions_are_apart(sim):
    sim.post("config", accounts={"AKIDOTHER": "111122223333"})
    sim.fleet(2)
    sim.fleet(1, account="111122223333", region="ap-northeast-2")
    assert len(sim.client().describe_instances()["Reservations"]) == 2
    assert sim.client(region="ap-northeast-2").describe_instances()["Reservations"] == []
    other = sim.client(region="ap-northeast-2", key="AKIDOTHER").describe_instances()["Reservations"]
    assert [r["OwnerId"] for r in other] == ["111122223333"]
    assert sim.client("sts", key="AKIDOTHER").get_caller_identity()["Account"] == "111122223333"
    assert sim.client("sts").get_caller_identity()["Account"] == "123456789012"


def test_signatures_are_verified():
    sim = Sim("--key", "AKIDGOOD:se/cr+et", "--region", "us-east-1")
    try:
        good = sim.client(key="AKIDGOOD", secret="se/cr+et")
        assert good.describe_instances(Filters=[{"Name": "tag:Näme", "Values": ["a b+c/~*"]}])["Reservations"] == []
        assert code_of(sim.client(key="AKIDGOOD", secret="wrong").describe_instances) == "AuthFailure"
        assert code_of(sim.client(key="AKIDELSE", secret="se/cr+et").describe_instances) == "AuthFailure"
        assert code_of(sim.client(key="AKIDGOOD", secret="se/cr+et", region="eu-west-1").describe_instances) == "AuthFailure"
        sts = sim.client("sts", key="AKIDGOOD", secret="wrong")
        assert code_of(sts.get_caller_identity) == "SignatureDoesNotMatch"
        assert code_of(sim.client("sts", key="AKIDELSE").get_caller_identity) == "InvalidClientTokenId"
        assert sim.client("sts", key="AKIDGOOD", secret="se/cr+et").get_caller_identity()["Account"]
    finally:
        sim.close()


def raw(sim, body, headers):
    connection = http.client.HTTPConnection("127.0.0.1", sim.port, timeout=10)
    connection.request("POST", "/", body=body, headers=headers)
    answer = connection.getresponse()
    root = xml.fromstring(answer.read())
    connection.close()
    assert [child.tag for child in root] == ["Errors", "RequestID"]
    return answer.status, root.findtext("Errors/Error/Code")


def authorization(when, region="us-east-1", service="ec2"):
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(when))
    return {
        "X-Amz-Date": stamp,
        "Authorization": f"AWS4-HMAC-SHA256 Credential=AKID/{stamp[:8]}/{region}/{service}/aws4_request, "
        "SignedHeaders=host;x-amz-date, Signature=00",
    }


def test_requests_must_be_signed_and_in_time(sim):
    body = "Action=DescribeInstances&Version=2016-11-15"
    now = time.time()
    assert raw(sim, body, {}) == (403, "MissingAuthenticationToken")
    assert raw(sim, body, {"Authorization": "Basic eDp5"}) == (400, "IncompleteSignature")
    assert raw(sim, body, authorization(now - 400)) == (400, "InvalidSecurity.RequestHasExpired")
    assert raw(sim, body, authorization(now - 1000)) == (400, "RequestExpired")
    assert raw(sim, body, authorization(now, service="s3")) == (401, "AuthFailure")
    assert raw(sim, "Action=DescribeInstances&Version=1999-01-01", authorization(now)) == (400, "NoSuchVersion")
    assert raw(sim, body + "&Filter.1.Nam%", authorization(now)) == (400, "MalformedQueryString")
    assert raw(sim, body + "&DryRun=maybe", authorization(now)) == (400, "InvalidParameterValue")
    assert raw(sim, body + "&DryRun=true&DryRun=true", authorization(now)) == (400, "InvalidQueryParameter")


# ---- throttling and faults ----


def test_token_buckets():
    sim = Sim()
    try:
        ec2 = sim.client()
        sim.post("config", timeline=EXACT)
        ids = sim.fleet(3)
        for _ in range(4):
            ec2.start_instances(InstanceIds=ids[:1])
        codes = {code_of(ec2.run_instances, ImageId="ami-01234567", MinCount=1, MaxCount=1) for _ in range(7)}
        assert "RequestLimitExceeded" in codes
        for _ in range(50):
            ec2.describe_volumes()
        for _ in range(60):
            ec2.describe_volumes(MaxResults=5)  # a bucket of its own
        limited = 0
        for _ in range(60):
            try:
                ec2.describe_volumes()
            except ClientError as error:
                assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 503
                limited += 1
        assert limited > 10
        sim.advance(10)
        ec2.describe_volumes()
        sim.post("config", buckets=False)
        for _ in range(150):
            ec2.describe_volumes()
        assert any(entry.get("fault") == "bucket" for entry in sim.get("log")["requests"])
    finally:
        sim.close()


def test_faults_before_the_action(sim, ec2):
    (one,) = sim.fleet()
    create = {"InstanceId": one, "Name": "once"}
    for fault, expected in [
        ({"kind": "throttle"}, "RequestLimitExceeded"),
        ({"kind": "error", "code": "InsufficientInstanceCapacity"}, "InsufficientInstanceCapacity"),
        ({"kind": "http500"}, "500"),
        ({"kind": "html502"}, "502"),
    ]:
        sim.post("fault", action="CreateImage", region="us-east-1", **fault)
        with pytest.raises(ClientError) as caught:
            ec2.create_image(**create)
        assert caught.value.response["Error"]["Code"] == expected
    sim.post("fault", action="CreateImage", kind="drop-before")
    with pytest.raises(ConnectionClosedError):
        ec2.create_image(**create)
    assert sim.get("state")["images"] == []
    assert [entry["fault"] for entry in sim.get("log")["requests"]] == [
        "throttle", "error", "http500", "html502", "drop-before",
    ]  # fmt: skip
    ec2.create_image(**create)  # each struck once


def test_faults_after_the_action(sim, ec2):
    (one,) = sim.fleet()
    sim.post("fault", action="CreateImage", kind="drop-after", contains=f"InstanceId={one}")
    with pytest.raises(ConnectionClosedError):
        ec2.create_image(InstanceId=one, Name="lost")
    assert code_of(ec2.create_image, InstanceId=one, Name="lost") == "InvalidAMIName.Duplicate"
    sim.post("fault", action="CreateImage", kind="truncate")
    with pytest.raises(Exception) as caught:
        ec2.create_image(InstanceId=one, Name="half")
    assert not isinstance(caught.value, ClientError)
    assert [i["Name"] for i in ec2.describe_images(Owners=["self"])["Images"]] == ["lost", "half"]


def test_slow_and_late_answers(sim, ec2):
    started = time.monotonic()
    sim.post("fault", kind="slow", seconds=1, count=1)
    ec2.describe_instances()
    sim.post("fault", kind="delay", seconds=1)
    ec2.describe_instances()
    assert time.monotonic() - started > 1.8
    sim.post("fault", kind="delay", seconds=5)
    with pytest.raises(ReadTimeoutError):
        sim.client(timeout=0.5).describe_instances()
    ec2.describe_instances()


def test_fault_choice(sim, ec2):
    sim.post("fault", action="DescribeImages", kind="throttle", skip=2, count=1)
    sim.post("fault", region="eu-west-1", kind="throttle", count=1000)
    outcomes = []
    for _ in range(4):
        try:
            ec2.describe_images(Owners=["self"])
            outcomes.append("ok")
        except ClientError:
            outcomes.append("throttled")
    assert outcomes == ["ok", "ok", "throttled", "ok"]
    assert code_of(sim.client(region="eu-west-1").describe_images) == "RequestLimitExceeded"
    sim.post("fault", clear=True)
    sim.post("fault", kind="throttle", count=1000, probability=0.5)
    struck = 0
    for _ in range(200):
        try:
            ec2.describe_images(Owners=["self"])
        except ClientError:
            struck += 1
    assert 60 < struck < 140


# ---- the control and the program ----


def test_control_by_query_and_its_errors(sim, ec2):
    made = sim.call("POST", "/sim/fleet?count=2&tag:Backup=nightly&volumes=8,20&region=us-east-1")
    assert len(made["instances"]) == 2
    assert len(ec2.describe_volumes(Filters=[{"Name": "attachment.device", "Values": ["/dev/sdb"]}])["Volumes"]) == 2
    assert "did you mean" in sim.post("fleet", cuont=2, refused=True)["error"]
    for what, members in [
        ("fault", {"kind": "flood"}), ("fault", {"kind": "error"}), ("fault", {"kind": "slow"}),
        ("fleet", {"count": -1}), ("fleet", {"volumes": ["x"]}), ("fleet", {"tags": {"a": 1}}),
        ("fleet", {"state": "broken"}), ("instance", {"instance": "nobody"}), ("instance", {}),
        ("config", {"timeline": {"tea": 1}}), ("config", {"timeline": {"boot": [2, 1]}}),
        ("config", {"accounts": {"a": "12"}}), ("snapshot", {"snapshot": "snap-1"}), ("clock", {"advance": -1}),
        ("nothing", {}), ("state", {"x": 1}),
    ]:  # fmt: skip
        assert sim.post(what, refused=True, **members)["error"], (what, members)
    assert sim.call("POST", "/sim/fleet", [{"count": 1}, {"count": 2}])["instances"].__len__() == 3
    assert len(sim.get("state")["instances"]) == 5
    sim.post("reset")
    assert sim.get("state")["instances"] == [] and sim.get("log")["requests"] == []


def test_the_log_tells_who_asked_what(sim, ec2):
    ec2.describe_images(Owners=["self"])
    ec2.describe_images(Owners=["self"], Filters=[{"Name": "name", "Values": ["a b"]}])
    first, second = sim.get("log")["requests"]
    assert second["parameters"]["Filter.1.Value.1"] == "a b" and second["access_key"] == "AKIDANY"
    assert first["connection"] == second["connection"] and second["status"] == 200
    assert sim.call("GET", f"/sim/log?since={first['number']}")["requests"] == [second]


def test_a_seed_is_a_history():
    def history(seed):
        sim = Sim("--seed", str(seed))
        try:
            return sim.fleet(3)
        finally:
            sim.close()

    assert history(7) == history(7) != history(8)


def test_speed_and_fleet_file(tmp_path):
    file = tmp_path / "fleet.json"
    file.write_text(json.dumps({"config": {"timeline": {**EXACT, "snapshot": 60}}, "fleet": [{"count": 2}]}))
    sim = Sim("--speed", "100", "--fleet", str(file))
    try:
        ec2 = sim.client()
        instances = sim.get("state")["instances"]
        image = ec2.create_image(InstanceId=instances[0]["id"], Name="fast", NoReboot=True)["ImageId"]
        deadline = time.monotonic() + 10
        while image_of(ec2, image)["State"] != "available" and time.monotonic() < deadline:
            time.sleep(0.05)
        assert image_of(ec2, image)["State"] == "available"
    finally:
        sim.close()


def test_fleet_with_images_of_the_past(sim, ec2):
    week = 7 * 86400
    ours = {"amid:instance": "{instance}", "amid:time": "{time}", "Number": "{n}", "Role": ["a", "b"]}
    ids = sim.fleet(2, volumes=[8, 9], tags={"Name": "web-{n}"}, images=[
        {"age": week, "name": "old-{instance}-{stamp}", "tags": ours},
        {"time": "2026-01-02T03:04:05Z"},
        {"age": 0},
    ])  # fmt: skip
    images = [i for i in ec2.describe_images(Owners=["self"])["Images"]]
    assert len(images) == 6 and len(ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]) == 12
    for number, instance in enumerate(ids, 1):
        old, fixed, new = [i for i in images if i["SourceInstanceId"] == instance]
        assert [i["State"] for i in (old, fixed, new)] == ["available", "available", "pending"]
        assert fixed["Name"] == f"image-{instance}-20260102T030405Z"
        assert fixed["CreationDate"] == "2026-01-02T03:04:05.000Z"
        tags = {t["Key"]: t["Value"] for t in old["Tags"]}
        age = time.time() - calendar.timegm(time.strptime(tags["amid:time"], "%Y-%m-%dT%H:%M:%SZ"))
        assert abs(age - week) < 60
        assert tags == {
            "amid:instance": instance, "amid:time": tags["amid:time"], "Number": str(number), "Role": "ab"[number - 1]
        }  # fmt: skip
        assert old["Name"] == f"old-{instance}-" + re.sub("[-:]", "", tags["amid:time"])
        for mapping, size in zip(old["BlockDeviceMappings"], (8, 9)):
            (snapshot,) = ec2.describe_snapshots(SnapshotIds=[mapping["Ebs"]["SnapshotId"]])["Snapshots"]
            assert (snapshot["State"], snapshot["VolumeSize"]) == ("completed", size)
            assert snapshot["Tags"] == old["Tags"]
            assert snapshot["Description"] == f"Created by CreateImage({instance}) for {old['ImageId']}"
        ec2.deregister_image(ImageId=old["ImageId"])
    sim.advance(200)
    assert {i["State"] for i in ec2.describe_images(Owners=["self"])["Images"]} == {"available"}
    for bad in (1, [{}], [{"age": 1, "time": "2026-01-02T03:04:05Z"}], [{"time": "2999-01-01T00:00:00Z"}],
                [{"time": "x"}], [{"age": -1}], [{"age": 1, "tags": [1]}], [{"age": 1, "tags": {"a": 1}}], [{"old": 1}]):  # fmt: skip
        assert sim.post("fleet", images=bad, refused=True)["error"], bad


def test_thousands(sim, ec2):
    ids = sim.fleet(10000)
    sim.post("config", timeline={"snapshot": 1, "image": 1, "visible": 0})
    found = ec2.get_paginator("describe_instances").paginate(PaginationConfig={"PageSize": 1000})
    assert sum(len(p["Reservations"]) for p in found) == 10000
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: ec2.create_image(InstanceId=ids[n], Name=f"image-{n}", NoReboot=True), range(500)))
    sim.advance(10)
    assert {i["State"] for i in ec2.describe_images(Owners=["self"])["Images"]} == {"available"}


@pytest.mark.parametrize(
    "sent, status",
    [
        (b"\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n\r\n", b"405"),
        (b"GET /elsewhere HTTP/1.1\r\n\r\n", b"404"),
        (b"POST / HTTP/2.5x\r\n\r\n", b"505"),
        (b"POST / HTTP/1.1\r\nno colon\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", b"413"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"501"),
        (b"POST / HTTP/1.1\r\nX: " + b"y" * 70000 + b"\r\n\r\n", b"431"),
        (b"POST / HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n", b"431"),
        (b"POST /sim/fleet HTTP/1.1\r\nContent-Length: 1\r\n\r\n{", b"400"),
        (b"\x00\x01\x02\r\n\r\n", b"400"),
    ],
)
def test_bad_http(filtered, sent, status):
    port = int(filtered.meta.endpoint_url.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(sent)
        assert connection.recv(100).split(b" ")[1] == status
    assert filtered.describe_instances()["Reservations"]  # still there


def test_two_requests_in_one_packet(filtered):
    port = int(filtered.meta.endpoint_url.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"GET /sim/clock HTTP/1.1\r\n\r\n" * 2 + b"GET /sim/clock HTTP/1.1\r\nConnection: close\r\n\r\n")
        data = b""
        while more := connection.recv(4096):
            data += more
    assert data.count(b"HTTP/1.1 200 OK") == 3


def test_command_line():
    def run(*arguments):
        return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=20)

    assert "snapshot-per-gib" in run("--help").stdout
    assert run("--version").stdout.startswith("ec2sim ")
    for arguments in (["--listen", "nowhere"], ["--speed", "0"], ["--seed", "x"], ["--key", "nocolon"], ["extra"], ["--what"]):
        bad = run(*arguments)
        assert (bad.returncode, bad.stdout) == (2, "") and bad.stderr, arguments
    assert run("--fleet", "/does/not/exist").returncode == 1
    assert run("--listen", "256.1.1.1:0").returncode == 1
