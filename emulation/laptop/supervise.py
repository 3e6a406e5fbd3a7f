"""The detached process: starts the plan's services in order, watches their health, ends them.

Run as `python -m emulation.laptop.supervise STATE_FOLDER` by `up`. HUP: start what the plan names
and what does not run. TERM: stop everything, dependents first. A service that dies is not restarted
but shown, with how it ended: hiding a crash behind a restart is how it goes unnoticed.
"""

import contextlib
import os
import queue
import signal
import sys
import threading
import time
from pathlib import Path

import psutil

from emulation.compute.compose import Condition, HealthCheck, Service
from emulation.compute.processes import Limits, Process, ProcessSpec, Status, Supervisor
from emulation.laptop.place import OVER, UP, Board, Place, Plan, Row, State
from emulation.laptop.settings import process_environment

LOST = OVER | {State.UNHEALTHY}
"""Nobody needs to wait for a service here any longer."""

KEPT_LOG_BYTES = 20 * 2**20
"""A service's log beyond this is set aside as `.log.1` when the service starts again."""


class Crew:
    """The services and a thread for each."""

    def __init__(self, place: Place, supervisor: Supervisor) -> None:
        self._place = place
        self._supervisor = supervisor
        self._plan: Plan | None = None
        self._rows: dict[str, Row] = {}
        self._processes: dict[str, Process] = {}
        self._changed = threading.Condition()
        self._stopping = False

    def take(self, plan: Plan) -> None:
        """Start what the plan names and what does not run."""
        with self._changed:
            self._plan = plan
            idle = [name for name in plan.services if self._is_idle(name)]
            self._rows.update({name: Row(plan.services[name]) for name in idle})
            self._write()
        for name in idle:
            threading.Thread(target=self._live, args=(name, plan.folder), daemon=True).start()

    def stop(self) -> None:
        """Stop everything; nobody loses what it depends on before it has ended itself."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        while free := self._unneeded():
            stops = [threading.Thread(target=process.stop) for process in free]
            for stop in stops:
                stop.start()
            for stop in stops:
                stop.join()
        self._supervisor.stop_all()

    def _is_idle(self, name: str) -> bool:
        return name not in self._rows or self._rows[name].state in OVER

    def _unneeded(self) -> list[Process]:
        with self._changed:
            running = {
                name: process
                for name, process in self._processes.items()
                if process.status() is Status.RUNNING
            }
            needed = {other for name in running for other in self._rows[name].service.needs or ()}
        return [process for name, process in running.items() if name not in needed]

    def _live(self, name: str, folder: Path) -> None:
        """One service from its wait to its end."""
        row = self._rows[name]
        if not self._await_needs(row):
            return
        try:
            process = self._start(row, folder)
        except OSError as error:
            self._set(row, State.ENDED, f"{row.service.command[0]}: {error.strerror}")
            return
        if row.service.health is not None and process is not None:
            self._watch(row, process, row.service.health, folder)

    def _await_needs(self, row: Row) -> bool:
        """Whether everything is there that the service depends on."""
        needs = row.service.needs or {}
        with self._changed:
            while not self._stopping:
                lost = [name for name in needs if self._rows[name].state in LOST]
                if lost:
                    self._set(row, State.BLOCKED, f"needs {lost[0]}")
                    return False
                if all(self._meets(name, condition) for name, condition in needs.items()):
                    return True
                self._changed.wait()
        return False

    def _meets(self, name: str, condition: Condition) -> bool:
        state = self._rows[name].state
        return state in UP or (condition is Condition.STARTED and state is State.STARTING)

    def _start(self, row: Row, folder: Path) -> Process | None:
        service = row.service
        with self._changed:
            if self._stopping:
                return None
            process = self._supervisor.start(
                ProcessSpec(
                    name=service.name,
                    command=service.command,
                    environment={**process_environment(), **service.environment},
                    folder=folder,
                    log=_LogFile(self._place.log(service.name), service).write,
                    grace_seconds=service.grace_seconds,
                ),
                on_exit=lambda ended: self._note_end(row, ended),
            )
            row.pid = process.pid
            with contextlib.suppress(psutil.NoSuchProcess):
                row.born = psutil.Process(process.pid).create_time()
            self._processes[service.name] = process
            self._set(row, State.RUNNING if service.health is None else State.STARTING)
        return process

    def _note_end(self, row: Row, process: Process) -> None:
        with self._changed:
            row.pid, row.exit_code = None, process.exit_code
            self._set(row, State.ENDED, how_it_ended(process))

    def _watch(self, row: Row, process: Process, check: HealthCheck, folder: Path) -> None:
        """Ask the health check until the process ends, often while it starts."""
        failures = 0
        while process.status() is Status.RUNNING:
            failures = 0 if self._passes(row.service, check, folder) else failures + 1
            late = time.time() - process.started > check.start_period
            if process.status() is Status.RUNNING:
                self._judge(row, failures, check, late=late)
            settled = late or row.state is State.HEALTHY
            process.wait(check.interval if settled else check.start_interval)

    def _judge(self, row: Row, failures: int, check: HealthCheck, *, late: bool) -> None:
        counts = late or row.state is State.HEALTHY
        if failures == 0:
            self._set(row, State.HEALTHY)
        elif counts and failures >= check.retries:
            self._set(row, State.UNHEALTHY, f"{failures} health checks failed")

    def _passes(self, service: Service, check: HealthCheck, folder: Path) -> bool:
        environment = {**process_environment(), **service.environment}
        limits = Limits(seconds=check.timeout)
        name = f"{service.name}-health"
        try:
            asked = self._supervisor.start(
                ProcessSpec(name, check.test, environment, folder, limits, grace_seconds=0.5)
            )
        except OSError:
            return False
        return asked.wait() is Status.SUCCEEDED

    def _set(self, row: Row, state: State, reason: str = "") -> None:
        with self._changed:
            if row.state in OVER and state not in OVER:
                return
            if state in UP and row.seconds is None:
                row.seconds = time.time() - row.since
            row.state, row.reason = state, reason
            self._write()
            self._changed.notify_all()

    def _write(self) -> None:
        if self._plan is not None:
            self._place.write_board(Board(self._plan.id, os.getpid(), self._rows))


class _LogFile:
    """Appends lines to a file; what starts each run of the service says so."""

    def __init__(self, path: Path, service: Service) -> None:
        if path.exists() and path.stat().st_size > KEPT_LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
        self._file = path.open("a", buffering=1)
        self.write(f"--- {time.strftime('%Y-%m-%d %H:%M:%S')} {' '.join(service.command)}")

    def write(self, line: str) -> None:
        """One line."""
        self._file.write(f"{line}\n")


def how_it_ended(process: Process) -> str:
    """In words, for people."""
    code = process.exit_code or 0
    if process.status() is Status.STOPPED:
        return "stopped"
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exited with code {code}"


def run(place: Place) -> int:
    """Serve the plan until TERM; 0 at once when another process does already."""
    signals: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda received, _: signals.put(received))
    with place.lock() as held:
        if not held:
            return 0
        crew = Crew(place, Supervisor())
        crew.take(place.read_plan())
        while signals.get() == signal.SIGHUP:
            crew.take(place.read_plan())
        crew.stop()
        place.forget_board()
    return 0


if __name__ == "__main__":
    sys.exit(run(Place(Path(sys.argv[1]))))
