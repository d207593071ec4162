"""The instance metadata service as EC2 has it: tokens enforced, keys that are valid in moto."""

import http.server
import json
import threading
import time
import uuid

ROLE = "amid-test"


class Imds:
    """`keys` is an (access key, secret, session token or None) that moto knows."""

    def __init__(self, keys, region="us-east-1", lifetime=3600):
        self.keys = keys
        self.region = region
        self.lifetime = lifetime  # of the credentials it hands out, in seconds
        self.tokens = {}  # token -> when it ends
        self.log = []  # (method, path, status)
        self.broken = False  # answers 500 to everything
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.imds = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def token(self, headers):
        """PUT /latest/api/token: a lifetime between 1 and 21600 s must be asked for."""
        asked = headers.get("X-aws-ec2-metadata-token-ttl-seconds", "")
        if not asked.isdigit() or not 1 <= int(asked) <= 21600:
            return (400, "")
        token = uuid.uuid4().hex
        self.tokens[token] = time.monotonic() + int(asked)
        return (200, token)

    def data(self, path, headers):
        token = headers.get("X-aws-ec2-metadata-token", "")
        if self.tokens.get(token, 0) < time.monotonic():
            return (401, "")
        paths = {
            "/latest/meta-data/iam/security-credentials/": ROLE,
            f"/latest/meta-data/iam/security-credentials/{ROLE}": self.credentials(),
            "/latest/meta-data/placement/region": self.region,
            "/latest/dynamic/instance-identity/document": json.dumps({"region": self.region}),
        }
        return (200, paths[path]) if path in paths else (404, "")

    def credentials(self):
        access, secret, session = self.keys
        form = "%Y-%m-%dT%H:%M:%SZ"
        return json.dumps(
            {
                "Code": "Success",
                "LastUpdated": time.strftime(form, time.gmtime()),
                "Type": "AWS-HMAC",
                "AccessKeyId": access,
                "SecretAccessKey": secret,
                "Token": session,
                "Expiration": time.strftime(form, time.gmtime(time.time() + self.lifetime)),
            }
        )


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def _answer(self, status, text):
        imds = self.server.imds
        if imds.broken:
            status, text = 500, ""
        imds.log.append((self.command, self.path, status))
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def do_PUT(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        known = self.path == "/latest/api/token"
        self._answer(*(self.server.imds.token(self.headers) if known else (404, "")))

    def do_GET(self):
        self._answer(*self.server.imds.data(self.path, self.headers))
