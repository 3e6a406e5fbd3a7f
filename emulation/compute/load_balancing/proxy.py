"""The proxy: it serves a plan, on the ports that stand in it, and reports.

A new plan takes effect at once and for the next request of every connection. A request that has
begun goes on to its target whatever the plan says, until the target's time to drain is over.
"""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from emulation.compute.load_balancing import forwarding, functions
from emulation.compute.load_balancing.door import Door
from emulation.compute.load_balancing.exchange import Exchange, Meter
from emulation.compute.load_balancing.health import Checker
from emulation.compute.load_balancing.plan import Balancer, Plan, Report
from emulation.compute.load_balancing.targets import LiveGroup, LiveTarget, merged

LOG = logging.getLogger(__name__)

REPORT_SECONDS = 1.0
HOSTS_SECONDS = 60.0
"""How often the numbers of healthy targets are told, unless they change."""


class Proxy:
    """Everything that runs for a plan."""

    def __init__(self, tell: Callable[[Report], None]) -> None:
        self.tell = tell
        self.meter = Meter()
        self.groups: dict[str, LiveGroup] = {}
        self.client: ClientSession = forwarding.session()
        self.gateway = ""
        self._plan = Plan(0, "")
        self._doors: dict[str, Door] = {}
        self._logs: dict[str, list[str]] = defaultdict(list)
        self._checker = Checker(self._health_changed, self._check_function)
        self._hosts_told = 0.0

    async def serve(self, plan: Plan) -> None:
        """Do what a plan says, from now on."""
        self._plan, self.gateway = plan, plan.gateway
        self.groups = merged(self.groups, plan.groups)
        refused = await self._open(plan)
        self._checker.follow([t for live in self.groups.values() for t in live.targets.values()])
        self.tell(Report(applied=plan.number, refused=refused))
        self._hosts_told = 0.0

    async def _open(self, plan: Plan) -> dict[str, str]:
        wanted = {
            listener.arn: (balancer, listener)
            for balancer in plan.balancers
            for listener in balancer.listeners
        }
        for arn, door in list(self._doors.items()):
            if arn not in wanted or wanted[arn][1].local_port != door.listener.local_port:
                self._doors.pop(arn).close()
        refused = {}
        for arn, (balancer, listener) in wanted.items():
            if arn in self._doors:
                self._doors[arn].change(balancer, listener)
                continue
            door = Door(self, balancer, listener)
            try:
                await door.open()
            except OSError as error:
                refused[arn] = str(error)
            else:
                self._doors[arn] = door
        return refused

    async def report(self) -> None:
        """Tell what was counted and who has drained, for ever."""
        while True:
            await asyncio.sleep(REPORT_SECONDS)
            drained = self._let_go()
            self._count_hosts()
            self._count_requests_per_target()
            traffic = self.meter.take()
            self._write_logs()
            if traffic or drained:
                self.tell(Report(traffic=traffic, drained=drained))

    def _let_go(self) -> list[tuple[str, str]]:
        """End what still waits for targets whose time is over."""
        drained = []
        for target in self._targets():
            until = target.target.draining_until
            if until is not None and until <= time.time():
                for exchange in list(target.in_flight):
                    exchange.end()
                drained.append(target.name)
        return drained

    def _targets(self) -> Iterable[LiveTarget]:
        return [target for live in self.groups.values() for target in live.targets.values()]

    def _places(self) -> Iterable[tuple[Balancer, LiveGroup]]:
        """Each load balancer with each group that it forwards to."""
        for balancer in self._plan.balancers:
            arns = {
                share.group
                for listener in balancer.listeners
                for rule in listener.rules
                for share in rule.action.shares
            }
            for arn in arns & self.groups.keys():
                yield balancer, self.groups[arn]

    def _count_hosts(self) -> None:
        if time.monotonic() - self._hosts_told < HOSTS_SECONDS and self._hosts_told:
            return
        self._hosts_told = time.monotonic()
        for balancer, live in self._places():
            place = (balancer.dimension, live.group.dimension, balancer.zone)
            self.meter.add(place, "HealthyHostCount", live.healthy_count())
            self.meter.add(place, "UnHealthyHostCount", live.unhealthy_count())

    def _count_requests_per_target(self) -> None:
        for balancer, live in self._places():
            place = (balancer.dimension, live.group.dimension, balancer.zone)
            if live.requests:
                share = live.requests / max(1, live.healthy_count())
                self.meter.add(place, "RequestCountPerTarget", share)
                live.requests = 0

    def _health_changed(self, target: LiveTarget) -> None:
        self._hosts_told = 0.0
        self.tell(Report(health=[target.told()]))

    async def _check_function(self, target: LiveTarget) -> int:
        for balancer, live in self._places():
            if live.group.arn == target.group.arn:
                return await functions.check(self.client, self.gateway, balancer, target)
        raise ValueError("no load balancer uses the group")

    def ended(self, exchange: Exchange) -> None:
        """Count an exchange and log it."""
        self.meter.count(exchange)
        if exchange.balancer.log:
            self._logs[exchange.balancer.log].append(exchange.line())

    def _write_logs(self) -> None:
        """Append what was logged; a file that was taken away is begun anew."""
        logs, self._logs = self._logs, defaultdict(list)
        for path, lines in logs.items():
            try:
                with Path(path).open("a") as log:
                    log.writelines(f"{line}\n" for line in lines)
            except OSError as error:
                LOG.warning("%s lines of the access log are lost: %s", len(lines), error)


async def run(reader: asyncio.StreamReader, writer: Any, decode: Any, encode: Any) -> None:
    """Serve the plans that come, one a line, until no more can come."""

    def tell(report: Report) -> None:
        writer.write(encode(report) + b"\n")

    proxy = Proxy(tell)
    reporting = asyncio.create_task(proxy.report())
    while line := await reader.readline():
        await proxy.serve(decode(line))
    reporting.cancel()
