"""Systems Manager in ec2sim, as boto3 sees it."""

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError
from ec2sim import code_of, ec2, sim  # noqa: F401
from harness import TOP

FREEZE = "#!/bin/sh\n# amid freeze token={} timeout={}\nfsfreeze -f /srv\n"
THAW = "#!/bin/sh\n# amid thaw token={}\n"


@pytest.fixture
def ssm(sim):
    return sim.client("ssm")


def send(ssm, instance, *lines, **more):
    return ssm.send_command(
        InstanceIds=[instance], DocumentName="AWS-RunShellScript", Comment="amid 1",
        Parameters={"commands": list(lines), "executionTimeout": ["60"]}, **more,
    )["Command"]["CommandId"]


def outcome(ssm, command, instance):
    found = ssm.get_command_invocation(CommandId=command, InstanceId=instance)
    return found["Status"], found["StatusDetails"], found["ResponseCode"], found["StandardOutputContent"]


def test_agents(sim, ec2, ssm):
    [with_agent] = sim.fleet(agent=True)
    [without] = sim.fleet()
    found = ssm.describe_instance_information(
        Filters=[{"Key": "InstanceIds", "Values": [with_agent, without]}])["InstanceInformationList"]
    assert [(one["InstanceId"], one["PingStatus"]) for one in found] == [(with_agent, "Online")]
    assert code_of(send, ssm, without, "true") == "InvalidInstanceId"
    ec2.stop_instances(InstanceIds=[with_agent])
    sim.advance(290)
    [one] = ssm.describe_instance_information()["InstanceInformationList"]
    assert one["PingStatus"] == "Online"  # as it was last
    sim.advance(20)
    [one] = ssm.describe_instance_information()["InstanceInformationList"]
    assert one["PingStatus"] == "ConnectionLost"
    assert code_of(send, ssm, with_agent, "true") == "InvalidInstanceId"
    sim.post("instance", instance=with_agent, agent=False)
    assert ssm.describe_instance_information()["InstanceInformationList"] == []


def test_a_command(sim, ssm):
    [one] = sim.fleet(agent=True)
    command = send(ssm, one, "true")
    assert code_of(outcome, ssm, command, one) == "InvocationDoesNotExist"
    sim.advance(2.5)
    assert outcome(ssm, command, one) == ("InProgress", "InProgress", -1, "")
    sim.advance(2)
    assert outcome(ssm, command, one) == ("Success", "Success", 0, "")
    found = ssm.get_command_invocation(CommandId=command, InstanceId=one)
    assert found["ExecutionStartDateTime"] < found["ExecutionEndDateTime"]
    sim.post("instance", instance=one, fail_next_command=True)
    command = send(ssm, one, "false")
    sim.advance(5)
    assert outcome(ssm, command, one)[:3] == ("Failed", "Failed", 1)
    sim.post("instance", instance=one, hang_next_command=True)
    command = send(ssm, one, "sleep infinity")
    sim.advance(50)
    assert outcome(ssm, command, one)[0] == "InProgress"
    sim.advance(12)
    assert outcome(ssm, command, one)[:3] == ("TimedOut", "Execution Timed Out", -1)


def test_a_command_to_a_system_that_is_down(sim, ec2, ssm):
    [one] = sim.fleet(agent=True)
    ec2.reboot_instances(InstanceIds=[one])
    sim.advance(3)
    command = send(ssm, one, "true", TimeoutSeconds=600)
    given_up = send(ssm, one, "true", TimeoutSeconds=30)
    sim.advance(10)
    assert outcome(ssm, command, one)[0] == "Delayed"
    sim.advance(25)
    assert outcome(ssm, given_up, one)[:2] == ("TimedOut", "Delivery Timed Out")
    sim.advance(12)
    assert outcome(ssm, command, one)[0] == "Success"
    # One that is struck by a reboot in its middle is not heard of again.
    command = send(ssm, one, "true")
    sim.advance(2.5)
    ec2.reboot_instances(InstanceIds=[one])
    sim.advance(50)
    assert outcome(ssm, command, one)[0] == "InProgress"
    sim.advance(20)
    assert outcome(ssm, command, one)[:2] == ("TimedOut", "Execution Timed Out")


def test_cancelling(sim, ec2, ssm):
    [one] = sim.fleet(agent=True)
    ec2.reboot_instances(InstanceIds=[one])
    sim.advance(1)
    command = send(ssm, one, FREEZE.format("t", 60))
    ssm.cancel_command(CommandId=command)
    sim.advance(120)
    assert outcome(ssm, command, one)[0] == "Cancelled"
    assert sim.get("state")["instances"][0]["freezes"] == []
    assert code_of(ssm.cancel_command, CommandId="x") == "InvalidCommandId"


def test_finding_a_command_again(sim, ssm):
    one, two = sim.fleet(2, agent=True)
    sim.post("fault", kind="drop-after", action="SendCommand")
    with pytest.raises(ConnectionClosedError):
        send(ssm, one, "true")
    later = [send(ssm, two, "true") for _ in range(4)]
    found = ssm.list_commands(Filters=[{"key": "InvokedAfter", "value": "2020-01-01T00:00:00Z"},
                                       {"key": "DocumentName", "value": "AWS-RunShellScript"}])["Commands"]
    assert [command["CommandId"] for command in found[:4]] == later[::-1]
    assert (found[4]["InstanceIds"], found[4]["Comment"]) == ([one], "amid 1")
    assert ssm.list_commands(InstanceId=one)["Commands"] == []  # it has not got there
    sim.advance(5)
    [lost] = ssm.list_commands(InstanceId=one)["Commands"]
    assert lost["Status"] == "Success"
    assert ssm.list_commands(Filters=[{"key": "InvokedAfter", "value": "2099-01-01T00:00:00Z"}])["Commands"] == []
    pages = ssm.get_paginator("list_commands").paginate(PaginationConfig={"PageSize": 2})
    assert [len(page["Commands"]) for page in pages] == [2, 2, 1]
    assert code_of(ssm.list_commands, Filters=[{"key": "Colour", "value": "red"}]) == "InvalidFilterKey"


def freezes_of(sim):
    [one] = sim.get("state")["instances"]
    return one["frozen"], [(freeze["token"], freeze["by"]) for freeze in one["freezes"]]


def test_freeze_and_thaw(sim, ssm):
    [one] = sim.fleet(agent=True)
    command = send(ssm, one, FREEZE.format("t-1", 60))
    sim.advance(5)
    status, _, code, output = outcome(ssm, command, one)
    assert (status, code) == ("Success", 0)
    assert output.startswith("amid-freeze: state=frozen watchdog=systemd boot-id=")
    facts = dict(word.split("=") for word in output.split()[1:])
    assert int(facts["thaws-at"]) - int(facts["frozen-at"]) == 60_000_000_000
    assert freezes_of(sim) == (True, [("t-1", "watchdog")])
    again = send(ssm, one, FREEZE.format("t-1", 60))
    other = send(ssm, one, FREEZE.format("t-2", 60))
    sim.advance(5)
    assert outcome(ssm, again, one)[3] == output
    assert outcome(ssm, other, one)[2:] == (1, "amid-freeze: state=refused reason=busy other=t-1\n")
    thaw = send(ssm, one, THAW.format("t-1"))
    sim.advance(5)
    assert outcome(ssm, thaw, one)[3].endswith(" thawed-by=amid\n")
    assert freezes_of(sim) == (False, [("t-1", "amid")])
    # A token that was thawed never freezes again.
    again = send(ssm, one, FREEZE.format("t-1", 60))
    sim.advance(5)
    assert outcome(ssm, again, one)[0] == "Failed"
    assert freezes_of(sim)[0] is False


def test_the_watchdog_thaws(sim, ssm):
    [one] = sim.fleet(agent=True)
    send(ssm, one, FREEZE.format("t", 60))
    sim.advance(60)
    assert freezes_of(sim)[0] is True
    sim.advance(5)
    assert freezes_of(sim) == (False, [("t", "watchdog")])
    thaw = send(ssm, one, THAW.format("t"))
    sim.advance(5)
    assert outcome(ssm, thaw, one)[3].endswith(" thawed-by=watchdog\n")


def test_a_thaw_that_is_first_and_commands_that_fail(sim, ssm):
    [one] = sim.fleet(agent=True)
    thaw = send(ssm, one, THAW.format("t"))
    sim.advance(5)
    assert outcome(ssm, thaw, one)[2:] == (0, "amid-thaw: state=thawed reason=never-frozen\n")
    late = send(ssm, one, FREEZE.format("t", 60))
    sim.advance(5)
    assert outcome(ssm, late, one)[0] == "Failed"
    sim.post("instance", instance=one, fail_next_command=True)
    failed = send(ssm, one, FREEZE.format("u", 60))
    sim.advance(5)
    status, _, code, output = outcome(ssm, failed, one)
    assert (status, code) == ("Failed", 1)
    assert output.startswith("amid-freeze: state=thawed reason=before-failed")
    assert freezes_of(sim)[0] is False


def test_a_thaw_that_fails(sim, ssm):
    [one] = sim.fleet(agent=True)
    send(ssm, one, FREEZE.format("t", 60))
    sim.advance(5)
    sim.post("instance", instance=one, fail_next_command=True)
    thaw = send(ssm, one, THAW.format("t"))
    sim.advance(5)
    assert outcome(ssm, thaw, one)[2:] == (1, "amid-thaw: state=stuck watchdog=systemd\n")
    assert freezes_of(sim) == (True, [("t", "watchdog")])


def test_the_boot_that_an_instance_tells(sim, ec2, ssm):
    [one] = sim.fleet(agent=True)
    script = (TOP / "daemon/runs/remote/boot-probe.sh").read_text()
    told = []
    for unclean in (False, True):
        sim.post("instance", instance=one, unclean=unclean)
        command = send(ssm, one, script)
        sim.advance(5)
        told.append(outcome(ssm, command, one)[3])
        ec2.reboot_instances(InstanceIds=[one])
        sim.advance(60)
    assert told[0].endswith(" clean=yes\n") and told[1].endswith(" clean=no\n")
    assert told[0].split()[1] != told[1].split()[1]


def test_a_reboot_thaws_and_forgets(sim, ec2, ssm):
    [one] = sim.fleet(agent=True)
    first = send(ssm, one, FREEZE.format("t", 600))
    sim.advance(5)
    ec2.reboot_instances(InstanceIds=[one])
    sim.advance(60)
    assert freezes_of(sim) == (False, [("t", "restart")])
    second = send(ssm, one, FREEZE.format("t", 60))
    sim.advance(5)
    boots = {outcome(ssm, command, one)[3].split("boot-id=")[1].split()[0] for command in (first, second)}
    assert len(boots) == 2 and freezes_of(sim)[0] is True


def test_errors_of_json_services(sim, ssm):
    [one] = sim.fleet(agent=True)
    sim.post("fault", kind="throttle", action="SendCommand")
    assert code_of(send, ssm, one, "true") == "ThrottlingException"
    sim.post("fault", kind="error", action="SendCommand", code="InternalServerError")
    with pytest.raises(ClientError) as caught:
        send(ssm, one, "true")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    sim.post("fault", kind="http500", action="SendCommand")
    with pytest.raises(ClientError):
        send(ssm, one, "true")
    sim.post("fault", kind="truncate", action="SendCommand")
    with pytest.raises(Exception):  # noqa: B017 - which one is botocore's business
        send(ssm, one, "true")
    assert code_of(ssm.send_command, InstanceIds=[one], DocumentName="x") == "InvalidDocument"
    assert code_of(ssm.send_command, InstanceIds=[one]) == "ValidationException"
    assert code_of(ssm.get_parameter, Name="x") == "UnknownOperationException"
    assert [entry["status"] for entry in sim.get("log")["requests"][:3]] == [400, 500, 500]
    [entry] = [entry for entry in sim.get("log")["requests"] if entry.get("fault") == "truncate"]
    assert entry["action"] == "SendCommand"
    assert entry["parameters"]["Parameters.commands.1"] == "true"
