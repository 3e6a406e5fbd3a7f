"""A task's containers from the first to the last: started in the order of what they need, watched,
and ended in the opposite order.

Whoever runs a task gives it a thread: `bring_up` returns when all containers have started, `last`
when one of them, or somebody, has ended it, `shut_down` when all have ended.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from emulation.compute.processes import Process
from emulation.compute.tasks import health
from emulation.compute.tasks.containers import (
    OUT_OF_MEMORY,
    Container,
    ContainerPlan,
    Health,
    State,
    exit_code_of,
)
from emulation.compute.tasks.networks import Network, NoCommandError

ESSENTIAL = "Essential container in task exited"
RUNTIME = (
    "ResourceInitializationError: failed to create new container runtime task: failed to create"
    " shim task: OCI runtime create failed: runc create failed: unable to start container process:"
    " {}: unknown"
)
"""What Fargate says of a command that is not there."""
LOOK_SECONDS = 1.0
"""How often times are looked at while something is waited for."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a task ends, in the API's words."""

    code: str
    reason: str


class TaskRun:
    """The containers of one task; `on_change` is told of each change, in any thread, which may
    hold whatever lock it needs.
    """

    def __init__(
        self, plans: Sequence[ContainerPlan], network: Network, on_change: Callable[[], None]
    ) -> None:
        self.containers = {plan.name: Container(plan) for plan in plans}
        self.network = network
        self._on_change = on_change
        self._changed = threading.Condition(threading.RLock())
        self._asked: Ending | None = None

    def bring_up(self) -> Ending | None:
        """Start all; why it ends when it must before that."""
        while True:
            with self._changed:
                ending = self._ending()
                ready = [] if ending else self._ready()
                if ending or not any(c.state is State.PENDING for c in self._all()):
                    return ending
                if not ready:
                    self._changed.wait(LOOK_SECONDS)
            for container in ready:
                self._start(container)

    def last(self) -> Ending:
        """Wait until it must end, and why."""
        with self._changed:
            while (ending := self._ending()) is None:
                self._changed.wait()
            return ending

    def ask_to_end(self, ending: Ending) -> None:
        """Somebody wants it to end; the first reason stands."""
        with self._changed:
            self._asked = self._asked or ending
            self._changed.notify_all()

    @property
    def asked(self) -> Ending | None:
        """Why somebody wants it to end."""
        return self._asked

    def shut_down(self) -> None:
        """End what runs: who needs another container ends before that one."""
        while running := [c for c in self._all() if c.state is State.RUNNING]:
            needed = {name for container in running for name in container.plan.needs}
            free = [c for c in running if c.name not in needed] or running
            stops = [threading.Thread(target=container.stop, daemon=True) for container in free]
            for stop in stops:
                stop.start()
            for stop in stops:
                stop.join()

    def _all(self) -> list[Container]:
        return list(self.containers.values())

    def _ready(self) -> list[Container]:
        return [
            container
            for container in self._all()
            if container.state is State.PENDING
            and all(
                self.containers[name].satisfies(need) for name, need in container.plan.needs.items()
            )
        ]

    def _ending(self) -> Ending | None:
        if self._asked:
            return self._asked
        for container in self._all():
            if container.plan.essential and container.state is State.STOPPED:
                unstarted = container.started is None
                code = "TaskFailedToStart" if unstarted else "EssentialContainerExited"
                return Ending(code, (container.reason or ESSENTIAL) if unstarted else ESSENTIAL)
        return self._broken()

    def _broken(self) -> Ending | None:
        """What waits for what will never be."""
        for container in self._all():
            if container.state is not State.PENDING:
                continue
            for name, need in container.plan.needs.items():
                other = self.containers[name]
                if other.can_no_longer(need):
                    how = "did not exit successfully" if other.over.is_set() else "timed out"
                    if need in {"START", "HEALTHY"} and other.over.is_set():
                        how = "has exited"
                    container.reason = (
                        "dependency graph: failed to resolve container ordering dependency "
                        f"[{name}] for target [{container.name}] as dependency {how}."
                    )
                    return Ending("TaskFailedToStart", container.reason)
        return None

    def _start(self, container: Container) -> None:
        plan = container.plan
        try:
            family = self.network.start(
                plan.spec, plan.limits, lambda ended: self._ended(container, ended)
            )
        except OSError as error:
            why = RUNTIME.format(error) if isinstance(error, NoCommandError) else error
            with self._changed:
                container.state = State.STOPPED
                container.reason = f"CannotStartContainerError: {why}"
                container.over.set()
                self._changed.notify_all()
            self._on_change()
            return
        with self._changed:
            container.family = family
            container.started = family.process.started
            already_over = container.state is State.STOPPED
            if not already_over:
                container.state = State.RUNNING
            self._changed.notify_all()
        self._on_change()
        if already_over:
            family.bury()
        if plan.health_check is not None:
            threading.Thread(
                target=health.watch,
                args=(container, plan.health_check, self._judged),
                name=f"health-{plan.name}",
                daemon=True,
            ).start()

    def _ended(self, container: Container, process: Process) -> None:
        with self._changed:
            container.state = State.STOPPED
            container.ended = process.ended or time.time()
            container.started = process.started
            container.exit_code = exit_code_of(process)
            if container.out_of_memory:
                container.reason = OUT_OF_MEMORY
            container.over.set()
            family = container.family
            self._changed.notify_all()
        self._on_change()
        if family is not None:
            family.bury()

    def _judged(self, container: Container, verdict: Health) -> None:
        with self._changed:
            if container.health == verdict or container.state is not State.RUNNING:
                return
            container.health = verdict
            self._changed.notify_all()
        self._on_change()
