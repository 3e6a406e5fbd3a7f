"""Tasks: run, stop, described, listed."""

import copy
import hashlib
import json

import psutil

from emulation.compute.tasks import networks
from emulation.compute.tasks.runs import Ending
from emulation.services.ecs import making, names, placing, telling
from emulation.services.ecs.definitions import listed, refuse_sessions
from emulation.services.ecs.errors import invalid, not_emulated, refusal, service_not_found
from emulation.services.ecs.live import LIVE, LiveTask, ports_of
from emulation.services.ecs.making import Order
from emulation.services.ecs.store import LOCK, SERVICES, TASKS, Cluster, Members, Task, tasks_in
from emulation.services.scope import Scope

MOST = 10
MOST_DESCRIBED = 100


def run(scope: Scope, request: Members) -> Members:
    """RunTask."""
    refuse(request)
    count = request.get("count", 1)
    if not 1 <= count <= MOST:
        raise invalid(f"count must be between 1 and {MOST}.")
    cluster = names.cluster(scope, request.get("cluster"))
    digest = hashlib.sha256(json.dumps(request, sort_keys=True, default=str).encode()).hexdigest()
    with LOCK:
        if (before := asked_before(cluster, request.get("clientToken"), digest)) is not None:
            return {"tasks": [told(task) for task in before], "failures": []}
    order = order_of(scope, cluster, request, digest)
    if failure := unplaceable(order, count):
        return {"tasks": [], "failures": [failure] * count}
    started = [start(order, number) for number in range(count)]
    return {"tasks": started, "failures": []}


def refuse(request: Members) -> None:
    """What nobody carries out, and what Fargate has not."""
    refuse_sessions("RunTask", request)
    if request.get("volumeConfigurations"):
        raise not_emulated("RunTask", "volumeConfigurations")
    if request.get("placementStrategy"):
        raise invalid("Placement strategies are not supported with FARGATE launch type.")
    if request.get("placementConstraints"):
        raise invalid("Placement constraints are not supported with FARGATE launch type.")


def asked_before(cluster: Cluster, token: str | None, digest: str) -> list[Task] | None:
    """The tasks of the same request, when a client sends it again.

    Raises:
        CommonServiceException: ConflictException.
    """
    found = [task for task in tasks_in(cluster) if token and task.token == token]
    if any(task.asked != digest for task in found):
        raise refusal(
            "ConflictException",
            "The request with this client token was made with other parameters.",
        )
    return found or None


def order_of(scope: Scope, cluster: Cluster, request: Members, digest: str) -> Order:
    """What is to be run, checked."""
    provider = making.provider_of(request, cluster)
    if provider is None:
        raise invalid("No Container Instances were found in your cluster.")
    making.check_platform(request.get("platformVersion"))
    definition = names.runnable(scope, request["taskDefinition"])
    making.check_definition(definition)
    overrides = making.check_overrides(definition, request.get("overrides"))
    network = placing.check(scope, request.get("networkConfiguration"))
    making.check_roles(scope, definition, overrides)
    return Order(
        cluster=cluster,
        definition=definition,
        network=network,
        zones=placing.zones_of(scope, network),
        overrides=overrides,
        provider=provider,
        group=request.get("group") or "",
        started_by=request.get("startedBy") or "",
        tags=making.tags_of(request, definition, cluster),
        token=request.get("clientToken") or "",
        asked=digest,
    )


def unplaceable(order: Order, count: int) -> Members | None:
    """Why this machine has no place for a task; None when it has."""
    _, memory = making.size(order.definition, order.overrides)
    if int(memory) * 2**20 > psutil.virtual_memory().total:
        return {"reason": "RESOURCE:MEMORY"}
    if networks.are_private():
        return None
    ports = ports_of(order.definition.members["containerDefinitions"])
    if ports and (count > 1 or len(networks.free_here(ports)) < len(ports)):
        return {"reason": "RESOURCE:PORTS"}
    return None


def start(order: Order, number: int) -> Members:
    """A task that begins; as it is before it has begun."""
    task = making.make(order, number)
    live = LiveTask(task)
    with LOCK:
        names.check_active(order.cluster)
        TASKS.save(task)
        LIVE[task.arn] = live
        found = told(task)
    telling.task_changed(task)
    live.start()
    return found


def told(task: Task) -> Members:
    """A task as the API tells it now."""
    with LOCK:
        return copy.deepcopy(task.members)


def stop(scope: Scope, request: Members) -> Members:
    """StopTask; what has stopped is answered as it is."""
    found = names.task(scope, request.get("cluster"), request["task"])
    if live := LIVE.get(found.arn):
        live.stop(Ending("UserInitiated", request.get("reason") or "Task stopped by user"))
    return {"task": told(found)}


def describe(scope: Scope, request: Members) -> Members:
    """DescribeTasks."""
    identifiers = request["tasks"]
    if not identifiers:
        raise invalid("Tasks cannot be empty.")
    if len(identifiers) > MOST_DESCRIBED:
        raise invalid(f"Tasks cannot have more than {MOST_DESCRIBED} elements.")
    cluster = names.cluster(scope, request.get("cluster"))
    found, failures = [], []
    for identifier in identifiers:
        if (task := names.find_task(cluster, identifier)) is None:
            arn = scope.arn("ecs", f"task/{cluster.name}/{names.last(identifier)}")
            failures.append({"arn": arn, "reason": "MISSING"})
        else:
            tags = task.tags if "TAGS" in (request.get("include") or []) else []
            found.append({**told(task), "tags": tags})
    return {"tasks": found, "failures": failures}


def list_tasks(scope: Scope, request: Members) -> Members:
    """ListTasks: those that are to run, unless others are asked for."""
    cluster = names.cluster(scope, request.get("cluster"))
    if request.get("containerInstance"):
        raise invalid("Container instance not found.")
    service = names.last(request.get("serviceName") or "")
    if service and f"{cluster.name}/{service}" not in SERVICES.of(scope):
        raise service_not_found()
    wanted = {
        "desiredStatus": request.get("desiredStatus") or "RUNNING",
        "startedBy": request.get("startedBy"),
        "launchType": request.get("launchType"),
    }
    family = request.get("family")
    arns = [
        task.arn
        for task in tasks_in(cluster)
        if all(value in {None, task.members.get(name)} for name, value in wanted.items())
        and (not service or task.service == service)
        and (not family or f"/{family}:" in task.members["taskDefinitionArn"])
    ]
    return listed(request, "taskArns", arns)
