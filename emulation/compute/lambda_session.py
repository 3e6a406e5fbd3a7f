"""One process of a function, from its start to its end, and the Runtime API server beside it."""

import threading
import time
from collections.abc import Callable

import psutil

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


class Session:
    """A started process: wait until it is `initialized`, then `run` one invocation at a time."""

    def __init__(
        self,
        spec_of: Callable[[str, LogSink], ProcessSpec],
        memory_mb: int,
        supervisor: Supervisor,
        log: LogSink,
    ) -> None:
        """`spec_of` makes the process's specification from the server's address and a log sink.

        Raises:
            OSError: the process cannot be started.
        """
        self._changed = threading.Condition()
        self._flushed = False
        self._ended = False
        self._log = log
        self._memory_mb = memory_mb
        self.api = RuntimeApi(self._notify)
        self.started = time.monotonic()
        self.process: Process = supervisor.start(
            spec_of(self.api.address, self._read), self._on_exit
        )

    @property
    def alive(self) -> bool:
        """The process runs."""
        return self.process.status() is Status.RUNNING

    def initialized(self, deadline: float) -> bool:
        """Wait until it is ready for work or failed; False when the deadline passed before."""
        return self._wait(lambda: self._waits() or self.api.init_error is not None, deadline)

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
        try:
            now = int(psutil.Process(self.process.pid).memory_info().rss)
        except psutil.Error:
            now = 0
        return max(self.process.peak_memory_mb, now // 2**20)

    def close(self) -> None:
        """Kill the process, whose output is then read to its end, and end the server. Lambda sends
        no TERM.
        """
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
        if self.process.peak_memory_mb > self._memory_mb:
            self.process.kill(Status.OUT_OF_MEMORY)

    def _read(self, line: str) -> None:
        text, mark, _ = line.partition(FLUSHED)
        if text or not mark:
            self._log(text.replace(LINE_BREAK, "\n"))
        if mark:
            self._flushed = True
            self._notify()

    def _on_exit(self, _: Process) -> None:
        self._ended = True
        self.api.close()
        self._notify()

    def _notify(self) -> None:
        with self._changed:
            self._changed.notify_all()
