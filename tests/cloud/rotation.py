"""What moto's load balancers and Auto Scaling groups lack: time. Patches for `with`, like Timelines.

A target is `initial` for a while after it is registered or its instance runs again, and `draining` for
a while after it is deregistered; an instance enters and leaves standby in steps.
"""

import contextlib
from unittest import mock

from moto.autoscaling.models import AutoScalingBackend, InstanceState
from moto.elbv2.models import ELBv2Backend, FakeHealthStatus, FakeTargetGroup


class Rotation:
    """`rise`, `drain` and `standby` are seconds of EC2's clock."""

    def __init__(self, timelines, rise=1.0, drain=1.0, standby=0.5):
        self.timelines = timelines
        self.rise, self.drain, self.standby = rise, drain, standby
        self.sick = set()  # instances that are never healthy once they were touched
        self.since = {}  # (group, instance) -> registered since, where that is not long ago
        self.until = {}  # (group, instance) -> drained then
        self.steps = {}  # instance -> (its state meanwhile, until when)
        self.touched = {}  # instance -> what was seen of it when it was rebooted
        self._stack = contextlib.ExitStack()

    def __enter__(self):
        for owner, name, value in self._patches():
            self._stack.enter_context(mock.patch.object(owner, name, value, create=True))
        return self

    def __exit__(self, *exc):
        self._stack.close()

    def _now(self):
        return self.timelines.clock.now()

    def state(self, group, instance, ec2):
        """EC2: (state, reason) of a target; None when it is not there."""
        now = self._now()
        if instance not in group.targets:
            if now < self.until.get((group.arn, instance), 0):
                return ("draining", "Target.DeregistrationInProgress")
            return None
        machine = ec2.get_instance(instance)
        if not machine.is_running():
            return ("unused", "Target.InvalidState")
        if self.timelines.checks(machine) != "ok":
            return ("unhealthy", "Target.FailedHealthChecks")
        reboots = [r.at for r in self.timelines.reboots if r.instance == instance]
        if reboots and instance in self.sick:
            return ("unhealthy", "Target.ResponseCodeMismatch")
        up = self.since.get((group.arn, instance))
        if reboots:
            course = self.timelines._course(instance)
            up = max(up or 0, reboots[-1] + course.stale + (course.down or 0))
        if up is not None and now < up + self.rise:
            return ("initial", "Elb.InitialHealthChecking")
        return ("healthy", None)

    def _patches(self):
        return [*self._patches_of_targets(), *self._patches_of_standby()]

    def _patches_of_targets(self):
        rotation = self
        register, deregister = FakeTargetGroup.register, FakeTargetGroup.deregister

        def put(group, targets):
            new = [one["Id"] for one in targets if one["Id"] not in group.targets]
            register(group, targets)
            rotation.since.update({(group.arn, one): rotation._now() for one in new})

        def take(group, targets):
            there = [one for one in targets if one["Id"] in group.targets]
            deregister(group, there)  # EC2: what is not there is no error
            end = rotation._now() + rotation.drain
            rotation.until.update({(group.arn, one["Id"]): end for one in there})

        def describe(backend, target_group_arn, targets):
            group = backend.target_groups.get(target_group_arn)
            assert not targets, "amid asks for all of a group"
            known = {**group.deregistered_targets, **group.targets}
            found = []
            for one in known.values():
                seen = rotation.state(group, one["Id"], backend.ec2_backend)
                if seen:
                    found.append(FakeHealthStatus(one["Id"], one["Port"], "80", *seen))
            return found

        return [
            (FakeTargetGroup, "register", put),
            (FakeTargetGroup, "deregister", take),
            (ELBv2Backend, "describe_target_health", describe),
        ]

    def _patches_of_standby(self):
        rotation = self
        enter, leave = AutoScalingBackend.enter_standby_instances, AutoScalingBackend.exit_standby_instances

        def in_steps(original, meanwhile):
            def change(backend, group_name, instance_ids, *more):
                activities = original(backend, group_name, instance_ids, *more)
                end = rotation._now() + rotation.standby
                rotation.steps.update({one: (meanwhile, end) for one in instance_ids})
                return activities

            return change

        def get(state):
            meanwhile, end = rotation.steps.get(state.instance.id, ("", 0))
            return meanwhile if rotation._now() < end else state.__dict__["lifecycle_state"]

        def put(state, value):
            state.__dict__["lifecycle_state"] = value

        return [
            (AutoScalingBackend, "enter_standby_instances", in_steps(enter, "EnteringStandby")),
            (AutoScalingBackend, "exit_standby_instances", in_steps(leave, "Pending")),
            (InstanceState, "lifecycle_state", property(get, put)),
        ]
