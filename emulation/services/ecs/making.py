"""A new task: what it is made of - definition, overrides, place - as the API tells it."""

import time
import uuid
from dataclasses import dataclass, field

from emulation.services.ecs import names, placing, roles
from emulation.services.ecs.definition_checks import check_size, is_fargate, plain_size
from emulation.services.ecs.errors import invalid, refusal
from emulation.services.ecs.store import Cluster, Definition, Members, Task
from emulation.services.scope import Scope

PLATFORM = "1.4.0"
PLATFORMS = ("LATEST", PLATFORM, "1.3.0")
STORAGE_GIB = 20
MOST_TAGS = 50


@dataclass(frozen=True, slots=True)
class Order:
    """What tasks are made of: checked, and the same for each of them."""

    cluster: Cluster
    definition: Definition
    network: Members
    zones: dict[str, str]
    """Zones by subnet."""
    overrides: Members = field(default_factory=dict)
    provider: str = ""
    """The capacity provider; empty for a launch type."""
    group: str = ""
    started_by: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    service: str = ""
    deployment: str = ""
    load_balancers: tuple[Members, ...] = ()
    token: str = ""
    asked: str = ""


def check_platform(version: str | None) -> None:
    """The platform's version, of which one runs here.

    Raises:
        CommonServiceException: PlatformUnknownException.
    """
    if version and version not in PLATFORMS:
        raise refusal("PlatformUnknownException", "The specified platform does not exist.")


def check_definition(definition: Definition) -> None:
    """Fargate must be able to run it.

    Raises:
        CommonServiceException: InvalidParameterException.
    """
    if not is_fargate(definition.members):
        raise invalid("Task definition does not support launch_type FARGATE.")


def check_roles(scope: Scope, definition: Definition, overrides: Members) -> None:
    """Both roles, those of the overrides first."""
    for name in ("taskRoleArn", "executionRoleArn"):
        roles.check(scope, overrides.get(name) or definition.members.get(name))


def check_overrides(definition: Definition, given: Members | None) -> Members:
    """Overrides as the API tells them: an entry for each container.

    Raises:
        CommonServiceException: InvalidParameterException, ClientException.
    """
    overrides = dict(given or {})
    known = [item["name"] for item in definition.members["containerDefinitions"]]
    by_name = {item.get("name"): item for item in overrides.get("containerOverrides") or []}
    for name in by_name:
        if name not in known:
            raise invalid(
                f"Override for container named {name} is not a container in the TaskDefinition."
            )
    overrides["containerOverrides"] = [by_name.get(name) or {"name": name} for name in known]
    overrides["inferenceAcceleratorOverrides"] = []
    for name, unit in (("cpu", "vcpu"), ("memory", "gb")):
        if overrides.get(name):
            overrides[name] = plain_size(overrides[name], unit, name)
    cpu, memory = size(definition, overrides)
    check_size(cpu, memory)
    return overrides


def size(definition: Definition, overrides: Members) -> tuple[str, str]:
    """Processor units and MiB of a task."""
    members = definition.members
    return (
        str(overrides.get("cpu") or members["cpu"]),
        str(overrides.get("memory") or members["memory"]),
    )


def containers_of(definition: Definition, overrides: Members) -> list[Members]:
    """The definitions of a task's containers, with what is overridden."""
    by_name = {item["name"]: item for item in overrides["containerOverrides"]}
    found = []
    for container in definition.members["containerDefinitions"]:
        override = by_name[container["name"]]
        merged = {**container}
        for name in ("command", "cpu", "memory", "memoryReservation"):
            if override.get(name) is not None:
                merged[name] = override[name]
        own = {item["name"]: item["value"] for item in container.get("environment") or []}
        own |= {item["name"]: item["value"] for item in override.get("environment") or []}
        merged["environment"] = [{"name": name, "value": value} for name, value in own.items()]
        if override.get("environmentFiles"):
            merged["environmentFiles"] = override["environmentFiles"]
        found.append(merged)
    return found


def make(order: Order, number: int) -> Task:
    """A task that is not started yet; the n-th of its order, whose subnets take turns."""
    cluster, definition = order.cluster, order.definition
    subnets = order.network["awsvpcConfiguration"]["subnets"]
    subnet = subnets[number % len(subnets)]
    task = Task(
        account=cluster.account,
        region=cluster.region,
        partition=cluster.partition,
        identifier=uuid.uuid4().hex,
        cluster=cluster.name,
        members={},
        tags=[{"key": key, "value": value} for key, value in order.tags],
        service=order.service,
        deployment=order.deployment,
        load_balancers=list(order.load_balancers),
        token=order.token,
        asked=order.asked,
    )
    cpu, memory = size(definition, order.overrides)
    storage = order.overrides.get("ephemeralStorage") or definition.members.get("ephemeralStorage")
    task.members = {
        "attachments": [placing.new_attachment(subnet)],
        "attributes": [{"name": "ecs.cpu-architecture", "value": architecture(definition)}],
        "availabilityZone": order.zones[subnet],
        "clusterArn": cluster.arn,
        "containers": containers_told(task, definition, order.overrides),
        "cpu": cpu,
        "createdAt": time.time(),
        "desiredStatus": "RUNNING",
        "enableExecuteCommand": False,
        "group": order.group or f"family:{definition.family}",
        "lastStatus": "PROVISIONING",
        "launchType": "FARGATE",
        "memory": memory,
        "overrides": order.overrides,
        "platformVersion": PLATFORM,
        "platformFamily": "Linux",
        "tags": task.tags,
        "taskArn": task.arn,
        "taskDefinitionArn": definition.arn,
        "version": 1,
        "ephemeralStorage": storage or {"sizeInGiB": STORAGE_GIB},
        "fargateEphemeralStorage": storage or {"sizeInGiB": STORAGE_GIB},
    }
    if order.started_by:
        task.members["startedBy"] = order.started_by
    if order.provider:
        task.members["capacityProviderName"] = order.provider
    return task


def architecture(definition: Definition) -> str:
    """What the definition wants; programs here are this machine's whatever it says."""
    wanted = (definition.members.get("runtimePlatform") or {}).get("cpuArchitecture", "X86_64")
    return "arm64" if wanted == "ARM64" else "x86_64"


def containers_told(task: Task, definition: Definition, overrides: Members) -> list[Members]:
    """The containers of a new task."""
    found = []
    for container in containers_of(definition, overrides):
        told = {
            "containerArn": task.scope.arn(
                "ecs", f"container/{task.cluster}/{task.identifier}/{uuid.uuid4()}"
            ),
            "taskArn": task.arn,
            "name": container["name"],
            "image": container["image"],
            "lastStatus": "PENDING",
            "networkInterfaces": [],
            "cpu": str(container.get("cpu") or 0),
        }
        for name in ("memory", "memoryReservation"):
            if container.get(name):
                told[name] = str(container[name])
        if container.get("healthCheck"):
            told["healthStatus"] = "UNKNOWN"
        found.append(told)
    return found


def tags_of(
    request: Members, definition: Definition, cluster: Cluster, service: list[Members] | None = None
) -> tuple[tuple[str, str], ...]:
    """A new task's tags: its own, those that are propagated, and ECS's."""
    propagated = {"TASK_DEFINITION": definition.tags, "SERVICE": service or []}
    found = {
        tag["key"]: tag.get("value", "")
        for tag in propagated.get(request.get("propagateTags") or "NONE", [])
    }
    found |= {tag["key"]: tag.get("value", "") for tag in request.get("tags") or []}
    if request.get("enableECSManagedTags"):
        found["aws:ecs:clusterName"] = cluster.name
        if request.get("serviceName"):
            found["aws:ecs:serviceName"] = request["serviceName"]
    if len(found) > MOST_TAGS:
        raise invalid("The maximum number of tags for a resource is 50.")
    return tuple(found.items())


def provider_of(request: Members, cluster: Cluster) -> str | None:
    """What carries the tasks: a capacity provider, Fargate itself (empty), or instances (None).

    Raises:
        CommonServiceException: InvalidParameterException.
    """
    launch, strategy = request.get("launchType"), request.get("capacityProviderStrategy") or []
    if launch and strategy:
        raise invalid(
            "Specifying both a launch type and capacity provider strategy is not supported. Remove "
            "one and try again."
        )
    if launch:
        return "" if launch == "FARGATE" else None
    chosen = strategy or cluster.strategy
    if not chosen:
        return None
    for item in chosen:
        if item["capacityProvider"] not in cluster.capacity_providers:
            raise invalid(
                "The specified capacity provider strategy cannot contain a capacity provider that "
                "is not associated with the cluster. Associate the capacity provider with the "
                "cluster or specify a different capacity provider and try again."
            )
    best = max(chosen, key=lambda item: (item.get("base") or 0, item.get("weight") or 0))
    return names.last(str(best["capacityProvider"]))
