"""What a task's containers are told of themselves: task metadata, version 4 (and 3, its part).

The statistics have the form of Docker's, with what the processes really use.
"""

import time
from datetime import UTC, datetime
from typing import Any

from emulation.compute.tasks.endpoints import NOT_FOUND, Answer
from emulation.compute.tasks.samples import Usage, Watched
from emulation.services.ecs import placing
from emulation.services.ecs.store import Members, Task

UNITS = 1024
NANOSECONDS = 1_000_000_000


def answer(task: Task, name: str, path: str, watched: Watched | None) -> Answer:
    """What a container is told at a path of its own."""
    match path:
        case "":
            return 200, container_told(task, name)
        case "task":
            return 200, task_told(task)
        case "taskWithTags":
            return 200, {**task_told(task), "TaskTags": tags(task)}
        case "stats":
            return 200, statistics(watched, name, runtime_id(task, name))
        case "task/stats":
            names = [item["name"] for item in task.members["containers"]]
            return 200, {
                runtime_id(task, one): statistics(watched, one, runtime_id(task, one))
                for one in names
            }
    return NOT_FOUND


def tags(task: Task) -> dict[str, str]:
    """The task's."""
    return {tag["key"]: tag["value"] for tag in task.tags}


def runtime_id(task: Task, name: str) -> str:
    """The identifier of a container."""
    return str(member(task, name).get("runtimeId") or "")


def member(task: Task, name: str) -> Members:
    """A container, as the API tells it."""
    found: Members = next(item for item in task.members["containers"] if item["name"] == name)
    return found


def task_told(task: Task) -> Members:
    """The task."""
    members = task.members
    family, _, revision = members["taskDefinitionArn"].rpartition("/")[2].partition(":")
    told = {
        "Cluster": members["clusterArn"],
        "TaskARN": task.arn,
        "Family": family,
        "Revision": revision,
        "ServiceName": task.service,
        "DesiredStatus": members["desiredStatus"],
        "KnownStatus": members["lastStatus"],
        "Limits": {"CPU": int(members["cpu"]) / UNITS, "Memory": int(members["memory"])},
        "PullStartedAt": moment(members.get("pullStartedAt")),
        "PullStoppedAt": moment(members.get("pullStoppedAt")),
        "AvailabilityZone": members["availabilityZone"],
        "LaunchType": "FARGATE",
        "Containers": [container_told(task, item["name"]) for item in members["containers"]],
    }
    return {name: value for name, value in told.items() if value not in (None, "")}


def container_told(task: Task, name: str) -> Members:
    """One container."""
    found = member(task, name)
    members = task.members
    family, _, revision = members["taskDefinitionArn"].rpartition("/")[2].partition(":")
    attachment = members["attachments"][0]
    told: Members = {
        "DockerId": found.get("runtimeId"),
        "Name": name,
        "DockerName": name,
        "Image": found["image"],
        "ImageID": found.get("imageDigest"),
        "Labels": {
            "com.amazonaws.ecs.cluster": members["clusterArn"],
            "com.amazonaws.ecs.container-name": name,
            "com.amazonaws.ecs.task-arn": task.arn,
            "com.amazonaws.ecs.task-definition-family": family,
            "com.amazonaws.ecs.task-definition-version": revision,
        },
        "DesiredStatus": members["desiredStatus"],
        "KnownStatus": found["lastStatus"],
        "Limits": {"CPU": int(found.get("cpu") or 0)},
        "CreatedAt": moment(members["createdAt"]),
        "StartedAt": moment(members.get("startedAt")),
        "Type": "NORMAL",
        "ContainerARN": found["containerArn"],
        "Networks": [
            {
                "NetworkMode": "awsvpc",
                "IPv4Addresses": [placing.detail(attachment, "privateIPv4Address")],
                "AttachmentIndex": 0,
                "MACAddress": placing.detail(attachment, "macAddress"),
                "PrivateDNSName": placing.detail(attachment, "privateDnsName"),
            }
        ],
    }
    if "memory" in found:
        told["Limits"]["Memory"] = int(found["memory"])
    if "exitCode" in found:
        told["ExitCode"] = found["exitCode"]
    if "healthStatus" in found:
        told["Health"] = {"status": found["healthStatus"]}
    return {key: value for key, value in told.items() if value is not None}


def moment(given: float | None) -> str | None:
    """A time as metadata have it."""
    return None if given is None else f"{datetime.fromtimestamp(given, UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def statistics(watched: Watched | None, name: str, identifier: str) -> Members:
    """What a container uses, in Docker's form."""
    usage = watched.usages.get(name, Usage()) if watched else Usage()
    then, used_then = usage.before
    latest, used = usage.latest
    limit = (watched.memory_mb if watched else 0) * 2**20
    return {
        "read": moment(latest or time.time()),
        "preread": moment(then or latest or time.time()),
        "id": identifier,
        "name": name,
        "num_procs": 0,
        "pids_stats": {"current": usage.processes},
        "cpu_stats": processor(used, latest),
        "precpu_stats": processor(used_then, then),
        "memory_stats": {
            "usage": usage.memory,
            "max_usage": usage.peak_memory,
            "limit": limit,
            "stats": {"rss": usage.memory},
        },
    }


def processor(used: float, at: float) -> dict[str, Any]:
    """Processor time, in ns."""
    total = int(used * NANOSECONDS)
    return {
        "cpu_usage": {"total_usage": total, "usage_in_usermode": total},
        "system_cpu_usage": int(at * NANOSECONDS),
        "online_cpus": 1,
        "throttling_data": {"periods": 0, "throttled_periods": 0, "throttled_time": 0},
    }
