"""A service's load balancers: its tasks are their targets, from ACTIVATING to DEACTIVATING."""

import logging
import time
from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError

from emulation.services.ecs import placing
from emulation.services.ecs.deployments import announce
from emulation.services.ecs.failures import StartError
from emulation.services.ecs.store import LOCK, SERVICES, Members, Task

LOG = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
LONGEST_DRAIN_SECONDS = 3700.0
"""A target group's longest delay is an hour."""


def target(task: Task, balancer: Members) -> Members:
    """A task as a target."""
    address = placing.detail(task.members["attachments"][0], "privateIPv4Address")
    return {"Id": address, "Port": balancer["containerPort"]}


def register(task: Task) -> None:
    """Tell the load balancers.

    Raises:
        StartError: a target group refuses.
    """
    for balancer in task.load_balancers:
        group = balancer["targetGroupArn"]
        try:
            task.scope.client("elbv2").register_targets(
                TargetGroupArn=group, Targets=[target(task, balancer)]
            )
        except (ClientError, BotoCoreError) as error:
            raise StartError("", f"Unable to register targets in {group}: {error}") from error
        say(task, f"registered 1 targets in (target-group {group})")


def say(task: Task, text: str) -> None:
    """An event of the task's service."""
    with LOCK:
        if service := SERVICES.of(task.scope).get(f"{task.cluster}/{task.service}"):
            announce(service, text)


def deregister(task: Task, is_alive: Callable[[], bool]) -> None:
    """Tell them that it goes, and wait until nobody is connected any more, as long as it lives."""
    for balancer in task.load_balancers:
        try:
            task.scope.client("elbv2").deregister_targets(
                TargetGroupArn=balancer["targetGroupArn"], Targets=[target(task, balancer)]
            )
        except (ClientError, BotoCoreError) as error:
            LOG.warning("a target of %s was not deregistered: %s", task.arn, error)
            continue
        say(task, f"deregistered 1 targets in (target-group {balancer['targetGroupArn']})")
    if is_alive() and is_draining(task):
        say(task, "has begun draining connections on 1 tasks.")
    until = time.monotonic() + LONGEST_DRAIN_SECONDS
    while is_alive() and is_draining(task) and time.monotonic() < until:
        time.sleep(LOOK_SECONDS)


def is_draining(task: Task) -> bool:
    """Whether one of them still lets requests of it end."""
    return any(state_of(task, balancer)[0] == "draining" for balancer in task.load_balancers)


def state_of(task: Task, balancer: Members) -> tuple[str, str]:
    """How a target is, and why."""
    try:
        (found,) = task.scope.client("elbv2").describe_target_health(
            TargetGroupArn=balancer["targetGroupArn"], Targets=[target(task, balancer)]
        )["TargetHealthDescriptions"]
    except (ClientError, BotoCoreError, ValueError):
        return "unused", ""
    health = found["TargetHealth"]
    return str(health["State"]), str(health.get("Description") or "Health checks failed")
