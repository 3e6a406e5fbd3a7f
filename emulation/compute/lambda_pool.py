"""The execution environments of one version of a function: started when no idle one is there, used
again, and ended when nobody needs them.

Provisioned ones are started before and belong to a target: one that is lost - its process was
killed, or it crashed - is replaced.
"""

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from emulation.compute.lambda_runtime import Environment

STARTED_AT_ONCE = 8
LOSSES = 5
LOSS_SECONDS = 10.0
"""Provisioned environments that end so often within so many seconds are not started again."""

OnEnd = Callable[[Environment], None]


class PoolClosed(Exception):
    """The version is gone, or was replaced by an update."""


@dataclass(frozen=True, slots=True)
class Provisioned:
    """How far the provisioned environments are."""

    requested: int = 0
    available: int = 0
    failed: bool = False
    working: bool = False


class Pool:
    """The environments of one version; `make(provisioned, on_end)` makes one, not started."""

    def __init__(
        self,
        make: Callable[[bool, OnEnd], Environment],
        idle_seconds: float,
        changed: Callable[[Provisioned], None],
    ) -> None:
        """`changed` hears how far the provisioned environments are."""
        self._make = make
        self._idle_seconds = idle_seconds
        self._changed = changed
        self._lock = threading.RLock()
        self._idle: dict[Environment, float] = {}
        """Since when; the one that was used last is the last."""
        self._all: set[Environment] = set()
        self._provisioned: set[Environment] = set()
        self._target = 0
        self._failed = False
        self._losses: deque[float] = deque(maxlen=LOSSES)
        self._scaling: list[Future[None]] = []
        self._eviction: threading.Timer | None = None
        self._closed = False

    @contextlib.contextmanager
    def environment(self, *, provisioned: bool = False) -> Iterator[Environment]:
        """One environment for one invocation. When no provisioned one is idle, a lease on it
        having been given while they became fewer, it is one on demand.

        Raises:
            PoolClosed: before an environment was taken.
            OSError: none can be started.
        """
        environment = self._take(provisioned) or self._start()
        try:
            yield environment
        finally:
            self._give(environment)

    def provision(self, count: int) -> Future[None]:
        """Have so many environments ready; done when they are, or when one cannot be."""
        done: Future[None] = Future()
        with self._lock:
            self._target = count
            self._failed = False
            self._scale(done)
        self._tell()
        return done

    def close(self) -> None:
        """End all of them; one that works is ended when it is given back."""
        with self._lock:
            self._closed = True
            idle = list(self._idle)
            self._forget(list(self._all))
            if self._eviction is not None:
                self._eviction.cancel()
        for environment in idle:
            environment.stop()

    def _take(self, provisioned: bool) -> Environment | None:
        with self._lock:
            if self._closed:
                raise PoolClosed
            kinds = (True, False) if provisioned else (False,)
            for kind in kinds:
                for environment in reversed(self._idle):
                    if (environment in self._provisioned) is kind:
                        del self._idle[environment]
                        return environment
        return None

    def _start(self) -> Environment:
        environment = self._make(False, self._ended)
        with self._lock:
            if self._closed:
                raise PoolClosed
            self._all.add(environment)
        try:
            environment.start()
        except OSError:
            self._drop([environment])
            raise
        return environment

    def _give(self, environment: Environment) -> None:
        with self._lock:
            kept = environment in self._all
            lost = environment in self._provisioned and not environment.alive
            surplus = environment in self._provisioned and len(self._provisioned) > self._target
            if kept and not (lost or surplus):
                self._idle[environment] = time.monotonic()
                self._watch_idle()
                return
        self._drop([environment])
        with self._lock:
            if lost:
                self._replace()
        self._tell()

    def _ended(self, environment: Environment) -> None:
        """A process has ended. While it is used, its invocation tells; an idle one goes, but for
        the folder of its own nothing is lost.
        """
        with self._lock:
            if environment not in self._idle:
                return
            provisioned = environment in self._provisioned
            self._forget([environment])
            if provisioned:
                self._replace()
        environment.stop()
        self._tell()

    def _replace(self) -> None:
        now = time.monotonic()
        self._losses.append(now)
        self._failed |= len(self._losses) == LOSSES and now - self._losses[0] < LOSS_SECONDS
        self._scale()

    def _scale(self, done: Future[None] | None = None) -> None:
        self._scaling.append(done or Future())
        if len(self._scaling) == 1:
            threading.Thread(target=self._provision, name="lambda-provision", daemon=True).start()

    def _provision(self) -> None:
        """Until the target is reached, which may change meanwhile."""
        with ThreadPoolExecutor(STARTED_AT_ONCE, "lambda-provision") as starters:
            while batch := self._next_batch():
                for _ in starters.map(self._start_provisioned, batch):
                    self._tell()
        with self._lock:
            waiting, self._scaling = self._scaling, []
            if self._next_batch():
                self._scale()
        for done in waiting:
            done.set_result(None)
        self._tell()

    def _next_batch(self) -> list[None]:
        """One entry for each environment to start now; what is too many is ended."""
        with self._lock:
            surplus = len(self._provisioned) - self._target
            idle = [each for each in self._idle if each in self._provisioned][: max(surplus, 0)]
            self._forget(idle)
            missing = 0 if self._closed or self._failed else -surplus
        for environment in idle:
            environment.stop()
        return [None] * min(missing, STARTED_AT_ONCE)

    def _start_provisioned(self, _: None) -> None:
        environment = self._make(True, self._ended)
        try:
            environment.start()
            started = not environment.init_failed
        except OSError:
            started = False
        with self._lock:
            self._failed |= not started
            kept = started and not self._closed
            if kept:
                self._all.add(environment)
                self._provisioned.add(environment)
                self._idle[environment] = time.monotonic()
        if not kept:
            environment.stop()

    def _tell(self) -> None:
        with self._lock:
            working = bool(self._scaling)
            state = Provisioned(self._target, len(self._provisioned), self._failed, working)
        self._changed(state)

    def _watch_idle(self) -> None:
        if self._eviction is None:
            self._eviction = threading.Timer(self._idle_seconds, self._evict)
            self._eviction.daemon = True
            self._eviction.start()

    def _evict(self) -> None:
        """End what was idle for long, and look again when the next one will have been."""
        now = time.monotonic()
        with self._lock:
            self._eviction = None
            on_demand = {e: since for e, since in self._idle.items() if e not in self._provisioned}
            old = [e for e, since in on_demand.items() if now - since >= self._idle_seconds]
            self._forget(old)
            if len(old) < len(on_demand):
                self._watch_idle()
        for environment in old:
            environment.stop()

    def _drop(self, environments: list[Environment]) -> None:
        with self._lock:
            self._forget(environments)
        for environment in environments:
            environment.stop()

    def _forget(self, environments: list[Environment]) -> None:
        for environment in environments:
            self._idle.pop(environment, None)
            self._all.discard(environment)
            self._provisioned.discard(environment)
