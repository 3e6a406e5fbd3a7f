"""Where a function finds its folders: where AWS has them, if the system lets a process have mounts
of its own, and where they lie on this machine otherwise.

Which of the two it is, is found out once, by trying. Root may have mounts, and so may everybody
else on a Linux with user namespaces; not so in most containers, on Ubuntu with its default
AppArmor profile, and on macOS.
"""

import contextlib
import logging
import marshal
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from emulation.compute import lambda_root
from emulation.compute.processes import ProcessSpec, Status, Supervisor

LOG = logging.getLogger(__name__)

PROBE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Folders:
    """A function's folders on this machine; `layers` is where all of them are one."""

    code: Path
    layers: Path | None
    packages: Path | None
    """The runtime's own, at /var/runtime."""
    needed: Sequence[Path]
    """What the process itself is made of: interpreter and bootstrap."""
    temporary: Path
    storage_mb: int


@dataclass(frozen=True, slots=True)
class View:
    """The same folders as the function sees them."""

    task: str
    layers: str | None
    packages: str
    temporary: str


class Namespaces:
    """Those of a process, held open so that its successor has the same /tmp."""

    def __init__(self, pid: int) -> None:
        """Hold them; a process that is gone has none."""
        self.numbers: list[int] = []
        with contextlib.suppress(OSError):
            own = Path(f"/proc/{pid}/ns/user").stat().st_ino
            if own != Path("/proc/self/ns/user").stat().st_ino:
                self._hold(f"/proc/{pid}/ns/user")
            self._hold(f"/proc/{pid}/ns/mnt")

    def _hold(self, path: str) -> None:
        self.numbers.append(os.open(path, os.O_RDONLY))

    def close(self) -> None:
        """Let go of them."""
        while self.numbers:
            os.close(self.numbers.pop())


class Plain:
    """The folders where they are. /tmp is private by name only, and its size is not limited."""

    limits_storage = False

    def view(self, folders: Folders) -> View:
        """They are what they are."""
        layers = str(folders.layers) if folders.layers else None
        packages = str(folders.packages or folders.code)
        return View(str(folders.code), layers, packages, str(folders.temporary))

    def process(self, spec: ProcessSpec, folders: Folders, _: Namespaces | None) -> ProcessSpec:
        """The process as it is."""
        folders.temporary.mkdir(parents=True, exist_ok=True)
        return spec

    def hold(self, _: int) -> Namespaces | None:
        """Nothing to hold: the folder stays."""
        return None


class Rooted:
    """AWS's folders, in a mount namespace."""

    limits_storage = True

    def view(self, folders: Folders) -> View:
        """AWS's."""
        return View("/var/task", "/opt" if folders.layers else None, "/var/runtime", "/tmp")

    def process(
        self, spec: ProcessSpec, folders: Folders, joined: Namespaces | None
    ) -> ProcessSpec:
        """The process, which first gives itself its folders."""
        numbers = joined.numbers if joined else []
        plan = {
            "namespaces": numbers,
            "binds": _binds(folders),
            "kept": [str(path) for path in folders.needed if _is_hidden(path)],
            "storage_mb": folders.storage_mb,
            "task": "/var/task",
            "command": list(spec.command),
            "environment": dict(spec.environment),
        }
        return ProcessSpec(
            name=spec.name,
            command=[sys.executable, "-I", "-S", lambda_root.__file__, marshal.dumps(plan).hex()],
            environment={},
            folder=Path("/"),
            log=spec.log,
            pass_fds=numbers,
        )

    def hold(self, pid: int) -> Namespaces | None:
        """The namespaces of a process that runs."""
        return Namespaces(pid)


def _binds(folders: Folders) -> Mapping[str, str]:
    binds = {"/var/task": str(folders.code)}
    if folders.layers is not None:
        binds |= {f"/opt/{entry.name}": str(entry) for entry in folders.layers.iterdir()}
    if folders.packages is not None:
        binds["/var/runtime"] = str(folders.packages)
    return binds


def _is_hidden(path: Path) -> bool:
    return path.parts[1] in ("tmp", "opt")


class Isolations:
    """The one of this machine, once it was tried."""

    def __init__(self) -> None:
        self._found: Plain | Rooted | None = None

    def of(self, supervisor: Supervisor) -> Plain | Rooted:
        """Find out, the first time."""
        if self._found is None:
            reason = _refused(supervisor)
            if reason:
                LOG.warning("functions have no mounts of their own here: %s", reason)
            self._found = Plain() if reason else Rooted()
        return self._found


def _refused(supervisor: Supervisor) -> str | None:
    """Why no process can have mounts of its own; None when it can."""
    if sys.platform != "linux":
        return f"the system is {sys.platform}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        needed = [Path(sys.executable).resolve()]
        folders = Folders(folder, None, None, needed, folder, storage_mb=1)
        probe = ProcessSpec("lambda-probe", [str(needed[0]), "-I", "-S", "-c", ""], {}, folder)
        process = supervisor.start(Rooted().process(probe, folders, None))
        if process.wait(PROBE_SECONDS) is Status.SUCCEEDED:
            return None
        process.kill()
        process.wait()
        return (process.logs() or ["no answer"])[-1]


ISOLATIONS = Isolations()
"""The emulator's one."""
