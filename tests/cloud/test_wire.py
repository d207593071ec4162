"""Every action's request beside botocore's, and what is read of replies beside the model of them."""

import json
import subprocess
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

import boto3
import botocore.parsers
import botocore.serialize
import botocore.session
import pytest
from moto import mock_aws
from test_sign import tool

SESSION = botocore.session.get_session()
BOTOS = {"elasticloadbalancing": "elbv2"}  # what botocore calls a service, where it differs


def ask(*replies):
    """The tool's table, and what it reads of replies."""
    lines = "".join(json.dumps(reply) + "\n" for reply in replies)
    done = subprocess.run([tool("wire")], input=lines.encode(), capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    lines = [json.loads(line) for line in done.stdout.decode().splitlines()]
    split = len(lines) - len(replies)
    return lines[:split], lines[split:]


ACTIONS = ask()[0]


def ids(action):
    return f"{action['service']}:{action['name']}"


def model_of(action):
    service = SESSION.get_service_model(BOTOS.get(action["service"], action["service"]))
    return service, service.operation_model(action["name"])


# ---- requests ------------------------------------------------------------------------------------


def wire_name(protocol, shape, name):
    """The name of a member in a request."""
    serialization = shape.serialization
    if protocol == "ec2":
        if "queryName" in serialization:
            return serialization["queryName"]
        name = serialization.get("name", name)
        return name[0].upper() + name[1:]
    if protocol == "query" and shape.type_name == "list" and serialization.get("flattened"):
        return shape.member.serialization.get("name", serialization.get("name", name))
    return serialization.get("name", name)


def grow(pairs):
    """Name.1.Key=value, ... as nested dicts; nothing may stand twice."""
    tree = {}
    for key, value in pairs:
        *path, last = key.split(".")
        node = tree
        for part in path:
            node = node.setdefault(part, {})
        assert last not in node, f"{key} is there twice"
        node[last] = value
    return tree


def from_form(protocol, shape, value):
    """The arguments that the model makes of a form; KeyError for what it does not have."""
    if shape.type_name == "structure":
        names = {wire_name(protocol, member, name): name for name, member in shape.members.items()}
        return {
            names[key]: from_form(protocol, shape.members[names[key]], part)
            for key, part in value.items()
        }
    if shape.type_name == "list":
        if protocol == "query" and not shape.serialization.get("flattened"):
            assert list(value) == [shape.member.serialization.get("name", "member")]
            [value] = value.values()
        assert list(value) == [str(n + 1) for n in range(len(value))]
        return [from_form(protocol, shape.member, part) for part in value.values()]
    assert isinstance(value, str), value
    return {"integer": int, "boolean": lambda text: {"true": True, "false": False}[text]}.get(
        shape.type_name, str
    )(value)


TYPES = {"string": str, "integer": int, "boolean": bool, "timestamp": float}


def from_json(shape, value):
    if shape.type_name == "structure":
        return {key: from_json(shape.members[key], part) for key, part in value.items()}
    if shape.type_name == "map":
        return {key: from_json(shape.value, part) for key, part in value.items()}
    if shape.type_name == "list":
        return [from_json(shape.member, part) for part in value]
    assert type(value) is TYPES[shape.type_name], (shape, value)
    return value


def check_body(action, body):
    service, operation = model_of(action)
    protocol = service.metadata["protocol"]
    serializer = botocore.serialize.create_serializer(protocol, include_validation=False)
    if protocol == "json":
        arguments = from_json(operation.input_shape, json.loads(body))
        theirs = serializer.serialize_to_request(arguments, operation)
        assert json.loads(body) == json.loads(theirs["body"])
        assert action["target"] == theirs["headers"]["X-Amz-Target"]
    else:
        pairs = parse_qsl(body, keep_blank_values=True, strict_parsing=True)
        tree = grow(pairs)
        assert tree.pop("Action") == action["name"]
        assert tree.pop("Version") == service.api_version
        shape = operation.input_shape
        arguments = from_form(protocol, shape, tree) if shape else {}
        theirs = serializer.serialize_to_request(arguments, operation)
        assert dict(pairs) == {key: str(value) for key, value in theirs["body"].items()}
        assert "target" not in action
    assert action["type"] == theirs["headers"]["Content-Type"]
    required = operation.input_shape.required_members if operation.input_shape else ()
    assert set(required) <= set(arguments), "a parameter that has to be there is not"
    return arguments


# These two are made of one table, of which each fills what it has.
PARTS = ("AssumeRole", "AssumeRoleWithWebIdentity")


@pytest.mark.parametrize("action", [one for one in ACTIONS if one["name"] not in PARTS], ids=ids)
def test_requests_as_botocore_makes_them(action):
    check_body(action, action["body"])


@pytest.mark.parametrize("action", [one for one in ACTIONS if "page" in one], ids=ids)
def test_pages_as_botocore_asks_for_them(action):
    service, operation = model_of(action)
    pages = SESSION.get_paginator_model(service.service_name).get_paginator(action["name"])
    arguments = check_body(action, action["page"])
    assert arguments[pages["input_token"]] == "t/1+="
    assert (action["size"], action["token"]) == (pages["limit_key"], pages["input_token"])
    largest = operation.input_shape.members[pages["limit_key"]].metadata.get("max")
    assert largest in (None, action["page_size"])
    page = {pages["result_key"]: [], pages["output_token"]: "t/2"}
    found, _ = spot(operation.output_shape, page, service, operation)
    [(_, read)] = [ask({"action": ids(action), "status": 200, "body": found})]
    assert read[0]["next"] == "t/2"


# ---- replies -------------------------------------------------------------------------------------


# What is a text in the model, but of a certain form.
MOMENT = "2027-01-01T00:00:00.123Z"
FORMS = {"LifecycleState": "Pending:Wait", "CreationDate": MOMENT, "LastLaunchedTime": MOMENT,
         "ExecutionStartDateTime": MOMENT, "ExecutionEndDateTime": MOMENT}


def sample(shape, name=""):
    """A value for everything the model has, as botocore's parser would give it."""
    if shape.type_name == "structure":
        return {name: sample(member, name) for name, member in shape.members.items()}
    if shape.type_name == "list":
        return [sample(shape.member), sample(shape.member)]
    if shape.type_name == "map":
        return {"a": sample(shape.value)}
    if name in FORMS and shape.type_name == "string":
        return FORMS[name]
    known = shape.metadata.get("enum")
    return {"boolean": True, "integer": 77, "long": 77, "double": 7.5, "float": 7.5,
            "timestamp": 1798761600}.get(shape.type_name, known[1 % len(known)] if known else "t<&>é")


def xml(shape, name, value, protocol):
    """An element, by the model."""
    if shape.type_name == "list":
        item = shape.member.serialization.get("name", "member")
        if shape.serialization.get("flattened"):
            return "".join(xml(shape.member, name, part, protocol) for part in value)
        inside = "".join(xml(shape.member, item, part, protocol) for part in value)
    elif shape.type_name == "structure":
        inside = "".join(
            xml(shape.members[key], shape.members[key].serialization.get("name", key), part, protocol)
            for key, part in value.items()
        )
    elif shape.type_name == "timestamp":
        inside = MOMENT
    elif shape.type_name == "boolean":
        inside = str(value).lower()
    elif shape.type_name == "map":
        inside = ""
    else:
        inside = escape(str(value))
    return f"<{name}>{inside}</{name}>"


def spot(shape, value, service, operation):
    """A reply with `value`, and what botocore reads of it."""
    protocol = service.metadata["protocol"]
    name = operation.name
    if protocol == "json":
        body = json.dumps(value)
    elif protocol == "ec2":
        body = xml(shape, f"{name}Response", value, protocol)
    else:
        wrapper = shape.serialization.get("resultWrapper", f"{name}Result")
        body = f"<{name}Response>{xml(shape, wrapper, value, protocol)}</{name}Response>"
    parser = botocore.parsers.create_parser(protocol)
    parsed = parser.parse({"status_code": 200, "headers": {}, "body": body.encode()}, shape)
    parsed.pop("ResponseMetadata", None)
    return body, parsed


def at(value, path):
    """All that stands at a path of keys; a list is passed through."""
    if isinstance(value, list):
        return [found for one in value for found in at(one, path)]
    if not path:
        return [value]
    return at(value[path[0]], path[1:]) if isinstance(value, dict) and path[0] in value else []


def walk(shape, path):
    """The names botocore has for a path of the wire, and the shape there."""
    names, parts = [], list(path)
    while parts:
        part = parts.pop(0)
        if shape.type_name == "list":
            assert part == shape.member.serialization.get("name", "member"), (path, part)
            shape = shape.member
            continue
        name = next(name for name, member in shape.members.items()
                    if member.serialization.get("name", name) == part)
        shape = shape.members[name]
        names.append(name)
        if shape.type_name == "list" and not parts:
            shape = shape.member
    return names, shape


def text_of(shape, value):
    if shape.type_name == "timestamp":
        return int(value.timestamp())
    return 1798761600 if value == MOMENT else value


@pytest.mark.parametrize("action", [one for one in ACTIONS if "reads" in one], ids=ids)
def test_replies_as_botocore_reads_them(action):
    service, operation = model_of(action)
    shape = operation.output_shape
    body, parsed = spot(shape, sample(shape), service, operation)
    [read] = ask({"action": ids(action), "status": 200, "body": body})[1]
    wrapper = shape.serialization.get("resultWrapper")
    for path in action["reads"]:
        parts = path.split("/")
        ours = at(read["output"], collapse(action, parts))
        if wrapper:
            assert parts.pop(0) == wrapper
        names, leaf = walk(shape, without_lists(shape, parts))
        if leaf.type_name == "structure":
            assert len(ours) == len(at(parsed, names)), path
            continue
        theirs = [text_of(leaf, one) for one in at(parsed, names)]
        assert ours == theirs and ours, path


def collapse(action, parts):
    """Where the tool prints a path: it goes by the rows of the table."""
    tables = [path.split("/") for path in action["reads"]]
    keys, begun = [], 0
    for end in range(1, len(parts) + 1):
        if parts[:end] in tables:
            keys += parts[begun:end]
            begun = end
    return keys


def without_lists(shape, parts):
    """JSON has no name for the elements of a list, XML has: both become the latter."""
    full = []
    for part in parts:
        if shape.type_name == "list" and part != shape.member.serialization.get("name", "member"):
            full.append(shape.member.serialization.get("name", "member"))
            shape = shape.member
        full.append(part)
        if shape.type_name == "list":
            shape = shape.member
        else:
            shape = next(member for name, member in shape.members.items()
                         if member.serialization.get("name", name) == part)
    return full


# ---- moto ----------------------------------------------------------------------------------------


class Moto:
    """boto3 on moto; `read(action, **arguments)` is what both make of the same answer."""

    def __init__(self):
        self.clients = {}

    def client(self, service):
        if service not in self.clients:
            client = boto3.client(service, region_name="us-east-1", aws_access_key_id="a",
                                  aws_secret_access_key="b")
            client.meta.events.register("before-parse", self._keep)
            self.clients[service] = client
        return self.clients[service]

    def _keep(self, response_dict, **_):
        self.last = response_dict

    def read(self, service, action, **arguments):
        client = self.client(BOTOS.get(service, service))
        method = botocore.xform_name(action)
        try:
            theirs = getattr(client, method)(**arguments)
        except client.exceptions.ClientError as error:
            theirs = error.response
        reply = {"action": f"{service}:{action}", "status": self.last["status_code"],
                 "body": self.last["body"].decode(),
                 "error_type": self.last["headers"].get("x-amzn-errortype")}
        return theirs, ask(reply)[1][0]


@pytest.fixture
def moto():
    with mock_aws():
        yield Moto()


def test_instances_of_moto(moto):
    ec2 = moto.client("ec2")
    image = ec2.register_image(Name="golden", RootDeviceName="/dev/xvda")["ImageId"]
    made = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, InstanceType="m5d.large")
    instance = made["Instances"][0]["InstanceId"]
    theirs, ours = moto.read("ec2", "StopInstances", InstanceIds=[instance])
    [change] = ours["output"]["instancesSet"]["item"]
    assert change["instanceId"] == instance
    assert change["previousState"]["name"] == "running"
    assert change["currentState"]["name"] == theirs["StoppingInstances"][0]["CurrentState"]["Name"]
    theirs, ours = moto.read("ec2", "DescribeInstances", InstanceIds=[instance])
    [one] = at(ours["output"], ["reservationSet", "item", "instancesSet", "item"])
    assert one["instanceType"] == "m5d.large"
    assert one["stateReason"]["code"] == "Client.UserInitiatedShutdown"
    _, ours = moto.read("ec2", "StartInstances", InstanceIds=[instance])
    assert ours["output"]["instancesSet"]["item"][0]["previousState"]["name"] == "stopped"
    theirs, ours = moto.read("ec2", "DescribeInstanceTypes", InstanceTypes=["m5d.large", "m5.large"])
    types = at(ours["output"], ["instanceTypeSet", "item"])
    assert {one["instanceType"]: one.get("instanceStorageSupported", False) for one in types} == {
        "m5d.large": True, "m5.large": False,
    }


def test_commands_of_moto(moto):
    ec2 = moto.client("ec2")
    image = ec2.register_image(Name="golden", RootDeviceName="/dev/xvda")["ImageId"]
    instance = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    theirs, ours = moto.read("ssm", "SendCommand", InstanceIds=[instance], Comment="amid 1",
                             DocumentName="AWS-RunShellScript", Parameters={"commands": ["true"]})
    command = ours["output"]["Command"]
    assert command["CommandId"] == theirs["Command"]["CommandId"]
    assert command["Comment"] == "amid 1"
    assert command["InstanceIds"] == [instance]
    assert command["RequestedDateTime"] == int(theirs["Command"]["RequestedDateTime"].timestamp())
    _, ours = moto.read("ssm", "GetCommandInvocation", CommandId=command["CommandId"],
                        InstanceId=instance)
    assert ours["output"]["Status"] == "Success"
    _, ours = moto.read("ssm", "ListCommands", CommandId=command["CommandId"])
    assert [one["Comment"] for one in ours["output"]["Commands"]] == ["amid 1"]
    theirs, ours = moto.read("ssm", "GetCommandInvocation", CommandId="0" * 36, InstanceId=instance)
    assert ours["code"] == theirs["Error"]["Code"] and ours["message"] == theirs["Error"]["Message"]


def test_target_groups_of_moto(moto):
    ec2, elb = moto.client("ec2"), moto.client("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    image = ec2.register_image(Name="golden", RootDeviceName="/dev/xvda")["ImageId"]
    instance = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    group = elb.create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId=vpc)
    arn = group["TargetGroups"][0]["TargetGroupArn"]
    target = {"Id": instance, "Port": 8080}
    assert "code" not in moto.read("elasticloadbalancing", "RegisterTargets", TargetGroupArn=arn,
                                   Targets=[target])[1]
    _, ours = moto.read("elasticloadbalancing", "DescribeTargetGroups")
    [one] = at(ours["output"], ["DescribeTargetGroupsResult", "TargetGroups", "member"])
    assert (one["TargetGroupArn"], one["TargetType"]) == (arn, "instance")
    _, ours = moto.read("elasticloadbalancing", "DescribeTargetHealth", TargetGroupArn=arn)
    [one] = at(ours["output"], ["DescribeTargetHealthResult", "TargetHealthDescriptions", "member"])
    assert one["Target"] == target
    assert one["TargetHealth"]["State"] == "healthy"
    assert "code" not in moto.read("elasticloadbalancing", "DeregisterTargets", TargetGroupArn=arn,
                                   Targets=[target])[1]
    theirs, ours = moto.read("elasticloadbalancing", "DescribeTargetHealth", TargetGroupArn=arn + "x")
    assert ours["code"] == theirs["Error"]["Code"] == "TargetGroupNotFound"


def test_standby_of_moto(moto):
    ec2, scaling = moto.client("ec2"), moto.client("autoscaling")
    image = ec2.register_image(Name="golden", RootDeviceName="/dev/xvda")["ImageId"]
    scaling.create_launch_configuration(LaunchConfigurationName="web", ImageId=image,
                                        InstanceType="m5.large")
    scaling.create_auto_scaling_group(AutoScalingGroupName="web", LaunchConfigurationName="web",
                                      MinSize=0, MaxSize=3, DesiredCapacity=2,
                                      AvailabilityZones=["us-east-1a"])
    scaling.suspend_processes(AutoScalingGroupName="web", ScalingProcesses=["HealthCheck"])
    _, ours = moto.read("autoscaling", "DescribeAutoScalingGroups", AutoScalingGroupNames=["web"])
    [group] = at(ours["output"], ["DescribeAutoScalingGroupsResult", "AutoScalingGroups", "member"])
    assert (group["MaxSize"], group["DesiredCapacity"]) == (3, 2)
    assert at(group, ["SuspendedProcesses", "member", "ProcessName"]) == ["HealthCheck"]
    theirs, ours = moto.read("autoscaling", "DescribeAutoScalingInstances")
    members = at(ours["output"], ["DescribeAutoScalingInstancesResult", "AutoScalingInstances",
                                  "member"])
    assert [one["InstanceId"] for one in members] == [
        one["InstanceId"] for one in theirs["AutoScalingInstances"]]
    assert {one["LifecycleState"] for one in members} == {"InService"}
    for action, state, more in (
        ("EnterStandby", "Standby", {"ShouldDecrementDesiredCapacity": True}),
        ("ExitStandby", "InService", {}),
    ):
        moto.read("autoscaling", action, AutoScalingGroupName="web",
                  InstanceIds=[members[0]["InstanceId"]], **more)
        _, ours = moto.read("autoscaling", "DescribeAutoScalingInstances",
                            InstanceIds=[members[0]["InstanceId"]])
        [one] = at(ours["output"], ["DescribeAutoScalingInstancesResult", "AutoScalingInstances",
                                    "member"])
        assert one["LifecycleState"] == state
