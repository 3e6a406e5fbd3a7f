"""One process of a function, from its start to its end, and the Runtime API server beside it."""

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from io import BufferedWriter
from pathlib import Path

from emulation.compute.lambda_bootstrap import FLUSHED, LINE_BREAK
from emulation.compute.lambda_runtime_api import Answer, Invocation, RuntimeApi
from emulation.compute.processes import (
    MEMORY_SAMPLE_SECONDS,
    LogSink,
    Process,
    ProcessSpec,
    Status,
    Supervisor,
    resident_mb,
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What the process may use, and how its output is told apart."""

    memory_mb: int
    marks_output: bool


class Session:
    """A started process: wait until it is `initialized`, then `run` one invocation at a time."""

    def __init__(
        self,
        spec_of: Callable[[str, LogSink], ProcessSpec],
        limits: Limits,
        supervisor: Supervisor,
        log: LogSink,
        on_end: Callable[[], None],
    ) -> None:
        """`spec_of` makes the process's specification from the server's address and a log sink.

        Raises:
            OSError: the process cannot be started.
        """
        self._changed = threading.Condition()
        self._flushed = False
        self._ended = False
        self._log = log
        self._limits = limits
        self._on_end = on_end
        self._closed = False
        self._has_process = threading.Event()
        self.api = RuntimeApi(self._notify, self._mark_output)
        self.started = time.monotonic()
        try:
            self.process: Process = supervisor.start(
                spec_of(self.api.address, self._read), self._on_exit
            )
        except OSError:
            self.api.close()
            raise
        self._has_process.set()

    @property
    def alive(self) -> bool:
        """The process runs."""
        return self.process.status() is Status.RUNNING

    @property
    def stopped(self) -> bool:
        """Somebody else stopped the process: the supervisor, when the emulator ends."""
        return not self._closed and self.process.status() is Status.STOPPED

    def initialized(self, deadline: float) -> bool:
        """Wait until it is ready for work or failed; False when the deadline passed before."""
        done = self._wait(lambda: self._waits() or self.api.init_error is not None, deadline)
        self.process.peak_memory_mb = self.memory_mb()
        return done

    def init_milliseconds(self) -> float:
        """How long the initialization took."""
        until = self.api.idle_since if self.api.idle else time.monotonic()
        return (until - self.started) * 1000

    def run(self, invocation: Invocation, deadline: float) -> Answer | None:
        """The runtime's answer, when the process has also said that its output is complete; None
        when the deadline passed or the process ended before it answered.
        """
        self._flushed = False
        self.api.submit(invocation)
        in_time = self._wait(lambda: self._waits() and self.api.answer is not None, deadline)
        return self.api.answer if in_time else None

    def memory_mb(self) -> int:
        """The most memory that it used so far, as far as it was seen."""
        now = memory(self.process.pid).peak_mb or resident_mb(self.process.pid)
        return max(self.process.peak_memory_mb, now)

    def end_if_too_large(self) -> bool:
        """Whether it once used more than it may, which the kernel knows also of a moment that no
        sample has seen; it is killed then, as it would have been.
        """
        too_large = memory(self.process.pid).own_peak_mb > self._limits.memory_mb
        if too_large:
            self.process.kill(Status.OUT_OF_MEMORY)
            self.process.wait()
        return too_large

    def close(self) -> None:
        """Kill the process, whose output is then read to its end, and end the server. Lambda sends
        no TERM.
        """
        self._closed = True
        self.process.kill()
        self.process.wait()
        self.api.close()

    def _waits(self) -> bool:
        return self.api.idle and self._flushed

    def _wait(self, predicate: Callable[[], bool], deadline: float) -> bool:
        with self._changed:
            while not (self._ended or predicate()):
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                if not self._changed.wait(min(left, MEMORY_SAMPLE_SECONDS)):
                    self._check_memory()
            return True

    def _check_memory(self) -> None:
        """While somebody waits for the process, and only then: an idle environment costs nothing,
        as a frozen one on AWS.
        """
        self.process.peak_memory_mb = max(
            self.process.peak_memory_mb, resident_mb(self.process.pid)
        )
        if self.process.peak_memory_mb > self._limits.memory_mb:
            self.process.kill(Status.OUT_OF_MEMORY)

    def _read(self, line: str) -> None:
        text, mark, _ = line.partition(FLUSHED)
        if text or not mark:
            self._log(text.replace(LINE_BREAK, "\n"))
        if mark:
            self._flushed = True
            self._notify()

    def _mark_output(self) -> None:
        """Say in its stead that its output is complete, when its bootstrap does not: what it wrote
        before it asked for work stands before the mark.
        """
        if self._limits.marks_output:
            return
        self._has_process.wait()
        try:
            with open_output(self.process) as output:
                output.write(f"{FLUSHED}\n".encode())
        except OSError:
            self._read(FLUSHED)

    def _on_exit(self, _: Process) -> None:
        self._ended = True
        self.api.close()
        self._notify()
        self._on_end()

    def _notify(self) -> None:
        with self._changed:
            self._changed.notify_all()


@dataclass(frozen=True, slots=True)
class Memory:
    """Of one process, in MiB; 0 when nothing is known."""

    peak_mb: int = 0
    own_peak_mb: int = 0
    """Without what it shares with its files on disk, which the kernel can take back."""


def memory(pid: int) -> Memory:
    """What the kernel has counted so far."""
    kib: dict[str, int] = {}
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            name, _, value = line.partition(":")
            if name in ("VmHWM", "RssFile"):
                kib[name] = int(value.split()[0])
    peak = kib.get("VmHWM", 0)
    return Memory(peak // 1024, (peak - kib.get("RssFile", 0)) // 1024)


def open_output(process: Process) -> BufferedWriter:
    """The pipe that the process writes to, while it still writes to it.

    Raises:
        OSError: it does not, or the system does not show it.
    """
    path = Path(f"/proc/{process.pid}/fd/1")
    if not path.is_fifo():
        raise OSError("the process writes elsewhere")
    return path.open("wb")
