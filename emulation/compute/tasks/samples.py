"""What running containers use of processor and memory; who is over its memory is killed, as a
container is.

One thread looks at all tasks four times a second while there are any.
"""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import psutil

from emulation.compute.tasks.containers import Container, State
from emulation.compute.tasks.runs import TaskRun

SAMPLE_SECONDS = 0.25


@dataclass(slots=True)
class Usage:
    """What a container has used."""

    memory: int = 0
    """Resident, in bytes, now."""
    peak_memory: int = 0
    processor_seconds: float = 0.0
    processes: int = 0
    before: tuple[float, float] = (0.0, 0.0)
    """Time and processor seconds of the sample before, and of this one."""
    latest: tuple[float, float] = (0.0, 0.0)
    _ended: float = 0.0
    _each: dict[tuple[int, float], float] = field(default_factory=dict)

    def add(self, now: float, each: dict[tuple[int, float], float], memory: int) -> None:
        """One sample: processor seconds of each process; those of ended ones are kept."""
        self._ended += sum(used for key, used in self._each.items() if key not in each)
        self._each = each
        self.processor_seconds = self._ended + sum(each.values())
        self.processes = len(each)
        self.memory, self.peak_memory = memory, max(self.peak_memory, memory)
        self.before, self.latest = self.latest, (now, self.processor_seconds)


@dataclass(eq=False)
class Watched:
    """A task that is looked at."""

    run: TaskRun
    memory_mb: int
    usages: dict[str, Usage] = field(default_factory=dict)


class Sampler:
    """Looks at tasks; `on_sample` is called after each look at all."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watched: set[Watched] = set()
        self._thread: threading.Thread | None = None
        self.on_sample: Callable[[], None] = _nothing

    def watch(self, watched: Watched) -> None:
        """Look at a task from now on."""
        with self._lock:
            self._watched.add(watched)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="task-usage", daemon=True)
                self._thread.start()

    def forget(self, watched: Watched) -> None:
        """Not any more."""
        with self._lock:
            self._watched.discard(watched)

    def _run(self) -> None:
        while True:
            time.sleep(SAMPLE_SECONDS)
            with self._lock:
                watched = list(self._watched)
                if not watched:
                    self._thread = None
                    return
            for one in watched:
                look(one)
            self.on_sample()


def look(watched: Watched) -> None:
    """One sample of each container, and the end of who uses too much."""
    running = [c for c in watched.run.containers.values() if c.state is State.RUNNING]
    for container in running:
        usage = watched.usages.setdefault(container.name, Usage())
        sample(container, usage)
        limit = container.plan.memory_mb
        if limit is not None and usage.memory > limit * 2**20:
            kill(container)
    if sum(watched.usages[c.name].memory for c in running) > watched.memory_mb * 2**20:
        kill(max(running, key=lambda container: watched.usages[container.name].memory))


def kill(container: Container) -> None:
    """As the kernel kills what is out of memory."""
    container.out_of_memory = True
    container.kill()


def sample(container: Container, usage: Usage) -> None:
    """What the container's processes use; nothing when it has just ended."""
    if container.family is None:
        return
    each: dict[tuple[int, float], float] = {}
    memory = 0
    for member in family(container.family.first):
        try:
            with member.oneshot():
                times = member.cpu_times()
                memory += member.memory_info().rss
                each[member.pid, member.create_time()] = times.user + times.system
        except psutil.Error:
            continue
    if each:
        usage.add(time.time(), each, memory)


def family(pid: int) -> Iterable[psutil.Process]:
    """A process and all that come from it."""
    try:
        first = psutil.Process(pid)
        return [first, *first.children(recursive=True)]
    except psutil.Error:
        return []


def _nothing() -> None:
    return None


SAMPLER = Sampler()
"""The emulator's one."""
