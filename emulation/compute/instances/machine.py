"""One instance: a folder, a supervised process tree, and the console that it writes.

The process is the instance: it runs because its first process runs, and when that ends for whatever
reason the instance has stopped. Its folder holds the root volume, which outlives a stop.
"""

import base64
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from functools import cache
from pathlib import Path

from emulation.compute.instances import images
from emulation.compute.instances.guest.first_boot import is_finished
from emulation.compute.instances.guest.init import POWERED_OFF, REBOOTED
from emulation.compute.instances.user_data import Plan
from emulation.compute.processes import SUPERVISOR, Process, ProcessSpec, Status

CONSOLE_BYTES = 65536
"""What GetConsoleOutput answers at most; the file on disk grows to twice as much."""

STOP_SECONDS = 150.0
"""The units' own time to stop, which is 90 seconds unless they say otherwise, and a little more."""

BOOT_SECONDS = 60.0
"""How long an instance may take to its first line."""

_START = (
    "import sys; sys.path.insert(0, {folder!r}); "
    "from emulation.compute.instances.guest.init import main; main()"
)
_PROBE = (
    "import sys; sys.path.insert(0, {folder!r}); from pathlib import Path; "
    "from emulation.compute.instances.guest import root; "
    "home = Path({home!r}); image = root.Image(home / 'commands', [], home); "
    "root.prepare_volume(home / 'volume', image, 'probe'); "
    "root.enter(home / 'root', home / 'volume', image)"
)


@dataclass(frozen=True, slots=True)
class MachineSpec:
    """What an instance is made of."""

    instance_id: str
    folder: Path
    hostname: str
    description: str
    environment: Mapping[str, str]
    """What every process of it sees beside the system's own."""
    plan: Plan


class End(Enum):
    """Why an instance has ended."""

    STOPPED = "by whoever runs it"
    POWERED_OFF = "by a program in it"
    REBOOTED = "by a program in it, to begin again"
    CRASHED = "its first process died"


class Machine:
    """Starts and stops one instance; `on_end` is told once for each time that it ends."""

    def __init__(
        self,
        spec: MachineSpec,
        on_boot: Callable[[], None],
        on_end: Callable[[End], None],
    ) -> None:
        """`on_boot` is called with the first line of a boot."""
        self.spec = spec
        self._on_boot = on_boot
        self._on_end = on_end
        self._process: Process | None = None
        self._speaks = threading.Event()
        self._console = Console(spec.folder)

    @property
    def running(self) -> bool:
        """Whether its first process runs."""
        return self._process is not None and self._process.status() is Status.RUNNING

    @property
    def booted(self) -> bool:
        """Whether user data has run to its end, well or badly."""
        return is_finished(self.spec.folder / "volume")

    def start(self) -> None:
        """Boot.

        Raises:
            FileNotFoundError: the image is not installed. OSError: no process could be started.
        """
        folder = self.spec.folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "boot.json").write_text(json.dumps(self._boot()))
        command = init_command(_START.format(folder=source_folder()), [str(folder)])
        self._speaks.clear()
        self._process = SUPERVISOR.start(
            ProcessSpec(
                name=self.spec.instance_id,
                command=command,
                environment={"PATH": os.defpath, "LANG": "C.UTF-8"},
                folder=folder,
                log=self._heard,
                grace_seconds=STOP_SECONDS,
            ),
            self._ended,
        )
        (folder / "pid").write_text(str(self._process.pid))

    def stop(self, *, force: bool = False) -> None:
        """Stop the units and end, or end at once; returns when it has ended."""
        if self._process is None:
            return
        if force:
            self._process.kill()
            self._process.wait()
        else:
            # The first process of a namespace does not get a signal that it does not handle yet.
            self._speaks.wait(BOOT_SECONDS)
            self._process.stop()

    def _heard(self, line: str) -> None:
        self._console.write(line)
        if not self._speaks.is_set():
            self._speaks.set()
            self._on_boot()

    def _ended(self, process: Process) -> None:
        self._speaks.set()
        (self.spec.folder / "pid").unlink(missing_ok=True)
        self._on_end(end_of(process))

    def _boot(self) -> dict[str, object]:
        return {
            "instance_id": self.spec.instance_id,
            "hostname": self.spec.hostname,
            "description": self.spec.description,
            "environment": dict(self.spec.environment),
            "commands": str(images.lay_commands(self.spec.folder.parent / "commands")),
            "folders": [str(path) for path in images.needed_folders()],
            "wheels": str(images.wheels_folder()),
            "warden": str(Path(source_folder()) / "emulation/compute/warden.py"),
            "socket": f"{tempfile.gettempdir()}/{self.spec.instance_id}.sock",
            "namespace": has_namespaces(),
            "first": not self.booted,
            "user_data": asdict(self.spec.plan),
        }


class Console:
    """The console's file: its end is kept."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "console.log"
        self._lock = threading.Lock()

    def write(self, line: str) -> None:
        """One line more."""
        with self._lock, self._path.open("ab") as file:
            file.write(f"{line}\r\n".encode())
            if file.tell() > 2 * CONSOLE_BYTES:
                self._path.write_bytes(self._path.read_bytes()[-CONSOLE_BYTES:])

    def read(self) -> str:
        """The last 64 KiB, in base64 as the API has it."""
        with self._lock:
            data = self._path.read_bytes() if self._path.exists() else b""
        return base64.b64encode(data[-CONSOLE_BYTES:]).decode()


def end_of(process: Process) -> End:
    """Why an instance has ended."""
    if process.status() is Status.STOPPED:
        return End.STOPPED
    within = {POWERED_OFF: End.POWERED_OFF, REBOOTED: End.REBOOTED}
    return within.get(process.exit_code or 0, End.CRASHED)


def source_folder() -> str:
    """The folder that `emulation` is imported from."""
    return str(Path(__file__).resolve().parents[3])


def init_command(program: str, arguments: Sequence[str]) -> list[str]:
    """The command that runs a program as the first process of an instance."""
    python = [str(images.base_python()), "-I", "-S", "-c", program, *arguments]
    return [*(unshare() if has_namespaces() else []), *python]


def unshare() -> list[str]:
    """Namespaces of mounts, processes and names; who is not root becomes it within."""
    user = [] if os.geteuid() == 0 else ["--map-root-user"]
    return ["unshare", *user, "--mount", "--pid", "--uts", "--fork", "--kill-child"]


@cache
def has_namespaces() -> bool:
    """Whether this system gives an instance a root of its own; tried once with the real thing."""
    with tempfile.TemporaryDirectory() as name:
        for folder in ("commands", "root"):
            (Path(name) / folder).mkdir()
        program = _PROBE.format(folder=source_folder(), home=name)
        command = [*unshare(), sys.executable, "-I", "-S", "-c", program]
        try:
            worked = subprocess.run(command, capture_output=True, timeout=60, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return False
        return worked.returncode == 0
