"""A graph as dashboards and GetMetricWidgetImage describe it, read into what is to be drawn."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from emulation.compute.metrics.series import Span

Members = dict[str, Any]

PERIOD = 300
HOURS_BACK = "-PT3H"
DURATION = re.compile(
    r"-?P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?"
)
SECONDS = (365 * 86_400, 30 * 86_400, 7 * 86_400, 86_400, 3600, 60, 1)
ZONE = re.compile(r"([+-])(\d{2})(\d{2})")
COLOR = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})")


class WidgetError(ValueError):
    """A widget that cannot be drawn, with the reason."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One of the two vertical axes."""

    low: float | None = None
    high: float | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Annotation:
    """A line, or the band between two of them: `value` and `other` are numbers, or times in s."""

    value: float
    label: str = ""
    color: str | None = None
    fill: str = "none"
    """`above`, `below`, `before`, `after`, `between` or `none`."""
    other: float | None = None
    axis: str = "left"


@dataclass(frozen=True, slots=True)
class Line:
    """A metric or expression of a graph, and how it is drawn."""

    query: Mapping[str, Any]
    """A MetricDataQuery; `Region` and `AccountId` stand in its MetricStat."""
    color: str | None = None
    axis: str = "left"
    visible: bool = True


@dataclass(frozen=True)
class Widget:
    """What a graph shows."""

    lines: list[Line]
    span: Span
    title: str = ""
    view: str = "timeSeries"
    stacked: bool = False
    sparkline: bool = True
    legend: str = "bottom"
    axes: Mapping[str, Axis] = field(default_factory=dict)
    horizontal: Sequence[Annotation] = ()
    vertical: Sequence[Annotation] = ()
    alarms: Sequence[str] = ()
    """ARNs of alarms whose thresholds are drawn."""
    zone: timezone = UTC


def read(properties: Members, now: float) -> Widget:
    """A widget from its properties.

    Raises:
        WidgetError: they describe none.
    """
    span = span_of(properties, now)
    whole = properties.get("setPeriodToTimeRange")
    period = span.end - span.start if whole else properties.get("period") or PERIOD
    annotations = properties.get("annotations") or {}
    axes = properties.get("yAxis") or {}
    return Widget(
        lines=list(lines(properties, minutes(period))),
        # Periods begin at round times, so that a graph does not change by being looked at later.
        span=span if whole else replace(span, start=span.start - span.start % minutes(period)),
        title=str(properties.get("title") or ""),
        view=properties.get("view") or "timeSeries",
        stacked=bool(properties.get("stacked")),
        sparkline=properties.get("sparkline", True),
        legend=(properties.get("legend") or {}).get("position") or "bottom",
        axes={side: axis(axes.get(side) or {}) for side in ("left", "right")},
        horizontal=list(horizontal(annotations.get("horizontal") or [])),
        vertical=list(vertical(annotations.get("vertical") or [])),
        alarms=list(annotations.get("alarms") or []),
        zone=zone_of(properties.get("timezone")),
    )


def minutes(period: Any) -> int:
    """A period that the store knows."""
    if not isinstance(period, int) or period <= 0:
        raise WidgetError(f"Invalid period {period}")
    return period if period in {1, 5, 10, 20, 30} else max(60, -(-period // 60) * 60)


def span_of(properties: Members, now: float) -> Span:
    """The time that a graph shows; without the minute that is not over, if it is not wanted."""
    start, end = properties.get("start") or HOURS_BACK, properties.get("end") or "PT0H"
    latest = now if properties.get("liveData") else now // 60 * 60
    span = Span(int(time_of(start, now)), int(min(time_of(end, now), latest)))
    if span.start >= span.end:
        raise WidgetError("The start time must be before the end time")
    return span


def time_of(text: Any, now: float) -> float:
    """A time, or a duration from now, in s since 1970."""
    match = DURATION.fullmatch(str(text))
    if match and any(match.groups()):
        back = sum(int(n or 0) * s for n, s in zip(match.groups(), SECONDS, strict=True))
        return now - back
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise WidgetError(f"Invalid time {text}") from error
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def zone_of(text: str | None) -> timezone:
    """A time zone, as `+0130`."""
    match = ZONE.fullmatch(text or "")
    if not match:
        return UTC
    offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return timezone(-offset if match[1] == "-" else offset)


def lines(properties: Members, period: int) -> Iterator[Line]:
    """The metrics of a graph, `.` and `...` put in full."""
    before: list[str] = []
    for number, given in enumerate(properties.get("metrics") or [], 1):
        if not isinstance(given, list) or not given:
            raise WidgetError(f"Invalid metric {given}")
        options = given[-1] if isinstance(given[-1], dict) else {}
        names = given[:-1] if isinstance(given[-1], dict) else given
        identifier = options.get("id") or f"q{number}"
        if "expression" in options:
            query: Members = {"Expression": options["expression"], "Period": options.get("period")}
        else:
            before = in_full(names, before)
            query = {"MetricStat": stat_of(before, {**properties, **options}, period, options)}
        label = {"Label": options["label"]} if options.get("label") else {}
        yield Line(
            {"Id": identifier, **{k: v for k, v in query.items() if v is not None}, **label},
            color_of(options.get("color")),
            options.get("yAxis") or "left",
            options.get("visible", True),
        )


def in_full(names: Sequence[Any], before: Sequence[str]) -> list[str]:
    """Names, where `.` repeats the one above and `...` as many as are missing."""
    if not all(isinstance(name, str) for name in names):
        raise WidgetError(f"Invalid metric {list(names)}")
    full = list(names)
    if "..." in full:
        at = full.index("...")
        rest = len(full) - at - 1
        full[at : at + 1] = before[at : len(before) - rest]
    try:
        full = [before[at] if name == "." else name for at, name in enumerate(full)]
    except IndexError as error:
        raise WidgetError("'.' has nothing above it to repeat") from error
    if len(full) < 2 or len(full) % 2:
        raise WidgetError(f"Invalid metric {full}")
    return full


def stat_of(names: list[str], settings: Members, period: int, options: Members) -> Members:
    """A MetricStat."""
    pairs = zip(names[2::2], names[3::2], strict=True)
    return {
        "Metric": {
            "Namespace": names[0],
            "MetricName": names[1],
            "Dimensions": [{"Name": name, "Value": value} for name, value in pairs],
        },
        "Stat": settings.get("stat") or "Average",
        "Period": minutes(options["period"]) if options.get("period") else period,
        "Region": settings.get("region"),
        "AccountId": settings.get("accountId"),
    }


def axis(given: Members) -> Axis:
    """An axis."""
    return Axis(given.get("min"), given.get("max"), str(given.get("label") or ""))


def horizontal(given: Sequence[Any]) -> Iterator[Annotation]:
    """Lines and bands across the graph."""
    for each in given:
        first, other = (each[0], each[1]) if isinstance(each, list) else (each, None)
        if first.get("visible", True):
            yield annotation(first, other, float)


def vertical(given: Sequence[Any]) -> Iterator[Annotation]:
    """Lines and bands at times."""
    for each in given:
        first, other = (each[0], each[1]) if isinstance(each, list) else (each, None)
        if first.get("visible", True):
            yield annotation(first, other, lambda text: time_of(text, 0))


def annotation(first: Members, other: Members | None, value: Any) -> Annotation:
    """A line, or the band between two."""
    return Annotation(
        value(first["value"]),
        str(first.get("label") or ""),
        color_of(first.get("color")),
        "between" if other else first.get("fill") or "none",
        value(other["value"]) if other else None,
        first.get("yAxis") or "left",
    )


def color_of(text: Any) -> str | None:
    """A color, if it is one."""
    return text if isinstance(text, str) and COLOR.fullmatch(text) else None
