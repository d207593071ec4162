"""The IAM policies of config/policy/: with moto looking at them, each method does with its files what it
is to do, and with one file less says which file and statement are missing."""

import json

import pytest
import yaml
from harness import REGION, TOP, tags_of
from rotation import Rotation
from test_rotation import scaling_group, target_group

QUICK = {"settle": "1s", "ready_timeout": "60s"}
ALONE = {**QUICK, "target_groups": "ignore"}

# name, files, keys of the schedule
METHODS = [
    ("crash", ["core"], {"consistency": "crash"}),
    ("reboot", ["core", "status-checks"], {"consistency": "reboot", "reboot": ALONE}),
    ("watch", ["core", "status-checks", "target-groups"], {"consistency": "reboot", "reboot": QUICK}),
    (
        "drain",
        ["core", "status-checks", "target-groups", "drain"],
        {"consistency": "reboot", "reboot": {**QUICK, "target_groups": "drain"}},
    ),
    ("stop", ["core", "status-checks", "stop"], {"consistency": "stop", "reboot": ALONE}),
]


@pytest.mark.parametrize("files, keys", [row[1:] for row in METHODS], ids=[row[0] for row in METHODS])
def test_the_files_of_a_method_are_enough(account, daemon, front, timelines, files, keys):
    timelines.course(stale=0.2, down=6)  # longer than from one look at the checks to the next: it is proven
    account.allow("ec2:*", "elasticloadbalancing:*")
    with Rotation(timelines) as rotation:
        instances = account.launch(1, Backup="yes")
        target_group(account, account.client("elbv2"), "web", instances)
        rotation.since.clear()
        account.allow_files(*files)
        daemon.schedule(retain={"last": 1}, **keys)
        daemon.start()
        daemon.run("web")
        daemon.run("web")
    assert not daemon.lines("UnauthorizedOperation|AccessDenied")
    assert len(account.images()) == 1
    assert front.count("DeregisterImage") == 1 and front.count("DeleteSnapshot") == 1


def test_standby_is_enough_for_standby(account, daemon, front, timelines):
    timelines.course(stale=0.2, down=1)
    account.allow("ec2:*", "autoscaling:*")
    with Rotation(timelines):
        scaling_group(account, 0, 1)
        account.allow_files("core", "status-checks", "standby")
        daemon.schedule(consistency="reboot", reboot={**ALONE, "auto_scaling": "standby"})
        daemon.start()
        daemon.run("web")
    assert not daemon.lines("UnauthorizedOperation|AccessDenied")
    assert front.count("EnterStandby") == front.count("ExitStandby") == 1


def test_freeze_is_enough_for_a_freeze(account, daemon, front, timelines, ssm):
    account.launch(Backup="yes")
    account.allow_files("core", "status-checks", "freeze")
    freeze = {"before": ["true"], "after": ["true"], "timeout": "60s"}
    daemon.schedule(consistency="freeze", freeze=freeze)
    daemon.start()
    daemon.try_amictl("run", "web", "--wait")
    assert front.count("SendCommand") >= 2
    assert not daemon.lines("UnauthorizedOperation|AccessDenied"), daemon.journal
    [image] = account.images()
    assert tags_of(image)["amid:method"] == "freeze"


def test_core_is_enough_for_all_regions(account, daemon, front):
    account.launch(Backup="yes")
    account.allow_files("core")
    daemon.schedule(account={"test": {"regions": "all", "endpoint_url": front.url}})
    daemon.env["AWS_REGION"] = REGION
    daemon.start()
    daemon.run("web")
    assert front.count("DescribeRegions") >= 1
    assert not daemon.lines("UnauthorizedOperation|AccessDenied")


def test_iam_takes_the_documents(account):
    """As they are in the files: moto holds them to the grammar of IAM."""
    account.allow("iam:*")
    iam = account.client("iam")
    for path in sorted((TOP / "config/policy").glob("*.json")):
        if path.name.startswith("trust-"):
            iam.create_role(RoleName=path.stem, AssumeRolePolicyDocument=path.read_text())
        else:
            iam.create_policy(PolicyName=path.stem, PolicyDocument=path.read_text())


# name, files, keys, what the journal says is missing
LACKING = [
    ("core", ["explain"], {"consistency": "crash"}, "policy/core.json: Look"),
    (
        "stop",
        ["core", "status-checks"],
        {"consistency": "stop", "reboot": ALONE},
        "policy/stop.json: Stop",
    ),
]


@pytest.mark.parametrize(
    "files, keys, says", [row[1:] for row in LACKING], ids=[row[0] for row in LACKING]
)
def test_a_missing_file_is_named(account, daemon, timelines, files, keys, says):
    account.launch(Backup="yes")
    account.allow_files(*files)
    daemon.schedule(**keys)
    daemon.start()
    daemon.run("web", status=1)
    assert daemon.lines(says), daemon.journal


def test_the_advice_names_the_owner_of_the_settings(account, daemon):
    """Never a wider statement than the file has, nor the owner of another installation."""
    account.launch(Backup="yes")
    daemon.write(
        {
            "owner": "prod",
            "schedules": {
                "web": {
                    "schedule": "at(2099-01-01T00:00:00)",
                    "targets": {"tags": {"Backup": "yes"}},
                    "consistency": "crash",
                    "retain": {"last": 1},
                }
            },
        }
    )
    daemon.start()
    daemon.run("web")
    account.allow("ec2:Describe*", "ec2:CreateImage", "ec2:CreateTags")
    daemon.try_amictl("run", "web", "--wait")
    [line, *_] = daemon.wait_lines("policy/core.json: RemoveOurs")
    assert '"Condition":{"StringEquals":{"aws:ResourceTag/amid:owner":"prod"}}' in line
    assert '"Resource":"*"' not in line
    assert {tags_of(image)["amid:owner"] for image in account.images()} == {"prod"}


def test_the_printed_policy_fits_the_settings(account, daemon):
    """`amictl policy` needs neither daemon nor network; what it prints is enough for a run."""
    [one] = account.launch(Backup="yes")
    daemon.schedule(targets={"tags": {"Backup": ["yes", "daily"]}, "instance_ids": [one]})
    document = json.loads(daemon.amictl("policy"))
    by_sid = {statement["Sid"]: statement for statement in document["Statement"]}
    assert set(by_sid) == {
        "Look", "CreateImagesOfTargets", "CreateImages", "TagWhatIsCreated", "RaiseConsistency",
        "RemoveOurs", "Explain",
    }
    target = by_sid["CreateImagesOfTargets"]
    assert target["Resource"] == f"arn:aws:ec2:*:*:instance/{one}"
    assert target["Condition"] == {"StringEquals": {"aws:ResourceTag/Backup": ["yes", "daily"]}}
    assert daemon.amictl("policy", "test") == daemon.amictl("policy")
    assert daemon.try_amictl("policy", "nowhere").returncode == 1
    settings = yaml.safe_load(daemon.file.read_text())
    settings["accounts"]["test"]["role_arn"] = "arn:aws-cn:iam::111122223333:role/amid"
    settings["accounts"]["test"]["regions"] = ["cn-north-1"]
    daemon.file.write_text(yaml.safe_dump(settings))
    text = daemon.amictl("policy")
    assert "arn:aws:" not in text and '"arn:aws-cn:iam::111122223333:role/amid"' in text
    assert REGION not in text
    assert "sts:TagSession" not in text
    settings["accounts"]["test"]["session_tags"] = {"Team": "ops"}
    daemon.file.write_text(yaml.safe_dump(settings))
    assert '"sts:TagSession"' in daemon.amictl("policy")


def test_the_printed_policy_has_no_raw_format_characters(account, daemon):
    """What a terminal would act upon is escaped, and the document stays what it was."""
    value = "night\u202ely\ufeff"
    daemon.schedule(targets={"tags": {"Backup": value}})
    text = daemon.amictl("policy")
    assert not set("\u202e\ufeff") & set(text)
    conditions = [one.get("Condition", {}) for one in json.loads(text)["Statement"]]
    assert {"StringEquals": {"aws:ResourceTag/Backup": value}} in conditions
