"""A schedule fires, an image is made and followed to its end."""

import datetime
import json

import pytest
from harness import tags_of


def in_seconds(seconds):
    when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return f"at({when:%Y-%m-%dT%H:%M:%S})"


def states(account):
    return sorted(image["State"] for image in account.images())


def test_a_firing_makes_an_image(account, daemon, front):
    [instance] = account.launch(volumes=2, Backup="yes")
    account.launch(Backup="no")
    daemon.schedule(schedule=in_seconds(3))
    daemon.start()
    daemon.wait(lambda: states(account) == ["available"], "an available image")
    [image] = account.images()
    tags = tags_of(image)
    assert tags["amid:schedule"] == "web"
    assert tags["amid:instance"] == instance
    assert tags["amid:consistency"] == "crash"
    assert tags["amid:owner"] == "amid"
    assert tags["amid:run"]
    datetime.datetime.strptime(tags["amid:time"], "%Y-%m-%dT%H:%M:%SZ")
    assert image["Name"].startswith(f"web-{instance}-")
    [request] = [r for r in front.log("CreateImage")]
    assert request.params["NoReboot"] == "true"
    assert len(account.snapshots()) == 2
    for snapshot in account.snapshots():
        assert tags_of(snapshot)["amid:owner"] == "amid"
    kinds = {v for k, v in request.params.items() if k.endswith("ResourceType")}
    assert kinds == {"image", "snapshot"}, "tags come with the create call"
    daemon.wait(lambda: daemon.lines(image["ImageId"]), "a line about the image")
    daemon.stop()


def test_run_waits_for_the_end(account, daemon, front):
    account.launch(3, Backup="yes")
    daemon.schedule()
    daemon.start()
    daemon.run("web")
    assert states(account) == ["available"] * 3
    assert front.count("RebootInstances") == 0
    assert json.loads(daemon.amictl("--json", "images"))
    daemon.amictl("status")
    daemon.amictl("runs")


def test_many_images_are_followed_by_one_request(account, daemon, front, timelines):
    timelines.course(snapshots=8)
    account.launch(8, Backup="yes")
    daemon.schedule()
    daemon.start()
    daemon.run("web")
    assert states(account) == ["available"] * 8
    assert front.count("DescribeImages") < 16
    assert all("ImageId.1" not in r.params for r in front.log("DescribeImages")[8:])


def test_connections_are_kept(account, daemon, front):
    account.launch(Backup="yes")
    daemon.schedule()
    daemon.start()
    before = len(front.log())
    daemon.run("web")
    ports = {r.peer_port for r in front.log()[before:]}
    assert len(ports) == 1, "one request at a time needs one connection"


def test_only_one_instance(account, daemon):
    first, second = account.launch(2, Backup="yes")
    daemon.schedule()
    daemon.start()
    daemon.run("web", "--instance", second)
    assert [tags_of(i)["amid:instance"] for i in account.images()] == [second]


def test_targets(account, daemon):
    [a] = account.launch(Backup="nightly", Env="prod")
    [b] = account.launch(Backup="nightly", Env="stage")
    account.launch(Backup="nightly", Env="dev")
    account.launch(Backup="nightly", Env="prod", Skip="yes")
    account.launch(Backup="night*", Env="prod")
    daemon.schedule(
        targets={
            "tags": {"Backup": "nightly", "Env": ["prod", "stage"]},
            "exclude_tags": {"Skip": "yes"},
        }
    )
    daemon.start()
    daemon.run("web")
    assert {tags_of(i)["amid:instance"] for i in account.images()} == {a, b}


def test_a_pattern_in_a_tag_is_meant_literally(account, daemon):
    account.launch(Backup="nightly")
    [star] = account.launch(Backup="night*")
    daemon.schedule(targets={"tags": {"Backup": "night*"}})
    daemon.start()
    daemon.run("web")
    assert [tags_of(i)["amid:instance"] for i in account.images()] == [star]


def test_a_stopped_instance_is_imaged_and_stays_down(account, daemon, ec2, front):
    [instance] = account.launch(Backup="yes")
    ec2.stop_instances(InstanceIds=[instance])
    daemon.schedule(consistency="reboot", reboot={"settle": "1s"})
    daemon.start()
    daemon.run("web")
    assert states(account) == ["available"]
    assert front.count("StartInstances") == 0
    found = ec2.describe_instances(InstanceIds=[instance])
    assert found["Reservations"][0]["Instances"][0]["State"]["Name"] == "stopped"


def test_image_settings(account, daemon, front):
    [instance] = account.launch(volumes=3, Backup="yes", Name="db 1")
    daemon.schedule(
        image={
            "name": "nightly {instance} {time}",
            "description": "of {schedule}",
            "tags": {"Owner": "ops"},
            "copy_tags": True,
            "exclude_devices": ["/dev/sdf"],
        }
    )
    daemon.start()
    daemon.run("web")
    [image] = account.images()
    assert image["Name"].startswith(f"nightly {instance} ")
    assert image["Description"] == "of web"
    assert {"Owner": "ops", "Name": "db 1"}.items() <= tags_of(image).items()
    assert len(account.snapshots()) == 2


@pytest.mark.parametrize("expect, count", [({"min": 3}, 2), ({"max": 1}, 2), ({}, 0)])
def test_an_unexpected_number_of_targets_touches_nothing(account, daemon, front, expect, count):
    account.launch(count, Backup="yes")
    daemon.schedule(targets={"tags": {"Backup": "yes"}, "expect": expect})
    daemon.start()
    daemon.run("web", status=1)
    assert front.count("CreateImage") == 0
    assert daemon.wait_lines(r"web.*expect|expect.*web|web.*matched|web.*no instance")


def test_a_failed_image_says_why(account, daemon, timelines):
    timelines.course(fails="snapshot", code="Client.InvalidKmsKey", reason="the key is disabled")
    [instance] = account.launch(Backup="yes")
    daemon.schedule()
    daemon.start()
    daemon.run("web", status=1)
    [line, *_] = daemon.wait_lines("the key is disabled")
    assert instance in line


def test_a_pending_image_holds_up_only_its_instance(account, daemon, front, timelines):
    """What an abandoned run leaves stays on AWS and in the state, and the next run goes on."""
    timelines.course(snapshots=3600)
    [instance] = account.launch(Backup="yes")
    daemon.schedule()
    daemon.start()
    daemon.amictl("run", "web")
    daemon.wait_line(f"Image ami-.* of {instance} is being created")
    [first] = runs(daemon)
    daemon.run("web", status=1)
    daemon.wait_line(f"Instance {instance} is skipped in run web.* is still pending")
    assert front.count("CreateImage") == 1
    other = account.launch(Backup="yes")[0]
    timelines.course(other, snapshots=1)
    daemon.run("web", status=1)
    assert [tags_of(i)["amid:instance"] for i in account.images() if i["State"] == "available"] == [
        other
    ]
    daemon.amictl("cancel", first["id"], "--abandon")
    daemon.wait(lambda: not [r for r in runs(daemon) if r["outcome"] == "open"], "no open run")
    [stuck] = [i["ImageId"] for i in account.images() if tags_of(i)["amid:instance"] == instance]
    assert stuck in daemon.amictl("images")
    assert front.count("DeregisterImage") == 0
    timelines.course(instance, snapshots=1)
    daemon.run("web")
    assert front.count("CreateImage") == 4


def test_an_overlapping_firing_is_skipped_and_said(account, daemon, front, timelines):
    timelines.course(snapshots=3600)
    account.launch(Backup="yes")
    daemon.schedule(schedule=in_seconds(8))
    daemon.start()
    daemon.amictl("run", "web")
    daemon.wait(lambda: front.count("CreateImage") == 1, "an image")
    daemon.wait_line("web.*(skip|still going|overlap)")
    assert front.count("CreateImage") == 1


def test_a_queued_firing_comes_after(account, daemon, front, timelines):
    timelines.course(snapshots=3600)
    account.launch(Backup="yes")
    daemon.schedule(schedule=in_seconds(6), overlap="queue")
    daemon.start()
    daemon.amictl("run", "web")
    daemon.wait(lambda: front.count("CreateImage") == 1, "an image")
    daemon.wait(lambda: "2099" not in daemon.amictl("runs") and len(runs(daemon)) == 2, "two runs")
    assert front.count("CreateImage") == 1
    timelines.course(snapshots=1)
    timelines.clock.advance(7200)
    daemon.wait(lambda: states(account) == ["available"] * 2, "both images")


def runs(daemon):
    answer = json.loads(daemon.amictl("--json", "runs"))
    return answer["runs"] if isinstance(answer, dict) else answer


def test_a_paused_schedule_does_not_fire(account, daemon, front):
    account.launch(Backup="yes")
    daemon.schedule(schedule=in_seconds(5))
    daemon.start()
    daemon.amictl("pause", "web")
    daemon.restart()
    daemon.wait_line("web.*paused|paused.*web")
    assert front.count("CreateImage") == 0
    daemon.amictl("resume", "web")


def test_a_foreign_image_of_that_name_is_not_taken_for_ours(account, daemon, ec2, front):
    """The name says which firing an image is of; somebody else's is no backup of ours."""
    [instance] = account.launch(Backup="yes")
    when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=4)
    name = f"web-{instance}-{when:%Y%m%dT%H%M%SZ}"
    ec2.create_image(InstanceId=instance, Name=name, NoReboot=True)
    daemon.schedule(schedule=f"at({when:%Y-%m-%dT%H:%M:%S})")
    daemon.start()
    daemon.wait_line("InvalidAMIName.Duplicate|already in use|taken", 120)
    [image] = account.images()
    assert not tags_of(image)
    assert image["ImageId"] not in daemon.amictl("images")


@pytest.mark.parametrize("source", ["other", "same"])
def test_an_image_with_our_tags_is_taken_over_only_if_it_is_of_the_instance(
    account, daemon, ec2, front, source
):
    """Name and tags can be made by anybody; what an image was made of is EC2's word."""
    [instance] = account.launch(Backup="yes")
    [other] = account.launch(Backup="no")
    when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=4)
    name = f"web-{instance}-{when:%Y%m%dT%H%M%SZ}"
    tags = {
        "amid:owner": "amid",
        "amid:schedule": "web",
        "amid:run": f"web.{when:%Y%m%dT%H%M%SZ}",
        "amid:instance": instance,
    }
    made = ec2.create_image(
        InstanceId=instance if source == "same" else other,
        Name=name,
        NoReboot=True,
        TagSpecifications=[
            {"ResourceType": "image", "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}
        ],
    )["ImageId"]
    daemon.schedule(schedule=f"at({when:%Y-%m-%dT%H:%M:%S})")
    daemon.start()
    if source == "same":
        daemon.wait_line(f"{made} of {instance} exists already and is taken over", 60)
    else:
        daemon.wait_line(f"taken by {made}, .*SourceInstanceId is {other}, not {instance}", 120)
        assert made not in daemon.amictl("images")
    assert len(account.images()) == 1


def test_a_label_is_raised_once_the_instance_is_proven_to_be_stopped(
    account, daemon, ec2, front
):
    [instance] = account.launch(Backup="yes")
    ec2.stop_instances(InstanceIds=[instance])
    daemon.schedule(consistency="crash")
    daemon.start()
    daemon.run("web")
    [image] = account.images()
    assert tags_of(image)["amid:consistency"] == "stopped"
    [snapshot] = account.snapshots()
    assert tags_of(snapshot)["amid:consistency"] == "stopped"
    [request] = front.log("CreateImage")
    labels = {
        request.params[key.replace(".Key", ".Value")]
        for key, value in request.params.items()
        if value == "amid:consistency"
    }
    assert labels == {"crash"}, "nothing is proven in the create call"


def test_two_regions(account, daemon):
    account.launch(Backup="yes")
    other = account.client("ec2", "eu-west-1")
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Backup", "Value": "yes"}]}]
    other.run_instances(ImageId="ami-1", MinCount=1, MaxCount=1, TagSpecifications=tags)
    daemon.schedule(regions=["us-east-1", "eu-west-1"])
    daemon.start()
    daemon.run("web")
    assert len(account.images()) == 1
    assert len(other.describe_images(Owners=["self"])["Images"]) == 1


def test_plan_changes_nothing(account, daemon, front):
    [instance] = account.launch(Backup="yes")
    daemon.schedule(retain={"last": 2})
    before = len(front.log())
    assert instance in daemon.amictl("plan")
    actions = {r.action for r in front.log()[before:]}
    assert all(action.startswith("Describe") for action in actions), actions
