"""ec2sim as a program: throttling, faults on demand, its control, its command line."""

import calendar
import concurrent.futures
import json
import re
import subprocess
import time

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from ec2sim import EXACT, PROGRAM, Sim, code_of, ec2, image_of, sim  # noqa: F401


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
