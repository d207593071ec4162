"""ec2sim under boto3: the program, clients of it, and what tests of it ask again and again.

Every reply that passes through a client here is also held against botocore's model of EC2: an element
the model does not know would be dropped by boto3 without a word, so it is an error.
"""

import json
import os
import subprocess
import xml.etree.ElementTree as xml

import boto3
import pytest
import simulated
from botocore.config import Config
from botocore.exceptions import ClientError
from harness import BUILD

# EC2SIM names another program, such as one under valgrind.
PROGRAM = os.environ.get("EC2SIM", str(BUILD / "ec2sim"))
BASE_IMAGE = "ami-00000000000000001"

# What takes time takes exactly so long, and nothing lags, unless a test says so.
EXACT = {
    "launch": 10, "boot": 30, "shutdown": 10, "reboot-queue": 0, "stop": 20, "terminate": 20,
    "check-period": 60, "check-patience": 300, "snapshot-start": 0, "snapshot": 100,
    "snapshot-per-gib": 0, "snapshot-spacing": 0, "snapshot-free": 0, "image": 10, "image-gone": 0,
    "name-free": 0, "visible": 0, "terminated-shown": 3600,
    "target-healthy": 20, "target-unhealthy": 20, "standby": 10, "scaling-health": 100,
    "agent-start": 5, "agent-lost": 300, "command-visible": 2, "command-delivery": 1, "command": 3,
}  # fmt: skip


# ---- replies against the model ----


def _members(shape):
    """Element name -> shape, as the ec2 and query protocols write them."""
    return {member.serialization.get("name", name): member for name, member in shape.members.items()}


def _local(element):
    return element.tag.rsplit("}", 1)[-1]


def check_element(element, shape, path):
    if shape.type_name == "structure":
        known = _members(shape)
        for child in element:
            assert _local(child) in known, f"{path}/{_local(child)} is not in the model"
            check_element(child, known[_local(child)], f"{path}/{_local(child)}")
        missing = set(shape.required_members) - {
            name for name, member in shape.members.items()
            if member.serialization.get("name", name) in {_local(child) for child in element}
        }  # fmt: skip
        assert not missing, f"{path} lacks {missing}"
    elif shape.type_name == "list":
        for child in element:
            assert _local(child) == shape.member.serialization.get("name", "member"), path
            check_element(child, shape.member, f"{path}[]")
    elif shape.type_name == "boolean":
        assert element.text in ("true", "false"), path
    elif shape.type_name in ("integer", "long"):
        int(element.text)
    elif shape.type_name == "string" and getattr(shape, "enum", None):
        assert element.text in shape.enum, f"{path} is {element.text}"


def check_json(value, shape, path):
    if shape.type_name == "structure":
        assert set(value) <= set(shape.members), f"{path}: {set(value) - set(shape.members)}"
        for key, part in value.items():
            check_json(part, shape.members[key], f"{path}/{key}")
    elif shape.type_name == "list":
        for part in value:
            check_json(part, shape.member, f"{path}[]")
    elif shape.type_name == "string":
        assert isinstance(value, str), path
        assert value in (getattr(shape, "enum", None) or [value]), f"{path} is {value}"
    else:
        wanted = {"boolean": bool, "integer": int, "timestamp": (int, float)}[shape.type_name]
        assert isinstance(value, wanted), path


def check_reply(operation_model, response_dict, **_):
    if response_dict["status_code"] != 200 or not response_dict["body"]:
        return
    if operation_model.service_model.metadata["protocol"] == "json":
        try:
            value = json.loads(response_dict["body"])
        except ValueError:
            return  # cut off on purpose
        check_json(value, operation_model.output_shape, operation_model.name)
        return
    try:
        root = xml.fromstring(response_dict["body"])
    except xml.ParseError:
        return  # cut off on purpose
    name = operation_model.name
    assert _local(root) == f"{name}Response"
    body = [child for child in root if _local(child) not in ("requestId", "ResponseMetadata")]
    shape = operation_model.output_shape
    if shape is None:  # actions without a modelled answer say true
        assert [(_local(child), child.text) for child in body] == [("return", "true")]
        return
    if "resultWrapper" in shape.serialization:
        [result] = body
        assert _local(result) == shape.serialization["resultWrapper"]
        body = list(result)
    whole = xml.Element(name)
    whole.extend(body)
    check_element(whole, shape, name)


# ---- the program ----


class Sim(simulated.Sim):
    """Without keys it takes every signature; it must say nothing but its port."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        self.port = int(line)
        self.url = f"http://127.0.0.1:{self.port}"

    def close(self):
        self.process.terminate()
        _, errors = self.process.communicate(timeout=20)
        assert (self.process.returncode, errors) == (0, "")

    def client(self, service="ec2", region="us-east-1", key="AKIDANY", secret="any", timeout=20):
        client = boto3.client(
            service, region_name=region, endpoint_url=self.url, aws_access_key_id=key,
            aws_secret_access_key=secret,
            config=Config(retries={"total_max_attempts": 1}, read_timeout=timeout, parameter_validation=False),
        )  # fmt: skip
        client.meta.events.register(f"before-parse.{service}", check_reply)
        return client

    def get(self, what):
        return self.call("GET", f"/sim/{what}")

    def advance(self, seconds):
        return self.post("clock", advance=seconds)["time"]


@pytest.fixture
def sim():
    sim = Sim("--no-buckets")
    sim.post("config", timeline=EXACT)
    yield sim
    sim.close()


@pytest.fixture
def ec2(sim):
    return sim.client()


def code_of(call, *arguments, **parameters):
    with pytest.raises(ClientError) as caught:
        call(*arguments, **parameters)
    error = caught.value.response
    assert error["Error"]["Message"]
    assert error["ResponseMetadata"]["RequestId"].count("-") == 4
    return error["Error"]["Code"]


def image_of(ec2, image):
    return ec2.describe_images(ImageIds=[image])["Images"][0]


def check_of(ec2, instance):
    statuses = ec2.describe_instance_status(InstanceIds=[instance], IncludeAllInstances=True)
    return statuses["InstanceStatuses"][0]["InstanceStatus"]["Status"]


def state_of(ec2, instance):
    return ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]["State"]["Name"]


def make_image(sim, ec2, instance, name="an-image", **more):
    image = ec2.create_image(InstanceId=instance, Name=name, NoReboot=True, **more)["ImageId"]
    sim.advance(120)
    assert image_of(ec2, image)["State"] == "available"
    return image
