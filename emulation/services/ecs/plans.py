"""A task's containers as processes: image, command, environment, volumes, limits, logs."""

import resource
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from emulation.compute.process_images import running
from emulation.compute.process_images.image import ImageError, ProcessImage
from emulation.compute.processes import ProcessSpec
from emulation.compute.tasks.containers import ContainerPlan, HealthCheck
from emulation.compute.tasks.gate import CREDENTIALS
from emulation.compute.tasks.networks import Network
from emulation.services.ecr import pulling
from emulation.services.ecs import placing, variables
from emulation.services.ecs.failures import StartError, initialization
from emulation.services.ecs.store import Members, Task
from emulation.services.log_events import LogStream
from emulation.services.scope import Scope
from emulation.settings import settings

START_SECONDS = 180.0
STOP_SECONDS = 30.0
RELATIVE = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
FULL = "AWS_CONTAINER_CREDENTIALS_FULL_URI"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a task's containers share."""

    task: Task
    folder: Path
    network: Network
    metadata: str
    """The address that metadata is below."""
    credentials: str
    """The path of the task role's credentials; empty without a role."""
    mounts: Mapping[str, Sequence[tuple[str, running.Mount]]] = field(default_factory=dict)
    """By container."""


def pull(task: Task, container: Members) -> ProcessImage:
    """A container's image.

    Raises:
        StartError: CannotPullContainerError.
    """
    try:
        return pulling.pull(container["image"], task.account, task.region)
    except ImageError as error:
        raise StartError("", str(error), container["name"]) from error


def log_of(task: Task, container: Members) -> LogStream | None:
    """The stream of a container's output: `PREFIX/CONTAINER/TASK`.

    Raises:
        StartError: the group is not there and is not to be made.
    """
    log = container.get("logConfiguration")
    if not log:
        return None
    options = log["options"]
    scope = Scope(task.account, options["awslogs-region"], task.partition)
    group = options["awslogs-group"]
    if str(options.get("awslogs-create-group", "")).lower() != "true":
        check_group(scope, group)
    stream = f"{options['awslogs-stream-prefix']}/{container['name']}/{task.identifier}"
    return LogStream(task.account, scope.region, group, stream)


def check_group(scope: Scope, name: str) -> None:
    """A log group must be there."""
    found = scope.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    if not any(group["logGroupName"] == name for group in found):
        raise initialization(
            "failed to validate logger args: create stream has been retried 1 times: failed to "
            "create Cloudwatch log stream: ResourceNotFoundException: The specified log group does "
            "not exist. : exit status 1"
        )


def environment(around: Surroundings, container: Members, identifier: str) -> dict[str, str]:
    """What a container sees beyond its image's.

    Raises:
        StartError: a secret or a file cannot be had.
    """
    task = around.task
    own = {item["name"]: item["value"] for item in container.get("environment") or []}
    files = variables.from_files(task.scope, container.get("environmentFiles") or [])
    secrets = variables.values(task.scope, container.get("secrets") or [])
    given = {
        "AWS_ENDPOINT_URL": settings().endpoint_url,
        "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE",
        "AWS_REGION": task.region,
        "AWS_DEFAULT_REGION": task.region,
        "ECS_CONTAINER_METADATA_URI": f"{around.metadata}/v3/{identifier}",
        "ECS_CONTAINER_METADATA_URI_V4": f"{around.metadata}/v4/{identifier}",
        "ECS_AGENT_URI": f"{around.metadata}/api/{identifier}",
    }
    if around.credentials:
        usual = around.metadata == f"http://{CREDENTIALS}"
        path = around.credentials if usual else f"{around.metadata}{around.credentials}"
        given[RELATIVE if usual else FULL] = path
    return {**given, **files, **own, **secrets}


Mounts = dict[str, list[tuple[str, running.Mount]]]
"""By container: paths in it, and what is shown there."""


def volumes(folder: Path, definition: Members, containers: Sequence[Members]) -> Mounts:
    """What each container mounts; a task's volumes are empty folders that its containers share."""
    places = {}
    for volume in definition.get("volumes") or []:
        places[volume["name"]] = folder / "volumes" / volume["name"]
        places[volume["name"]].mkdir(parents=True, exist_ok=True)
    found: Mounts = {}
    by_name = {container["name"]: container for container in containers}
    for name, container in by_name.items():
        found[name] = mounts(container, places)
        for source in container.get("volumesFrom") or []:
            only = bool(source.get("readOnly"))
            others = mounts(by_name[source["sourceContainer"]], places)
            found[name] += [
                (path, running.Mount(mount.source, read_only=only or mount.read_only))
                for path, mount in others
            ]
    return found


def mounts(container: Members, places: Mapping[str, Path]) -> list[tuple[str, running.Mount]]:
    """A container's own."""
    return [
        (
            point["containerPath"],
            running.Mount(places[point["sourceVolume"]], read_only=bool(point.get("readOnly"))),
        )
        for point in container.get("mountPoints") or []
    ]


def hosts_file(folder: Path, address: str, name: str) -> Path:
    """The names that a task in a network of its own knows by itself."""
    path = folder / "hosts"
    path.write_text(f"127.0.0.1 localhost\n::1 localhost\n{address} {name}\n")
    return path


def plan(
    around: Surroundings,
    container: Members,
    image: ProcessImage,
    seen: Mapping[str, str],
    log: LogStream | None,
) -> ContainerPlan:
    """A container's process.

    Raises:
        StartError: the image cannot be run so.
    """
    name = container["name"]
    if log is not None and not running.isolated():
        log(running.NO_ROOT)
    private = around.network.private
    hostname = placing.private_name(around.network.address, around.task.region)
    shown = dict(around.mounts.get(name, ()))
    if private:
        hosts = hosts_file(around.folder, around.network.address, hostname)
        shown["/etc/hosts"] = running.Mount(hosts, read_only=True)
    made = running.Container(
        name=f"{around.task.identifier[:12]}-{name}",
        image=image,
        folder=around.folder / "containers" / name,
        entrypoint=container.get("entryPoint") or None,
        command=container.get("command") or None,
        environment=seen,
        working_directory=container.get("workingDirectory") or "",
        user=container.get("user") or "",
        mounts=shown,
        hostname=hostname if private else "",
        read_only=bool(container.get("readonlyRootFilesystem")),
    )
    try:
        spec = running.process(made, log=log)
    except ImageError as error:
        raise StartError("CannotStartContainerError", str(error), name) from error
    return ContainerPlan(
        name=name,
        spec=spec,
        beside=lambda command, first: beside(made, command, first),
        essential=container.get("essential", True),
        needs=needs(container),
        start_seconds=container.get("startTimeout") or START_SECONDS,
        stop_seconds=container.get("stopTimeout") or STOP_SECONDS,
        stop_signal=signal_of(image.config.stop_signal),
        health_check=health_check(container, image),
        memory_mb=container.get("memory"),
        limits={
            f"RLIMIT_{limit['name'].upper()}": (limit["softLimit"], limit["hardLimit"])
            for limit in container.get("ulimits") or []
            if has_limit(limit["name"])
        },
    )


def beside(container: running.Container, command: Sequence[str], first: int) -> ProcessSpec:
    """One more process in a container."""
    return running.inside(container, command, first)


def needs(container: Members) -> Members:
    """What a container waits for; also for those whose volumes it shares."""
    found = {
        item["sourceContainer"]: "START"
        for item in container.get("volumesFrom") or []
        if item.get("sourceContainer")
    }
    return found | {
        item["containerName"]: item["condition"] for item in container.get("dependsOn") or []
    }


def has_limit(name: str) -> bool:
    """Whether this system has the limit; Linux has no `locks` any more."""
    return hasattr(resource, f"RLIMIT_{name.upper()}")


def signal_of(name: str) -> signal.Signals:
    """`SIGTERM`, `TERM` or `15`."""
    if name.isdigit():
        return signal.Signals(int(name))
    found: signal.Signals = getattr(signal, name if name.startswith("SIG") else f"SIG{name}")
    return found


def health_check(container: Members, image: ProcessImage) -> HealthCheck | None:
    """The definition's; ECS does not look at the image's."""
    given = container.get("healthCheck")
    command = running.health_words(given["command"], image.config) if given else []
    if not given or not command:
        return None
    return HealthCheck(
        command=command,
        interval=given["interval"],
        timeout=given["timeout"],
        retries=given["retries"],
        start_period=given.get("startPeriod") or 0,
    )
