"""The Systems Manager of the tests itself, tried with boto3 instead of amid."""

import botocore.exceptions
import jsonwire
import pytest
from harness import wait_until

FINAL = ("Success", "Failed", "TimedOut", "Cancelled")


@pytest.fixture
def client(ssm, account):
    return account.client("ssm")


def code_of(error):
    return error.value.response["Error"]["Code"]


def send(client, *instances, commands=("true",), limit=60, **more):
    return client.send_command(
        InstanceIds=list(instances),
        DocumentName="AWS-RunShellScript",
        Parameters={"commands": list(commands), "executionTimeout": [str(limit)]},
        **more,
    )["Command"]["CommandId"]


def poll(client, command, instance):
    try:
        return client.get_command_invocation(CommandId=command, InstanceId=instance)
    except client.exceptions.InvocationDoesNotExist:
        return None


def result(client, command, instance, states=FINAL):
    def check():
        found = poll(client, command, instance)
        return found if found and found["Status"] in states else None

    return wait_until(check, f"{command} to be one of {states}")


def test_a_command_is_carried_out(client, account):
    [instance] = account.launch()
    command = send(client, instance, commands=["cd /run", "echo hello >x; cat x", "echo bad >&2"])
    done = result(client, command, instance)
    assert (done["Status"], done["StatusDetails"], done["ResponseCode"]) == ("Success", "Success", 0)
    assert (done["StandardOutputContent"], done["StandardErrorContent"]) == ("hello\n", "bad\n")
    assert done["ExecutionStartDateTime"] < done["ExecutionEndDateTime"]
    command = send(client, instance, commands=["cat /run/x; exit 3"])
    done = result(client, command, instance)
    assert (done["Status"], done["ResponseCode"]) == ("Failed", 3)
    assert done["StandardOutputContent"] == "hello\n"


def test_instances_are_apart(client, account, ssm):
    one, two = account.launch(2)
    command = send(client, one, two, commands=["touch /run/$$; ls /run; cat /proc/sys/kernel/random/boot_id"])
    answers = [result(client, command, name)["StandardOutputContent"].split() for name in (one, two)]
    assert answers[0][-1] != answers[1][-1]
    assert [a[-1] for a in answers] == [ssm.instance(name).boot_id for name in (one, two)]
    listed = client.list_command_invocations(CommandId=command, Details=True)["CommandInvocations"]
    assert {row["InstanceId"] for row in listed} == {one, two}
    assert {row["CommandPlugins"][0]["ResponseCode"] for row in listed} == {0}


def test_a_new_command_is_unknown_at_first(client, account, ssm, clock):
    clock.set_rate(0)
    [instance] = account.launch()
    command = send(client, instance, Comment="mine")
    with pytest.raises(client.exceptions.InvocationDoesNotExist):
        client.get_command_invocation(CommandId=command, InstanceId=instance)
    assert client.list_commands()["Commands"] == []
    clock.advance(1)
    result(client, command, instance)
    [row] = client.list_commands(InstanceId=instance)["Commands"]
    assert (row["CommandId"], row["Comment"], row["Status"]) == (command, "mine", "Success")


def test_output_comes_at_the_end_and_is_cut(client, account):
    [instance] = account.launch()
    words = ["printf %030000d 1; printf %09000d 1 >&2; until [ -e /run/go ]; do sleep 0.05; done"]
    command = send(client, instance, commands=words)
    going = result(client, command, instance, ["InProgress"])
    assert (going["ResponseCode"], going["StandardOutputContent"]) == (-1, "")
    send(client, instance, commands=["touch /run/go"])
    done = result(client, command, instance)
    assert len(done["StandardOutputContent"]) == 24000
    assert len(done["StandardErrorContent"]) == 8000


def test_a_command_that_takes_too_long_is_ended(client, account):
    [instance] = account.launch()
    left = "setsid sh -c 'sleep 600; true' >/dev/null 2>&1 & echo $! >/run/left"
    command = send(client, instance, commands=[left, "sleep 600"], limit=1)
    done = result(client, command, instance)
    assert (done["Status"], done["StatusDetails"]) == ("TimedOut", "Execution Timed Out")
    done = result(client, send(client, instance, commands=["kill -0 $(cat /run/left)"]), instance)
    assert done["Status"] == "Success", "what has left the group stays"


def test_a_command_is_cancelled(client, account):
    [instance] = account.launch()
    command = send(client, instance, commands=["sleep 600"])
    result(client, command, instance, ["InProgress"])
    client.cancel_command(CommandId=command)
    assert result(client, command, instance)["Status"] == "Cancelled"
    with pytest.raises(client.exceptions.InvalidCommandId):
        client.cancel_command(CommandId="0" * 36)


def test_who_is_online(client, account, ssm, ec2):
    one, two, three, four = account.launch(4)
    ssm.offline = {two: "ConnectionLost", three: ""}
    ec2.terminate_instances(InstanceIds=[four])

    def pings(**how):
        found = client.describe_instance_information(**how)["InstanceInformationList"]
        return {row["InstanceId"]: row["PingStatus"] for row in found}

    assert pings() == {one: "Online", two: "ConnectionLost"}
    assert pings(Filters=[{"Key": "PingStatus", "Values": ["Online"]}]) == {one: "Online"}
    assert pings(Filters=[{"Key": "InstanceIds", "Values": [two, three]}]) == {two: "ConnectionLost"}
    for gone in (three, four, "i-00000000000000000"):
        with pytest.raises(client.exceptions.InvalidInstanceId):
            send(client, gone)


def test_a_command_waits_for_the_agent(client, account, ssm, clock):
    one, two = account.launch(2)
    ssm.offline = {one: "ConnectionLost", two: "ConnectionLost"}
    command = send(client, one, two, TimeoutSeconds=30)
    assert result(client, command, one, ["Pending"])["ResponseCode"] == -1
    del ssm.offline[one]
    assert result(client, command, one)["Status"] == "Success"
    clock.advance(31)
    done = result(client, command, two)
    assert (done["Status"], done["StatusDetails"]) == ("TimedOut", "Delivery Timed Out")


def test_a_reboot_ends_what_runs(client, account, ssm, ec2, timelines):
    timelines.course(down=0.5, stale=0)
    [instance] = account.launch()
    before = ssm.instance(instance).boot_id
    command = send(client, instance, commands=["touch /run/here; sleep 600"])
    result(client, command, instance, ["InProgress"])
    ec2.reboot_instances(InstanceIds=[instance])
    assert result(client, command, instance)["Status"] == "Failed"
    words = ["test ! -e /run/here", "cat /proc/sys/kernel/random/boot_id"]
    done = result(client, send(client, instance, commands=words), instance)
    assert (done["Status"], done["StandardOutputContent"] != before + "\n") == ("Success", True)


@pytest.mark.parametrize(
    "how, code",
    [
        ({"DocumentName": "AWS-RunPowerShellScript"}, "InvalidDocument"),
        ({"Parameters": {"executionTimeout": ["5"]}}, "InvalidParameters"),
        ({"Parameters": {"commands": ["true"], "executionTimeout": ["soon"]}}, "InvalidParameters"),
        ({"Parameters": {"commands": ["x" * 70000]}}, "MaxDocumentSizeExceeded"),
    ],
)
def test_bad_commands_are_refused(client, account, how, code):
    [instance] = account.launch()
    words = {"DocumentName": "AWS-RunShellScript", "Parameters": {"commands": ["true"]}, **how}
    with pytest.raises(botocore.exceptions.ClientError) as error:
        client.send_command(InstanceIds=[instance], **words)
    assert code_of(error) == code
    with pytest.raises(client.exceptions.DuplicateInstanceId):
        send(client, instance, instance)


def test_faults_have_the_form_of_the_service(client, account, front):
    [instance] = account.launch()
    throttled = {"code": "ThrottlingException", "message": "Rate exceeded", "status": 400}
    front.fault("SendCommand", "error", **throttled)
    with pytest.raises(botocore.exceptions.ClientError) as error:
        send(client, instance)
    assert code_of(error) == "ThrottlingException"
    assert error.value.response["ResponseMetadata"]["RequestId"] == front.log("SendCommand")[-1].request_id
    front.fault("SendCommand", "reset-after")
    with pytest.raises(botocore.exceptions.HTTPClientError):
        send(client, instance)
    assert len(front.log("SendCommand")) == 2
    wait_until(lambda: client.list_commands()["Commands"], "the command whose answer was lost")


def test_rights_are_checked(client, account):
    [instance] = account.launch()
    account.allow("ec2:*")
    with pytest.raises(botocore.exceptions.ClientError) as error:
        send(client, instance)
    assert code_of(error) == "AccessDeniedException"
    account.keys = (account.keys[0], "not the secret")
    with pytest.raises(botocore.exceptions.ClientError) as error:
        account.client("ssm").list_commands()
    assert code_of(error) == "InvalidSignatureException"


@pytest.mark.parametrize(
    "action, params, wrong",
    [
        ("SendCommand", {"DocumentName": "AWS-RunShellScript", "InstanceIds": ["i-1"]}, "i-1"),
        ("SendCommand", {"InstanceIds": ["i-0123456789abcdef0"]}, "DocumentName"),
        ("SendCommand", {"DocumentName": "A-B", "Colour": 1}, "Colour"),
        ("SendCommand", {"DocumentName": "A-B", "TimeoutSeconds": 29}, "TimeoutSeconds"),
        ("SendCommand", {"DocumentName": "A-B", "TimeoutSeconds": 2592001}, "2592000"),
        ("SendCommand", {"DocumentName": "A-B", "Comment": "x" * 101}, "Comment"),
        ("SendCommand", {"DocumentName": "A-B", "Parameters": {"commands": "ls"}}, "commands"),
        ("SendCommand", {"DocumentName": "A-B", "Parameters": {"commands": ["ls"]}}, ""),
        ("GetCommandInvocation", {"CommandId": "x", "InstanceId": "i-0123456789abcdef0"}, "CommandId"),
        ("ListCommands", {"Filters": [{"key": "Colour", "value": "red"}]}, "Colour"),
        ("ListCommands", {"Filters": [{"Key": "Status", "value": "Success"}]}, "key"),
        ("DescribeInstanceInformation", {"MaxResults": 50}, ""),
        ("MakeCoffee", {}, "no such action"),
    ],
)
def test_requests_are_held_to_the_service_model(action, params, wrong):
    answer = jsonwire.check_request("ssm", action, params)
    assert (wrong in answer) if wrong else answer == ""
