"""The proxy serves what the store says, and what it reports is known here.

Every change of the store ends with `serve`, so an operation is answered when it is in effect.
"""

import logging
import queue
import threading
from collections.abc import Mapping
from contextlib import suppress

from localstack.runtime import events

from emulation.compute.load_balancing.engine import Engine
from emulation.compute.load_balancing.plan import Health, Report, Traffic
from emulation.services.ec2 import store as ec2
from emulation.services.elbv2 import metrics, planning
from emulation.services.elbv2.store import LOCK, Target, TargetGroup, all_balancers, all_groups
from emulation.settings import settings, system_environment

LOG = logging.getLogger(__name__)

TRY_AGAIN_SECONDS = 10.0
"""A port that somebody else has is asked for again so often."""


class DataPlane:
    """The one engine, the health that it tells, and the worker that follows its reports."""

    def __init__(self) -> None:
        self._engine: Engine | None = None
        self._number = 0
        self._health: dict[tuple[str, str], Health] = {}
        self._reports: queue.SimpleQueue[Report | None] = queue.SimpleQueue()
        self._worker: threading.Thread | None = None
        self.refused: Mapping[str, str] = {}
        """Listeners whose port could not be had, and why."""

    def serve(self) -> None:
        """Put the store into effect; with nothing to serve nothing is started."""
        with LOCK:
            if self._engine is None and not all_balancers():
                return
            self._number += 1
            plan = planning.whole(self._number)
            served = {(group.arn, target.key) for group in plan.groups for target in group.targets}
            for name in self._health.keys() - served:
                self._health.pop(name, None)
            self.refused = self._started().serve(plan)
        for arn, reason in self.refused.items():
            LOG.warning("the listener %s is not reached: %s", arn, reason)

    def forget(self, group: TargetGroup, target: Target) -> None:
        """What was known of a target's health is not any more."""
        self._health.pop((group.arn, target.key), None)

    def health(self, group: TargetGroup, target: Target) -> Health | None:
        """How a target is; None until it is checked."""
        return self._health.get((group.arn, target.key))

    @property
    def pid(self) -> int | None:
        """The proxy's process."""
        return self._engine.pid if self._engine else None

    def _started(self) -> Engine:
        if self._engine is None:
            folder = settings().folder("elbv2")
            self._engine = Engine(folder, system_environment(), self._hear)
            ec2.LISTENERS.append(self._instance_changed)
            self._worker = threading.Thread(target=self._work, name="elbv2", daemon=True)
            self._worker.start()
        return self._engine

    def _hear(self, report: Report) -> None:
        # Never with the lock: who holds it may wait for a report after this one.
        for health in report.health:
            self._health[health.group, health.key] = health
        if report.drained or report.traffic:
            self._reports.put(report)

    def _instance_changed(self, _: object) -> None:
        self._reports.put(None)

    def _work(self) -> None:
        """Follow what is reported, for ever."""
        events.infra_ready.wait()
        while True:
            report: Report | None = Report()
            with suppress(queue.Empty):
                report = self._reports.get(timeout=TRY_AGAIN_SECONDS if self.refused else None)
            if report is None:
                self._follow_instances()
            elif report.drained or report.traffic:
                self._remove(report.drained)
                self._count(report.traffic)
            else:
                self.serve()

    def _follow_instances(self) -> None:
        """Terminated instances are deregistered, as on AWS."""
        with LOCK:
            for group in all_groups():
                if group.kind != "instance" or not group.targets:
                    continue
                for key, target in list(group.targets.items()):
                    if planning.instance_state(group, target) == "terminated":
                        del group.targets[key]
                        group.save()
            self.serve()

    def _remove(self, drained: list[tuple[str, str]]) -> None:
        """Targets whose time to drain is over are registered no more."""
        if not drained:
            return
        with LOCK:
            by_arn = {group.arn: group for group in all_groups()}
            for arn, key in drained:
                group = by_arn.get(arn)
                target = group.targets.get(key) if group else None
                if group and target and target.draining_until is not None:
                    del group.targets[key]
                    group.save()
            self.serve()

    def _count(self, traffic: list[Traffic]) -> None:
        with LOCK:
            scopes = {balancer.full_name: balancer.scope for balancer in all_balancers()}
        for scope in set(scopes.values()):
            of_scope = [item for item in traffic if scopes.get(item.balancer) == scope]
            if of_scope:
                metrics.put(scope, of_scope)


DATA_PLANE = DataPlane()
"""The emulator's one data plane."""
