"""What ECS refuses of the containers of a task definition, and what is refused here by name."""

import re
from collections.abc import Iterable

from emulation.services.ecs.errors import client_error, not_emulated
from emulation.services.ecs.store import Members

NAME = re.compile(r"[a-zA-Z0-9_-]{1,255}")
OPERATION = "RegisterTaskDefinition"

REFUSED = (
    "repositoryCredentials",
    "firelensConfiguration",
    "credentialSpecs",
    "systemControls",
    "disableNetworking",
    "interactive",
    "pseudoTerminal",
    "restartPolicy",
)
NOT_ON_FARGATE = (
    "links",
    "privileged",
    "dnsServers",
    "dnsSearchDomains",
    "extraHosts",
    "dockerSecurityOptions",
    "hostname",
    "resourceRequirements",
)
OF_LINUX = ("devices", "sharedMemorySize", "tmpfs", "maxSwap", "swappiness")
LOG_OPTIONS = ("awslogs-group", "awslogs-region", "awslogs-stream-prefix")
OTHER_LOG_OPTIONS = {"awslogs-create-group", "mode", "max-buffer-size"}
HEALTH_BOUNDS = {
    "interval": (5, 300),
    "timeout": (2, 120),
    "retries": (1, 10),
    "startPeriod": (0, 300),
}
LONGEST_STOP = 120


def check_all(request: Members) -> None:
    """Each container, and what they say of each other."""
    containers = request["containerDefinitions"]
    names = [container.get("name") or "" for container in containers]
    for container, name in zip(containers, names, strict=True):
        if not NAME.fullmatch(name):
            raise client_error("Container.name contains invalid characters.")
        if names.count(name) > 1:
            raise client_error(f"Container name '{name}' is used more than once.")
        check(container, request)
    if not any(container.get("essential", True) for container in containers):
        raise client_error("All tasks must have at least one essential container.")
    for container in containers:
        check_dependencies(container, containers)
        check_volumes(container, names, request)
    check_order({item["name"]: _dependencies(item) for item in containers})


def check(container: Members, request: Members) -> None:
    """One container by itself."""
    if not container.get("image"):
        raise client_error("Container.image should not be null or empty.")
    for name in REFUSED:
        if container.get(name):
            raise not_emulated(OPERATION, name)
    check_launch_type(container, request)
    check_linux(container.get("linuxParameters") or {})
    for port in container.get("portMappings") or []:
        check_port(port, request)
    if check := container.get("healthCheck"):
        check_health(check)
    check_log(container)
    if container.get("stopTimeout", 0) > LONGEST_STOP:
        raise client_error(f"'stopTimeout' must be at most {LONGEST_STOP} seconds.")
    if container.get("secrets") and not request.get("executionRoleArn"):
        raise client_error(
            "When you are specifying container secrets, you must also specify a value for "
            "'executionRoleArn'."
        )
    check_environment(container)


def check_launch_type(container: Members, request: Members) -> None:
    """What only instances have."""
    fargate = "FARGATE" in (request.get("requiresCompatibilities") or [])
    for name in NOT_ON_FARGATE:
        if container.get(name) and not fargate:
            raise not_emulated(OPERATION, name)
        if container.get(name):
            raise client_error(f"'{name}' is not supported on tasks of the FARGATE launch type.")


def check_environment(container: Members) -> None:
    """A variable has one value."""
    secrets = {item["name"] for item in container.get("secrets") or []}
    for variable in container.get("environment") or []:
        if variable.get("name") in secrets:
            raise client_error(
                "The secret name must be unique and not shared with any new or existing "
                f"environment variables set on the container, such as '{variable['name']}'."
            )


def check_linux(parameters: Members) -> None:
    """Fargate's containers have none of these; the capabilities of a process are not changed."""
    for name in OF_LINUX:
        if parameters.get(name):
            raise client_error(f"'{name}' is not supported on tasks of the FARGATE launch type.")
    if (parameters.get("capabilities") or {}).get("add"):
        raise not_emulated(OPERATION, "linuxParameters.capabilities.add")


def check_port(port: Members, request: Members) -> None:
    """A mapping; in a network of its own a task's ports are what they are."""
    if port.get("containerPortRange"):
        raise not_emulated(OPERATION, "containerPortRange")
    if port.get("protocol", "tcp") != "tcp":
        raise not_emulated(OPERATION, f"protocol {port['protocol']}")
    number = port.get("containerPort")
    if not number or not 1 <= number <= 65535:
        raise client_error("Container port must be between 1 and 65535.")
    if request.get("networkMode") == "awsvpc" and port.get("hostPort") not in {None, 0, number}:
        raise client_error(
            "When networkMode=awsvpc, the host ports and container ports in port mappings must "
            "match."
        )


def check_health(check: Members) -> None:
    """The command and its times."""
    command = check["command"]
    if not command or command[0] not in {"CMD", "CMD-SHELL", "NONE"}:
        raise client_error("The health check command must start with CMD, CMD-SHELL or NONE.")
    for name, (least, most) in HEALTH_BOUNDS.items():
        if name in check and not least <= check[name] <= most:
            raise client_error(f"The health check {name} must be between {least} and {most}.")


def check_log(container: Members) -> None:
    """Logs go to CloudWatch."""
    log = container.get("logConfiguration")
    if not log:
        return
    if log["logDriver"] != "awslogs":
        raise not_emulated(OPERATION, f"log driver {log['logDriver']}")
    options = log.get("options") or {}
    missing = [name for name in LOG_OPTIONS if not options.get(name)]
    if missing:
        raise client_error(f"Log driver awslogs requires options: {', '.join(missing)}")
    for name in sorted({*options} - {*LOG_OPTIONS} - OTHER_LOG_OPTIONS):
        raise not_emulated(OPERATION, f"log option {name}")
    if log.get("secretOptions"):
        raise not_emulated(OPERATION, "secretOptions")


def check_dependencies(container: Members, containers: list[Members]) -> None:
    """What a container waits for is there, and can be waited for."""
    others = {item["name"]: item for item in containers}
    for dependency in container.get("dependsOn") or []:
        name, condition = dependency["containerName"], dependency["condition"]
        if name == container["name"]:
            raise client_error("A container cannot depend on itself.")
        if name not in others:
            raise client_error(f"Container dependency '{name}' does not exist.")
        other = others[name]
        if condition in {"SUCCESS", "COMPLETE"} and other.get("essential", True):
            raise client_error(
                "A dependency container with SUCCESS or COMPLETE condition cannot be an essential "
                "container"
            )
        if condition == "HEALTHY" and not other.get("healthCheck"):
            raise client_error(
                "A dependency container with HEALTHY condition must have a health check."
            )


def _dependencies(container: Members) -> set[str]:
    found = {item["containerName"] for item in container.get("dependsOn") or []}
    return found | {item.get("sourceContainer", "") for item in container.get("volumesFrom") or []}


def check_order(needs: dict[str, set[str]]) -> None:
    """No container waits for itself by way of others."""
    while needs:
        free = {name for name, others in needs.items() if not others & {*needs}}
        if not free:
            raise client_error("Container dependencies must not form a cycle.")
        needs = {name: others for name, others in needs.items() if name not in free}


def check_volumes(container: Members, names: list[str], request: Members) -> None:
    """What a container mounts is there."""
    known = {volume["name"] for volume in request.get("volumes") or []}
    for mount in container.get("mountPoints") or []:
        if mount.get("sourceVolume") not in known:
            raise client_error(f"Unknown volume '{mount.get('sourceVolume')}'.")
        if not str(mount.get("containerPath") or "").startswith("/"):
            raise client_error("Mount point container path must be absolute.")
    for source in container.get("volumesFrom") or []:
        if source.get("sourceContainer") not in names:
            raise client_error(f"Unknown container '{source.get('sourceContainer')}'.")


def check_memory(request: Members) -> None:
    """Without a size of the task each container needs one."""
    if request.get("memory"):
        return
    for container in request["containerDefinitions"]:
        if not container.get("memory") and not container.get("memoryReservation"):
            raise client_error(
                f"Invalid setting for container '{container['name']}'. At least one of 'memory' or "
                "'memoryReservation' must be specified."
            )


def check_sums(request: Members) -> None:
    """The containers fit into the task."""
    for name in ("cpu", "memory"):
        given = [container.get(name) or 0 for container in request["containerDefinitions"]]
        if too_much(given, int(request[name]), together=name == "cpu"):
            raise client_error(
                f"Invalid '{name}' setting for task: the containers are given more than the task's "
                f"{request[name]}."
            )


def too_much(given: Iterable[int], limit: int, *, together: bool) -> bool:
    """Processor units are shared out; a memory limit is each container's own."""
    return (sum(given) if together else max(given, default=0)) > limit
