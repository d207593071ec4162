"""The way to AWS: endpoints that are not there, or that somebody else answers for. Nothing is lost, and
nothing is sent to who cannot prove to be AWS."""

import contextlib
import datetime
import http.server
import ipaddress
import re
import socket
import socketserver
import ssl
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


class Relay:
    """A port that leads to the front, from open() on."""

    def __init__(self, front):
        self.front = front
        probe = socket.socket()
        probe.bind(("127.0.0.1", 0))
        self.port = probe.getsockname()[1]
        probe.close()
        self.listener = None

    def open(self):
        self.listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        target = self.front.url.rsplit(":", 1)[1]
        with contextlib.suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                far = socket.create_connection(("127.0.0.1", int(target)))
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._pump, args=(one, other), daemon=True).start()

    @staticmethod
    def _pump(one, other):
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
        with contextlib.suppress(OSError):
            other.shutdown(socket.SHUT_RDWR)

    def close(self):
        if self.listener:
            self.listener.close()


@pytest.fixture
def relay(front):
    relay = Relay(front)
    yield relay
    relay.close()


def endpoint(daemon, url):
    daemon.schedule(account={"test": {"regions": ["us-east-1"], "endpoint_url": url}})


def test_an_endpoint_that_is_down(account, daemon, relay):
    """The run waits and goes on when the endpoint is there; one line each."""
    account.launch(Backup="yes")
    endpoint(daemon, f"http://127.0.0.1:{relay.port}")
    daemon.start()
    run = daemon.json("run", "web")["run"]
    line = daemon.wait_line("DescribeInstances in us-east-1 was not answered")
    assert "refused" in line.lower() or "connect" in line.lower(), line
    assert "It is tried again until it works" in line
    assert "not answered" in daemon.amictl("show", run)
    relay.open()
    daemon.wait(lambda: daemon.json("show", run)["run"]["outcome"] == "done", "the end of the run", 120)
    daemon.wait_line("AWS answers again in us-east-1")
    assert len(daemon.lines("was not answered")) == 1
    assert len(account.images()) == 1


class Portal(http.server.BaseHTTPRequestHandler):
    """A proxy that wants a login: HTML for everything."""

    status = 200

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        page = b"<!DOCTYPE html><html><head><title>Please log in</title></head><body><p>Hotel</body></html>"
        self.send_response(self.status)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *arguments):
        pass


@contextlib.contextmanager
def serving(handler, context=None):
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def waits_in_vain(daemon, url, says):
    """The run neither fails nor is silent; an operator can end it."""
    endpoint(daemon, url)
    daemon.start()
    run = daemon.json("run", "web")["run"]
    line = daemon.wait_line("ec2:DescribeInstances in us-east-1 was not answered")
    assert re.search(says, line), line
    assert daemon.json("show", run)["run"]["outcome"] == "open"
    daemon.amictl("cancel", run)
    daemon.wait(lambda: daemon.json("show", run)["run"]["outcome"] != "open", "the end of it")
    daemon.stop()


def test_a_name_that_is_not_found(account, daemon):
    waits_in_vain(daemon, "https://ec2.amid.invalid", "(?i)resolve")


@pytest.mark.parametrize("status", [200, 502, 503])
def test_a_proxy_with_html(account, daemon, status):
    with serving(type("Handler", (Portal,), {"status": status})) as port:
        waits_in_vain(daemon, f"http://127.0.0.1:{port}", "a web page, maybe of a proxy" if status == 200 else f"HTTP {status}")


@pytest.mark.parametrize("status", [302, 403, 407])
def test_a_proxy_that_refuses(account, daemon, status):
    """A page is no word of AWS's, whatever its status: amid waits, and says what came."""
    with serving(type("Handler", (Portal,), {"status": status})) as port:
        waits_in_vain(daemon, f"http://127.0.0.1:{port}", f"HTTP {status}")


# ---- TLS ----


def certificate(folder, name, address="127.0.0.1", since=-1, until=1, issuer=None, authority=False):
    """A file with a certificate and its key, valid between these days from now; and what it is signed with."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    signer, signer_key = issuer or (subject, key)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days=since))
        .not_valid_after(now + datetime.timedelta(days=until))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), False)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .sign(signer_key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return path, (subject, key)


@contextlib.contextmanager
def tls(path):
    """Who answers with that certificate: its port, and what it was asked."""
    asked = []

    class Handler(Portal):
        def do_POST(self):
            asked.append(self.path)
            super().do_POST()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    with serving(Handler, context) as port:
        yield port, asked


@pytest.fixture
def authority(daemon, tmp_path):
    """One that amid believes."""
    path, issuer = certificate(tmp_path, "authority", authority=True)
    daemon.env["AWS_CA_BUNDLE"] = str(path)
    return issuer


def test_tls_to_who_does_not_speak_it(account, daemon, front):
    waits_in_vain(daemon, front.url.replace("http:", "https:"), "(?i)ssl|tls")


def test_a_certificate_of_nobody(account, daemon, tmp_path):
    path, _ = certificate(tmp_path, "nobody")
    with tls(path) as (port, asked):
        waits_in_vain(daemon, f"https://127.0.0.1:{port}", "(?i)certificate")
    assert not asked


@pytest.mark.parametrize(
    "what, says",
    [
        ({"since": -9, "until": -2}, "(?i)certificate.*expired"),
        ({"since": 2, "until": 9}, "(?i)certificate.*not yet valid"),
        ({"address": "127.0.0.2"}, "(?i)certificate.*(name|address)"),
    ],
)
def test_a_certificate_that_does_not_hold(account, daemon, tmp_path, authority, what, says):
    path, _ = certificate(tmp_path, "other", issuer=authority, **what)
    with tls(path) as (port, asked):
        waits_in_vain(daemon, f"https://127.0.0.1:{port}", says)
    assert not asked and not account.images()


def test_a_certificate_that_holds(account, daemon, tmp_path, authority):
    """The same way, so that the others are refused for what they are said to be."""
    path, _ = certificate(tmp_path, "right", issuer=authority)
    with tls(path) as (port, asked):
        waits_in_vain(daemon, f"https://127.0.0.1:{port}", "a web page, maybe of a proxy")
    assert asked
