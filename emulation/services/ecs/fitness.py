"""How a service's tasks are: do they do what they are there for?

What counts is what there is: the target groups' health checks, the containers' own, and where
there are none, that a task runs and goes on running for some seconds: AWS's scheduler does not look
more often.
"""

import time
from dataclasses import dataclass
from typing import Literal

from emulation.services.ecs import targets
from emulation.services.ecs.store import Service, Task

STEADY_SECONDS = 5.0

UNHEALTHY = "Task failed container health checks"

Verdict = Literal["fit", "waiting", "unfit"]


@dataclass(frozen=True, slots=True)
class Fitness:
    """A task's."""

    verdict: Verdict
    reason: str = ""
    """Why it is unfit, as its stopped reason says it."""
    event: str = ""
    """The same, as its service says it."""


WAITING = Fitness("waiting")
FIT = Fitness("fit")


def of(service: Service, task: Task) -> Fitness:
    """Look at a task that is to run; may ask a load balancer, so not with the store locked."""
    if task.status != "RUNNING":
        return WAITING
    grace = service.members.get("healthCheckGracePeriodSeconds") or 0
    in_grace = time.time() - task.running_since < grace
    own = of_containers(task)
    if own.verdict != "fit":
        return WAITING if in_grace else own
    if task.load_balancers:
        found = of_targets(task)
        return WAITING if in_grace and found.verdict == "unfit" else found
    looked_at = "healthStatus" in task.members
    proven = time.time() - task.running_since >= STEADY_SECONDS
    return FIT if looked_at or proven else WAITING


def of_containers(task: Task) -> Fitness:
    """By the containers' health checks."""
    match task.members.get("healthStatus"):
        case "UNHEALTHY":
            return Fitness(
                "unfit", UNHEALTHY, f"(task {task.identifier}) failed container health checks."
            )
        case "UNKNOWN":
            return WAITING
    return FIT


def of_targets(task: Task) -> Fitness:
    """By the target groups' health checks; every group's."""
    verdict = FIT
    for balancer in task.load_balancers:
        state, reason = targets.state_of(task, balancer)
        group = balancer["targetGroupArn"]
        if state == "unhealthy":
            return Fitness(
                "unfit",
                f"Task failed ELB health checks in (target-group {group})",
                f"(task {task.identifier}) (port {balancer['containerPort']}) is unhealthy in "
                f"(target-group {group}) due to (reason {reason}).",
            )
        if state != "healthy":
            verdict = WAITING
    return verdict
