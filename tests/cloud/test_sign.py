"""Our signer beside botocore's, over random requests."""

import datetime
import json
import os
import pathlib
import random
import string
import subprocess
from unittest import mock
from urllib.parse import quote

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ROOT = pathlib.Path(__file__).resolve().parents[2]
REQUESTS = 500


def tool(name):
    folder = os.environ.get("AMID_BUILD")
    if not folder:
        folder = ROOT / os.environ.get("AMID_B", "build/release") / "tests/tools"
    path = pathlib.Path(folder) / name
    if not path.exists():
        pytest.fail(f"{path} is missing: run make tools")
    return path


def word(source, letters=string.ascii_letters + string.digits, least=1, most=20):
    return "".join(source.choice(letters) for _ in range(source.randint(least, most)))


def path(source):
    parts = [source.choice(["", ".", "..", "a b", "%41", "x~y", "ü", "a+b", word(source)])
             for _ in range(source.randint(0, 5))]
    # botocore joins host and target to a URL: a target of two slashes would be another host.
    return ("/" + "/".join(quote(part, safe="%+~ ") for part in parts)).replace(" ", "%20")


def query(source):
    any_text = string.printable[:95] + "äß€"
    pairs = [(word(source, any_text, 1, 8), word(source, any_text, 0, 12))
             for _ in range(source.randint(0, 6))]
    return "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in pairs)


def header_value(source):
    value = word(source, string.ascii_letters + "   ,;=/\t", 0, 30)
    return value.replace("\t", " ")


def request(source):
    host = f"{word(source, string.ascii_lowercase)}.example.com"
    headers = [["Host", host], ["Content-Type", "application/x-www-form-urlencoded; charset=utf-8"]]
    headers += [[f"X-Extra-{i}-{word(source)}", header_value(source)]
                for i in range(source.randint(0, 4))]
    target = path(source)
    arguments = query(source)
    return {
        "access_key": word(source, string.ascii_uppercase, 16, 20),
        "secret": word(source, string.ascii_letters + "+/", 30, 40),
        "token": source.choice([None, word(source, string.ascii_letters + "+/=", 50, 400)]),
        "region": source.choice(["us-east-1", "cn-north-1", "ap-northeast-2"]),
        "service": source.choice(["ec2", "sts", "ssm"]),
        "time": source.randint(0, 4_000_000_000),
        "method": source.choice(["GET", "POST", "PUT"]),
        "target": f"{target}?{arguments}" if arguments else target,
        "headers": headers,
        "body": word(source, string.printable + "äß€", 0, 200),
    }


def theirs(asked):
    host = asked["headers"][0][1]
    made = AWSRequest(
        method=asked["method"],
        url=f"https://{host}{asked['target']}",
        headers=dict(asked["headers"][1:]),
        data=asked["body"].encode(),
    )
    now = datetime.datetime.fromtimestamp(asked["time"], datetime.timezone.utc)
    keys = Credentials(asked["access_key"], asked["secret"], asked["token"])
    with mock.patch.object(botocore.auth, "get_current_datetime",
                           lambda remove_tzinfo=True: now.replace(tzinfo=None)):
        botocore.auth.SigV4Auth(keys, asked["service"], asked["region"]).add_auth(made)
    return made.headers["Authorization"]


@pytest.mark.parametrize("seed", range(4))
def test_botocore_signs_the_same(seed):
    source = random.Random(seed)
    asked = [request(source) for _ in range(REQUESTS)]
    done = subprocess.run(
        [tool("sign")],
        input="".join(json.dumps(one) + "\n" for one in asked).encode(),
        capture_output=True,
        check=True,
        timeout=60,
    )
    ours = done.stdout.decode().splitlines()
    assert len(ours) == len(asked)
    for one, authorization in zip(asked, ours):
        assert authorization == theirs(one), json.dumps(one, indent=1)
