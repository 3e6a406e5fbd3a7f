"""The one place that starts child processes: limits, logs, ends, and no orphans.

Lambda environments, Spark drivers, training jobs, model servers: each is a `Process` with the same
four words - start, status, stop, logs. Its state is the operating system's: running because a
process runs, failed because it exited non-zero. A thread a process reads its output and waits for
its end, so an end is known at once.
"""

import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import psutil

LOG = logging.getLogger(__name__)

LogSink = Callable[[str], None]
"""Takes one line of output, without its line break."""

MEMORY_SAMPLE_SECONDS = 0.25

LAST_OUTPUT_SECONDS = 5.0
"""How long an ended process's output is still read: a stray may hold the pipe open."""


class Status(StrEnum):
    """Where a process is."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "stopped"
    TIMED_OUT = "timed out"
    OUT_OF_MEMORY = "out of memory"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a process may use; past it, it is killed and its status says why."""

    seconds: float | None = None
    """Wall time. TERM first, KILL after the grace period."""
    memory_mb: int | None = None
    """Resident memory with descendants, in MiB, sampled four times a second. KILL at once."""


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """Everything that a process needs; its environment is exactly `environment`."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    limits: Limits = Limits()
    log: LogSink | None = None
    grace_seconds: float = 10.0
    pass_fds: Sequence[int] = ()
    needed: bool = False
    """Others need it to end well: when everything stops, it stops after them."""


@dataclass(eq=False)
class Process:
    """One child process and, once it has ended, how."""

    spec: ProcessSpec
    started: float = field(default_factory=time.time)
    ended: float | None = None
    peak_memory_mb: int = 0
    _lines: deque[str] = field(default_factory=lambda: deque(maxlen=1000))
    _cause: Status | None = None
    _done: threading.Event = field(default_factory=threading.Event)
    _child: subprocess.Popen[bytes] = field(init=False)

    @property
    def pid(self) -> int:
        """The operating system's number; also the number of its process group."""
        return self._child.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative when a signal ended it."""
        return self._child.returncode if self._done.is_set() else None

    def status(self) -> Status:
        """Where it is now."""
        if not self._done.is_set():
            return Status.RUNNING
        if self._cause is not None:
            return self._cause
        return Status.SUCCEEDED if self._child.returncode == 0 else Status.FAILED

    def logs(self) -> list[str]:
        """The last thousand lines of output, standard error among them."""
        return list(self._lines)

    def wait(self, seconds: float | None = None) -> Status:
        """Wait for its end, at most so long; where it is then."""
        self._done.wait(seconds)
        return self.status()

    def stop(self, cause: Status = Status.STOPPED) -> Status:
        """TERM, wait for the grace period, KILL; an ended process stays as it ended."""
        if self._done.is_set():
            return self.status()
        self._cause = self._cause or cause
        self.signal(signal.SIGTERM)
        if not self._done.wait(self.spec.grace_seconds):
            self.kill(cause)
        return self.wait()

    def kill(self, cause: Status = Status.STOPPED) -> None:
        """End the whole group now."""
        self._cause = self._cause or cause
        self.signal(signal.SIGKILL)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the whole group; nothing happens when it has ended."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)


class Supervisor:
    """Starts processes and answers for them: all end with it, also when it is killed."""

    def __init__(self) -> None:
        self._processes: set[Process] = set()
        self._lock = threading.Lock()
        self._warden: subprocess.Popen[str] | None = None
        self.stopped = threading.Event()
        """Whether everything was told to stop, and has."""

    def start(self, spec: ProcessSpec, on_exit: Callable[[Process], None] | None = None) -> Process:
        """Start a process. `on_exit` runs in its own thread, once, as soon as it has ended.

        Raises:
            OSError: the command is not there or cannot be executed.
        """
        process = Process(spec)
        with self._lock:
            process._child = subprocess.Popen(
                list(spec.command),
                cwd=spec.folder,
                env=dict(spec.environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=tuple(spec.pass_fds),
            )
            self._tell_warden(f"+{process.pid}")
            self._processes.add(process)
        _thread(f"{spec.name}-watch", self._watch, process, on_exit)
        if spec.limits.seconds is not None or spec.limits.memory_mb is not None:
            _thread(f"{spec.name}-limits", _enforce_limits, process)
        return process

    def processes(self) -> list[Process]:
        """The ones that run."""
        with self._lock:
            return list(self._processes)

    def stop_all(self, grace_seconds: float = 10.0) -> None:
        """Stop everything at the same time, then what everything needs, and kill what is left after
        the grace period.

        The period is one for all: nobody waits two minutes for one training job to save its work.
        """
        deadline = time.monotonic() + grace_seconds
        running = self.processes()
        for needed in (False, True):
            stops = [
                _thread("stop", process.stop)
                for process in running
                if process.spec.needed is needed
            ]
            for stop in stops:
                stop.join(max(0.0, deadline - time.monotonic()))
        for process in self.processes():
            process.kill()
            process.wait()
        self.stopped.set()
        self._dismiss_warden()

    def _dismiss_warden(self) -> None:
        with self._lock:
            if self._warden is not None and not self._processes:
                self._warden.communicate()
                self._warden = None

    def _watch(self, process: Process, on_exit: Callable[[Process], None] | None) -> None:
        reader = _thread(f"{process.spec.name}-output", _read_output, process)
        process._child.wait()
        process.ended = time.time()
        # Whatever the process left behind in its group ends with it, as a container's processes do.
        process.signal(signal.SIGKILL)
        reader.join(LAST_OUTPUT_SECONDS)
        with self._lock:
            self._tell_warden(f"-{process.pid}")
            self._processes.discard(process)
        process._done.set()
        if on_exit is not None:
            on_exit(process)

    def _tell_warden(self, line: str) -> None:
        if self._warden is None or self._warden.poll() is not None:
            self._warden = _start_warden()
            groups = [f"+{process.pid}" for process in self._processes]
            line = "\n".join([*groups, line])
        assert self._warden.stdin is not None
        self._warden.stdin.write(line + "\n")
        self._warden.stdin.flush()


def _start_warden() -> subprocess.Popen[str]:
    script = Path(__file__).with_name("warden.py")
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        text=True,
    )


def _read_output(process: Process) -> None:
    output = process._child.stdout
    assert output is not None
    with output:
        for raw in output:
            line = raw.decode(errors="replace").rstrip("\r\n")
            process._lines.append(line)
            if process.spec.log is not None:
                process.spec.log(line)


def _enforce_limits(process: Process) -> None:
    limits = process.spec.limits
    while process.status() is Status.RUNNING:
        if limits.memory_mb is not None:
            process.peak_memory_mb = max(process.peak_memory_mb, resident_mb(process.pid))
            if process.peak_memory_mb > limits.memory_mb:
                process.kill(Status.OUT_OF_MEMORY)
        if limits.seconds is not None and time.time() - process.started > limits.seconds:
            process.stop(Status.TIMED_OUT)
        process.wait(MEMORY_SAMPLE_SECONDS)


def resident_mb(pid: int) -> int:
    """Resident memory of a process and its descendants in MiB; 0 when it has ended."""
    with contextlib.suppress(psutil.Error):
        parent = psutil.Process(pid)
        family = [parent, *parent.children(recursive=True)]
        return sum(member.memory_info().rss for member in family) // 2**20
    return 0


def _thread(name: str, target: Callable[..., object], *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=target, args=arguments, name=name, daemon=True)
    thread.start()
    return thread


def free_port() -> int:
    """A TCP port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


SUPERVISOR = Supervisor()
"""The emulator's one supervisor."""
