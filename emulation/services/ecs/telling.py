"""Events to EventBridge: of tasks, services and deployments, as ECS sends them."""

import time
from datetime import UTC, datetime

from emulation.services.ecs.store import Members, Service, Task
from emulation.services.service_events import put_event

SOURCE = "aws.ecs"
TIMES = (
    "createdAt",
    "startedAt",
    "stoppedAt",
    "stoppingAt",
    "pullStartedAt",
    "pullStoppedAt",
    "connectivityAt",
    "executionStoppedAt",
)


def stamp(moment: float) -> str:
    """A time as events have it."""
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%S}.{int(moment % 1 * 1000):03}Z"


def task_changed(task: Task) -> None:
    """A task is somewhere else than before, or is to be."""
    detail = {
        name: stamp(value) if name in TIMES else value
        for name, value in task.members.items()
        if name not in {"tags", "healthStatus"} or value
    }
    detail["updatedAt"] = stamp(time.time())
    put_event(
        task.account, task.region, SOURCE, "ECS Task State Change", detail, resources=[task.arn]
    )


def service_acted(service: Service, name: str, kind: str = "INFO", **more: str) -> None:
    """The scheduler has something to say of a service."""
    detail = {
        "eventType": kind,
        "eventName": name,
        "clusterArn": service.scope.arn("ecs", f"cluster/{service.cluster}"),
        "createdAt": stamp(time.time()),
        **more,
    }
    put_event(
        service.account,
        service.region,
        SOURCE,
        "ECS Service Action",
        detail,
        resources=[service.arn],
    )


def deployment_changed(service: Service, deployment: Members, name: str, kind: str) -> None:
    """A deployment has begun, is complete, or has failed."""
    detail = {
        "eventType": kind,
        "eventName": name,
        "deploymentId": deployment["id"],
        "updatedAt": stamp(deployment["updatedAt"]),
        "reason": deployment["rolloutStateReason"],
    }
    put_event(
        service.account,
        service.region,
        SOURCE,
        "ECS Deployment State Change",
        detail,
        resources=[service.arn],
    )
