"""The test machinery itself, tried with boto3 instead of amid."""

import http.client
import urllib.parse
import urllib.request

import botocore.exceptions
import pytest
from front import check_request
from harness import tags_of


def code_of(error):
    return error.value.response["Error"]["Code"]


def create(ec2, instance, name, **more):
    return ec2.create_image(InstanceId=instance, Name=name, **more)["ImageId"]


def image(ec2, image_id):
    return ec2.describe_images(ImageIds=[image_id])["Images"][0]


def test_an_image_takes_time_and_has_a_snapshot_per_volume(account, ec2, clock, timelines):
    clock.set_rate(0)
    timelines.course(snapshots=10, image=2)
    [instance] = account.launch(volumes=3, Name="db")
    tags = [{"Key": "amid:owner", "Value": "t"}]
    made = create(
        ec2,
        instance,
        "one",
        NoReboot=True,
        TagSpecifications=[
            {"ResourceType": "image", "Tags": tags},
            {"ResourceType": "snapshot", "Tags": tags},
        ],
    )
    assert image(ec2, made)["State"] == "pending"
    clock.advance(5)
    assert [(s["State"], s["Progress"]) for s in account.snapshots()] == [("pending", "50%")] * 3
    clock.advance(5)
    assert {s["State"] for s in account.snapshots()} == {"completed"}
    assert image(ec2, made)["State"] == "pending"
    clock.advance(2)
    done = image(ec2, made)
    assert done["State"] == "available"
    assert len(done["BlockDeviceMappings"]) == 3
    assert all(tags_of(s) == {"amid:owner": "t"} for s in account.snapshots())
    assert timelines.reboots == []


def test_no_device_leaves_a_volume_out(account, ec2):
    [instance] = account.launch(volumes=2)
    left_out = [{"DeviceName": "/dev/sdf", "NoDevice": ""}]
    create(ec2, instance, "one", NoReboot=True, BlockDeviceMappings=left_out)
    assert len(account.snapshots()) == 1


def test_a_failed_image_says_why(account, ec2, clock, timelines):
    timelines.course(fails="snapshot", reason="The key is disabled", snapshots=1)
    [instance] = account.launch()
    made = create(ec2, instance, "one", NoReboot=True)
    clock.advance(5)
    assert image(ec2, made)["State"] == "failed"
    assert image(ec2, made)["StateReason"]["Message"] == "The key is disabled"
    [snapshot] = account.snapshots()
    assert (snapshot["State"], snapshot["StateMessage"]) == ("error", "The key is disabled")


def test_names_are_unique_and_well_formed(account, ec2):
    [instance] = account.launch()
    create(ec2, instance, "one")
    for name, code in (("one", "InvalidAMIName.Duplicate"), ("b:d", "InvalidAMIName.Malformed")):
        with pytest.raises(botocore.exceptions.ClientError) as error:
            create(ec2, instance, name)
        assert code_of(error) == code


def statuses(ec2):
    return [
        s["InstanceStatus"]["Status"] for s in ec2.describe_instance_status()["InstanceStatuses"]
    ]


def test_create_image_reboots_and_checks_lag(account, ec2, clock, timelines):
    clock.set_rate(0)
    timelines.course(stale=2, down=5)
    [instance] = account.launch()
    create(ec2, instance, "one")
    seen = []
    for _ in range(4):
        seen += statuses(ec2)
        clock.advance(2)
    assert seen == ["ok", "initializing", "initializing", "initializing"]
    assert statuses(ec2) == ["ok"]
    assert [r.by for r in timelines.reboots] == ["CreateImage"]


def test_an_instance_may_never_come_back(account, ec2, clock, timelines):
    [instance] = account.launch()
    timelines.course(instance, down=None)
    create(ec2, instance, "one")
    clock.advance(1000)
    assert statuses(ec2) == ["impaired"]


def test_an_image_is_hidden_at_first(account, ec2, clock, timelines):
    clock.set_rate(0)
    timelines.course(hidden=3)
    [instance] = account.launch()
    made = create(ec2, instance, "one", NoReboot=True)
    assert account.images() == []
    with pytest.raises(botocore.exceptions.ClientError) as error:
        image(ec2, made)
    assert code_of(error) == "InvalidAMIID.NotFound"
    clock.advance(3)
    assert len(account.images()) == 1


def test_lists_have_pages(account, ec2):
    [instance] = account.launch()
    for n in range(5):
        create(ec2, instance, f"image {n}", NoReboot=True)
    first = ec2.describe_images(Owners=["self"], MaxResults=2)
    assert len(first["Images"]) == 2
    pages = ec2.get_paginator("describe_images").paginate(
        Owners=["self"], PaginationConfig={"PageSize": 2}
    )
    assert [len(page["Images"]) for page in pages] == [2, 2, 1]


def test_a_deregistered_image_frees_its_snapshot(account, ec2):
    [instance] = account.launch()
    made = create(ec2, instance, "one")
    [snapshot] = account.snapshots()
    with pytest.raises(botocore.exceptions.ClientError) as error:
        ec2.delete_snapshot(SnapshotId=snapshot["SnapshotId"])
    assert code_of(error) == "InvalidSnapshot.InUse"
    ec2.deregister_image(ImageId=made)
    ec2.delete_snapshot(SnapshotId=snapshot["SnapshotId"])
    assert account.snapshots() == []


@pytest.mark.parametrize(
    "kind, error_type, done",
    [
        ("reset-before", botocore.exceptions.HTTPClientError, False),
        ("reset-after", botocore.exceptions.HTTPClientError, True),
        ("truncated", botocore.exceptions.HTTPClientError, True),
        ("cut-xml", botocore.parsers.ResponseParserError, True),
        ("http500", botocore.exceptions.ClientError, False),
        ("html502", Exception, False),
        ("error", botocore.exceptions.ClientError, False),
    ],
)
def test_a_fault_hits_once(account, ec2, front, kind, error_type, done):
    [instance] = account.launch()
    front.fault("CreateImage", kind)
    with pytest.raises(error_type):
        create(ec2, instance, "one")
    assert len(account.images()) == done
    create(ec2, instance, "two")
    assert [(r.fault, r.done) for r in front.log("CreateImage")] == [(kind, done), ("", True)]


def test_faults_are_counted_per_action_and_region(account, ec2, front):
    front.fault("DescribeImages", "error", region="eu-west-1", times=2)
    front.fault("DescribeImages", "slow", seconds=0.1, skip=1)
    account.images()
    other = account.client("ec2", "eu-west-1")
    with pytest.raises(botocore.exceptions.ClientError) as error:
        other.describe_images(Owners=["self"])
    assert code_of(error) == "RequestLimitExceeded"
    account.images()
    assert [r.fault for r in front.log("DescribeImages")] == ["", "error", "slow"]


def test_a_call_happens_between_the_deed_and_its_answer(account, ec2, front):
    [instance] = account.launch()
    seen = []
    front.fault("CreateImage", "call-after", call=lambda: seen.append(len(front.log())))
    before = len(front.log())
    create(ec2, instance, "one")
    assert seen == [before]


def test_signatures_are_checked(account, front):
    account.keys = (account.keys[0], "not the secret")
    with pytest.raises(botocore.exceptions.ClientError) as error:
        account.client("ec2").describe_images()
    assert code_of(error) == "AuthFailure"
    assert front.log("DescribeImages")[-1].code == "AuthFailure"


def test_the_policy_is_checked(account, ec2):
    account.allow("ec2:DescribeInstances")
    ec2.describe_instances()
    with pytest.raises(botocore.exceptions.ClientError) as error:
        ec2.describe_images()
    assert code_of(error) == "UnauthorizedOperation"
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_connections_stay_and_request_ids_differ(account, ec2, front):
    account.images()
    account.images()
    first, second = front.log("DescribeImages")
    assert first.peer_port == second.peer_port
    assert first.request_id != second.request_id


def test_what_moto_cannot_do_is_a_problem(account, ec2, front):
    with pytest.raises(botocore.exceptions.ClientError) as error:
        ec2.describe_fast_launch_images()
    assert code_of(error) == "EmulatorGap"
    [problem] = front.problems
    assert "DescribeFastLaunchImages" in problem
    front.problems.clear()


@pytest.mark.parametrize(
    "query, wrong",
    [
        ("Action=DescribeImages&Owner.1=self&MaxResults=5", ""),
        ("Action=DescribeImages&Filter.1.Name=name&Filter.1.Value.1=x", ""),
        ("Action=DescribeImages&Filter.1.Name=tag:a&Filter.1.Value.1=x", ""),
        ("Action=DescribeImages&Filter.1.Name=colour&Filter.1.Value.1=x", "colour"),
        ("Action=DescribeSnapshots&Filter.1.Name=tag:a&Filter.2.Name=status", ""),
        ("Action=DescribeInstances&Filter.1.Name=instance-state-name", ""),
        ("Action=DescribeImages&Owners.1=self", "Owners"),
        ("Action=DescribeImages&Owner.0=self", "Owner.0"),
        ("Action=DescribeImages&Filter.1.Values.1=x", "Values"),
        ("Action=CreateImage&InstanceId=i-1&Name=n&NoReboot=true", ""),
        ("Action=CreateImage&InstanceId=i-1", "Name"),
        ("Action=CreateImage&InstanceId=i-1&Name=n&TagSpecification.1.Tag.1.Key=k", ""),
        ("Action=CreateImage&InstanceId=i-1&Name=n&BlockDeviceMapping.1.NoDevice=", ""),
        ("Action=DeleteSnapshot&SnapshotId=s&Force=true", "Force"),
        ("Action=CreateTags&ResourceId.1=a&Tag.1.Key=k&Tag.1.Value=v", ""),
        ("Action=MakeCoffee", "no such action"),
    ],
)
def test_requests_are_held_to_the_service_model(query, wrong):
    params = dict(urllib.parse.parse_qsl(query + "&Version=2016-11-15", keep_blank_values=True))
    answer = check_request(params)
    assert (wrong in answer) if wrong else answer == ""


def test_imds_wants_tokens(imds):
    host = imds.url.removeprefix("http://")

    def ask(method, path, **headers):
        connection = http.client.HTTPConnection(host)
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        body = response.read().decode()
        connection.close()
        return response.status, body

    role_path = "/latest/meta-data/iam/security-credentials/"
    assert ask("GET", role_path)[0] == 401
    assert ask("PUT", "/latest/api/token")[0] == 400
    status, token = ask("PUT", "/latest/api/token", **{"X-aws-ec2-metadata-token-ttl-seconds": "60"})
    assert status == 200
    status, role = ask("GET", role_path, **{"X-aws-ec2-metadata-token": token})
    assert status == 200
    status, keys = ask("GET", role_path + role, **{"X-aws-ec2-metadata-token": token})
    assert imds.keys[0] in keys


def test_plain_moto_answers_behind_the_front(unpatched):
    account, _ = unpatched
    [instance] = account.launch(Backup="yes")
    create(account.ec2, instance, "one", NoReboot=True)
    assert [i["State"] for i in account.images()] == ["available"]
