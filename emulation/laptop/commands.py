"""What the four commands do; each returns its exit code."""

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path

from rich.console import Console

from emulation.compute.compose import Condition, Service, enabled, read
from emulation.laptop import preflight, view
from emulation.laptop.place import OVER, UP, Board, Place, Plan, Row, State
from emulation.laptop.settings import LaptopSettings, process_environment

POLL_SECONDS = 0.1
START_SECONDS = 30.0
WARDEN_SECONDS = 10.0
"""Within these the warden has ended what a killed detached process left."""


def wanted(file: Path, settings: LaptopSettings, profiles: frozenset[str]) -> Plan:
    """The plan that a compose file means on this machine."""
    services = enabled(read(file, settings.variables()), profiles)
    return Plan(uuid.uuid4().hex, file.resolve().parent, services)


def up(plan: Plan, place: Place, console: Console, *, wait_for_all: bool) -> int:
    """Start what does not run; returns when everything is started that others depend on."""
    place.make()
    with place.turn():
        obstacle = _start_missing(plan, place)
    if obstacle:
        view.show_findings(console, obstacle)
        return 1
    awaited = set(plan.services) if wait_for_all else needed_by_others(plan.services.values())
    return _follow(place, console, plan, awaited)


def _start_missing(plan: Plan, place: Place) -> list[str]:
    """Start what does not run; what stands in the way."""
    board = _living_board(place)
    running = {name for name, row in _rows(board).items() if row.state not in OVER}
    if changed := [name for name in sorted(running) if _differs(board, plan, name)]:
        return [
            f"{', '.join(changed)} runs with other settings than now asked for: "
            "stop everything first with `make down`."
        ]
    missing = [service for name, service in plan.services.items() if name not in running]
    if not missing:
        return []
    if found := preflight.findings(missing, place.state_folder, process_environment()):
        return found
    _start(place, plan)
    if _await_board(place, plan.id):
        return []
    return ["The background process did not start:", *view.tail(place.log("laptop"), 12)]


def _living_board(place: Place) -> Board | None:
    """The board, when its writer lives; what a killed writer left is waited for."""
    board = place.read_board()
    if place.holder() is not None:
        return board
    _leftovers(_rows(board))
    return None


def needed_by_others(services: Iterable[Service]) -> set[str]:
    """The services whose health another one waits for."""
    return {
        name
        for service in services
        for name, condition in (service.needs or {}).items()
        if condition is Condition.HEALTHY
    }


def _rows(board: Board | None) -> dict[str, Row]:
    return board.rows if board else {}


def _differs(board: Board | None, plan: Plan, name: str) -> bool:
    return name in plan.services and _rows(board)[name].service != plan.services[name]


def _start(place: Place, plan: Plan) -> None:
    """Hand the plan to the detached process; start one when there is none."""
    running = _rows(place.read_board()) if place.holder() else {}
    kept = {name: row.service for name, row in running.items()}
    place.write_plan(Plan(plan.id, plan.folder, {**kept, **plan.services}))
    if holder := place.holder():
        os.kill(holder, signal.SIGHUP)
        return
    with (place.logs / "laptop.log").open("ab") as log:
        # The one process that outlives who started it, so the supervisor must not know it.
        subprocess.Popen(  # noqa: TID251
            [sys.executable, "-m", "emulation.laptop.supervise", str(place.state_folder)],
            env=dict(process_environment()),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _follow(place: Place, console: Console, plan: Plan, awaited: set[str]) -> int:
    """Show the services until those that are awaited are up, or something failed."""
    with view.Progress(console, plan.services) as progress:
        board = _living_board(place)
        while board is not None and not (_settled(board, plan, awaited) or _failed(board, plan)):
            progress.show(board.rows)
            time.sleep(POLL_SECONDS)
            board = _living_board(place)
        if board is not None:
            progress.show(board.rows)
    if board is None:
        view.show_tail(console, "The background process ended", place.log("laptop"))
        return 1
    if failed := _failed(board, plan):
        view.show_failures(console, place, failed)
        return 1
    view.show_addresses(console, board.rows)
    return 0


def _await_board(place: Place, plan_id: str) -> bool:
    """Whether the detached process has taken the plan."""

    def taken() -> bool:
        board = place.read_board()
        return place.holder() is not None and board is not None and board.plan == plan_id

    return _until(taken, START_SECONDS)


def _settled(board: Board, plan: Plan, awaited: set[str]) -> bool:
    rows = [board.rows[name] for name in plan.services]
    ready = all(row.state in UP | {State.ENDED} for row in rows if row.service.name in awaited)
    return ready and all(row.state is not State.WAITING for row in rows)


def _failed(board: Board, plan: Plan) -> list[Row]:
    return [row for name, row in board.rows.items() if name in plan.services and row.failed]


def down(place: Place, console: Console) -> int:
    """Stop everything; what does not listen to TERM is killed."""
    holder, board = place.holder(), place.read_board()
    rows = _rows(board)
    if holder is None and board is None:
        console.print("Nothing runs.")
        return 0
    with console.status("Stopping ..."):
        if holder is not None:
            grace = max((row.service.grace_seconds for row in rows.values()), default=0)
            _end(place, holder, grace)
        left = _leftovers(rows)
    for what in left:
        console.print(f"[red]{what} is still there.[/]")
    if not left:
        place.forget_board()
        console.print(f"Stopped: {', '.join(rows)}.")
    return 1 if left else 0


def _end(place: Place, holder: int, grace_seconds: float) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(holder, signal.SIGTERM)
        # Dependents first, so at most two rounds of grace.
        if not _until(lambda: place.holder() is None, 2 * grace_seconds + 5):
            os.kill(holder, signal.SIGKILL)
    _until(lambda: place.holder() is None, WARDEN_SECONDS)


def _leftovers(rows: dict[str, Row]) -> list[str]:
    """Processes and ports of the services that are still there some moments later."""
    ours = [row for row in rows.values() if row.pid]
    _until(lambda: not _held(ours), WARDEN_SECONDS)
    return _held(ours)


def _held(rows: list[Row]) -> list[str]:
    alive = [f"{row.service.name} (process {row.pid})" for row in rows if row.alive]
    ports = [(port, row.service.name) for row in rows for port in row.service.ports]
    # A port that outlives its service may by now be another program's.
    return alive or [f"Port {port} of {name}" for port, name in ports if preflight.is_taken(port)]


def _until(true: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not (done := true()) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS / 2)
    return done


def status(place: Place, console: Console) -> int:
    """Show what runs."""
    board = place.read_board()
    if place.holder() is None:
        if board is not None:
            console.print("The background process was killed, and the services ended with it.")
        console.print("Nothing runs: start with `make up`.")
        return 1
    view.show_status(console, place, _rows(board))
    return 1 if any(row.failed for row in _rows(board).values()) else 0


def logs(place: Place, console: Console, options: argparse.Namespace) -> int:
    """Show the services' output."""
    there = {path.stem: path for path in sorted(place.logs.glob("*.log"))}
    unknown = set(options.services) - set(there)
    if unknown:
        console.print(
            f"[red]No log of {', '.join(sorted(unknown))}; there is {', '.join(there)}.[/]"
        )
        return 1
    chosen = {
        name: path
        for name, path in there.items()
        if name in options.services or not options.services
    }
    view.show_logs(console, chosen, options.lines, follow=options.follow)
    return 0
