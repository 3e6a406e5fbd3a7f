"""One container of a task: what it is made of, and where it is."""

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from emulation.compute.processes import Process, ProcessSpec
from emulation.compute.tasks.networks import Family

OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"

Requirement = Literal["START", "COMPLETE", "SUCCESS", "HEALTHY"]
Health = Literal["UNKNOWN", "HEALTHY", "UNHEALTHY"]


class State(StrEnum):
    """Where a container is, in the API's words."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    STOPPED = "STOPPED"


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """A command that is run again and again in the container; exit code 0 is health."""

    command: Sequence[str]
    interval: float
    timeout: float
    retries: int
    start_period: float
    """In s from the start: failures do not count so long, until the first success."""


@dataclass(frozen=True, slots=True)
class ContainerPlan:
    """What a container is made of."""

    name: str
    spec: ProcessSpec
    """Its command, as it is outside of the task's network."""
    beside: Callable[[Sequence[str], int], ProcessSpec]
    """One more process of it: a command, and the number of its first process."""
    essential: bool = True
    needs: Mapping[str, Requirement] = field(default_factory=dict)
    """What it waits for, by the name of the other container."""
    start_seconds: float = 180.0
    """How long others wait for it to be what they need."""
    stop_seconds: float = 30.0
    stop_signal: signal.Signals = signal.SIGTERM
    health_check: HealthCheck | None = None
    memory_mb: int | None = None
    limits: Mapping[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(eq=False)
class Container:
    """Where it is now."""

    plan: ContainerPlan
    state: State = State.PENDING
    health: Health = "UNKNOWN"
    exit_code: int | None = None
    reason: str | None = None
    started: float | None = None
    ended: float | None = None
    family: Family | None = None
    out_of_memory: bool = False
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def name(self) -> str:
        """Its name in the task."""
        return self.plan.name

    def stop(self) -> None:
        """Its stop signal, its time, KILL; returns when it has ended."""
        if self.family is None:
            return
        self.family.process.signal(self.plan.stop_signal)
        if not self.over.wait(self.plan.stop_seconds):
            self.kill()
            self.over.wait()

    def kill(self) -> None:
        """End it now."""
        if self.family is not None and not self.over.is_set():
            with contextlib.suppress(OSError):
                self.family.kill()

    def satisfies(self, need: Requirement) -> bool:
        """Whether it is what another container waits for."""
        match need:
            case "START":
                return self.state is not State.PENDING
            case "HEALTHY":
                return self.state is State.RUNNING and self.health == "HEALTHY"
            case "COMPLETE":
                return self.state is State.STOPPED
            case "SUCCESS":
                return self.state is State.STOPPED and self.exit_code == 0

    def can_no_longer(self, need: Requirement) -> bool:
        """Whether it can never be it."""
        if self.state is State.STOPPED:
            return not self.satisfies(need)
        late = self.started is not None and time.time() - self.started > self.plan.start_seconds
        return late and not self.satisfies(need)


def exit_code_of(process: Process) -> int:
    """As a container's: 128 and the number of the signal that ended it."""
    code = process.exit_code or 0
    return code if code >= 0 else 128 - code
