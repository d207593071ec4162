"""Many accounts behind roles, many regions, credentials that change while work goes on."""

import json

import boto3
import botocore.config
import pytest
from harness import Account, sign_as_you_like, sign_strictly, tags_of
from imds import Imds

REGIONS = ["us-east-1", "us-east-2", "us-west-2", "ca-central-1", "eu-west-1", "eu-central-1",
           "ap-northeast-1", "ap-northeast-2", "ap-south-1"]
LATE = "sa-east-1"  # answers nothing
NAMES = [f"team{number}" for number in range(10)]
DENIED = "team3"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


def policy(*actions):
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class Branch:
    """An account of its own behind a role, reached from the user's account."""

    def __init__(self, account, number, *actions):
        self.front = account.front
        self.id = f"{200000000000 + number}"
        self.role = f"arn:aws:iam::{self.id}:role/amid"
        sign_as_you_like()
        taken = account.client("sts").assume_role(RoleArn=self.role, RoleSessionName="test")
        self.keys = taken["Credentials"]
        iam = self.client("iam", "us-east-1")
        iam.create_role(RoleName="amid", AssumeRolePolicyDocument=TRUST)
        iam.put_role_policy(RoleName="amid", PolicyName="p", PolicyDocument=policy(*actions))

    def client(self, service, region):
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.front.url,
            aws_access_key_id=self.keys["AccessKeyId"],
            aws_secret_access_key=self.keys["SecretAccessKey"],
            aws_session_token=self.keys["SessionToken"],
            config=botocore.config.Config(retries={"total_max_attempts": 1}),
        )

    def launch(self, region):
        return self.client("ec2", region).run_instances(
            ImageId="ami-12c6146b",
            MinCount=1,
            MaxCount=1,
            TagSpecifications=[
                {"ResourceType": "instance", "Tags": [{"Key": "Backup", "Value": "yes"}]}
            ],
        )["Instances"][0]["InstanceId"]

    def images(self, region):
        return self.client("ec2", region).describe_images(Owners=["self"])["Images"]


@pytest.fixture
def branches(account):
    account.allow("ec2:*", "sts:*")
    branches = {
        name: Branch(account, number, "ec2:Describe*" if name == DENIED else "ec2:*")
        for number, name in enumerate(NAMES)
    }
    return branches


def settings_of(branches, front, **more):
    return {
        name: {
            "role_arn": branch.role,
            "external_id": "outside:" + name,
            "expect_account": branch.id,
            "regions": REGIONS,
            "endpoint_url": front.url,
            **more,
        }
        for name, branch in branches.items()
    }


def schedule(**keys):
    return {
        "schedule": "at(2099-01-01T00:00:00)",
        "targets": {"tags": {"Backup": "yes"}},
        "consistency": "crash",
        **keys,
    }


def test_ten_accounts_in_ten_regions(branches, daemon, front):
    """One account may not create images, one region never answers: the others have theirs."""
    wanted = {
        (name, region): branch.launch(region)
        for name, branch in branches.items()
        for region in REGIONS
    }
    sign_strictly()
    front.fault("*", "delay", region=LATE, times=10**6, seconds=600)
    accounts = settings_of(branches, front)
    for number, name in enumerate(NAMES):
        # each has a host of its own, as each region has at AWS
        accounts[name]["endpoint_url"] = front.listen(f"127.0.0.{number + 2}")
        accounts[name]["regions"] = [*REGIONS, LATE]
    expect = {"min": len(wanted), "max": len(wanted)}
    everywhere = {"tags": {"Backup": "yes"}, "expect": expect}
    daemon.write(
        {"accounts": accounts, "schedules": {"all": schedule(account=NAMES, targets=everywhere)}}
    )
    daemon.start()
    daemon.amictl("run", "all")

    def ended():
        [run] = daemon.json("runs")["runs"]
        return run if run["outcome"] != "open" else None

    run = daemon.wait(ended, "the end of the run", deadline=240)
    assert len(front.taken(region=LATE)) >= len(NAMES)
    assert run["outcome"] == "partial"
    assert f"{LATE}: not searched: 2m after others were" in run["detail"]
    sign_as_you_like()
    for (name, region), instance in wanted.items():
        images = branches[name].images(region)
        if name == DENIED:
            assert images == []
            continue
        [image] = images
        assert tags_of(image)["amid:instance"] == instance
    denied = daemon.wait_line("UnauthorizedOperation|AccessDenied")
    assert "ec2:CreateImage" in denied
    assert '"Effect":"Allow","Action":"ec2:CreateImage"' in denied
    assert daemon.alive()
    # one AssumeRole each, with the external id, the session's name, nobody's own keys
    asked = {request.params["RoleArn"]: request for request in front.log("AssumeRole")}
    for name, branch in branches.items():
        assert asked[branch.role].params["RoleSessionName"] == "amid" or name == NAMES[-1]
        assert asked[branch.role].params["ExternalId"] == "outside:" + name
    assert front.count("AssumeRole", RoleSessionName="amid") == len(NAMES)
    usage = daemon.json("status", "--api")["buckets"]
    created = [b for b in usage if b["action"] == "CreateImage"]
    assert sum(b["requests"] for b in created) == len(NAMES) * len(REGIONS)
    daemon.stop(within=20)


def test_whoami(branches, daemon, front, account):
    sign_strictly()
    accounts = settings_of({name: branches[name] for name in NAMES[:2]}, front)
    accounts["own"] = {"regions": REGIONS, "endpoint_url": front.url}
    accounts["wrong"] = {**accounts["own"], "expect_account": "999999999999"}
    daemon.write({"accounts": accounts, "schedules": {}})
    found = {row["name"]: row for row in daemon.json("whoami", status=1)["accounts"]}
    assert found["team0"]["account"] == branches["team0"].id
    assert found["team0"]["arn"].endswith(":assumed-role/amid/amid")
    assert found["team0"]["source"] == "the account's role"
    assert found["team0"]["expires"]
    assert found["own"]["account"] == "123456789012"
    assert found["own"]["source"] == "the environment"
    assert "expires" not in found["own"]
    assert "not 999999999999" in found["wrong"]["error"]
    text = daemon.amictl("whoami", "own")
    assert "123456789012" in text and "team0" not in text
    for secret in (account.keys[1], "SecretAccessKey", "SessionToken"):
        assert secret not in text
    assert daemon.try_amictl("whoami", "nobody").returncode == 1


def test_the_wrong_account_is_left_alone(account, daemon, front):
    account.launch(Backup="yes")
    account.allow("ec2:*")
    wrong = {"regions": REGIONS[:1], "endpoint_url": front.url, "expect_account": "999999999999"}
    daemon.write({"accounts": {"default": wrong}, "schedules": {"web": schedule()}})
    daemon.start()
    daemon.amictl("run", "web")
    line = daemon.wait_line("expect_account")
    assert "of account 123456789012, not 999999999999" in line
    assert {request.action for request in front.log()} <= {
        "GetCallerIdentity",
        "RunInstances",
        "PutUserPolicy",
        "CreateUser",
        "CreateAccessKey",
    }
    daemon.stop()


def test_two_names_of_one_account_share_its_quota(account, daemon, front):
    account.launch(Backup="yes")
    one = {"regions": REGIONS[:1], "endpoint_url": front.url}
    daemon.write(
        {
            "api_share": 10,
            "accounts": {"a": one, "b": one},
            "schedules": {"web": schedule(account=["a", "b"])},
        }
    )
    daemon.start()
    daemon.run("web", status=None)
    daemon.run("web", status=None)
    buckets = {
        bucket["account"]: bucket
        for bucket in daemon.json("status", "--api")["buckets"]
        if bucket["action"] == "DescribeInstances"
    }
    assert [set(name.split(", ")) for name in buckets] == [{"a", "b"}]
    [bucket] = buckets.values()
    assert bucket["capacity"] == 10 and bucket["refill"] == 2
    assert "DescribeInstances" in daemon.amictl("status", "--api")
    daemon.stop()


def test_all_regions_that_are_open(account, daemon, front):
    there = ["us-east-1", "eu-west-3"]
    for region in there:
        account.client("ec2", region).run_instances(
            ImageId="ami-12c6146b",
            MinCount=1,
            MaxCount=1,
            TagSpecifications=[
                {"ResourceType": "instance", "Tags": [{"Key": "Backup", "Value": "yes"}]}
            ],
        )
    front.fault("DescribeRegions", "delay", seconds=3)
    every = {"regions": "all", "endpoint_url": front.url}
    daemon.write({"accounts": {"default": every}, "schedules": {"web": schedule()}})
    daemon.start()
    # READY=1 says that the daemon can be asked; the run begins once the regions are known
    daemon.run("web")
    for region in there:
        assert len(account.client("ec2", region).describe_images(Owners=["self"])["Images"]) == 1
    assert front.count("DescribeRegions") == 1
    asked = {request.region for request in front.log("DescribeInstances")}
    regions = account.ec2.describe_regions()["Regions"]
    assert asked == {
        region["RegionName"]
        for region in regions
        if not region["RegionName"].startswith(("cn-", "us-gov-"))
    }
    daemon.stop()


def test_rotation_in_the_middle_of_a_hundred_runs(account, daemon, front):
    """The old key is gone the moment the new one is there; every run has its image."""
    instances = account.launch(100, Backup="yes")
    iam = account.client("iam")
    account.allow("ec2:*", "iam:*")
    source = Imds((*account.keys, None))

    def rotate():
        new = iam.create_access_key(UserName="amid")["AccessKey"]
        old, source.keys = source.keys[0], (new["AccessKeyId"], new["SecretAccessKey"], None)
        client = boto3.client(
            "iam",
            region_name="us-east-1",
            endpoint_url=front.url,
            aws_access_key_id=new["AccessKeyId"],
            aws_secret_access_key=new["SecretAccessKey"],
        )
        client.delete_access_key(UserName="amid", AccessKeyId=old)
        return client

    try:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            del daemon.env[name]
        daemon.env["AWS_EC2_METADATA_DISABLED"] = "false"
        daemon.env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = source.url
        daemon.write(
            {
                "schedules": {
                    f"run{number}": schedule(targets={"instance_ids": [instance]})
                    for number, instance in enumerate(instances)
                }
            }
        )
        daemon.start()
        for number in range(40):
            daemon.amictl("run", f"run{number}")
        iam = rotate()
        for number in range(40, 100):
            daemon.amictl("run", f"run{number}")
        sign_strictly()
        daemon.wait(
            lambda: len(daemon.json("images")["images"]) == 100, "a hundred images", deadline=180
        )
        daemon.wait(
            lambda: all(run["outcome"] == "done" for run in daemon.json("runs", "-n", "200")["runs"]),
            "a hundred runs that are done",
            deadline=180,
        )
        keys = {request.access_key for request in front.log("CreateImage") if request.done}
        assert len(keys) >= 1 and source.keys[0] in keys
        assert front.count("CreateImage") - len(
            [r for r in front.log("CreateImage") if r.done]
        ) == len([r for r in front.log("CreateImage") if r.code == "AuthFailure"])
        assert any(request.code == "AuthFailure" for request in front.log())
        assert not daemon.lines("cannot|failed")
        # a hundred runs over a handful of connections
        ports = {request.peer_port for request in front.log("CreateImage")}
        assert len(ports) <= 16, ports
    finally:
        source.close()
        account.keys = source.keys[:2]
    daemon.stop()


def test_a_rotation_that_takes_a_while(account, daemon, front, tmp_path):
    """The old key is gone and nobody has brought the new one yet: the runs wait for it."""
    instances = account.launch(20, Backup="yes")
    account.allow("ec2:*", "iam:*")
    iam = account.client("iam")
    new = iam.create_access_key(UserName="amid")["AccessKey"]
    file = tmp_path / "credentials"

    def write(key, secret):
        fresh = tmp_path / "credentials.new"
        fresh.write_text(f"[default]\naws_access_key_id={key}\naws_secret_access_key={secret}\n")
        fresh.rename(file)

    def refusals():
        return [request for request in front.log() if request.code == "AuthFailure"]

    write(*account.keys)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del daemon.env[name]
    daemon.env["AWS_SHARED_CREDENTIALS_FILE"] = str(file)
    daemon.write(
        {
            "schedules": {
                f"run{number}": schedule(targets={"instance_ids": [instance]})
                for number, instance in enumerate(instances)
            }
        }
    )
    daemon.start()
    old, account.keys = account.keys[0], (new["AccessKeyId"], new["SecretAccessKey"])
    for number in range(10):
        daemon.amictl("run", f"run{number}")
    account.client("iam").delete_access_key(UserName="amid", AccessKeyId=old)
    sign_strictly()
    for number in range(10, 20):
        daemon.amictl("run", f"run{number}")
    # longer than any wait inside of one call: runs come a second time in vain
    daemon.wait(lambda: len(refusals()) > len(instances) + 5, "refusals", deadline=120)
    line = daemon.wait_line("AuthFailure")
    assert f"access key ****{old[-4:]} of the shared credentials file" in line
    assert "tried again until it works" in line
    write(*account.keys)
    daemon.wait(
        lambda: [run["outcome"] for run in daemon.json("runs", "-n", "50")["runs"]] == ["done"] * 20,
        "twenty runs that are done",
        deadline=180,
    )
    assert len(daemon.json("images")["images"]) == 20
    daemon.stop()


def test_a_region_that_refuses_a_good_key_holds_up_nobody(account, daemon, front):
    """As one that is not enabled for the account: the key is good elsewhere at that moment."""
    account.launch(Backup="yes")
    daemon.schedule(regions=["us-east-1", "eu-west-1"])
    front.fault(
        "*", "error", region="eu-west-1", times=10**6, status=401, code="AuthFailure",
        message="AWS was not able to validate the provided access credentials",
    )
    daemon.start()
    run = daemon.json("run", "web")["run"]
    daemon.wait(lambda: daemon.json("show", run)["run"]["outcome"] != "open", "its end", 90)
    assert daemon.json("show", run)["run"]["outcome"] == "partial"
    assert daemon.lines("eu-west-1.*AWS takes this key elsewhere"), daemon.journal
    assert len(account.images()) == 1
