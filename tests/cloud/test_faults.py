"""What EC2 and the way to it do to a client: exactly one image, and one line that says what was."""

import pytest
from harness import tags_of


def ready(account, daemon, count=1):
    account.launch(count, Backup="yes")
    daemon.schedule()
    daemon.start()


def one_each(account, count=1):
    """Exactly one image, available, per instance."""
    images = account.images()
    assert [i["State"] for i in images] == ["available"] * count
    assert len({tags_of(i)["amid:instance"] for i in images}) == count


@pytest.mark.parametrize("kind", ["reset-after", "truncated", "cut-xml"])
def test_create_image_without_an_answer(account, daemon, front, kind):
    """CreateImage has no client token: after an unknown outcome amid looks the name up."""
    ready(account, daemon)
    front.fault("CreateImage", kind)
    daemon.run("web")
    one_each(account)
    assert sum(r.done for r in front.log("CreateImage")) == 1


@pytest.mark.parametrize("kind, status", [
    ("html-after", 302), ("html-after", 400), ("html-after", 403), ("html-after", 429),
    ("html-after", 200), ("json-after", 403),
])
def test_a_proxy_answers_to_a_create_image_that_was_carried_out(account, daemon, front, kind, status):
    """Only an error that AWS wrote says that there is no image."""
    ready(account, daemon)
    front.fault("CreateImage", kind, status=status)
    daemon.run("web")
    one_each(account)
    assert front.count("CreateImage") == 1


@pytest.mark.parametrize("kind", ["reset-before", "http500", "html502"])
def test_create_image_that_did_not_happen(account, daemon, front, kind):
    """It looks the same as a lost answer, so amid looks for the image first, for two minutes."""
    ready(account, daemon)
    front.fault("CreateImage", kind)
    daemon.amictl("run", "web")
    daemon.wait(lambda: account.images(), "the second attempt", 200)
    daemon.wait(lambda: account.images()[0]["State"] == "available", "the image")
    assert sum(r.done for r in front.log("CreateImage")) == 1


def test_two_lost_answers_and_a_hidden_image(account, daemon, front, timelines):
    """The image that was made is not listed yet when amid looks for it: a repeat may not make a
    second one, since the name is taken (InvalidAMIName.Duplicate)."""
    timelines.course(hidden=4, snapshots=6)
    ready(account, daemon)
    front.fault("CreateImage", "reset-after", times=2)
    daemon.run("web")
    one_each(account)


@pytest.mark.parametrize("action", ["DescribeInstances", "CreateImage", "DescribeImages"])
def test_throttling_is_waited_out(account, daemon, front, action):
    ready(account, daemon, 2)
    front.fault(action, "error", times=3)
    daemon.run("web")
    one_each(account, 2)


@pytest.mark.parametrize("kind", ["http500", "html502", "reset-before", "truncated", "cut-xml"])
@pytest.mark.parametrize("action", ["DescribeInstances", "DescribeImages", "DescribeSnapshots"])
def test_a_describe_is_simply_repeated(account, daemon, front, action, kind):
    ready(account, daemon)
    front.fault(action, kind, times=2)
    daemon.run("web")
    one_each(account)
    assert sum(r.done for r in front.log("CreateImage")) == 1


def test_a_slow_answer_is_an_answer(account, daemon, front):
    ready(account, daemon)
    front.fault("CreateImage", "slow", seconds=3)
    front.fault("DescribeImages", "delay", seconds=3)
    daemon.run("web")
    one_each(account)
    assert front.count("CreateImage") == 1


def test_a_hidden_image_is_not_lost(account, daemon, timelines):
    timelines.course(hidden=8, snapshots=9)
    ready(account, daemon)
    daemon.run("web")
    one_each(account)


def test_a_refusal_is_one_line_with_the_answer_of_aws(account, daemon, front):
    [instance] = account.launch(Backup="yes")
    daemon.schedule()
    daemon.start()
    front.fault(
        "CreateImage",
        "error",
        code="InstanceLimitExceeded",
        message="You have too many of them.",
        status=400,
    )
    daemon.run("web", status=1)
    [line] = daemon.wait_lines("InstanceLimitExceeded")
    assert instance in line
    assert "You have too many of them." in line
    assert front.log("CreateImage")[0].request_id in line


def test_a_policy_that_forbids(account, daemon, front):
    ready(account, daemon)
    account.allow("ec2:Describe*")
    daemon.run("web", status=1)
    assert front.count("CreateImage") == 1, "no retry changes a policy"
    assert daemon.wait_lines("UnauthorizedOperation.*CreateImage|CreateImage.*UnauthorizedOperation")


def test_a_wrong_secret(account, daemon, front):
    """The environment of a process stays as it is: the run waits until it is started with another."""
    account.launch(Backup="yes")
    daemon.env["AWS_SECRET_ACCESS_KEY"] = "not the secret"
    daemon.schedule()
    daemon.start()
    run = daemon.amictl("run", "web").strip()
    [line, *_] = daemon.wait_lines("AuthFailure")
    assert "of the environment" in line and "It is tried again" in line
    assert "not the secret" not in daemon.journal
    assert daemon.json("show", run)["run"]["outcome"] == "open"
    daemon.env["AWS_SECRET_ACCESS_KEY"] = account.keys[1]
    daemon.restart()
    daemon.wait(lambda: daemon.json("show", run)["run"]["outcome"] == "done", "the end of the run")
    assert len(account.images()) == 1


def test_no_secret_in_the_journal(account, daemon, front):
    ready(account, daemon)
    front.fault("*", "error", times=2)
    daemon.run("web")
    assert account.keys[1] not in daemon.journal
    assert "Signature" not in daemon.journal


def test_the_endpoint_is_down(account, daemon):
    account.launch(Backup="yes")
    daemon.schedule(account={"test": {"regions": ["us-east-1"], "endpoint_url": "http://127.0.0.1:9"}})
    daemon.start()
    daemon.amictl("run", "web")
    daemon.wait_line(r"127\.0\.0\.1|could not be reached|[Cc]onnect|unreachable")
    daemon.stop()


def test_credentials_from_the_instance(account, daemon, imds):
    account.launch(Backup="yes")
    del daemon.env["AWS_ACCESS_KEY_ID"], daemon.env["AWS_SECRET_ACCESS_KEY"]
    del daemon.env["AWS_EC2_METADATA_DISABLED"]
    daemon.env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = imds.url
    daemon.schedule()
    daemon.start()
    daemon.run("web")
    one_each(account)
    assert ("PUT", "/latest/api/token", 200) in imds.log
    assert all(status == 200 for _, _, status in imds.log)


def test_credentials_from_the_shared_file(account, daemon):
    account.launch(Backup="yes")
    del daemon.env["AWS_ACCESS_KEY_ID"], daemon.env["AWS_SECRET_ACCESS_KEY"]
    path = daemon.folder / "credentials"
    access, secret = account.keys
    path.write_text(f"[other]\naws_access_key_id={access}\naws_secret_access_key = {secret}\n")
    daemon.env["AWS_SHARED_CREDENTIALS_FILE"] = str(path)
    daemon.env["AWS_PROFILE"] = "other"
    daemon.schedule()
    daemon.start()
    daemon.run("web")
    one_each(account)


@pytest.mark.parametrize("empty", [False, True])
def test_credentials_from_the_service_manager(account, daemon, empty):
    """LoadCredential=aws:... puts a file `aws` into $CREDENTIALS_DIRECTORY."""
    account.launch(Backup="yes")
    access, secret = daemon.env["AWS_ACCESS_KEY_ID"], daemon.env["AWS_SECRET_ACCESS_KEY"]
    folder = daemon.folder / "credentials"
    folder.mkdir()
    text = f"[default]\naws_access_key_id = {access}\naws_secret_access_key = {secret}\n"
    (folder / "aws").write_text("" if empty else text)
    daemon.env["CREDENTIALS_DIRECTORY"] = str(folder)
    if not empty:
        del daemon.env["AWS_ACCESS_KEY_ID"], daemon.env["AWS_SECRET_ACCESS_KEY"]
    daemon.schedule()
    daemon.start()
    daemon.run("web")
    one_each(account)
