"""What moto lacks: time. Small patches give its images, snapshots and status checks a course.

Each patch says what EC2 does instead (# EC2: ...). What is patched here is no longer independent of
this project; the tests with the `unpatched` fixture run without it.
"""

import contextlib
import re
import threading
import time
from dataclasses import dataclass, replace
from unittest import mock

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.amis import Ami, AmiBackend
from moto.ec2.models.elastic_block_store import EBSBackend, Snapshot
from moto.ec2.models.instances import Instance
from moto.ec2.responses.amis import AmisResponse
from moto.ec2.responses.elastic_block_store import ElasticBlockStore


class Clock:
    """EC2's own time: runs `rate` times as fast as ours, and jumps when told to."""

    def __init__(self, rate=1.0):
        self._rate = rate
        self._start = time.monotonic()
        self._offset = 0.0
        self._lock = threading.Lock()

    def now(self):
        with self._lock:
            return (time.monotonic() - self._start) * self._rate + self._offset

    def advance(self, seconds):
        with self._lock:
            self._offset += seconds

    def set_rate(self, rate):
        with self._lock:
            now = (time.monotonic() - self._start) * self._rate + self._offset
            self._start, self._offset, self._rate = time.monotonic(), now, rate


@dataclass
class Course:
    """How things go from one CreateImage on, in seconds of EC2's clock."""

    snapshots: float = 1.0  # until its snapshots are whole
    image: float = 0.2  # after that, until the image is available
    hidden: float = 0.0  # the new image is not found by anybody yet (eventual consistency)
    stale: float = 0.5  # after a reboot began the status checks still say what they said before
    down: float = 1.0  # then they are initializing this long; None: they stay impaired for ever
    fails: str = ""  # "image" or "snapshot": at its end it is failed with this reason
    code: str = "Client.InternalError"
    reason: str = "Client error on launch"


@dataclass
class Reboot:
    instance: str
    at: float
    by: str


class Timelines:
    """`with Timelines(clock) as timelines:` patches moto in this process until the end."""

    def __init__(self, clock):
        self.clock = clock
        self.default = Course()
        self.courses = {}  # instance id -> Course
        self.reboots = []  # of instances, by CreateImage or RebootInstances
        self.born = {}  # image or snapshot id -> (when, Course)
        self.on_snapshot = lambda instance, device, snapshot: None  # the moment it is taken of
        self.request = None
        self._stack = contextlib.ExitStack()

    def course(self, instance="", **how):
        """Sets the course of the images of one instance, or of all others."""
        new = replace(self.courses.get(instance, self.default), **how)
        if instance:
            self.courses[instance] = new
        else:
            self.default = new

    def begin(self, request):
        """The front is about to let moto answer this request."""
        self.request = request

    @staticmethod
    def envelope(data):
        """EC2: a refusal has the same envelope as any other error, and a code of its own."""
        if b"<ErrorResponse>" not in data:
            return data
        found = re.search(rb"<Code>([^<]*)</Code>\s*<Message>([^<]*)</Message>", data)
        code = {b"AccessDenied": b"UnauthorizedOperation"}.get(found[1], found[1])
        return (
            b'<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error><Code>%s</Code>'
            b"<Message>%s</Message></Error></Errors><RequestID>x</RequestID></Response>"
        ) % (code, found[2])

    def down_at_once(self):
        """The most instances whose checks were not ok at one moment, by the reboots so far."""
        edges = []
        for reboot in self.reboots:
            course = self._course(reboot.instance)
            end = float("inf") if course.down is None else course.stale + course.down
            edges += [(reboot.at, 1), (reboot.at + end, -1)]
        most = now = 0
        for _, step in sorted(edges):
            now += step
            most = max(most, now)
        return most

    def _course(self, instance):
        return self.courses.get(instance, self.default)

    def __enter__(self):
        for owner, name, value in self._patches():
            self._stack.enter_context(mock.patch.object(owner, name, value, create=True))
        return self

    def __exit__(self, *exc):
        self._stack.close()

    # ---- progress ----

    def image_state(self, image):
        when, course = self.born.get(image.id, (None, None))
        if when is None:
            return "available"
        age = self.clock.now() - when
        if age < course.snapshots + course.image:
            return "pending"
        return "failed" if course.fails else "available"

    def snapshot_state(self, snapshot):
        when, course = self.born.get(snapshot.id, (None, None))
        if when is None:
            return ("completed", 100)
        share = min(1.0, (self.clock.now() - when) / max(course.snapshots, 0.001))
        if share < 1.0:
            return ("pending", int(share * 100))
        return ("error", 99) if course.fails == "snapshot" else ("completed", 100)

    def checks(self, instance):
        if not instance.is_running():
            return "not-applicable"
        last = max((r.at for r in self.reboots if r.instance == instance.id), default=None)
        if last is None:
            return "ok"
        course = self._course(instance.id)
        age = self.clock.now() - last
        if age < course.stale:
            return "ok"
        if course.down is None:
            return "impaired" if age > course.stale + 1 else "initializing"
        return "initializing" if age < course.stale + course.down else "ok"

    def visible(self, image):
        when, course = self.born.get(image.id, (None, None))
        return when is None or self.clock.now() >= when + course.hidden

    # ---- the patches: (class, attribute, new value) ----

    def _patches(self):
        return [
            *self._patches_of_create_image(),
            *self._patches_of_states(),
            *self._patches_of_lists(),
        ]

    def _patches_of_create_image(self):
        timelines = self
        original = AmiBackend.create_image

        def create_image(backend, instance_id, name, description, tag_specifications):
            _check_name(backend, name)  # EC2: malformed and duplicate names are refused
            instance = backend.get_instance(instance_id)
            if instance.state == "terminated":  # EC2: IncorrectState
                raise EC2ClientError("IncorrectState", f"Instance '{instance_id}' is terminated")
            of = {"image": {}, "snapshot": {}}
            for specification in tag_specifications:
                tags = of.get(specification["ResourceType"])
                if tags is not None:
                    tags.update((tag["Key"], tag["Value"]) for tag in specification["Tags"])
            images_only = [t for t in tag_specifications if t["ResourceType"] != "snapshot"]
            image = original(backend, instance_id, name, description, images_only)
            course = timelines._course(instance_id)
            timelines.born[image.id] = (timelines.clock.now(), course)
            timelines._snapshot_volumes(backend, image, instance, of["snapshot"])
            no_reboot = timelines.request.params.get("NoReboot", "false") == "true"
            if not no_reboot and instance.is_running():  # EC2: CreateImage itself reboots
                timelines.reboots.append(
                    Reboot(instance_id, timelines.clock.now(), "CreateImage")
                )
            return image

        original_reboot = Instance.reboot

        def reboot(instance):
            timelines.reboots.append(
                Reboot(instance.id, timelines.clock.now(), "RebootInstances")
            )
            return original_reboot(instance)

        return [(AmiBackend, "create_image", create_image), (Instance, "reboot", reboot)]

    def _snapshot_volumes(self, backend, image, instance, tags):
        """EC2: one snapshot per attached volume, not moto's single invented one; NoDevice leaves
        one out."""
        backend.snapshots.pop(image.ebs_snapshot.id)
        image.devices = []
        for device, attached in sorted(instance.block_device_mapping.items()):
            if device in self._left_out():
                continue
            snapshot = backend.create_snapshot(
                attached.volume_id,
                f"Created by CreateImage({instance.id}) for {image.id}",
                from_ami=image.id,
            )
            snapshot.add_tags(tags)
            self.born[snapshot.id] = self.born[image.id]
            self.on_snapshot(instance.id, device, snapshot.id)
            image.devices.append((device, snapshot))
        image.ebs_snapshot = image.devices[0][1] if image.devices else None

    def _left_out(self):
        params = self.request.params
        return {
            value
            for key, value in params.items()
            if (match := re.fullmatch(r"(BlockDeviceMapping\.\d+)\.DeviceName", key))
            and match[1] + ".NoDevice" in params
        }

    def _patches_of_states(self):
        timelines = self
        mappings = Ami.block_device_mappings

        def block_device_mappings(image):
            if not hasattr(image, "devices"):
                return mappings.fget(image)
            return [
                {
                    "DeviceName": device,
                    "Ebs": {
                        "SnapshotId": snapshot.id,
                        "VolumeSize": snapshot.volume_size,
                        "DeleteOnTermination": True,
                        "VolumeType": "gp3",
                    },
                }
                for device, snapshot in image.devices
            ]

        def reason(image):
            if timelines.image_state(image) != "failed":
                return None
            course = timelines.born[image.id][1]
            return {"Code": course.code, "Message": course.reason}

        def complaint(snapshot):
            if timelines.snapshot_state(snapshot)[0] != "error":
                return None
            return timelines.born[snapshot.id][1].reason

        def summary(instance):
            status = timelines.checks(instance)
            passed = {"ok": "passed", "impaired": "failed"}.get(status, status)
            return {"Status": status, "Details": [{"Name": "reachability", "Status": passed}]}

        ignore = lambda self, value: None  # noqa: E731  moto's own assignments
        return [
            (Ami, "state", property(timelines.image_state, ignore)),
            (Ami, "state_reason", property(reason)),
            (Ami, "block_device_mappings", property(block_device_mappings)),
            (Snapshot, "status", property(lambda s: timelines.snapshot_state(s)[0], ignore)),
            (Snapshot, "progress", property(lambda s: f"{timelines.snapshot_state(s)[1]}%")),
            (Snapshot, "state_message", property(complaint)),
            (Instance, "instance_status", property(summary)),
            (Instance, "system_status", property(summary)),
        ]

    def _patches_of_lists(self):
        timelines = self
        images, snapshots = AmiBackend.describe_images, EBSBackend.describe_snapshots
        of_images, of_snapshots = AmisResponse.describe_images, ElasticBlockStore.describe_snapshots
        filter_value = Ami.get_filter_value

        def describe_images(backend, ami_ids=None, **how):
            """EC2: a new image may not be found at first; a page has at most MaxResults."""
            found = [i for i in images(backend, ami_ids=ami_ids, **how) if timelines.visible(i)]
            if ami_ids and not found:
                raise EC2ClientError(
                    "InvalidAMIID.NotFound", f"The image id '[{', '.join(ami_ids)}]' does not exist"
                )
            return found

        def get_filter_value(image, name, method_name=None):
            if name == "block-device-mapping.snapshot-id":  # EC2: a filter; moto: unknown
                return [snapshot.id for _, snapshot in getattr(image, "devices", [])]
            if name == "creation-date":  # EC2: text that takes a wildcard; moto: a datetime
                return f"{image.creation_date:%Y-%m-%dT%H:%M:%S.000Z}"
            return filter_value(image, name, method_name)

        return [
            (AmiBackend, "describe_images", describe_images),
            (EBSBackend, "describe_snapshots", snapshots),
            (Ami, "get_filter_value", get_filter_value),
            (AmisResponse, "describe_images", _paged(of_images, "Images")),
            (ElasticBlockStore, "describe_snapshots", _paged(of_snapshots, "Snapshots")),
        ]


def _paged(original, member):
    """EC2: MaxResults and NextToken; moto ignores both."""

    def describe(response):
        answer = original(response)
        size = int(response._get_param("MaxResults") or 1000)
        start = int((response._get_param("NextToken") or "page-0").removeprefix("page-"))
        everything = answer.result[member]
        answer.result[member] = everything[start : start + size]
        if start + size < len(everything):
            answer.result["NextToken"] = f"page-{start + size}"
        return answer

    return describe


def _check_name(backend, name):
    if not re.fullmatch(r"[A-Za-z0-9()\[\] ./\-'@_]{3,128}", name):
        raise EC2ClientError("InvalidAMIName.Malformed", f"AMI name {name!r} is invalid")
    for image in backend.amis.values():
        if image.name == name:
            raise EC2ClientError(
                "InvalidAMIName.Duplicate",
                f"AMI name {name} is already in use by AMI {image.id}",
            )
