"""What ec2sim makes of requests, as boto3 sends them: consistency, filters, pages, accounts, signatures."""

import http.client
import socket
import time
import xml.etree.ElementTree as xml

import pytest
from ec2sim import BASE_IMAGE, Sim, code_of, ec2, image_of, make_image, sim, state_of  # noqa: F401


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


# ---- HTTP ----


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
