"""Health checks of containers: the command really runs, beside the container's processes."""

import time
from collections.abc import Callable
from dataclasses import replace

from emulation.compute.processes import SUPERVISOR, Limits, Status
from emulation.compute.tasks.containers import Container, Health, HealthCheck


def watch(
    container: Container,
    check: HealthCheck,
    tell: Callable[[Container, Health], None],
) -> None:
    """Check until the container has ended; the first time after one interval."""
    failures = 0
    while not container.over.wait(check.interval):
        if is_healthy(container, check):
            failures = 0
            tell(container, "HEALTHY")
        elif container.health != "UNKNOWN" or not in_start_period(container, check):
            failures += 1
            if failures >= check.retries:
                tell(container, "UNHEALTHY")


def in_start_period(container: Container, check: HealthCheck) -> bool:
    """Whether failures do not count yet."""
    return time.time() - (container.started or 0) < check.start_period


def is_healthy(container: Container, check: HealthCheck) -> bool:
    """One check; a command that takes too long has failed."""
    if container.family is None:
        return False
    spec = replace(
        container.plan.beside(check.command, container.family.first),
        limits=Limits(seconds=check.timeout),
        grace_seconds=0.0,
        log=None,
    )
    try:
        process = SUPERVISOR.start(spec)
    except OSError:
        return False
    return process.wait() is Status.SUCCEEDED
