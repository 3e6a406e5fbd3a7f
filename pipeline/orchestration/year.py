"""The commands `loop` and `replay`, and what the operator sees: windows, deliveries, worth."""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.markup import escape
from rich.table import Table

from pipeline.deploy.stacks import STACKS
from pipeline.orchestration import loop, replay, settling
from pipeline.orchestration.confirm import confirm
from pipeline.orchestration.display import Screen, console
from pipeline.orchestration.events import STATE
from pipeline.orchestration.run import Run, read_state
from pipeline.orchestration.runner import Stage, run_stages
from pipeline.orchestration.settling import Looked

OUTCOMES = {"ok": "[green]ok[/]", "violated": "[yellow]violated[/]"}
ALL = "all"


def close_the_loop(run: Run, *, yes: bool) -> None:
    """Deploy the loop's stacks, and write the baseline of what serves."""
    run.deployer.learn(*STACKS)
    confirm("Deploy the loop?", run.settings, run.deployer.plan(*loop.STACKS), yes=yes)
    show_run(run, replay.CLOSE)


def tell_year(run: Run, until: int, *, yes: bool) -> None:
    """Tell month after month, with the loop on, and what it was worth."""
    started = time.monotonic()
    close_the_loop(run, yes=yes)
    show_run(run, replay.REST)
    told = int(read_state(run, STATE).get("days", 0))
    for name, month in replay.months(run, told, until):
        seen = len(settling.reports(run))
        console.print(f"\n[bold]{name}[/]")
        show_run(month, replay.MONTH)
        show_windows(settling.reports(run)[seen:])
    show_run(run, replay.WORTH)
    show_executions(settling.executions(run))
    show_months(replay.worth(run))
    console.print(f"in {time.monotonic() - started:,.0f} s")


def show_run(run: Run, stages: Sequence[Stage]) -> None:
    """Run stages and show them."""
    with Screen() as screen:
        run_stages(stages, run, screen)


def show_windows(looked: Iterable[Looked]) -> None:
    """One line a window."""
    for item in looked:
        report = item.report
        found = ", ".join(sorted({one["check"] for one in report["violations"]}))
        told = f"{report['window']}  version {report['model_version'] or '–'}"
        outcome = OUTCOMES.get(report["outcome"], report["outcome"].replace("_", " "))
        numbers = _numbers(report["summary"])
        console.print(f"  {escape(told)}  {numbers}  {outcome}  {found}", soft_wrap=True)


def _numbers(summary: Mapping[str, Any]) -> str:
    auc, ratio = summary.get("auc"), summary.get("calibration")
    if auc is None or ratio is None:
        return "no outcomes yet"
    return f"AUC {auc:.3f}, predicted / actual {ratio:.2f}"


def show_executions(executions: Sequence[Mapping[str, Any]]) -> None:
    """The deliveries, oldest first."""
    table = Table("delivery", "began", "status", "why", title="Deliveries", title_justify="left")
    for item in reversed(executions):
        trigger = item.get("trigger", {}).get("triggerType", "")
        reason = item.get("statusSummary", "") or trigger
        cells = (item["pipelineExecutionId"][:8], f"{item['startTime']:%H:%M:%S}", item["status"])
        table.add_row(*map(escape, (*cells, reason)))
    console.print(table)


def show_months(months: Mapping[str, Mapping[str, Any]]) -> None:
    """The static model against the loop, on the same flights."""
    table = Table("month", title="The year: first model against the loop", title_justify="left")
    for name in ("flights", "static AUC", "loop AUC", "gain", "static", "loop", "versions"):
        table.add_column(name, justify="right")
    for name, row in months.items():
        if name == ALL:
            table.add_section()
        static, looped = row["static"], row["looped"]
        table.add_row(
            name,
            f"{row['flights']:,}",
            *_pair(static["auc"], looped["auc"]),
            *(f"{kind['calibration']:.2f}" for kind in (static, looped)),
            ", ".join(row["versions"]),
        )
    console.print(table)
    console.print("[dim]static, loop: predicted to actual late rate[/]")


def _pair(static: float | None, looped: float | None) -> tuple[str, str, str]:
    if static is None or looped is None:
        return ("–", "–", "–")
    return (f"{static:.4f}", f"{looped:.4f}", f"{looped - static:+.4f}")
