"""amid and botocore, given the same environment and files, come to the same credentials, region and
endpoints. The rows are in credential_rows.py."""

import json
import os
import subprocess

import botocore.credentials
import botocore.exceptions
import botocore.loaders
import botocore.session
import botocore.tokens
import pytest
from credential_rows import CORP_FILE, PROFILES, ROWS, Row, session
from harness import BUILD
from sources import Sources

TOOL = next(
    path
    for path in (BUILD / "tests/tools/whoami", BUILD / "release/tests/tools/whoami")
    if path.exists()
)
LOADER = botocore.loaders.Loader(include_default_search_paths=True)


@pytest.fixture(scope="module")
def sources():
    sources = Sources()
    yield sources
    sources.close()


def amids(row, env):
    command = [str(TOOL)] + ([row.profile] if row.profile else [])
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=True)
    assert "Sanitizer" not in done.stderr, done.stderr
    return json.loads(done.stdout)


# As in a signature, and what botocore calls it, with an operation that takes no arguments.
SERVICES = {
    "ec2": ("ec2", "DescribeRegions"),
    "sts": ("sts", "GetCallerIdentity"),
    "ssm": ("ssm", "DescribeInstanceInformation"),
    "elasticloadbalancing": ("elbv2", "DescribeTargetGroups"),
    "autoscaling": ("autoscaling", "DescribeAutoScalingGroups"),
}


def botocores(row, env, monkeypatch):
    for name in list(os.environ):
        monkeypatch.delenv(name)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    for provider in (botocore.credentials.SSOProvider, botocore.tokens.SSOTokenProvider):
        cache = os.path.expanduser("~/.aws/sso/cache")  # botocore asks for the home only once
        monkeypatch.setattr(provider, "_SSO_TOKEN_CACHE_DIR", cache)
    answer = dict.fromkeys(("access_key", "secret", "token", "region", *SERVICES, "ca_bundle"))
    session = botocore.session.Session(profile=row.profile)
    session.register_component("data_loader", LOADER)
    try:
        answer["region"] = session.get_config_variable("region")
        answer["ca_bundle"] = session.get_config_variable("ca_bundle")
        found = session.get_credentials()
        found = found and found.get_frozen_credentials()
        if found:
            answer |= {"access_key": found.access_key, "secret": found.secret_key}
            answer["token"] = found.token
    except (botocore.exceptions.BotoCoreError, OSError, ValueError):
        pass
    return answer, session


class Sent(Exception):
    """In place of a request of botocore's: what would go out."""


def endpoint(session, service, region):
    """Where botocore sends an operation of the service, and the region it signs it for."""
    name, operation = SERVICES[service]

    def stop(request, **_):
        raise Sent(request)

    try:
        client = session.create_client(
            name, region_name=region, aws_access_key_id="a", aws_secret_access_key="b"
        )
        client.meta.events.register("before-send", stop)
        getattr(client, botocore.xform_name(operation))()
    except Sent as sent:
        [request] = sent.args
        scope = request.headers["Authorization"].decode().partition("Credential=")[2]
        return request.url.rstrip("/"), scope.split("/")[2]
    except (botocore.exceptions.BotoCoreError, ValueError, OSError):
        pass
    return None, None


def test_enough_rows():
    assert len(ROWS) >= 200
    assert len({row.name for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_same_as_botocore(row, sources, tmp_path, monkeypatch):
    env = row.write(tmp_path, sources.url)
    for name in row.files:
        if name == "a program":
            (tmp_path / name).chmod(0o755)
    ours = amids(row, env)
    row.write(tmp_path, sources.url)  # what one has renewed, the other renews again
    theirs, session = botocores(row, env, monkeypatch)
    for service in SERVICES:
        ours[service] = (ours.get(service) or "").rstrip("/") or None
        if theirs["region"]:
            theirs[service], signed_for = endpoint(session, service, theirs["region"])
            if service == "sts" and signed_for:
                theirs["signed_for"] = signed_for
        if theirs[service] is None and not row.name.startswith("endpoint-"):
            del theirs[service]  # without credentials botocore does not say
    if row.differs:
        assert {key: ours[key] for key in row.ours} == row.ours, ours
        assert {key: theirs[key] for key in row.ours} != row.ours, "it differs no more"
        return
    assert {key: ours[key] for key in theirs} == theirs, ours["error"]


def test_a_renewed_session_is_kept(sources, tmp_path, monkeypatch):
    """What amid writes into the cache is what botocore goes on with, and what it kept from others."""
    row = Row("kept", config=PROFILES, profile="sso",
              files={CORP_FILE: session(-600, somethingElse="stays")})
    env = row.write(tmp_path, sources.url)
    ours = amids(row, env)
    assert ours["access_key"] and ours["account"] == "111122223333"
    file = tmp_path / CORP_FILE
    kept = json.loads(file.read_text())
    assert kept["refreshToken"] == "more+" and kept["somethingElse"] == "stays"
    assert kept["clientSecret"] == "client's secret"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    renewals = [request for request in sources.log if request[1] == "/token"]
    theirs, _ = botocores(row, env, monkeypatch)
    assert theirs["access_key"] == ours["access_key"]
    assert [request for request in sources.log if request[1] == "/token"] == renewals


@pytest.mark.parametrize(
    "name, text, says",
    [
        ("ended", session(-600, refresh=None), "the session has ended"),
        ("refused", session(-600, refresh="bad"), "HTTP 400, invalid_grant: Invalid refresh token"),
        ("nothing", None, "No such file or directory"),
        ("broken", "{", "it holds no token"),
    ],
)
def test_a_session_that_cannot_be_renewed(name, text, says, sources, tmp_path):
    row = Row(name, config=PROFILES, profile="sso", files={CORP_FILE: text} if text else {})
    error = amids(row, row.write(tmp_path, sources.url))["error"]
    assert says in error and f"{CORP_FILE}: " in error
    assert error.endswith("run `aws sso login --profile sso`")
