"""Figures as a table: medians of the repeats, and how far ours is ahead of the best peer."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import median

from rich.console import Console
from rich.table import Table

OURS = "terrarium"
Figures = Mapping[str, float]
"""Values by row; rows that end in `/s` are rates, of which more is better."""


def table(title: str, runs: Mapping[str, Sequence[Figures]]) -> Table:
    """The runs of each peer, ours among them."""
    drawn = Table(title=title)
    for column in ("", *runs, "ours against the best peer"):
        drawn.add_column(column, justify="left" if column == "" else "right")
    medians = {name: medians_of(repeats) for name, repeats in runs.items()}
    rows = list(dict.fromkeys(row for values in medians.values() for row in values))
    for row in rows:
        cells = [shown(values.get(row)) for values in medians.values()]
        drawn.add_row(row, *cells, ahead(row, medians))
    return drawn


def medians_of(repeats: Sequence[Figures]) -> dict[str, float]:
    """Each row's median."""
    values: dict[str, list[float]] = defaultdict(list)
    for figures in repeats:
        for row, value in figures.items():
            values[row].append(value)
    return {row: median(found) for row, found in values.items()}


def ahead(row: str, medians: Mapping[str, Figures]) -> str:
    """How many times better ours is than the best of the others."""
    others = [values[row] for name, values in medians.items() if name != OURS and row in values]
    ours = medians.get(OURS, {}).get(row)
    if ours is None or not others:
        return ""
    ratio = ours / max(others) if row.endswith("/s") else min(others) / ours
    return f"{ratio:.1f} x"


def shown(value: float | None) -> str:
    """A figure as people read it."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def show(title: str, runs: Mapping[str, Sequence[Figures]]) -> None:
    """Print the table."""
    Console(width=160).print(table(title, runs))
