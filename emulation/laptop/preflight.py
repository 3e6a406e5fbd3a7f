"""What must be true before anything is started; each finding is one sentence with its remedy."""

import contextlib
import errno
import platform
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import psutil

from emulation.compute.compose import Service
from emulation.compute.runtimes import RUNTIMES, interpreter

JAVA = 17
"""The oldest Java that Spark 4 runs on."""

FREE_GIB = 2
"""The year's events, their Parquet and Spark's own files fit in this."""

_JAVA_REMEDIES = {
    "darwin": "brew install openjdk@17 && export JAVA_HOME=$(brew --prefix openjdk@17)",
    "debian": "sudo apt-get install openjdk-17-jre-headless",
    "fedora": "sudo dnf install java-21-openjdk-headless",
    "arch": "sudo pacman -S jre17-openjdk-headless",
    "alpine": "sudo apk add openjdk17-jre-headless",
    "suse": "sudo zypper install java-17-openjdk-headless",
}


def findings(
    services: Iterable[Service], folder: Path, environment: Mapping[str, str]
) -> list[str]:
    """Everything that stands in the way; empty when nothing does."""
    chosen = list(services)
    emulated = any("emulation" in service.command for service in chosen)
    return [
        finding
        for finding in (
            *(busy_port(service, port) for service in chosen for port in service.ports),
            too_little_disk(folder),
            *((missing_java(environment), missing_runtime()) if emulated else ()),
        )
        if finding is not None
    ]


def busy_port(service: Service, port: int) -> str | None:
    """Who listens where the service wants to."""
    if not is_taken(port):
        return None
    holder = _holder(port)
    who = f"{holder.name()} (process {holder.pid})" if holder else "another program"
    return (
        f"Port {port} of {service.name} is taken by {who}: end it, or choose another port with "
        f"{_variable(service.name)}=..."
    )


def _variable(service: str) -> str:
    return {"emulator": "EMULATION_PORT"}.get(service, f"{service.upper()}_PORT")


def is_taken(port: int) -> bool:
    """Whether somebody listens. Binding alone does not tell on macOS, where 127.0.0.1 can be bound
    beside a listener on all addresses, nor connecting alone where the listener does not answer.
    """
    with socket.socket() as probe:
        # As servers do: a port whose last connections are still being forgotten is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return error.errno in {errno.EADDRINUSE, errno.EACCES}
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _holder(port: int) -> psutil.Process | None:
    """The listening process, among those that may be looked at."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            for connection in process.net_connections("tcp"):
                if connection.status == psutil.CONN_LISTEN and connection.laddr[1] == port:
                    return process
    return None


def too_little_disk(folder: Path) -> str | None:
    """Whether the state folder's disk is nearly full."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(there).free / 2**30
    if free >= FREE_GIB:
        return None
    return (
        f"{there} has {free:.1f} GiB free and {FREE_GIB} are needed: free some, or choose another "
        "disk with EMULATION_STATE_FOLDER=..."
    )


def missing_runtime() -> str | None:
    """Whether a stand-in of an AWS runtime is not installed."""
    try:
        for name in RUNTIMES:
            interpreter(name)
    except FileNotFoundError as error:
        return str(error)[:1].upper() + str(error)[1:]
    return None


def missing_java(environment: Mapping[str, str]) -> str | None:
    """Whether Spark would find no Java, or one that is too old."""
    java, version = java_version(environment)
    if version is not None and version >= JAVA:
        return None
    found = f"{java} is version {version}" if version else "there is none"
    return f"Spark needs Java {JAVA} or newer and {found}: {java_remedy()}"


def java_version(environment: Mapping[str, str]) -> tuple[str, int | None]:
    """The Java that Spark would start, `JAVA_HOME` before `PATH`, and its major version."""
    home = environment.get("JAVA_HOME")
    java = str(Path(home, "bin", "java")) if home else "java"
    try:
        # macOS has a `java` that only says that there is none.
        told = subprocess.run(
            [java, "-version"], env=dict(environment), capture_output=True, text=True, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired):
        return java, None
    return java, parse_java(told.stderr + told.stdout) if told.returncode == 0 else None


def parse_java(told: str) -> int | None:
    """The major version in the words of `java -version`: `17.0.15`, `21`, `25-ea`, `1.8.0_402`."""
    match = re.search(r'version "(?:1\.)?(\d+)', told)
    return int(match[1]) if match else None


def java_remedy(system: str = sys.platform) -> str:
    """How Java is installed here."""
    if system == "darwin":
        return _JAVA_REMEDIES["darwin"]
    with contextlib.suppress(OSError):
        release = platform.freedesktop_os_release()
        names = [release.get("ID", ""), *release.get("ID_LIKE", "").split()]
        for name in names:
            known = {"ubuntu": "debian", "rhel": "fedora"}.get(name, name).partition("-")[0]
            if known in _JAVA_REMEDIES:
                return _JAVA_REMEDIES[known]
    return "install one, for example from https://adoptium.net"
