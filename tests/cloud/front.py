"""An EC2 endpoint for tests: moto in this process behind an HTTP/1.1 server of our own.

moto answers; the front keeps connections open, counts and records requests, checks them against
botocore's service model (independent of amid and of moto), and puts faults in the way. What moto
cannot do must never look like a fault of EC2: it is kept in `problems`, which fails the test.
"""

import http.server
import re
import socket
import socketserver
import threading
import time
import urllib.parse
import uuid
from dataclasses import dataclass, field

import botocore.loaders
import botocore.model
import jsonwire
import moto.backends  # noqa: F401  loads the index
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.test import EnvironBuilder, run_wsgi_app

EC2_MODEL = botocore.model.ServiceModel(
    botocore.loaders.Loader().load_service_model("ec2", "service-2"), "ec2"
)
ERROR_BODY = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error><Code>{code}</Code>'
    "<Message>{message}</Message></Error></Errors><RequestID>{id}</RequestID></Response>"
)
BAD_GATEWAY = b"<html><head><title>502 Bad Gateway</title></head><body></body></html>"


@dataclass
class Request:
    """One line of the request log."""

    action: str
    region: str
    params: dict  # of JSON services: the body, as it is
    access_key: str
    peer_port: int
    status: int = 0  # 0: the client got no (whole) answer
    code: str = ""  # of an error, EC2's or moto's
    request_id: str = ""
    fault: str = ""
    done: bool = False  # moto carried it out
    service: str = "ec2"  # as in the signature
    json: bool = False
    at: float = field(default_factory=time.monotonic)


@dataclass
class Fault:
    """The next `times` requests of `action` (any: "*") after `skip` others go wrong in this way."""

    action: str
    kind: str
    times: int = 1
    skip: int = 0
    region: str = ""
    code: str = "RequestLimitExceeded"
    message: str = "Request limit exceeded."
    status: int = 503
    seconds: float = 1.0
    call: object = None

    def takes(self, request):
        if self.action not in ("*", request.action) or self.region not in ("", request.region):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.times == 0:
            return False
        self.times -= 1
        return True


# kind -> is the request carried out all the same?
KINDS = {
    "error": False,  # an error of EC2: code, message, status
    "http500": False,  # no XML, no body
    "html502": False,  # a proxy's page
    "html-after": True,  # it happened, and a proxy's page with `status` comes instead of the answer
    "json-after": True,  # the same with the JSON of a proxy
    "reset-before": False,  # connection reset, nothing happened
    "reset-after": True,  # it happened, the answer is lost
    "truncated": True,  # the body is shorter than its Content-Length
    "cut-xml": True,  # a whole answer whose XML ends in the middle
    "slow": True,  # byte by byte over `seconds`
    "delay": True,  # answered after `seconds`
    "call-before": False,  # `call()` and nothing else: the client was killed, nothing happened
    "call-after": True,  # `call()` between the deed and its answer
}


def wire_name(shape, name):
    """The name of a member in an ec2 query: queryName, else locationName with a capital."""
    serialization = shape.serialization
    if "queryName" in serialization:
        return serialization["queryName"]
    name = serialization.get("name", name)
    return name[0].upper() + name[1:]


def unknown_parameter(shape, parts):
    """The first part of a flattened parameter name that `shape` does not have, or None."""
    while parts:
        if shape.type_name == "list":
            if not parts[0].isdigit() or parts[0] == "0":
                return parts[0]
            shape, parts = shape.member, parts[1:]
        elif shape.type_name == "structure":
            members = {wire_name(member, name): member for name, member in shape.members.items()}
            if parts[0] not in members:
                return parts[0]
            shape, parts = members[parts[0]], parts[1:]
        else:
            return parts[0]
    return None if shape.type_name not in ("list", "structure") else "(no value)"


def documented_filters(shape):
    """The filter names that the documentation of an action lists."""
    filters = shape.members.get("Filters")
    return set(re.findall(r"<li> <p> <code>([^<]+)</code>", filters.documentation)) if filters else set()


def check_request(params):
    """What is wrong with the parameters of an EC2 request, as text; "" when nothing is."""
    action = params.get("Action", "")
    if params.get("Version") != EC2_MODEL.api_version:
        return f"{action}: Version is {params.get('Version')!r}, not {EC2_MODEL.api_version}"
    if action not in EC2_MODEL.operation_names:
        return f"{action}: no such action of EC2"
    shape = EC2_MODEL.operation_model(action).input_shape
    for key in params:
        if key in ("Action", "Version"):
            continue
        wrong = unknown_parameter(shape, key.split(".")) if shape else key
        if wrong:
            return f"{action}: parameter {key} is not in the service model (at {wrong})"
    for key, value in params.items():
        if re.fullmatch(r"Filter\.\d+\.Name", key) and not value.startswith("tag:"):
            if value not in documented_filters(shape):
                return f"{action}: filter {value!r} is not in the documentation"
    for name in shape.required_members if shape else ():
        wire = wire_name(shape.members[name], name)
        if not any(key == wire or key.startswith(wire + ".") for key in params):
            return f"{action}: parameter {wire} is missing"
    return ""


class Front:
    """Starts serving at once on a free port of 127.0.0.1; `url` is the endpoint."""

    def __init__(self, timelines=None):
        self.timelines = timelines  # told of every request before moto answers it
        self.requests = []
        self.begun = []  # those that were read, answered or not
        self.problems = []
        self.faults = []
        self.date_ahead = 0  # seconds that the Date of answers is ahead of this machine's clock
        self.changed = threading.Condition()
        self._moto = threading.Lock()  # moto's models are not made for threads
        self._app = DomainDispatcherApplication(create_backend_app)
        self._servers = []
        self.url = self.listen("127.0.0.1")

    def close(self):
        for server, thread in self._servers:
            server.shutdown()
            server.server_close()
            thread.join()

    # ---- for tests ----

    def listen(self, host):
        """Serves on one more address of the loopback, a host of its own to clients; its URL."""
        server = _Server((host, 0), _Handler)
        server.front = self
        thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        thread.start()
        self._servers.append((server, thread))
        return f"http://{host}:{server.server_address[1]}"

    def fault(self, action, kind, **how):
        assert kind in KINDS, kind
        self.faults.append(Fault(action, kind, **how))

    def log(self, action=None, **params):
        """The requests of an action so far, those with these parameters only."""
        with self.changed:
            return [
                request
                for request in self.requests
                if action in (None, request.action)
                and all(request.params.get(key) == value for key, value in params.items())
            ]

    def count(self, action, **params):
        return len(self.log(action, **params))

    def taken(self, region):
        """The requests to a region that came in, also those that wait for an answer."""
        with self.changed:
            return [request for request in self.begun if request.region == region]

    # ---- for the handler ----

    def begin(self, request):
        with self.changed:
            self.begun.append(request)
            self.changed.notify_all()

    def take_fault(self, request):
        with self.changed:
            return next((fault for fault in self.faults if fault.takes(request)), None)

    def record(self, request):
        with self.changed:
            self.requests.append(request)
            self.changed.notify_all()

    def answer(self, request, headers, body):
        """Lets moto answer: (status, content type, body)."""
        wrong = ""
        if request.json:
            wrong = jsonwire.check_request(request.service, request.action, request.params)
        elif request.service == "ec2":
            wrong = check_request(request.params)
        if wrong:
            self.problems.append(wrong)
        environ = EnvironBuilder(
            method="POST", path="/", base_url=self.url, headers=headers, data=body
        ).get_environ()
        environ["HTTP_HOST"] = headers.get("Host", "")
        with self._moto:
            if self.timelines:
                self.timelines.begin(request)
            try:
                chunks, status, reply = run_wsgi_app(self._app, environ, buffered=True)
            except Exception as error:  # whatever moto cannot do
                return self._gap(request, repr(error))
        data = b"".join(chunks)
        kind = reply.get("Content-Type", "")
        status = int(status.split()[0])
        if self.timelines:
            data = self.timelines.envelope(data) if request.service == "ec2" else data
        if request.json:
            kind, data = jsonwire.envelope(kind, data)
        if status == 500 and b"<html" in data.lower():
            return self._gap(request, "an HTML page")
        return (status, kind, self._with_request_id(request, data))

    def _gap(self, request, what):
        self.problems.append(f"moto cannot answer {request.action} {request.params}: {what}")
        return _error(request, 400, "EmulatorGap", "not a fault of EC2")

    @staticmethod
    def _with_request_id(request, data):
        """moto says "request-id" in every answer; AWS never says the same twice."""
        request.request_id = str(uuid.uuid4())
        return re.sub(
            rb"<(requestI[dD]|RequestI[dD])>[^<]*<",
            lambda match: b"<" + match[1] + b">" + request.request_id.encode() + b"<",
            data,
        )


class _Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        """A client that was killed is none of our business."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def log_message(self, *args):
        pass

    def date_time_string(self, timestamp=None):
        now = time.time() if timestamp is None else timestamp
        return super().date_time_string(now + self.server.front.date_ahead)

    def do_POST(self):
        front = self.server.front
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = self._parse(body)
        front.begin(request)
        fault = front.take_fault(request)
        kind = request.fault = fault.kind if fault else ""
        if kind == "call-before":
            fault.call()
        if kind == "delay":
            time.sleep(fault.seconds)
        answer = None
        if not fault or KINDS[kind]:
            answer = front.answer(request, dict(self.headers.items()), body)
            request.done = answer[0] < 300
            if answer[0] >= 300:
                request.code = jsonwire.error_code(answer[2]) or _error_code(answer[2])
        if kind == "call-after":
            fault.call()
        self._reply(request, fault, answer)

    def _parse(self, body):
        target = self.headers.get("X-Amz-Target", "")
        if target:
            params = jsonwire.parse(body)
        else:
            text = body.decode("utf-8", "replace")
            params = dict(urllib.parse.parse_qsl(text, keep_blank_values=True))
        scope = re.search(
            r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/", self.headers.get("Authorization", "")
        )
        return Request(
            action=target.rpartition(".")[2] if target else params.get("Action", ""),
            region=scope[2] if scope else "",
            params=params,
            access_key=scope[1] if scope else "",
            peer_port=self.client_address[1],
            service=scope[3] if scope else "",
            json=bool(target),
        )

    def _reply(self, request, fault, answer):
        kind = fault.kind if fault else ""
        front = self.server.front
        if kind in ("reset-before", "reset-after", "call-before"):
            front.record(request)
            return self._reset()
        if kind == "http500":
            answer = (500, "text/plain", b"")
        elif kind == "html502":
            answer = (502, "text/html", BAD_GATEWAY)
        elif kind == "html-after":
            answer = (fault.status, "text/html", b"<html><body>Forbidden</body></html>")
        elif kind == "json-after":
            answer = (fault.status, "application/json", b'{"code": "Forbidden", "message": "no"}')
        elif kind == "error":
            request.code = fault.code
            answer = _error(request, fault.status, fault.code, fault.message)
        elif kind == "cut-xml":
            answer = (*answer[:2], answer[2][: len(answer[2]) * 2 // 3])
        status, content_type, data = answer
        lost = ("truncated", "cut-xml", "html-after", "json-after")
        request.status = 0 if kind in lost else status
        front.record(request)  # before the client can act on the answer
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        if request.json:
            request.request_id = request.request_id or str(uuid.uuid4())
            self.send_header("x-amzn-RequestId", request.request_id)
        self.end_headers()
        if kind == "truncated":
            self.wfile.write(data[: len(data) // 2])
            return self._reset()
        if kind == "slow":
            for byte in data:
                self.wfile.write(bytes([byte]))
                time.sleep(fault.seconds / len(data))
            return None
        self.wfile.write(data)
        return None

    def _reset(self):
        """RST, not FIN: what a client sees when a machine in between forgets the connection."""
        self.wfile.flush()
        self.connection.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0"
        )
        self.close_connection = True
        self.connection.close()


def _error(request, status, code, message):
    request.request_id = str(uuid.uuid4())
    if request.json:
        return (status, jsonwire.TYPE, jsonwire.error_body(code, message))
    text = ERROR_BODY.format(code=code, message=message, id=request.request_id)
    return (status, "text/xml;charset=UTF-8", text.encode())


def _error_code(data):
    found = re.search(rb"<Code>([^<]+)</Code>", data)
    return found[1].decode() if found else ""
