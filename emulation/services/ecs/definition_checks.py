"""What ECS refuses of a task definition, and what is refused here by name.

Fargate's rules hold only for definitions that ask for Fargate. The first sentence that applies is
the answer, as on AWS; where AWS's sentence is not known to us, it says the same in its manner.
"""

import re

from emulation.services.ecs import container_checks
from emulation.services.ecs.errors import client_error, not_emulated
from emulation.services.ecs.store import Members

FAMILY = re.compile(r"[a-zA-Z0-9_-]{1,255}")
VOLUME = re.compile(r"[a-zA-Z0-9_-]{1,255}")
OPERATION = "RegisterTaskDefinition"

GIB = 1024
SIZES: dict[int, tuple[int, ...]] = {
    256: (512, 1 * GIB, 2 * GIB),
    512: tuple(range(1 * GIB, 4 * GIB + 1, GIB)),
    1024: tuple(range(2 * GIB, 8 * GIB + 1, GIB)),
    2048: tuple(range(4 * GIB, 16 * GIB + 1, GIB)),
    4096: tuple(range(8 * GIB, 30 * GIB + 1, GIB)),
    8192: tuple(range(16 * GIB, 60 * GIB + 1, 4 * GIB)),
    16384: tuple(range(32 * GIB, 120 * GIB + 1, 8 * GIB)),
}
"""Fargate's memory sizes in MiB, by its processor units."""

REFUSED = ("pidMode", "ipcMode", "proxyConfiguration", "inferenceAccelerators")
OF_VOLUMES = (
    "dockerVolumeConfiguration",
    "efsVolumeConfiguration",
    "fsxWindowsFileServerVolumeConfiguration",
    "configuredAtLaunch",
)
STORAGE_GIB = (21, 200)


def check(request: Members) -> None:
    """A request to register a definition, with numbers of processor and memory already plain.

    Raises:
        CommonServiceException: ClientException.
        NotImplementedError: it asks for what is not emulated.
    """
    if not FAMILY.fullmatch(request["family"]):
        raise client_error("Family contains invalid characters.")
    _refuse(request)
    _check_volumes(request)
    containers = request["containerDefinitions"]
    if not containers:
        raise client_error("Container list cannot be empty.")
    container_checks.check_all(request)
    if "FARGATE" in (request.get("requiresCompatibilities") or []):
        check_fargate(request)
    else:
        container_checks.check_memory(request)


def _refuse(request: Members) -> None:
    for name in REFUSED:
        if request.get(name):
            raise not_emulated(OPERATION, name)
    if request.get("enableFaultInjection"):
        raise not_emulated(OPERATION, "enableFaultInjection")
    platform = (request.get("runtimePlatform") or {}).get("operatingSystemFamily", "LINUX")
    if platform != "LINUX":
        raise not_emulated(OPERATION, f"operatingSystemFamily {platform}")
    if request.get("placementConstraints"):
        raise client_error("Placement constraints are not supported for the FARGATE launch type.")


def _check_volumes(request: Members) -> None:
    seen = set()
    for volume in request.get("volumes") or []:
        name = volume.get("name") or ""
        if not VOLUME.fullmatch(name):
            raise client_error("Volume name contains invalid characters.")
        if name in seen:
            raise client_error(f"Duplicate volume name '{name}'.")
        seen.add(name)
        for kind in OF_VOLUMES:
            if volume.get(kind):
                raise not_emulated(OPERATION, kind)
        if (volume.get("host") or {}).get("sourcePath"):
            raise client_error("host.sourcePath should not be set for volumes in Fargate")


def check_fargate(request: Members) -> None:
    """What only Fargate wants."""
    if request.get("networkMode") != "awsvpc":
        raise client_error("Fargate only supports network mode ‘awsvpc’.")
    for name in ("cpu", "memory"):
        if not request.get(name):
            raise client_error(f"Fargate requires that '{name}' be defined at the task level.")
    check_size(request["cpu"], request["memory"])
    storage = (request.get("ephemeralStorage") or {}).get("sizeInGiB")
    if storage is not None and not STORAGE_GIB[0] <= storage <= STORAGE_GIB[1]:
        raise client_error("The ephemeral storage size must be between 21 GiB and 200 GiB.")
    container_checks.check_sums(request)
    check_execution_role(request)


def check_size(cpu: str, memory: str) -> None:
    """Whether Fargate has tasks of this size."""
    if int(memory) not in SIZES.get(int(cpu), ()):
        raise client_error(
            f"No Fargate configuration exists for given values: {cpu} CPU, {memory} memory. See "
            "the Amazon ECS documentation for the valid values."
        )


def check_execution_role(request: Members) -> None:
    """Images of ECR, logs and secrets are fetched and written as the execution role."""
    if request.get("executionRoleArn"):
        return
    for container in request["containerDefinitions"]:
        if ".dkr.ecr." in container["image"]:
            reason = "support ECR images"
        elif container.get("logConfiguration"):
            reason = f"support log driver {container['logConfiguration']['logDriver']}"
        else:
            continue
        raise client_error(
            f"Fargate requires task definition to have execution role ARN to {reason}."
        )


def is_fargate(definition: Members) -> bool:
    """Whether tasks of a definition can run on Fargate, whatever it asks for."""
    if definition.get("networkMode") != "awsvpc":
        return False
    cpu, memory = definition.get("cpu"), definition.get("memory")
    return bool(cpu and memory) and int(str(memory)) in SIZES.get(int(str(cpu)), ())


def plain_size(text: str | None, unit: str, name: str) -> str | None:
    """`1 vCPU` is 1024 processor units, `2 GB` is 2048 MiB."""
    if text is None:
        return None
    found = re.fullmatch(rf"\s*(\d*\.?\d+)\s*({unit})?\s*", text, re.IGNORECASE)
    if found is None:
        raise client_error(f"Invalid '{name}' setting for task.")
    number = float(found[1]) * (GIB if found[2] else 1)
    if number != int(number):
        raise client_error(f"Invalid '{name}' setting for task.")
    return str(int(number))
