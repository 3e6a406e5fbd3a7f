"""A process image that is ready to run, and what its configuration says.

The configuration's format is that of the OCI image specification (`config.md`), with Docker's
additions `Healthcheck` and `Shell`; its times are nanoseconds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NANOSECONDS = 1_000_000_000
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
DEFAULT_SHELL = ("/bin/sh", "-c")


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """What tells whether a container is healthy; times in seconds."""

    test: Sequence[str]
    """`("CMD", program, ...)`, `("CMD-SHELL", line)` or `("NONE",)`."""
    interval: float = 30.0
    timeout: float = 30.0
    start_period: float = 0.0
    start_interval: float = 5.0
    retries: int = 3

    @classmethod
    def from_oci(cls, document: Mapping[str, Any]) -> "HealthCheck":
        """As an image's configuration has it; what is missing or 0 has Docker's default."""
        found = {
            name: document[key] / NANOSECONDS
            for name, key in HEALTH_TIMES.items()
            if document.get(key)
        }
        return cls(tuple(document["Test"]), retries=document.get("Retries") or 3, **found)

    def to_oci(self) -> dict[str, Any]:
        """The same, written."""
        times = {key: int(getattr(self, name) * NANOSECONDS) for name, key in HEALTH_TIMES.items()}
        return {"Test": list(self.test), **times, "Retries": self.retries}


HEALTH_TIMES = {
    "interval": "Interval",
    "timeout": "Timeout",
    "start_period": "StartPeriod",
    "start_interval": "StartInterval",
}


@dataclass(frozen=True, slots=True)
class ImageConfig:
    """What a container of the image starts with, unless it is told otherwise."""

    environment: Mapping[str, str] = field(default_factory=dict)
    entrypoint: Sequence[str] = ()
    command: Sequence[str] = ()
    working_directory: str = "/"
    user: str = ""
    """`name`, `uid`, `name:group` or `uid:gid`; empty is root."""
    exposed_ports: Sequence[str] = ()
    """`8000/tcp`."""
    health_check: HealthCheck | None = None
    stop_signal: str = "SIGTERM"
    labels: Mapping[str, str] = field(default_factory=dict)
    volumes: Sequence[str] = ()
    shell: Sequence[str] = DEFAULT_SHELL

    @classmethod
    def from_oci(cls, document: Mapping[str, Any]) -> "ImageConfig":
        """From the member `config` of an image's configuration."""
        pairs = (item.partition("=") for item in document.get("Env") or ())
        check = document.get("Healthcheck")
        return cls(
            environment={name: value for name, _, value in pairs},
            entrypoint=tuple(document.get("Entrypoint") or ()),
            command=tuple(document.get("Cmd") or ()),
            working_directory=document.get("WorkingDir") or "/",
            user=document.get("User") or "",
            exposed_ports=tuple(document.get("ExposedPorts") or ()),
            health_check=HealthCheck.from_oci(check) if check and check.get("Test") else None,
            stop_signal=document.get("StopSignal") or "SIGTERM",
            labels=dict(document.get("Labels") or {}),
            volumes=tuple(document.get("Volumes") or ()),
            shell=tuple(document.get("Shell") or DEFAULT_SHELL),
        )

    def to_oci(self) -> dict[str, Any]:
        """The member `config` of an image's configuration; what says nothing is left out."""
        members: dict[str, Any] = {
            "Env": [f"{name}={value}" for name, value in self.environment.items()],
            "Entrypoint": list(self.entrypoint),
            "Cmd": list(self.command),
            "WorkingDir": self.working_directory,
            "User": self.user,
            "ExposedPorts": {port: {} for port in sorted(self.exposed_ports)},
            "Healthcheck": self.health_check.to_oci() if self.health_check else None,
            "StopSignal": self.stop_signal if self.stop_signal != "SIGTERM" else None,
            "Labels": dict(self.labels),
            "Volumes": {path: {} for path in sorted(self.volumes)},
            "Shell": list(self.shell) if tuple(self.shell) != DEFAULT_SHELL else None,
        }
        return {name: value for name, value in members.items() if value}


@dataclass(frozen=True, slots=True)
class ProcessImage:
    """An image whose files are unpacked on this machine; they are only ever read there."""

    digest: str
    """Of its manifest: `sha256:...`."""
    root: Path
    """The files of its layers, merged."""
    config: ImageConfig
    base: Path | None = None
    """What lies below them when the image stands on a known base: the stand-in's files, and below
    those the programs of this machine. None when the image brings everything itself.
    """


class ImageError(Exception):
    """An image cannot be run, built or fetched; the message says why."""
