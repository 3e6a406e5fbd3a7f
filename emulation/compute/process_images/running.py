"""Running a process image: what a runner - ECS, a build's RUN - needs to start a process in it.

    container = Container("task-1", pull(uri, account, region), folder)
    process = SUPERVISOR.start(process(container, log=...))
    check = SUPERVISOR.start(inside(container, ["curl", ...], process.pid))

Where the system lets a process have mounts of its own, its root is the image's (`root.py`), what it
writes is below the container's folder, and it runs as the image's user if the emulator is root. A
system that does not (macOS, containers without the right) gives it a copy of the image's files, in
which its programs, its working folder and the paths of its command and environment lie: a path that
is written into a program is then the machine's, and the container's log should say so (`NO_ROOT`).
"""

import marshal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from emulation.compute.process_images import bases, relocated, root
from emulation.compute.process_images.accounts import account
from emulation.compute.process_images.image import DEFAULT_PATH, ImageConfig, ProcessImage
from emulation.compute.process_images.trees import remove_tree
from emulation.compute.processes import Limits, LogSink, ProcessSpec

PROBE_SECONDS = 30.0
NO_ROOT = (
    "This system gives a container no root of its own: paths in its command and environment are"
    " rewritten to where its files lie, a path written into a program is not."
)


@dataclass(frozen=True, slots=True)
class Mount:
    """A folder or file of this machine that a container sees."""

    source: Path
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Container:
    """One container: an image, and what is said beyond its configuration."""

    name: str
    image: ProcessImage
    folder: Path
    """Its own on this machine, where what it writes lies; `remove` frees it."""
    entrypoint: Sequence[str] | None = None
    """Replaces the image's, and with it the image's command."""
    command: Sequence[str] | None = None
    """Replaces the image's."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Beyond the image's."""
    working_directory: str = ""
    user: str = ""
    mounts: Mapping[str, Mount] = field(default_factory=dict)
    """By the path in the container; `/etc/hosts` and `/etc/resolv.conf` among them, if wanted."""
    namespaces: Sequence[int] = ()
    """Open descriptors of namespaces (network, and the user's that owns it, first) that it joins
    before it makes its own.
    """
    hostname: str = ""
    read_only: bool = False
    """Whether it may write nowhere but in what is mounted."""


def process(
    container: Container,
    *,
    log: LogSink | None = None,
    limits: Limits | None = None,
    grace_seconds: float = 10.0,
) -> ProcessSpec:
    """The container's first process. Where the image has neither entrypoint nor command and none
    is given, Docker's refusal.

    Raises:
        ImageError: the image has nothing to run, or does not know the user.
    """
    command = argv(container)
    if not isolated():
        return relocated.process(container, command, log, limits or Limits(), grace_seconds)
    plan = _plan(container, command)
    return ProcessSpec(
        name=container.name,
        command=_start(plan),
        environment={root.TELL: ""},
        folder=Path("/"),
        limits=limits or Limits(),
        log=log,
        grace_seconds=grace_seconds,
        pass_fds=list(container.namespaces),
    )


def inside(
    container: Container, command: Sequence[str], pid: int, *, log: LogSink | None = None
) -> ProcessSpec:
    """Another process in a container whose first process has this number: a health check."""
    if not isolated():
        return relocated.another(container, command, log)
    plan = _plan(container, command) | {"joined": pid}
    return ProcessSpec(f"{container.name}-inside", _start(plan), {}, Path("/"), log=log)


def remove(container: Container) -> None:
    """Free the disk: what the container has written is gone."""
    remove_tree(container.folder)


def argv(container: Container) -> list[str]:
    """What runs: Docker's rule.

    Raises:
        ImageError: nothing.
    """
    return relocated.argv(container.image.config, container.entrypoint, container.command)


def health_command(config: ImageConfig) -> list[str]:
    """What checks the health of a container of the image; nothing where nothing does."""
    test = list(config.health_check.test) if config.health_check else ["NONE"]
    return health_words(test, config)


def health_words(test: Sequence[str], config: ImageConfig) -> list[str]:
    """The command that `CMD`, `CMD-SHELL` or `NONE` and what follows it mean."""
    kind, *words = test
    if kind == "CMD-SHELL":
        return [*config.shell, *words]
    return [] if kind == "NONE" else words


def environment(container: Container) -> dict[str, str]:
    """What the process sees: the image's, the container's, and what every container has."""
    merged = {**container.image.config.environment, **container.environment}
    user = account(container.user or container.image.config.user, *roots(container.image))
    given = {"PATH": DEFAULT_PATH, "HOME": user.home}
    if container.hostname:
        given["HOSTNAME"] = container.hostname
    return {**given, **merged}


def roots(image: ProcessImage) -> list[Path]:
    """Where the image's files are, the uppermost first; the machine's are not among them."""
    return [image.root, *([image.base] if image.base else [])]


def _plan(container: Container, command: Sequence[str]) -> dict[str, Any]:
    image, folder = container.image, container.folder
    upper, work = _writable(folder)
    machine = _machine() if image.base else []
    over = {path: _writable(folder / "over" / path.replace("/", "%")) for path in machine}
    user = account(container.user or image.config.user, *roots(image))
    mounts = {**_resolver(), **container.mounts}
    return {
        "joined": 0,
        "namespaces": list(container.namespaces),
        "hostname": container.hostname,
        "lower": [str(path) for path in roots(image)],
        "machine": [(path, *map(str, pair)) for path, pair in over.items()],
        "upper": str(upper),
        "work": str(work),
        "binds": [(path, str(one.source), one.read_only) for path, one in mounts.items()],
        "read_only": container.read_only,
        "user": (user.user, user.group, list(user.groups)),
        "folder": container.working_directory or image.config.working_directory,
        "command": list(command),
        "environment": environment(container),
    }


def _writable(folder: Path) -> tuple[Path, Path]:
    """Where an overlay keeps what is written, and where it works."""
    for name in ("upper", "work"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "upper").chmod(0o755)
    return folder / "upper", folder / "work"


def _machine() -> list[str]:
    """The folders of this machine that an image on a known base sees."""
    return [path for path in root.MACHINE if _is_folder(Path("/", path))]


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def written(container: Container) -> Path:
    """What the container has written, once it has ended, as one folder."""
    upper = container.folder / "upper"
    for path in root.MACHINE:
        over = container.folder / "over" / path.replace("/", "%") / "upper"
        if over.is_dir() and any(over.iterdir()):
            (upper / path).parent.mkdir(parents=True, exist_ok=True)
            over.rename(upper / path)
    return upper


def _resolver() -> dict[str, Mount]:
    """How names are found: as on the machine."""
    files = ("/etc/resolv.conf", "/etc/hosts")
    return {path: Mount(Path(path), read_only=True) for path in files if Path(path).exists()}


def _start(plan: dict[str, Any]) -> list[str]:
    return [sys.executable, "-I", "-S", root.__file__, marshal.dumps(plan).hex()]


@cache
def isolated() -> bool:
    """Whether a container can have a root of its own here; found out by trying, once."""
    return _probe("mkdir /x /usr/x && rm /usr/bin/env")


@cache
def has_users() -> bool:
    """Whether files of a container can belong to others than root."""
    return isolated() and _probe("mkdir /x && chown 10001:10001 /x")


def _probe(line: str) -> bool:
    if sys.platform != "linux":
        return False
    name = tempfile.mkdtemp(prefix="process-image-")
    try:
        image = ProcessImage("", Path(name) / "files", ImageConfig(), Path(name) / "base")
        image.root.mkdir()
        bases.lay_system(Path(name) / "base")
        plan = _plan(Container("probe", image, Path(name) / "container"), ["/bin/sh", "-c", line])
        done = subprocess.run(
            _start(plan), capture_output=True, timeout=PROBE_SECONDS, check=False, env={}
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    finally:
        remove_tree(Path(name))
    return done.returncode == 0
