"""Everything that hands out credentials, on one port: STS, the portal of single sign-on, the agent of
a container and the instance metadata service. The access key it gives tells what it was asked and by
whom, so that two who get the same key have asked for the same."""

import hashlib
import http.server
import json
import threading
import urllib.parse

# Chosen by the client where nobody says so, hence no part of what has to be equal.
OWN_WORDS = ("amid", "botocore-session-")


class Sources:
    def __init__(self):
        self.log = []  # what was asked
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.sources = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


def key_of(*words):
    return "ASIA" + hashlib.sha256(repr(words).encode()).hexdigest()[:16].upper()


def _signer(headers):
    """(access key, region) of a signed request, or nobody."""
    scope = headers.get("Authorization", "").partition("Credential=")[2].split(",")[0].split("/")
    return (scope[0], scope[2]) if len(scope) == 5 else ("nobody", "nowhere")


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def _answer(self, status, body, kind="application/json"):
        body = body.encode()
        self.server.sources.log.append((self.command, self.path, status))
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self):
        known = self.path == "/latest/api/token"
        self._answer(200 if known else 404, "imds-token" if known else "", "text/plain")

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        role = "/latest/meta-data/iam/security-credentials/"
        if self.path == role and self.headers.get("X-aws-ec2-metadata-token") == "imds-token":
            self._answer(200, "the-role", "text/plain")
        elif self.path == role + "the-role":
            self._document("Token", key_of("imds"))
        elif url.path == "/container":
            self._document("Token", key_of("container", self.headers.get("Authorization")))
        elif url.path == "/federation/credentials":
            token = self.headers.get("x-amz-sso_bearer_token")
            self._sso(key_of("sso", query["role_name"], query["account_id"], token))
        else:
            self._answer(404, "{}")

    def _document(self, token, key):
        document = {
            "Code": "Success",
            "AccessKeyId": key,
            "SecretAccessKey": "secret-of-" + key,
            token: "token-of-" + key,
            "Expiration": "2038-01-01T00:00:00Z",
        }
        self._answer(200, json.dumps(document))

    def _sso(self, key):
        credentials = {
            "accessKeyId": key,
            "secretAccessKey": "secret-of-" + key,
            "sessionToken": "token-of-" + key,
            "expiration": 2145916800000,
        }
        self._answer(200, json.dumps({"roleCredentials": credentials}))

    def _renew(self, asked):
        """CreateToken of single sign-on; `bad` refresh tokens are refused."""
        if "bad" in asked["refreshToken"]:
            refused = {"error": "invalid_grant", "error_description": "Invalid refresh token"}
            self._answer(400, json.dumps(refused))
            return
        token = {"accessToken": key_of("renewed", sorted(asked.items())), "expiresIn": 3600}
        if "once" not in asked["refreshToken"]:
            token["refreshToken"] = asked["refreshToken"] + "+"
        self._answer(200, json.dumps({**token, "tokenType": "Bearer"}))

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path == "/token":
            self._renew(json.loads(body))
            return
        form = dict(urllib.parse.parse_qsl(body))
        action = form.pop("Action")
        form.pop("Version")
        if form["RoleSessionName"].startswith(OWN_WORDS):
            form.pop("RoleSessionName")
        key = key_of(action, sorted(form.items()), _signer(self.headers))
        self._answer(
            200,
            f'<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
            f"<{action}Result><Credentials><AccessKeyId>{key}</AccessKeyId>"
            f"<SecretAccessKey>secret-of-{key}</SecretAccessKey>"
            f"<SessionToken>token-of-{key}</SessionToken>"
            "<Expiration>2038-01-01T00:00:00Z</Expiration></Credentials><AssumedRoleUser>"
            "<Arn>arn:aws:sts::111122223333:assumed-role/r/s</Arn>"
            "<AssumedRoleId>A:s</AssumedRoleId></AssumedRoleUser>"
            f"</{action}Result><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>"
            f"</{action}Response>",
            "text/xml",
        )
