"""Environments with credentials in them, for test_credentials.py. Where amid differs from botocore on
purpose, the row says why."""

import datetime
import hashlib
import itertools
import json
import os

import botocore.args
from sources import key_of

KEYS = "aws_access_key_id = {0}\naws_secret_access_key = secret-{0}\n"
ROLE = "arn:aws:iam::111122223333:role/"


class Row:
    """An environment. `differs`: why amid's answer is another one, and `ours`, what it is then."""

    def __init__(self, name, env=(), credentials="", config="", profile=None, **more):
        self.name = name
        self.env = dict(env)
        self.credentials = credentials
        self.config = config
        self.profile = profile
        self.files = more.get("files", {})  # below the home folder
        self.differs = more.get("differs")
        self.ours = more.get("ours")
        self.imds = more.get("imds", False)

    def write(self, home, url):
        self.files = {
            ".aws/credentials": self.credentials,
            ".aws/config": self.config,
            **self.files,
        }
        for name, text in self.files.items():
            path = home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace("HOME", str(home)).replace("URL", url))
        env = {"HOME": str(home), "PATH": os.environ["PATH"]}
        env["AWS_EC2_METADATA_DISABLED"] = "false" if self.imds else "true"
        env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = url
        env["AWS_ENDPOINT_URL_STS"] = env["AWS_ENDPOINT_URL_SSO"] = url
        env["AWS_ENDPOINT_URL_SSO_OIDC"] = url
        for name, value in self.env.items():
            env.pop(name, None)
            if value is not None:
                env[name] = value.replace("HOME", str(home)).replace("URL", url)
        return env


# ---- every set of sources that may be there together --------------------------------------------

SSO_FILE = ".aws/sso/cache/" + hashlib.sha1(b"https://start/").hexdigest() + ".json"
CORP_FILE = ".aws/sso/cache/" + hashlib.sha1(b"corp").hexdigest() + ".json"
SSO_TOKEN = json.dumps({"accessToken": "bearer", "expiresAt": "2038-01-01T00:00:00Z"})
PROCESS = (
    "credential_process = /bin/echo '{\"Version\": 1, \"AccessKeyId\": \"PROCESS\", "
    '"SecretAccessKey": "s p", "SessionToken": "t"}\'\n'
)
SETUPS = {
    "environment": {"env": {"AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "s"}},
    "role": {"config": f"role_arn = {ROLE}a\ncredential_source = EcsContainer\n"},
    "web": {
        "env": {"AWS_WEB_IDENTITY_TOKEN_FILE": "HOME/token", "AWS_ROLE_ARN": ROLE + "w"},
        "files": {"token": "web-token"},
    },
    "sso": {
        "config": "sso_account_id = 111122223333\nsso_role_name = r\nsso_region = us-east-1\n"
        "sso_start_url = https://start/\n",
        "files": {SSO_FILE: SSO_TOKEN},
    },
    "credentials-file": {"credentials": KEYS.format("SHARED")},
    "process": {"config": PROCESS},
    "config-file": {"config": KEYS.format("CONFIG")},
    "container": {"env": {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "URL/container"}},
}


def subsets():
    for picks in itertools.product((False, True), repeat=len(SETUPS)):
        names = [name for name, pick in zip(SETUPS, picks) if pick]
        row = Row("+".join(names) or "nothing", {"AWS_DEFAULT_REGION": "eu-west-1"})
        config = "".join(SETUPS[name].get("config", "") for name in names)
        row.config = "[default]\n" + config
        row.imds = "container" not in names  # the last one wins the rest
        for name in names:
            row.env |= SETUPS[name].get("env", {})
            row.files |= SETUPS[name].get("files", {})
            if "credentials" in SETUPS[name]:
                row.credentials = "[default]\n" + SETUPS[name]["credentials"]
        yield row


# ---- one thing at a time -------------------------------------------------------------------------

PROFILES = f"""
[default]
region = eu-north-1
[profile plain]
{KEYS.format("PLAIN")}region = ap-south-1
[profile session]
{KEYS.format("SESSION")}aws_session_token = token
[profile role]
role_arn = {ROLE}one
source_profile = plain
region = sa-east-1
external_id = x:1
role_session_name = me
duration_seconds = 1800
[profile chain]
role_arn = {ROLE}two
source_profile = role
[profile chain3]
role_arn = {ROLE}three
source_profile = chain
[profile own]
role_arn = {ROLE}own
source_profile = own
{KEYS.format("OWN")}
[profile own-chain]
role_arn = {ROLE}x
source_profile = own
[profile self]
role_arn = {ROLE}self
source_profile = self
[profile loop-a]
role_arn = {ROLE}a
source_profile = loop-b
[profile loop-b]
role_arn = {ROLE}b
source_profile = loop-a
[profile no-source]
role_arn = {ROLE}a
[profile two-sources]
role_arn = {ROLE}a
source_profile = plain
credential_source = Environment
[profile lost]
role_arn = {ROLE}a
source_profile = nobody
[profile from-env]
role_arn = {ROLE}e
credential_source = Environment
[profile from-imds]
role_arn = {ROLE}i
credential_source = Ec2InstanceMetadata
[profile from-box]
role_arn = {ROLE}c
credential_source = EcsContainer
[profile from-nowhere]
role_arn = {ROLE}c
credential_source = Nowhere
[profile from-empty]
role_arn = {ROLE}c
source_profile = empty
[profile empty]
output = json
[profile web]
role_arn = {ROLE}web
web_identity_token_file = HOME/token
role_session_name = web-me
[profile from-web]
role_arn = {ROLE}fw
source_profile = web
[profile process]
{PROCESS}
[profile from-process]
role_arn = {ROLE}fp
source_profile = process
[profile process-fails]
credential_process = /bin/false
[profile process-v2]
credential_process = /bin/echo '{{"Version": 2, "AccessKeyId": "A", "SecretAccessKey": "B"}}'
[profile process-text]
credential_process = /bin/echo hello
[profile process-missing]
credential_process = /nonexistent/program
[profile process-quoted]
credential_process = "HOME/a program" 'first $HOME' second\\ word "th\\"ird"
[profile process-shell]
credential_process = /bin/echo '{{"Version":1,"AccessKeyId":"$PATH;id","SecretAccessKey":"`id`"}}'
[profile half]
aws_access_key_id = HALF
[profile "two words"]
{KEYS.format("WORDS")}
[profile sso]
sso_session = corp
sso_account_id = 111122223333
sso_role_name = r
[profile sso-lost]
sso_session = nobody
sso_account_id = 111122223333
sso_role_name = r
[profile sso-half]
sso_account_id = 111122223333
[profile from-sso]
role_arn = {ROLE}fs
source_profile = old-sso
[profile old-sso]
sso_account_id = 111122223333
sso_role_name = r
sso_region = us-east-1
sso_start_url = https://start/
[sso-session corp]
sso_region = us-east-1
sso_start_url = https://start/
[profile empty-value]
aws_access_key_id =
region =
[profile UPPER]
AWS_ACCESS_KEY_ID = UPPER
Aws_Secret_Access_Key = s
[profile cn]
role_arn = arn:aws-cn:iam::111122223333:role/c
source_profile = plain
region = cn-north-1
"""
CN_ASKED = (
    "AssumeRole",
    [("RoleArn", "arn:aws-cn:iam::111122223333:role/c")],
    ("PLAIN", "cn-north-1"),
)
PROGRAM = """#!/bin/sh
printf '{"Version": 1, "AccessKeyId": "%s|%s|%s", "SecretAccessKey": "s"}' "$1" "$2" "$(echo "$3" | tr '"' q)"
"""


def profile_rows():
    names = [
        line.split()[1].rstrip("]") for line in PROFILES.splitlines() if line.startswith("[profile")
    ]
    names = [name for name in names if name != '"two'] + ["two words", "default", "nobody"]
    region = {"AWS_DEFAULT_REGION": "us-west-2"}
    box = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "URL/container"}
    keys = {"AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "s"}
    for name in names:
        for how, env, profile in (
            ("variable", region | {"AWS_PROFILE": name}, None),
            ("default-variable", region | {"AWS_DEFAULT_PROFILE": name}, None),
            ("explicit", region, name),
            ("explicit-with-keys", region | keys | {"AWS_PROFILE": "plain"}, name),
            ("variable-with-box", region | box | {"AWS_PROFILE": name}, None),
        ):
            differs, ours = None, {}
            if name == "cn":
                differs = "a role of another partition can be taken only there"
                ours = {"access_key": key_of(*CN_ASKED)}
            if name == "empty-value" and how.startswith("variable"):
                differs = "an empty value is none, in files as in the environment"
                asked = ("imds",) if how == "variable" else ("container", None)
                ours = {"access_key": key_of(*asked)}
            yield Row(
                f"profile-{name}-{how}",
                env,
                config=PROFILES,
                profile=profile,
                differs=differs,
                ours=ours,
                imds=how == "variable",
                files={"token": "web-token", "a program": PROGRAM, SSO_FILE: SSO_TOKEN,
                       CORP_FILE: SSO_TOKEN},
            )


K = {"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "B"}


def single_rows():
    yield Row("env-token", K | {"AWS_SESSION_TOKEN": "T"})
    yield Row("env-old-token", K | {"AWS_SECURITY_TOKEN": "T"})
    yield Row("env-empty-token", K | {"AWS_SESSION_TOKEN": ""})
    yield Row("env-empty-key", K | {"AWS_ACCESS_KEY_ID": ""}, ours={"access_key": None},
              credentials="[default]\n" + KEYS.format("S"),
              differs="a secret without its key is an accident, not a reason to be someone else")
    yield Row("env-no-secret", {"AWS_ACCESS_KEY_ID": "A"})
    yield Row("env-only-secret", {"AWS_SECRET_ACCESS_KEY": "B"})
    yield Row("env-expiration", K | {"AWS_CREDENTIAL_EXPIRATION": "2038-01-01T00:00:00Z"})
    yield Row("env-missing-profile", K | {"AWS_PROFILE": "nobody"}, config=PROFILES)
    yield Row("both-profiles", {"AWS_PROFILE": "plain", "AWS_DEFAULT_PROFILE": "own"},
              config=PROFILES, ours={"access_key": "PLAIN", "region": "ap-south-1"},
              differs="$AWS_PROFILE goes first, as in every SDK but botocore")
    yield Row("both-regions", K | {"AWS_REGION": "eu-west-3", "AWS_DEFAULT_REGION": "eu-west-2"},
              ours={"region": "eu-west-3", "ec2": "https://ec2.eu-west-3.amazonaws.com"},
              differs="$AWS_REGION is what every SDK but botocore reads")
    yield Row("files-merge", {"AWS_PROFILE": "m"}, "[m]\nregion = eu-west-1\n",
              "[profile m]\nregion = us-east-2\n" + KEYS.format("M"))
    yield Row("files-both-keys", {"AWS_PROFILE": "m"}, "[m]\n" + KEYS.format("C"),
              "[profile m]\n" + KEYS.format("M") + "aws_session_token = no\n")
    yield Row("file-not-there", {"AWS_CONFIG_FILE": "/nonexistent"}, "[default]\n" + KEYS.format("C"))
    yield Row("file-elsewhere", {"AWS_SHARED_CREDENTIALS_FILE": "HOME/else"},
              "[default]\n" + KEYS.format("NO"), files={"else": "[default]\n" + KEYS.format("E")})
    yield Row("file-tilde", {"AWS_SHARED_CREDENTIALS_FILE": "~/else"},
              files={"else": "[default]\n" + KEYS.format("E")})
    yield Row("comment-lines", credentials="# x\n[default]\n; y\n" + KEYS.format("C"))
    yield Row("crlf", credentials=("[default]\n" + KEYS.format("C")).replace("\n", "\r\n"))
    yield Row("colon", credentials="[default]\naws_access_key_id: A\naws_secret_access_key: B\n",
              ours={"access_key": None},
              differs="the grammar of the files knows no colons; that Python reads them is chance")
    yield Row("not-ini", config="hello\n")
    yield Row("profile-default", config="[profile default]\n" + KEYS.format("D"))
    yield Row("container-token", {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "URL/container",
                                  "AWS_CONTAINER_AUTHORIZATION_TOKEN": "tok"})
    yield Row("container-token-file", {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "URL/container",
                                       "AWS_CONTAINER_AUTHORIZATION_TOKEN": "no",
                                       "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "HOME/t"},
              files={"t": "from-file"})
    yield Row("container-token-newline", {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "URL/container",
                                          "AWS_CONTAINER_AUTHORIZATION_TOKEN": "a\r\nX: y"})
    yield Row("container-no-token-file", {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "URL/container",
                                          "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/nonexistent"})
    yield Row("container-elsewhere",
              {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://192.0.2.1/container"}, imds=True)
    yield Row("container-404", {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "URL/nothing"}, imds=True)
    yield Row("imds", imds=True)
    yield Row("imds-off")
    yield Row("web-no-role", {"AWS_WEB_IDENTITY_TOKEN_FILE": "HOME/token"}, files={"token": "web-token"})
    yield Row("web-no-file", {"AWS_WEB_IDENTITY_TOKEN_FILE": "HOME/token",
                              "AWS_ROLE_ARN": ROLE + "w"})
    yield Row("web-session", {"AWS_WEB_IDENTITY_TOKEN_FILE": "HOME/token", "AWS_ROLE_ARN": ROLE + "long-enough",
                              "AWS_ROLE_SESSION_NAME": "web-me", "AWS_DEFAULT_REGION": "us-east-1"},
              files={"token": "web-token"})
    yield Row("web-and-missing-keys", {"AWS_WEB_IDENTITY_TOKEN_FILE": "HOME/token",
                                       "AWS_ROLE_ARN": ROLE + "w", "AWS_ACCESS_KEY_ID": "A"},
              files={"token": "web-token"})
    yield Row("ca-variable", K | {"AWS_CA_BUNDLE": "/etc/ca.pem"}, config="[default]\nca_bundle = x\n")
    yield Row("ca-profile", K, config="[default]\nca_bundle = /etc/x.pem\n")


LEGACY_REGIONS = [r for r in botocore.args.LEGACY_GLOBAL_STS_REGIONS if r != "aws-global"]


def region_rows():
    regions = ("us-east-1", "ap-northeast-2", "mx-central-1", "us-gov-west-1", "cn-north-1",
               "eusc-de-east-1", "us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1",
               "us-isof-south-1", "xx-future-1")
    for region in regions:
        for fips, dual in itertools.product((None, "true"), repeat=2):
            env = K | {"AWS_DEFAULT_REGION": region, "AWS_ENDPOINT_URL_STS": None}
            env |= {"AWS_USE_FIPS_ENDPOINT": fips, "AWS_USE_DUALSTACK_ENDPOINT": dual}
            differs = ours = None
            if dual and region[:7] in ("eu-isoe", "us-isof"):
                differs = "botocore's older table of endpoints knows no dual-stack there yet"
                ours = {"region": region}
                ours["sts"] = "https://sts" + (
                    f"{'-fips' if fips else ''}.{region}."
                    + ("api.cloud-aws.adc-e.uk" if "isoe" in region else "api.aws.hci.ic.gov")
                )
            yield Row(f"endpoint-{region}-{fips}-{dual}", env, differs=differs, ours=ours)
    for region in (*LEGACY_REGIONS, "ap-northeast-2", "us-gov-west-1", "cn-north-1"):
        for value in ("legacy", "regional"):
            yield Row(f"endpoint-sts-{value}-{region}",
                      K | {"AWS_DEFAULT_REGION": region, "AWS_ENDPOINT_URL_STS": None,
                           "AWS_STS_REGIONAL_ENDPOINTS": value})
    plain = K | {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL_STS": None}
    services = (
        "[default]\nservices = s\nendpoint_url = https://all.example.com\n[services s]\n"
        "ec2 =\n  endpoint_url = https://ec2.example.com:8443/path\nsts =\n  region = x\n"
        "ssm =\n  endpoint_url = https://ssm.example.com\n"
        "elastic_load_balancing_v2 =\n  endpoint_url = https://elb.example.com\n"
        "auto_scaling =\n  endpoint_url = https://auto.example.com\n"
    )
    yield Row("endpoint-sts-empty-variable", plain | {"AWS_STS_REGIONAL_ENDPOINTS": ""},
              config="[default]\nsts_regional_endpoints = legacy\n",
              ours={"sts": "https://sts.amazonaws.com"},
              differs="an empty variable is none: the profile counts")
    yield Row("endpoint-sts-wrong", plain | {"AWS_STS_REGIONAL_ENDPOINTS": "Legacy"},
              ours={"sts": None, "ec2": "https://ec2.us-east-1.amazonaws.com"},
              differs="EC2 has nothing to do with it")
    for name, env, config in (
        ("all", {"AWS_ENDPOINT_URL": "https://h.example.com"}, ""),
        ("one", {"AWS_ENDPOINT_URL_EC2": "https://h.example.com"}, ""),
        ("both", {"AWS_ENDPOINT_URL": "https://h", "AWS_ENDPOINT_URL_EC2": "https://i"}, ""),
        ("ssm", {"AWS_ENDPOINT_URL_SSM": "https://h.example.com"}, ""),
        ("elb", {"AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2": "https://h.example.com"}, ""),
        ("autoscaling", {"AWS_ENDPOINT_URL_AUTO_SCALING": "https://h.example.com"}, ""),
        ("profile", {}, "[default]\nendpoint_url = https://h.example.com/x\n"),
        ("services", {}, services),
        ("services-and-all", {"AWS_ENDPOINT_URL": "https://h"}, services),
        ("services-and-one", {"AWS_ENDPOINT_URL_EC2": "https://h"}, services),
        ("services-missing", {}, "[default]\nservices = t\n"),
        ("ignored", {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, services),
        ("ignored-env", {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "TRUE",
                         "AWS_ENDPOINT_URL": "https://h"}, ""),
        ("ignored-profile", {"AWS_ENDPOINT_URL": "https://h"},
         "[default]\nignore_configured_endpoint_urls = true\n"),
        ("not-ignored", {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
                         "AWS_ENDPOINT_URL": "https://h"}, ""),
        ("fips-profile", {}, "[default]\nuse_fips_endpoint = true\n"),
        ("fips-false", {"AWS_USE_FIPS_ENDPOINT": "false"}, "[default]\nuse_fips_endpoint = true\n"),
        ("dual-profile", {}, "[default]\nuse_dualstack_endpoint = true\n"),
        ("sts-legacy-profile", {}, "[default]\nsts_regional_endpoints = legacy\n"),
        ("sts-regional-variable", {"AWS_STS_REGIONAL_ENDPOINTS": "regional"},
         "[default]\nsts_regional_endpoints = legacy\n"),
        ("sts-legacy-and-own", {"AWS_STS_REGIONAL_ENDPOINTS": "legacy",
                                "AWS_ENDPOINT_URL": "https://h"}, ""),
        ("sts-legacy-ignored", {"AWS_STS_REGIONAL_ENDPOINTS": "legacy",
                                "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
                                "AWS_ENDPOINT_URL": "https://h"}, ""),
        ("sts-legacy-fips", {"AWS_STS_REGIONAL_ENDPOINTS": "legacy",
                             "AWS_USE_FIPS_ENDPOINT": "true"}, ""),
        ("sts-legacy-dual", {"AWS_STS_REGIONAL_ENDPOINTS": "legacy",
                             "AWS_USE_DUALSTACK_ENDPOINT": "true"}, ""),
        ("fips-and-own", {"AWS_USE_FIPS_ENDPOINT": "true", "AWS_ENDPOINT_URL": "https://h"}, ""),
    ):
        yield Row(f"endpoint-{name}", plain | env, config=config)


def session(lasts, registered=3600, refresh="more", **more):
    """The file of a session; times are in seconds from now."""

    def after(seconds):
        now = datetime.datetime.now(datetime.timezone.utc)
        return (now + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")

    document = {
        "startUrl": "https://start/",
        "region": "us-east-1",
        "accessToken": "first",
        "expiresAt": after(lasts),
        "clientId": "client",
        "clientSecret": "client's secret",
        "registrationExpiresAt": after(registered),
        "refreshToken": refresh,
        **more,
    }
    return json.dumps({key: value for key, value in document.items() if value is not None})


def session_rows():
    for name, text in (
        ("lasts", session(3600)),
        ("ends-soon", session(600)),
        ("ends-after-the-window", session(960)),
        ("ended", session(-600)),
        ("ended-once", session(-600, refresh="once")),
        ("ended-no-refresh-token", session(-600, refresh=None)),
        ("ended-no-client", session(-600, clientId=None)),
        ("ended-no-secret", session(-600, clientSecret=None)),
        ("ended-registration-too", session(-600, registered=-60)),
        ("ended-registration-unknown", session(-600, registrationExpiresAt=None)),
        ("ended-refused", session(-600, refresh="bad")),
        ("ends-soon-refused", session(600, refresh="bad")),
        ("ends-soon-no-refresh-token", session(600, refresh=None)),
        ("no-token", session(600, accessToken=None)),
        ("no-end", session(600, expiresAt=None)),
    ):
        for profile, file in (("sso", CORP_FILE), ("old-sso", SSO_FILE), ("from-sso", SSO_FILE)):
            yield Row(f"session-{name}-{profile}", {"AWS_DEFAULT_REGION": "us-east-1"},
                      config=PROFILES, profile=profile, files={file: text})


ROWS = [*subsets(), *profile_rows(), *single_rows(), *region_rows(), *session_rows()]
