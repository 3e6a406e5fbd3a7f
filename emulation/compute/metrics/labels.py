"""What results are called: their metric's name and what tells them apart, or a label with dynamic
parts (`${LAST}`, `${PROP('Dim.Host')}`).
"""

import re
from collections.abc import Callable, Sequence
from typing import Protocol

from emulation.compute.metrics.series import Series

PART = re.compile(r"\$\{([A-Z_]+)(?:\('?([^')]*)'?\))?\}")

VALUES: dict[str, Callable[[list[float]], float]] = {
    "AVG": lambda values: sum(values) / len(values),
    "DATAPOINT_COUNT": lambda values: float(len(values)),
    "FIRST": lambda values: values[0],
    "LAST": lambda values: values[-1],
    "MAX": max,
    "MIN": min,
    "SUM": sum,
}
TOLD_APART_BY = ("Stat", "Period")


class HasSeries(Protocol):
    """Something with a series."""

    @property
    def series(self) -> Series:
        """The series."""


def default_labels(results: Sequence[HasSeries]) -> list[str]:
    """The labels of results, whose metrics of one name are told apart by what differs."""
    facts = [result.series.facts for result in results if result.series.facts]
    differing = [name for name in TOLD_APART_BY if len({each.get(name) for each in facts}) > 1]
    dimensions = sorted({name for each in facts for name in each if name.startswith("Dim.")})
    apart = [name for name in dimensions if len({each.get(name) for each in facts}) > 1]
    return [label(result.series, apart, differing) for result in results]


def label(series: Series, before: list[str], after: list[str]) -> str:
    """The values of differing dimensions, the name, the differing statistic and period."""
    if series.label != series.facts.get("MetricName"):
        return series.label
    parts = [series.facts.get(name, "") for name in before]
    parts += [series.label, *(series.facts.get(name, "") for name in after)]
    return " ".join(part for part in parts if part)


def filled_label(text: str, series: Series) -> str:
    """A label with its dynamic parts filled in; what is unknown is `--`, as on AWS."""
    return PART.sub(lambda match: part(match[1], match[2], series), text)


def part(name: str, argument: str | None, series: Series) -> str:
    """One dynamic part."""
    if name == "LABEL":
        return series.label
    if name == "PROP":
        return series.facts.get(argument or "", "--")
    if name not in VALUES or not series.points:
        return "--"
    return number(VALUES[name](series.values))


def number(value: float) -> str:
    """A number as short as it can be told."""
    return f"{value:.4g}" if abs(value) < 10_000 else f"{value:,.0f}"
