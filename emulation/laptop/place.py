"""The files that the commands and the detached process share, below the state folder."""

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import IO

import psutil
from pydantic import TypeAdapter

from emulation.compute.compose import Service


class State(StrEnum):
    """Where a service is."""

    WAITING = "waiting"
    STARTING = "starting"
    RUNNING = "running"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    ENDED = "ended"
    BLOCKED = "not started"


CLOCK_SECONDS = 2.0
SIGN_SECONDS = 2.0
PROBE_SECONDS = 0.5
"""Who only looks whether the lock is held holds it for microseconds."""

UP = frozenset({State.RUNNING, State.HEALTHY})
OVER = frozenset({State.ENDED, State.BLOCKED})


@dataclass(frozen=True, slots=True)
class Plan:
    """What should run."""

    id: str
    folder: Path
    services: dict[str, Service]


@dataclass(slots=True)
class Row:
    """What is known of one service."""

    service: Service
    state: State = State.WAITING
    reason: str = ""
    pid: int | None = None
    born: float | None = None
    """When the process began, as the system says: with it a pid is never taken for a later one."""
    exit_code: int | None = None
    since: float = field(default_factory=time.time)
    """When it was asked for."""
    seconds: float | None = None
    """How long it took until it was up."""

    @property
    def alive(self) -> bool:
        """Whether its process is there, whatever became of who started it."""
        return self.pid is not None and is_same(self.pid, self.born)

    @property
    def failed(self) -> bool:
        """It is over and should not be, or does not answer."""
        done = self.state is State.ENDED and self.exit_code == 0
        return self.state is State.UNHEALTHY or (self.state in OVER and not done)


@dataclass(frozen=True, slots=True)
class Board:
    """What runs, as the detached process last wrote it."""

    plan: str
    pid: int
    rows: dict[str, Row]


PLAN = TypeAdapter(Plan)
BOARD = TypeAdapter(Board)


@dataclass(frozen=True, slots=True)
class Place:
    """The files."""

    state_folder: Path

    @property
    def folder(self) -> Path:
        """Where they are."""
        return self.state_folder / "laptop"

    @property
    def logs(self) -> Path:
        """One file a service."""
        return self.state_folder / "logs"

    def log(self, service: str) -> Path:
        """The output of a service."""
        return self.logs / f"{service}.log"

    def make(self) -> None:
        """Make the folders."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.logs.mkdir(parents=True, exist_ok=True)

    def write_plan(self, plan: Plan) -> None:
        """Say what should run."""
        _write(self.folder / "plan.json", PLAN.dump_json(plan))

    def read_plan(self) -> Plan:
        """What should run."""
        return PLAN.validate_json((self.folder / "plan.json").read_bytes())

    def write_board(self, board: Board) -> None:
        """Say what runs."""
        _write(self.folder / "board.json", BOARD.dump_json(board))

    def read_board(self) -> Board | None:
        """What runs; None when nothing was ever written."""
        with contextlib.suppress(FileNotFoundError):
            return BOARD.validate_json((self.folder / "board.json").read_bytes())
        return None

    def forget_board(self) -> None:
        """Nothing runs any more, on purpose."""
        (self.folder / "board.json").unlink(missing_ok=True)

    @contextlib.contextmanager
    def lock(self) -> Iterator[bool]:
        """Hold the lock, or False while another process does. It ends with its holder, even a
        killed one, so it is never stale as a pid file would be.
        """
        with (self.folder / "lock").open("a+") as file:
            held = _try_for(lambda: _flock(file, fcntl.LOCK_EX), PROBE_SECONDS)
            if held:
                file.truncate(0)
                file.write(str(os.getpid()))
                file.flush()
            yield held

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """One `up` at a time, so that two at once start everything once."""
        with (self.folder / "turn").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def holder(self) -> int | None:
        """The pid of the detached process; None when it does not run."""
        path = self.folder / "lock"
        deadline = time.monotonic() + SIGN_SECONDS
        while path.exists() and time.monotonic() < deadline:
            with path.open() as file:
                # Shared: it keeps nobody out, and only the detached process keeps it out.
                if _flock(file, fcntl.LOCK_SH):
                    return None
                pid = file.read()
            # Between taking the lock and signing it lie some microseconds.
            if pid.isdigit() and self._is_ours(int(pid)):
                return int(pid)
            time.sleep(0.01)
        return None

    def _is_ours(self, pid: int) -> bool:
        with contextlib.suppress(psutil.Error):
            return str(self.state_folder) in psutil.Process(pid).cmdline()
        return False


def is_same(pid: int, born: float | None) -> bool:
    """Whether the process that began then still lives; pids come back after a restart."""
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        # The system's idea of when it began moves with its clock.
        near = born is not None and abs(process.create_time() - born) < CLOCK_SECONDS
        return near and process.status() != psutil.STATUS_ZOMBIE
    return False


def _flock(file: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _try_for(attempt: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not (done := attempt()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return done


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, whoever reads meanwhile."""
    draft = path.with_suffix(".draft")
    draft.write_bytes(content)
    draft.replace(path)
