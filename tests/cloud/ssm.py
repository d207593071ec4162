"""Systems Manager for moto, with commands that are truly carried out (document AWS-RunShellScript).

moto checks signature and policy and renders the answers; it answers every command with "Success"
without running it. Here a command runs in an `Instance`, made when it is first needed; one that
timelines reboots loses what ran. Each patch says what Systems Manager does (# SSM: ...).
"""

import contextlib
import datetime
import os
import signal
import subprocess
import threading
import time
import uuid
from dataclasses import dataclass, field
from unittest import mock

from instance import Instance
from moto.core.responses import ActionResult
from moto.ec2.models import ec2_backends
from moto.ssm.exceptions import SSMException
from moto.ssm.responses import SimpleSystemManagerResponse

DOCUMENT_MAX = 64 << 10  # SSM: of the document with its parameters
STDOUT_MAX, STDERR_MAX, DETAILS_MAX = 24000, 8000, 2500  # SSM: characters shown
FINAL = ("Success", "Failed", "TimedOut", "Cancelled")
PLUGIN = "aws:runShellScript"


@dataclass
class Invocation:
    """A command on one instance."""

    command: str
    instance: str
    script: str
    limit: float  # seconds, of the script
    delivery: float  # EC2's clock: not delivered by then, it never will be
    comment: str
    status: str = "Pending"
    details: str = "Pending"
    code: int = -1
    stdout: str = ""
    stderr: str = ""
    requested: float = field(default_factory=time.time)
    visible: float = 0.0  # EC2's clock: not found before
    begun: float = 0.0
    ended: float = 0.0
    cancelled: bool = False


def utc(seconds):
    when = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z") if seconds else ""


class Ssm:
    """`with Ssm(timelines, changed) as ssm:` patches moto; `changed` is told of every new state."""

    def __init__(self, timelines, changed):
        self.timelines = timelines
        self.lag = 0.1  # seconds of EC2's clock until a new command can be asked for
        self.offline = {}  # instance id -> PingStatus; "" as if there were no agent
        self.invocations = []
        self.changed = changed
        self._instances = {}  # id -> (Instance, reboots it has seen)
        self._lock = threading.Lock()
        self._threads = []
        self._stack = contextlib.ExitStack()
        self._closing = False

    def __enter__(self):
        for name in ("send_command", "get_command_invocation", "list_command_invocations",
                     "list_commands", "cancel_command", "describe_instance_information"):  # fmt: skip
            handler = getattr(self, "_" + name)
            answer = lambda response, handler=handler: ActionResult(handler(response))  # noqa: E731
            self._stack.enter_context(
                mock.patch.object(SimpleSystemManagerResponse, name, answer, create=True)
            )
        return self

    def __exit__(self, *exc):
        self._closing = True
        for thread in self._threads:
            thread.join()
        for inside, _ in self._instances.values():
            inside.close()
        self._stack.close()

    # ---- for tests ----

    def instance(self, name):
        """The inside of an instance."""
        with self._lock:
            reboots = sum(r.instance == name for r in self.timelines.reboots)
            known, seen = self._instances.get(name, (None, 0))
            if not known:
                known = Instance(name)
            elif reboots > seen:
                known.boot()
            self._instances[name] = (known, reboots)
            return known

    def commands(self, instance=None):
        """What was sent so far, oldest first."""
        return [i for i in list(self.invocations) if instance in (None, i.instance)]

    # ---- agents ----

    def _ping(self, backend, name):
        """PingStatus, or "" when Systems Manager knows no such node."""
        found = next((i for i in backend.all_instances() if i.id == name), None)
        if not found or found.state == "terminated":
            return ""
        if name in self.offline:
            return self.offline[name]
        away = not found.is_running() or self.timelines.checks(found) == "initializing"
        return "ConnectionLost" if away or self.timelines.checks(found) == "impaired" else "Online"

    def _describe_instance_information(self, response):
        backend = _ec2(response)
        # SSM: Filters, or the older list with other names of the same
        asked = response._get_param("Filters") or [
            {"Key": f["key"], "Values": f["valueSet"]}
            for f in response._get_param("InstanceInformationFilterList") or []
        ]
        rows = []
        for instance in backend.all_instances():
            ping = self._ping(backend, instance.id)
            row = {
                "InstanceId": instance.id,
                "PingStatus": ping,
                "LastPingDateTime": time.time(),
                "AgentVersion": "3.3.1611.0",
                "IsLatestVersion": True,
                "PlatformType": "Linux",
                "PlatformName": "Debian GNU/Linux",
                "PlatformVersion": "12",
                "ResourceType": "EC2Instance",
            }
            facts = {**row, "InstanceIds": instance.id, "PlatformTypes": "Linux"}
            if ping and all(facts.get(f["Key"]) in f["Values"] for f in asked):
                rows.append(row)
        return _page(response, "InstanceInformationList", rows)

    # ---- commands ----

    def _send_command(self, response):
        ask = response._get_param
        names, parameters = ask("InstanceIds") or [], ask("Parameters") or {}
        if ask("DocumentName") != "AWS-RunShellScript":
            raise SSMException("InvalidDocument", f"document {ask('DocumentName')} not found")
        unknown = set(parameters) - {"commands", "executionTimeout", "workingDirectory"}
        limit = (parameters.get("executionTimeout") or ["3600"])[0]
        if unknown or not parameters.get("commands") or not limit.isdigit() or int(limit) > 172800:
            raise SSMException("InvalidParameters", f"bad parameters: {sorted(parameters)}")
        if sum(len(line) for line in parameters["commands"]) > DOCUMENT_MAX:
            raise SSMException("MaxDocumentSizeExceeded", "the document is too large")
        if len(set(names)) < len(names):
            raise SSMException("DuplicateInstanceId", "an instance is given twice")
        lost = [name for name in names if not self._ping(_ec2(response), name)]
        if lost or not names:
            raise SSMException(
                "InvalidInstanceId", f"Instances [{lost}] not in a valid state for account"
            )
        now, command = self.timelines.clock.now(), str(uuid.uuid4())
        made = [
            Invocation(
                command=command,
                instance=name,
                script="\n".join(parameters["commands"]) + "\n",
                limit=float(limit),
                delivery=now + (ask("TimeoutSeconds") or 3600),
                comment=ask("Comment") or "",
                visible=now + self.lag,
            )
            for name in names
        ]
        for invocation in made:
            self.invocations.append(invocation)
            thread = threading.Thread(target=self._carry_out, args=(invocation, _ec2(response)))
            self._threads.append(thread)
            thread.start()
        return {"Command": self._command(made)}

    @staticmethod
    def _command(invocations):
        first = invocations[0]
        going = [i.status for i in invocations if i.status not in FINAL]
        bad = [i for i in invocations if i.status in FINAL[1:]]
        status = going[0] if going else bad[0].status if bad else "Success"
        return {
            "CommandId": first.command,
            "DocumentName": "AWS-RunShellScript",
            "Comment": first.comment,
            "InstanceIds": [i.instance for i in invocations],
            "RequestedDateTime": first.requested,
            "ExpiresAfter": first.requested + 7200,
            "Status": status,
            "StatusDetails": bad[0].details if bad and not going else status,
            "TargetCount": len(invocations),
            "CompletedCount": len(invocations) - len(going),
            "ErrorCount": len(bad),
        }

    def _seen(self, command=None, instance=None):
        """SSM: for a moment nobody knows a new command."""
        now = self.timelines.clock.now()
        return [
            i for i in list(self.invocations)
            if now >= i.visible and command in (None, i.command) and instance in (None, i.instance)
        ]  # fmt: skip

    def _get_command_invocation(self, response):
        command, instance = response._get_param("CommandId"), response._get_param("InstanceId")
        found = self._seen(command, instance)
        if not found:
            raise SSMException("InvocationDoesNotExist", "")  # SSM: without a message
        [i] = found
        return {
            "CommandId": i.command,
            "InstanceId": i.instance,
            "Comment": i.comment,
            "DocumentName": "AWS-RunShellScript",
            "DocumentVersion": "$DEFAULT",
            "PluginName": PLUGIN,
            "ResponseCode": i.code,
            "ExecutionStartDateTime": utc(i.begun),
            "ExecutionElapsedTime": f"PT{i.ended - i.begun:.3f}S" if i.ended and i.begun else "",
            "ExecutionEndDateTime": utc(i.ended) if i.begun else "",
            "Status": i.status,
            "StatusDetails": i.details,
            "StandardOutputContent": i.stdout[:STDOUT_MAX],
            "StandardErrorContent": i.stderr[:STDERR_MAX],
        }

    def _list_command_invocations(self, response):
        rows = []
        for i in self._seen(response._get_param("CommandId"), response._get_param("InstanceId")):
            row = {
                "CommandId": i.command,
                "InstanceId": i.instance,
                "Comment": i.comment,
                "DocumentName": "AWS-RunShellScript",
                "RequestedDateTime": i.requested,
                "Status": i.status,
                "StatusDetails": i.details,
            }
            if response._get_param("Details"):
                plugin = {"Name": PLUGIN, "Status": i.status, "StatusDetails": i.details}
                plugin.update(ResponseCode=i.code, Output=i.stdout[:DETAILS_MAX])
                row["CommandPlugins"] = [plugin]
            rows.append(row)
        return _page(response, "CommandInvocations", rows)

    def _list_commands(self, response):
        found = {}
        for i in self._seen(response._get_param("CommandId"), response._get_param("InstanceId")):
            found.setdefault(i.command, []).append(i)
        rows = [self._command(invocations) for invocations in reversed(found.values())]
        for wanted in response._get_param("Filters") or []:
            value = wanted["value"]
            if wanted["key"] in ("InvokedAfter", "InvokedBefore"):
                edge = datetime.datetime.fromisoformat(value.replace("Z", "+00:00")).timestamp()
                after = wanted["key"] == "InvokedAfter"
                rows = [r for r in rows if (r["RequestedDateTime"] >= edge) == after]
            elif wanted["key"] in ("Status", "DocumentName"):
                rows = [r for r in rows if r[wanted["key"]] == value]
            else:
                raise SSMException("InvalidFilterKey", wanted["key"])
        return _page(response, "Commands", rows)

    def _cancel_command(self, response):
        names = response._get_param("InstanceIds")
        found = [i for i in self.invocations if i.command == response._get_param("CommandId")]
        if not found:
            raise SSMException("InvalidCommandId", "no such command")
        for i in found:
            if i.status not in FINAL and (not names or i.instance in names):
                i.cancelled = True
        return {}

    # ---- what the agent does; a thread per invocation ----

    def _set(self, i, status, details="", **more):
        with self.changed:
            for name, value in more.items():
                setattr(i, name, value)
            i.status, i.details = status, details or status
            self.changed.notify_all()

    def _carry_out(self, i, backend):
        while self._ping(backend, i.instance) != "Online":
            if i.cancelled or self._closing:
                return self._set(i, "Cancelled")
            if self.timelines.clock.now() > i.delivery:
                return self._set(i, "TimedOut", "Delivery Timed Out")
            time.sleep(0.02)
        inside = self.instance(i.instance)
        # As the agent does: script and output lie on the instance's disk.
        folder = f"/var/lib/amazon/ssm/{i.instance}/document/orchestration/{i.command}"
        inside.path(folder).mkdir(parents=True)
        inside.path(f"{folder}/_script.sh").write_text(i.script)
        words = inside.enter("sh", "-c", 'cd "$0" && exec sh ./_script.sh >stdout 2>stderr', folder)
        self._set(i, "InProgress", begun=time.time())
        process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, start_new_session=True, stderr=subprocess.DEVNULL
        )
        verdict = self._wait(i, process)
        if self._closing:
            return self._set(i, "Cancelled")
        status = process.returncode if process.returncode >= 0 else 128 - process.returncode
        told = {"ended": time.time(), "code": 137 if verdict else status}
        with contextlib.suppress(OSError):  # rebooted: the disk is there, but here it is another
            told["stdout"] = inside.path(f"{folder}/stdout").read_text(errors="replace")
            told["stderr"] = inside.path(f"{folder}/stderr").read_text(errors="replace")
        if verdict:
            return self._set(i, *verdict, **told)
        return self._set(i, "Failed" if status else "Success", **told)

    def _wait(self, i, process):
        """None when the script ended by itself, else (status, details)."""
        end = time.monotonic() + i.limit
        while process.poll() is None:
            self.instance(i.instance)  # a reboot ends it
            late = time.monotonic() > end
            if late or i.cancelled or self._closing:
                # SSM: the group of the script, not what has left it
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                return ("TimedOut", "Execution Timed Out") if late else ("Cancelled", "Cancelled")
            time.sleep(0.01)
        return None


def _ec2(response):
    return ec2_backends[response.current_account][response.region]


def _page(response, member, rows):
    """SSM: MaxResults and NextToken."""
    size = int(response._get_param("MaxResults") or 50)
    start = int((response._get_param("NextToken") or "page-0").removeprefix("page-"))
    answer = {member: rows[start : start + size]}
    if start + size < len(rows):
        answer["NextToken"] = f"page-{start + size}"
    return answer
