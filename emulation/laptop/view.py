"""How the commands look in a terminal."""

import time
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from types import TracebackType

from rich import progress
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from emulation.compute.compose import Service
from emulation.compute.processes import resident_mb
from emulation.laptop.place import UP, Place, Row, State

COLOURS = {
    State.WAITING: "dim",
    State.STARTING: "yellow",
    State.RUNNING: "green",
    State.HEALTHY: "green",
    State.UNHEALTHY: "red",
    State.ENDED: "red",
    State.BLOCKED: "red",
}
TAIL_LINES = 12


class Progress:
    """A line a service while it starts."""

    def __init__(self, console: Console, services: Mapping[str, Service]) -> None:
        self._bars = progress.Progress(
            progress.SpinnerColumn(finished_text="[green]✓[/]"),
            progress.TextColumn("{task.fields[name]}"),
            progress.TextColumn("{task.description}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        width = max(map(len, services), default=0)
        self._tasks = {
            name: self._bars.add_task("", total=1, name=name.ljust(width)) for name in services
        }

    def __enter__(self) -> "Progress":
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def show(self, rows: Mapping[str, Row]) -> None:
        """Where every service is now."""
        for name, task in self._tasks.items():
            if row := rows.get(name):
                done = 1 if row.state in UP else 0
                self._bars.update(task, completed=done, description=_told(row))


def _told(row: Row) -> str:
    seconds = row.seconds if row.seconds is not None else time.time() - row.since
    reason = f" ({escape(row.reason)})" if row.reason else ""
    return f"[{COLOURS[row.state]}]{row.state}{reason}[/] [dim]{seconds:.1f} s[/]"


def show_findings(console: Console, findings: Sequence[str]) -> None:
    """What stands in the way of a start, each with its remedy."""
    for finding in findings:
        console.print(f"[red]{escape(finding)}[/]", soft_wrap=True)


def show_failures(console: Console, place: Place, failed: Sequence[Row]) -> None:
    """Which services failed, and their last words."""
    for row in failed:
        what = f"{row.service.name} {row.state}: {row.reason}" if row.reason else row.service.name
        if row.state is State.BLOCKED:
            console.print(f"[red]{escape(what)}[/]")
        else:
            show_tail(console, what, place.log(row.service.name))


def show_tail(console: Console, what: str, log: Path) -> None:
    """A failure with the end of its log."""
    console.print(f"[red]{escape(what)}[/]; the end of {log}:", soft_wrap=True)
    for line in tail(log, TAIL_LINES):
        console.print(f"  [dim]{escape(line)}[/]", soft_wrap=True)


def tail(log: Path, lines: int) -> list[str]:
    """The last lines of a file; none when it is not there."""
    if not log.exists():
        return []
    with log.open(errors="replace") as file:
        return [line.rstrip("\n") for line in deque(file, lines)]


def show_addresses(console: Console, rows: Mapping[str, Row]) -> None:
    """Where each service is reached."""
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, row in rows.items():
        table.add_row(name, _told(row), f"[cyan]{_address(row)}[/]")
    console.print(table)


def _address(row: Row) -> str:
    return " ".join(f"http://localhost:{port}" for port in row.service.ports)


def show_status(console: Console, place: Place, rows: Mapping[str, Row]) -> None:
    """The services with what they use."""
    table = Table(box=None, header_style="dim", pad_edge=False)
    for column in ("service", "state", "address", "process"):
        table.add_column(column)
    table.add_column("memory", justify="right")
    table.add_column("for", justify="right")
    for name, row in rows.items():
        state = f"{row.state} ({row.reason})" if row.reason else str(row.state)
        table.add_row(
            name,
            f"[{COLOURS[row.state]}]{escape(state)}[/]",
            f"[cyan]{_address(row)}[/]",
            str(row.pid or ""),
            f"{resident_mb(row.pid):,} MiB" if row.pid else "",
            str(timedelta(seconds=int(time.time() - row.since))) if row.pid else "",
        )
    console.print(table)
    console.print(f"[dim]logs: {place.logs}[/]", soft_wrap=True)


def show_logs(console: Console, logs: Mapping[str, Path], lines: int, *, follow: bool) -> None:
    """The end of each log, then, if asked for, what is added."""
    prefix = {name: f"{name} | " if len(logs) > 1 else "" for name in logs}
    for name, path in logs.items():
        for line in tail(path, lines):
            _show_line(console, prefix[name] + line)
    files = {name: path.open(errors="replace") for name, path in logs.items()}
    for file in files.values():
        file.seek(0, 2)
    while follow:
        news = [(name, line) for name, file in files.items() for line in file]
        for name, line in news:
            _show_line(console, prefix[name] + line.rstrip("\n"))
        if not news:
            time.sleep(0.2)


def _show_line(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)
