"""The processes of an instance: started in sessions of their own, their output on the console, and
strays reaped, for whoever loses its parent becomes a child of the first process.
"""

import contextlib
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

Sink = Callable[[str], None]
"""Takes one line of output, without its line break."""


class Console:
    """The instance's console: every line with the seconds since the boot."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._began = time.monotonic()

    def write(self, line: str) -> None:
        """One line; whoever started the instance reads it from our standard output."""
        text = f"[{time.monotonic() - self._began:12.6f}] {line}\n".encode(errors="replace")
        with self._lock, contextlib.suppress(BrokenPipeError):
            os.write(1, text)

    def named(self, name: str) -> Sink:
        """Lines of one program."""
        return lambda line: self.write(f"{name}: {line}")


@dataclass(frozen=True, slots=True)
class Start:
    """How a process is started."""

    words: Sequence[str]
    environment: Mapping[str, str]
    folder: str = "/"
    output: Sink | str | None = None
    """A sink, a file as `append:/path`, or nothing."""
    errors: Sink | str | None = None
    umask: int = 0o022
    open_files: int | None = None
    first_argument: str | None = None


@dataclass(eq=False)
class Child:
    """A process that was started."""

    process: subprocess.Popen[bytes]
    readers: list[threading.Thread] = field(default_factory=list)

    @property
    def pid(self) -> int:
        """Its number, also of its group."""
        return self.process.pid

    def signal(self, number: signal.Signals, *, everybody: bool) -> None:
        """Signal it, or all that it has started."""
        members = family(self.pid) if everybody else []
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if everybody:
                os.killpg(self.pid, number)
            else:
                os.kill(self.pid, number)
        for member in members:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(member, number)


class Children:
    """Starts processes and reaps them all."""

    def __init__(self, warden: Path | None = None) -> None:
        """`warden` is the program that ends them should we be killed: not needed where the kernel
        ends all of a namespace with its first process.
        """
        self._lock = threading.Lock()
        self._known: set[int] = set()
        self._warden = start_warden(warden) if warden else None

    def start(self, start: Start) -> Child:
        """Start a process.

        Raises:
            OSError: the program or the folder is not there, or not to be executed.
        """
        with contextlib.ExitStack() as files:
            output = opened(start.output, files)
            errors = (
                subprocess.STDOUT if start.errors is start.output else opened(start.errors, files)
            )
            with self._lock:
                process = subprocess.Popen(
                    [start.first_argument or start.words[0], *start.words[1:]],
                    executable=found(start.words[0], start.environment),
                    cwd=start.folder,
                    env=dict(start.environment),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=errors,
                    start_new_session=True,
                    umask=start.umask,
                    preexec_fn=file_limit(start.open_files),
                )
                self._known.add(process.pid)
                self._tell_warden(f"+{process.pid}")
        child = Child(process)
        for stream, sink in ((process.stdout, start.output), (process.stderr, start.errors)):
            if stream is not None and callable(sink):
                child.readers.append(reader(stream, sink))
        return child

    def wait(self, child: Child, seconds: float | None = None) -> int | None:
        """Its exit code once it has ended and its output is read, None when it takes longer."""
        try:
            code = child.process.wait(None if seconds == float("inf") else seconds)
        except subprocess.TimeoutExpired:
            return None
        with self._lock:
            self._known.discard(child.pid)
            self._tell_warden(f"-{child.pid}")
        return code

    def kill_all(self) -> None:
        """End what is left, strays too."""
        with self._lock:
            for pid in {*self._known, *family(os.getpid())}:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(pid, signal.SIGKILL)

    def _tell_warden(self, line: str) -> None:
        if self._warden is not None and self._warden.stdin is not None:
            self._warden.stdin.write(f"{line}\n".encode())
            self._warden.stdin.flush()

    def reap(self) -> None:
        """Let every stray go that has ended; our own are waited for by those who started them."""
        with self._lock:
            for pid in ended_children():
                if pid not in self._known:
                    with contextlib.suppress(ChildProcessError):
                        os.waitpid(pid, os.WNOHANG)


def start_warden(program: Path) -> subprocess.Popen[bytes]:
    """The last process standing, as beside the emulator."""
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(program)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def opened(target: Sink | str | None, files: contextlib.ExitStack) -> int | IO[bytes]:
    """What a process writes to."""
    if target is None:
        return subprocess.DEVNULL
    if callable(target):
        return subprocess.PIPE
    kind, _, path = target.partition(":")
    return files.enter_context(Path(path).open("wb" if kind == "truncate" else "ab"))


def found(program: str, environment: Mapping[str, str]) -> str:
    """The program's path.

    Raises:
        FileNotFoundError: it is not there.
    """
    folders = [""] if "/" in program else environment.get("PATH", "").split(":")
    for folder in folders:
        path = f"{folder}/{program}" if folder else program
        if os.access(path, os.X_OK) and not Path(path).is_dir():
            return path
    raise FileNotFoundError(2, "No such file or directory", program)


def file_limit(soft: int | None) -> Callable[[], None] | None:
    """Sets the limit of open files in the new process."""
    if soft is None:
        return None
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    wanted = soft if hard == resource.RLIM_INFINITY else min(soft, hard)
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def reader(stream: IO[bytes], sink: Sink) -> threading.Thread:
    """Reads a process's output until all who write to it have closed it."""

    def read() -> None:
        with stream:
            for line in stream:
                sink(line.decode(errors="replace").rstrip("\r\n"))

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread


def parents() -> dict[int, tuple[int, str]]:
    """By process, its parent and its state, where the system tells."""
    found_parents = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError):
            # The name in parentheses may hold anything.
            state, parent = entry.read_text().rpartition(")")[2].split()[:2]
            found_parents[int(entry.parent.name)] = (int(parent), state)
    return found_parents


def family(pid: int) -> list[int]:
    """The descendants of a process."""
    known = parents()
    members = [pid]
    for member in members:
        members += [child for child, (parent, _) in known.items() if parent == member]
    return members[1:]


def ended_children() -> list[int]:
    """Our children that have ended and were not waited for."""
    own = os.getpid()
    return [pid for pid, (parent, state) in parents().items() if parent == own and state == "Z"]
