"""A socket that cannot be had or is flooded, and too few descriptors, against the real daemon."""

import contextlib
import json
import re
import resource
import socket
import time

import pytest
from harness import resident


# ---- the runtime directory ----


def test_no_runtime_directory(account, daemon):
    """One level is made; more, or something in the way, is a clear end."""
    daemon.schedule()
    daemon.runtime.rmdir()
    daemon.start()
    daemon.amictl("status")
    daemon.stop()
    assert not (daemon.runtime / "control").exists()
    daemon.env["RUNTIME_DIRECTORY"] = str(daemon.folder / "no" / "such" / "place")
    said = daemon.refused()
    assert re.search(r"Cannot listen on .*/place/control: No such file or directory\. .*\$RUNTIME_DIRECTORY", said)


def test_something_in_the_way_of_the_socket(account, daemon):
    daemon.schedule()
    way = daemon.runtime / "control"
    way.write_text("precious")
    assert "Something that is not a socket is in the way" in daemon.refused()
    assert way.read_text() == "precious"


def test_a_socket_left_behind(account, daemon):
    daemon.schedule()
    daemon.start()
    daemon.kill()
    daemon.gone()
    assert (daemon.runtime / "control").exists()
    daemon.start()
    daemon.amictl("status")


# ---- the control socket ----


def connect(daemon):
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(5)
    connection.connect(str(daemon.runtime / "control"))
    return connection


def call(method, more=False, **parameters):
    return json.dumps({"method": f"io.amid.Manager.{method}", "more": more, "parameters": parameters}).encode() + b"\0"


GARBAGE = {
    "nothing": b"",
    "noise": bytes(range(1, 256)) * 200 + b"\0",
    "no end": b'{"method":"' + b"x" * (3 << 20),
    "half a call": b'{"method":"io.amid.Mana',
    "deep": b"[" * 500000 + b"\0",
    "HTTP": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n\0",
    "numbers": b"1\0" * 1000,
    "wrong types": b'{"method": 7, "parameters": []}\0',
    "no such method": call("NoSuchMethod"),
    "many calls at once": call("ListRuns") * 2000,
    "a reader that does not read": call("Watch", more=True),
}


def flood(daemon, each):
    """Connections with garbage, `each` of every kind, none of which is ever read from."""
    open_ones = []
    for data in list(GARBAGE.values()) * each:
        for _ in range(50):  # the queue of those that wait for accept() is full
            with contextlib.suppress(BlockingIOError):
                connection = connect(daemon)
                break
            time.sleep(0.01)
        else:
            continue
        open_ones.append(connection)
        with contextlib.suppress(OSError):
            connection.setblocking(False)
            connection.send(data)
    return open_ones


def test_a_flooded_socket(account, daemon, front, timelines):
    """Hundreds of connections and garbage: the run goes on, memory stays, amictl works afterwards."""
    timelines.course(snapshots=20)
    account.launch(3, Backup="yes")
    daemon.schedule()
    daemon.start()
    run = daemon.json("run", "web")["run"]
    daemon.wait(lambda: front.count("CreateImage") == 3, "the images")
    before = resident(daemon.process)
    connections = flood(daemon, 40)
    assert len(connections) > 300
    polls = front.count("DescribeImages")
    timelines.clock.advance(20)
    daemon.wait(lambda: front.count("DescribeImages") > polls, "that the run goes on during the flood")
    daemon.wait(lambda: len(daemon.lines("is available")) == 3, "the images, during the flood")
    grown = resident(daemon.process) - before
    assert grown < 64 << 20, f"grown by {grown >> 10} kB"
    busy = daemon.try_amictl("status")
    assert busy.returncode in (0, 1, 3)
    if busy.returncode:
        assert "Too many connections" in busy.stderr, busy.stderr
    for connection in connections:
        connection.close()
    daemon.wait(lambda: daemon.try_amictl("status").returncode == 0, "amictl after the flood")
    assert daemon.json("show", run)["run"]["outcome"] == "done"
    assert len(account.images()) == 3
    closed = daemon.lines("Closed the control connection")
    assert closed, "it is said why connections were closed"
    assert len(closed) < 30 and daemon.lines("The control socket is flooded"), "nobody can flood the journal"
    daemon.stop()


# ---- descriptors ----


def test_few_descriptors(account, daemon, front, timelines):
    """A flood takes the last descriptor: the run waits for one and then goes on."""
    timelines.course(snapshots=5)
    account.launch(2, Backup="yes")
    daemon.schedule()
    daemon.start()
    resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (24, 24))
    run = daemon.json("run", "web")["run"]
    connections = flood(daemon, 10)
    daemon.wait_line("Cannot accept a control connection: Too many open files")
    timelines.clock.advance(20)
    time.sleep(3)
    for connection in connections:
        connection.close()
    daemon.wait(lambda: daemon.try_amictl("status").returncode == 0, "amictl after the flood")
    daemon.wait(lambda: daemon.json("show", run)["run"]["outcome"] == "done", "the end of the run", 120)
    assert len(account.images()) == 2
    assert sum(request.done for request in front.log("CreateImage")) == 2
    assert len(daemon.lines("Cannot accept|Closed the control")) < 30, "nobody can flood the journal"
    daemon.stop()


@pytest.mark.parametrize("files", [3, 4, 5, 6, 8, 10, 12, 14])
def test_hardly_any_descriptor(account, daemon, files):
    """It starts, or says why not: never a crash, never silence."""
    daemon.schedule()
    daemon.start(ready=False, prefix=["prlimit", f"--nofile={files}"])

    def settled():
        return not daemon.alive() or daemon.notify.value("READY") == "1"

    end = time.monotonic() + 20
    while not settled() and time.monotonic() < end:
        time.sleep(0.05)
    assert settled()
    if daemon.alive():
        daemon.stop()
        return
    assert daemon.gone() in (1, 127), daemon.journal
    assert re.search("Too many open files|too many open files|error while loading|unable to open", daemon.journal), daemon.journal
