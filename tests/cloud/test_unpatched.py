"""moto as its authors made it, where it is right: an EC2 that nobody here wrote."""

import botocore.exceptions
import pytest
from harness import tags_of

# moto 5.2.1 raises NotImplementedError for tags on the snapshots of CreateImage, which EC2 takes
# and amid always sends. So this one line of moto is replaced, and nothing else.
from moto.ec2.models.amis import AmiBackend


@pytest.fixture(autouse=True)
def snapshot_tags(monkeypatch):
    original = AmiBackend.create_image

    def create_image(backend, instance_id, name, description, tag_specifications):
        kept = [t for t in tag_specifications if t["ResourceType"] != "snapshot"]
        tagged = [t for t in tag_specifications if t["ResourceType"] == "snapshot"]
        image = original(backend, instance_id, name, description, kept)
        for specification in tagged:
            image.ebs_snapshot.add_tags({t["Key"]: t["Value"] for t in specification["Tags"]})
        return image

    monkeypatch.setattr(AmiBackend, "create_image", create_image)


def test_create_follow_and_prune(unpatched):
    account, daemon = unpatched
    [instance] = account.launch(Backup="yes")
    account.launch(Backup="no")
    daemon.schedule(retain={"last": 1})
    daemon.start()
    daemon.run("web")
    [first] = account.images()
    assert tags_of(first)["amid:instance"] == instance
    assert first["State"] == "available"
    daemon.run("web")
    daemon.wait(lambda: len(account.images()) == 1, "the older being gone")
    assert account.images()[0]["ImageId"] != first["ImageId"]
    gone = first["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    with pytest.raises(botocore.exceptions.ClientError) as error:
        daemon.wait(lambda: account.ec2.describe_snapshots(SnapshotIds=[gone]) is None, "404", 10)
    assert error.value.response["Error"]["Code"] == "InvalidSnapshot.NotFound"
    daemon.stop()


def test_a_policy_that_forbids(unpatched):
    account, daemon = unpatched
    account.launch(Backup="yes")
    daemon.schedule()
    daemon.start()
    account.allow("ec2:Describe*")
    daemon.run("web", status=1)
    assert account.front.count("CreateImage") == 1


def test_tag_filters_of_moto(unpatched):
    account, daemon = unpatched
    [a] = account.launch(Backup="yes", Env="prod")
    account.launch(Backup="yes", Env="dev")
    daemon.schedule(targets={"tags": {"Backup": "yes", "Env": "prod"}})
    daemon.start()
    daemon.run("web")
    assert [tags_of(i)["amid:instance"] for i in account.images()] == [a]
