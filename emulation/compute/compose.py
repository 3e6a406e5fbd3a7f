"""Reads a compose file as a list of host processes: the part of the Compose specification that has
a meaning without containers.

A key that only shapes a container (its image, its volumes) is left to Docker. A key that would
change what the process does and is not understood here is refused by name, so that a host process
and its container never differ in silence.
"""

import graphlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

from emulation.compute.interpolation import InterpolationError, interpolate

PROCESS_KEYS = frozenset(
    {
        "command",
        "depends_on",
        "environment",
        "healthcheck",
        "ports",
        "profiles",
        "stop_grace_period",
    }
)
CONTAINER_KEYS = frozenset(
    {"build", "container_name", "hostname", "image", "init", "labels", "networks", "volumes"}
)


class ComposeError(ValueError):
    """A compose file that cannot be run as host processes; its text names the place."""


class Condition(StrEnum):
    """What a service waits for at another."""

    STARTED = "service_started"
    HEALTHY = "service_healthy"


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """A command that exits 0 when the service works; times are seconds."""

    test: tuple[str, ...]
    interval: float = 30.0
    timeout: float = 30.0
    retries: int = 3
    start_period: float = 0.0
    start_interval: float = 5.0


@dataclass(frozen=True, slots=True)
class Service:
    """One process of the list."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    ports: tuple[int, ...] = ()
    needs: Mapping[str, Condition] | None = None
    health: HealthCheck | None = None
    profiles: frozenset[str] = frozenset()
    grace_seconds: float = 10.0


def read(path: Path, variables: Mapping[str, str]) -> dict[str, Service]:
    """The services of a compose file, each after those that it depends on.

    Raises:
        ComposeError: the file is missing, broken, or asks for what only a container can do.
    """
    try:
        document = interpolate(yaml.safe_load(path.read_text()), variables)
    except (OSError, yaml.YAMLError, InterpolationError) as error:
        raise ComposeError(f"{path}: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("services"), dict):
        raise ComposeError(f"{path}: it declares no services")
    services = {
        name: _service(name, body or {}, variables) for name, body in document["services"].items()
    }
    return _in_order(services)


def enabled(services: Mapping[str, Service], profiles: frozenset[str]) -> dict[str, Service]:
    """The services without a profile and those of the named ones."""
    chosen = {
        name: service
        for name, service in services.items()
        if not service.profiles or service.profiles & profiles
    }
    for service in chosen.values():
        for missing in set(service.needs or ()) - set(chosen):
            raise ComposeError(f"service {service.name} needs {missing}, whose profile is off")
    return chosen


def _in_order(services: Mapping[str, Service]) -> dict[str, Service]:
    graph = {name: set(service.needs or ()) for name, service in services.items()}
    for name, needs in graph.items():
        for unknown in needs - set(services):
            raise ComposeError(f"service {name} depends on {unknown}, which is not declared")
    try:
        order = list(graphlib.TopologicalSorter(graph).static_order())
    except graphlib.CycleError as error:
        circle = " -> ".join(error.args[1])
        raise ComposeError(f"services depend on each other: {circle}") from error
    return {name: services[name] for name in order}


def _service(name: str, body: Mapping[str, Any], variables: Mapping[str, str]) -> Service:
    for key in sorted(set(body) - PROCESS_KEYS - CONTAINER_KEYS):
        raise ComposeError(f"service {name}: {key} has no meaning for a host process here")
    if not isinstance(body.get("command"), list):
        raise ComposeError(f"service {name}: command must be a list of words")
    return Service(
        name=name,
        command=tuple(str(word) for word in body["command"]),
        environment=_environment(body.get("environment") or {}, variables),
        ports=tuple(_port(name, str(mapping)) for mapping in body.get("ports", ())),
        needs=_needs(name, body.get("depends_on") or {}),
        health=_health(name, body["healthcheck"]) if "healthcheck" in body else None,
        profiles=frozenset(body.get("profiles", ())),
        grace_seconds=seconds(body.get("stop_grace_period", "10s")),
    )


def _environment(
    declared: Mapping[str, Any] | list[str], variables: Mapping[str, str]
) -> dict[str, str]:
    if isinstance(declared, list):
        pairs = (entry.partition("=") for entry in declared)
        declared = {key: value if equals else None for key, equals, value in pairs}
    # A name without a value passes the variable on, where there is one.
    passed = {
        key: variables.get(key) if value is None else value for key, value in declared.items()
    }
    return {key: _text(value) for key, value in passed.items() if value is not None}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _port(name: str, mapping: str) -> int:
    *_, published, target = ["", *mapping.rsplit(":", 2)[-2:]]
    if not target.isdigit() or published not in {"", target}:
        raise ComposeError(
            f"service {name}: port {mapping} must be published under its own number, "
            "because a host process listens where its command says"
        )
    return int(target)


def _needs(name: str, declared: Mapping[str, Any] | list[str]) -> dict[str, Condition]:
    if isinstance(declared, list):
        return dict.fromkeys(declared, Condition.STARTED)
    try:
        return {
            other: Condition((options or {}).get("condition", Condition.STARTED))
            for other, options in declared.items()
        }
    except ValueError as error:
        raise ComposeError(f"service {name}: depends_on: {error}") from error


def _health(name: str, body: Mapping[str, Any]) -> HealthCheck:
    kind, *test = body.get("test") or [""]
    if kind != "CMD" or not test:
        raise ComposeError(f"service {name}: the health check's test must be [CMD, ...]")
    known = {
        key: body[key]
        for key in ("interval", "timeout", "start_period", "start_interval")
        if key in body
    }
    times = {key: seconds(value) for key, value in known.items()}
    return HealthCheck(
        test=tuple(str(word) for word in test), retries=int(body.get("retries", 3)), **times
    )


_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(us|ms|s|m|h)")


def seconds(duration: object) -> float:
    """The seconds of a duration as compose writes it: `1m30s`, `500ms`."""
    parts = _PART.findall(str(duration))
    if not parts or "".join(number + unit for number, unit in parts) != str(duration):
        raise ComposeError(f"{duration!r} is not a duration such as 1m30s")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)
