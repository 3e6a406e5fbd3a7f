"""What the operator sees: a live row a stage, then tables; plain lines where no terminal is."""

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from pipeline.deploy.plan import StackPlan
from pipeline.errors import PipelineError
from pipeline.orchestration.poison import Waiting
from pipeline.orchestration.runner import Done, Stage

console = Console(highlight=False)

SIGNS = {"Add": "[green]+[/]", "Modify": "[yellow]~[/]", "Remove": "[red]-[/]"}


class Row:
    """One stage on the screen."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def say(self, text: str) -> None:
        """What the stage does just now."""
        self._progress.update(self._task, doing=text)

    def count(self, done: int, total: int) -> None:
        """How much of its work is done."""
        doing = f"{done:,} of {total:,}"
        self._progress.update(self._task, completed=done, total=total, doing=doing)


class Screen:
    """The stages of a run, as a watch of the runner."""

    def __init__(self) -> None:
        self._progress = Progress(
            SpinnerColumn(finished_text="[green]✓[/]"),
            TextColumn("{task.description:<12}"),
            BarColumn(bar_width=20),
            TimeElapsedColumn(),
            TextColumn("{task.fields[doing]}", markup=False),
            console=console,
            disable=not console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> "Screen":
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def started(self, stage: Stage) -> Row:
        """Give the stage its row."""
        task = self._progress.add_task(stage.name, total=None, doing=stage.resource)
        self._tasks[stage.name] = task
        return Row(self._progress, task)

    def finished(self, done: Done) -> None:
        """Leave the stage's result in its row."""
        task = self._tasks[done.stage.name]
        self._progress.update(task, total=1, completed=1, doing=done.result)
        if not console.is_terminal:
            line = f"{done.stage.name}: {done.result} ({done.seconds:.1f} s)"
            console.print(line, markup=False, soft_wrap=True)


class Lines:
    """A step that is not a stage: its words, with the seconds since its begin."""

    def __init__(self, title: str) -> None:
        self._started = time.monotonic()
        self._title = title

    def __call__(self, text: str) -> None:
        seconds = time.monotonic() - self._started
        told = escape(f"{self._title}  {text}")
        console.print(f"  [dim]{seconds:6.1f} s[/]  {told}", soft_wrap=True)

    say = __call__

    def count(self, done: int, total: int) -> None:
        """How much of the step's work is done."""
        self(f"{done:,} of {total:,}")


def show_plan(plans: Iterable[StackPlan]) -> None:
    """The changes of each stack."""
    for plan in plans:
        note = f" [dim]({plan.reason})[/]" if plan.reason else ""
        console.print(f"[bold]{plan.name}[/]: {plan.action}{note}")
        for change in plan.changes:
            replaced = " [red](replaced)[/]" if change.replacement else ""
            sign = SIGNS.get(change.action, change.action)
            console.print(f"  {sign} {change.resource} [dim]{change.type}[/]{replaced}")


def show_stages(done: Sequence[Done], seconds: float) -> None:
    """The table at the end of a run."""
    table = Table("stage", "AWS resource", "result", title="The pipeline", title_justify="left")
    table.add_column("seconds", justify="right")
    for item in done:
        seconds_of = f"{item.seconds:.1f}"
        table.add_row(item.stage.name, item.stage.resource, escape(item.result), seconds_of)
    table.add_section()
    table.add_row("all", "", "", f"{seconds:.1f}")
    console.print(table)


def show_rows(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """The answer of a query."""
    table = Table(*columns)
    for row in rows:
        table.add_row(*("" if value is None else escape(str(value)) for value in row))
    console.print(table)


def show_poison(waiting: Sequence[Waiting]) -> None:
    """What the lake could not take, and how much of it for which reason."""
    if not waiting:
        console.print("nothing is set aside")
        return
    rows = [(item.id, item.kind, item.arrived, item.holds, item.reason) for item in waiting]
    show_rows(("id", "reason", "arrived", "holds", "in words"), rows)
    counted = Counter(item.kind for item in waiting)
    console.print(", ".join(f"{many:,} {kind}" for kind, many in counted.most_common()))


def show_error(error: PipelineError) -> None:
    """One clear sentence, and what the work itself said last."""
    complaint = Console(stderr=True, highlight=False)
    complaint.print(f"[bold red]✗[/] {escape(str(error))}", soft_wrap=True)
    if error.log_tail:
        complaint.print("[dim]Its log ends:[/]")
    for line in error.log_tail:
        complaint.print(f"  {line}", markup=False, soft_wrap=True)
