"""Health checks: a request to each target every interval, each on a connection of its own.

A target is healthy after its first success; from then on the thresholds count. What was healthy in
a plan before stays so while the plan changes around it.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
from yarl import URL

from emulation.compute.load_balancing.plan import Check
from emulation.compute.load_balancing.targets import CHECKING, LiveTarget

AGENT = "ELB-HealthChecker/2.0"
NOT_CHECKED = (
    "unavailable",
    "Target.HealthCheckDisabled",
    "Health checks are not enabled for this target",
)

Told = Callable[[LiveTarget], None]
"""Hears of each change of a target's health."""

InvokeCheck = Callable[[LiveTarget], Awaitable[int]]
"""Checks a function; the status that it answers."""


class Failure(NamedTuple):
    """Why a check has failed."""

    reason: str
    description: str


TIMED_OUT = Failure("Target.Timeout", "Request timed out")
FAILED = Failure("Target.FailedHealthChecks", "Health checks failed")


def mismatch(status: int) -> Failure:
    """A status that is not one of those wanted."""
    return Failure(
        "Target.ResponseCodeMismatch", f"Health checks failed with these codes: [{status}]"
    )


def accepts(codes: str, status: int) -> bool:
    """Whether a status is among `200,202` or `200-299`."""
    for part in codes.split(","):
        first, _, last = part.strip().partition("-")
        if int(first) <= status <= int(last or first):
            return True
    return False


class Checker:
    """One task for each target that is to be checked."""

    def __init__(self, told: Told, invoke: InvokeCheck) -> None:
        self._told = told
        self._invoke = invoke
        self._tasks: dict[LiveTarget, tuple[Check, asyncio.Task[None]]] = {}
        self._session = ClientSession(
            connector=TCPConnector(force_close=True, limit=0),
            cookie_jar=DummyCookieJar(),
            headers={"User-Agent": AGENT, "Accept-Encoding": "gzip, compressed"},
            auto_decompress=False,
        )

    def follow(self, targets: list[LiveTarget]) -> None:
        """Check these from now on, and no others."""
        wanted = {target: target.group.check for target in targets if not target.drains}
        for target, (check, task) in list(self._tasks.items()):
            if wanted.get(target) != check:
                task.cancel()
                del self._tasks[target]
        for target, check in wanted.items():
            if target not in self._tasks:
                self._begin(target, check)

    def _begin(self, target: LiveTarget, check: Check) -> None:
        if not check.enabled:
            self._enter(target, *NOT_CHECKED)
            return
        if target.state == "unavailable":
            self._enter(target, *CHECKING)
        else:
            self._told(target)
        self._tasks[target] = (check, asyncio.create_task(self._check_always(target, check)))

    async def _check_always(self, target: LiveTarget, check: Check) -> None:
        # An answer's time does not shift the checks after it.
        due = time.monotonic()
        while True:
            self._judge(target, check, await self._check(target, check))
            due = max(due + check.interval, time.monotonic())
            await asyncio.sleep(due - time.monotonic())

    async def _check(self, target: LiveTarget, check: Check) -> Failure | None:
        try:
            async with asyncio.timeout(check.timeout):
                status = await self._status(target, check)
        except TimeoutError:
            return TIMED_OUT
        except (ClientError, OSError, ValueError):
            return FAILED
        return None if accepts(check.codes, status) else mismatch(status)

    async def _status(self, target: LiveTarget, check: Check) -> int:
        if target.group.is_function:
            return await self._invoke(target)
        port = check.port or target.target.port
        url = URL(f"http://{target.target.address}:{port}{check.path}", encoded=True)
        options = {"allow_redirects": False, "timeout": ClientTimeout(total=check.timeout)}
        async with self._session.get(url, **options) as answer:  # type: ignore[arg-type]
            await answer.read()
            return answer.status

    def _judge(self, target: LiveTarget, check: Check, failure: Failure | None) -> None:
        """Count, and change the state at the threshold."""
        if failure is None:
            target.successes, target.failures = target.successes + 1, 0
            needed = 1 if target.state == "initial" else check.healthy
            if target.state != "healthy" and target.successes >= needed:
                target.healthy_since = time.time()
                self._enter(target, "healthy", "", "")
            return
        target.failures, target.successes = target.failures + 1, 0
        if target.failures >= check.unhealthy:
            self._enter(target, "unhealthy", *failure)

    def _enter(self, target: LiveTarget, state: str, reason: str, description: str) -> None:
        if (target.state, target.reason, target.description) != (state, reason, description):
            target.state, target.reason, target.description = state, reason, description
            self._told(target)
