"""Graphs of time drawn with matplotlib, light or dark, as PNG or SVG.

matplotlib is imported when the first graph is drawn. Its settings are the process's, so that one
graph is drawn at a time.
"""

import io
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emulation.compute.metrics.series import Series, Span
from emulation.compute.metrics.views import (
    draw_bars,
    draw_gauge,
    draw_pie,
    draw_table,
    draw_values,
    shown,
)
from emulation.compute.metrics.widgets import Annotation, Widget

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DRAWING = threading.Lock()
DPI = 100
DAY = 86_400

COLORS = (
    *("#2f7ed8", "#e8710a", "#2a9d5c", "#d3394c", "#8757c9"),
    *("#8b5e4b", "#d965b3", "#767c85", "#a9a51b", "#1aa5b8"),
)

# Names of metrics may hold a dollar sign, which is no mathematics.
SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.size": 8,
    "font.family": "sans-serif",
    "text.parse_math": False,
}


@dataclass(frozen=True, slots=True)
class Theme:
    """The colors of what is not data."""

    paper: str
    ink: str
    faint: str
    grid: str


THEMES = {
    "light": Theme("#ffffff", "#16191f", "#5f6b7a", "#e4e7eb"),
    "dark": Theme("#161d26", "#e9ebed", "#9aa6b4", "#2b3644"),
}


@dataclass(frozen=True, slots=True)
class Plot:
    """A series and how it is drawn."""

    series: Series
    label: str
    color: str
    axis: str = "left"


def draw(
    widget: Widget,
    plots: Sequence[Plot],
    *,
    width: int,
    height: int,
    theme: str = "light",
    kind: str = "png",
) -> bytes:
    """The picture of a graph; its size in pixels."""
    with DRAWING:
        import matplotlib as mpl
        from matplotlib.figure import Figure

        with mpl.rc_context(SETTINGS):
            size = (width / DPI, height / DPI)
            colors = THEMES[theme]
            figure = Figure(figsize=size, dpi=DPI, facecolor=colors.paper, layout="constrained")
            fill(figure, widget, plots, colors)
            picture = io.BytesIO()
            stamp = {"Date": None} if kind == "svg" else {}
            figure.savefig(picture, format=kind, facecolor=colors.paper, metadata=stamp)
    return picture.getvalue()


VIEWS = {
    "singleValue": draw_values,
    "bar": draw_bars,
    "pie": draw_pie,
    "gauge": draw_gauge,
    "table": draw_table,
}


def fill(figure: "Figure", widget: Widget, plots: Sequence[Plot], theme: Theme) -> None:
    """Draw the view that the widget asks for."""
    if widget.title:
        figure.suptitle(
            widget.title, x=0.01, ha="left", color=theme.ink, fontsize=10, weight="bold"
        )
    if not any(plot.series.points for plot in plots):
        figure.text(0.5, 0.5, "No data available", ha="center", color=theme.faint, fontsize=10)
        if widget.view != "timeSeries":
            return
    draw_view = VIEWS.get(widget.view, draw_times)
    draw_view(figure, widget, plots, theme)


def draw_times(figure: "Figure", widget: Widget, plots: Sequence[Plot], theme: Theme) -> None:
    """Values over time, on one or two axes."""
    left = figure.add_subplot()
    right = left.twinx() if any(plot.axis == "right" for plot in plots) else None
    for side, axes in (("left", left), ("right", right)):
        if axes is not None:
            mine = [plot for plot in plots if plot.axis == side]
            (stack if widget.stacked else trace)(axes, mine)
            dress(axes, widget, side, theme)
    mark(left, right, widget, theme)
    date_axis(left, widget)
    legend(figure, widget, plots, theme)


def trace(axes: "Axes", plots: Sequence[Plot]) -> None:
    """A line for each series, broken where there is nothing, a dot where a value stands alone."""
    for plot in plots:
        times, values = with_gaps(plot.series)
        lone = is_lone(values)
        axes.plot(times, values, color=plot.color, linewidth=1.4, solid_joinstyle="round")
        axes.plot(
            [at for at, alone in zip(times, lone, strict=True) if alone],
            [value for value, alone in zip(values, lone, strict=True) if alone],
            linestyle="none",
            marker="o",
            markersize=3,
            color=plot.color,
        )


def with_gaps(series: Series) -> tuple[list[float], list[float]]:
    """Times and values, with a hole where periods are missing."""
    times: list[float] = []
    values: list[float] = []
    before: int | None = None
    for at, value in series.points.items():
        if before is not None and at - before > series.period:
            times.append(day(before + series.period))
            values.append(float("nan"))
        times.append(day(at))
        values.append(value)
        before = at
    return times, values


def is_lone(values: Sequence[float]) -> list[bool]:
    """Which values have no neighbour."""
    there = [False, *(value == value for value in values), False]
    return [
        here and not before and not after
        for before, here, after in zip(there, there[1:], there[2:], strict=False)
    ]


def stack(axes: "Axes", plots: Sequence[Plot]) -> None:
    """Areas on top of each other; what is missing is nothing high."""
    times = sorted(set().union(*(plot.series.points for plot in plots)))
    if len(times) < 2:
        trace(axes, plots)
        return
    rows = [[plot.series.points.get(at, 0.0) for at in times] for plot in plots]
    colors = [plot.color for plot in plots]
    axes.stackplot([day(at) for at in times], rows, colors=colors, alpha=0.75, linewidth=0)


def dress(axes: "Axes", widget: Widget, side: str, theme: Theme) -> None:
    """Grid, frame, bounds, label and numbers of an axis."""
    from matplotlib.ticker import FuncFormatter

    wanted = widget.axes.get(side)
    axes.set_facecolor(theme.paper)
    axes.grid(visible=side == "left", color=theme.grid, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=theme.faint, length=0)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: shown(value, 4)))
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.spines["bottom"].set(visible=True, color=theme.grid)
    if wanted is not None:
        # The other bound is matplotlib's.
        axes.set_ylim(bottom=wanted.low, top=wanted.high)
        axes.set_ylabel(wanted.label, color=theme.faint)


def mark(left: "Axes", right: Any, widget: Widget, theme: Theme) -> None:
    """Annotations."""
    for each in widget.horizontal:
        axes = right if each.axis == "right" and right is not None else left
        mark_value(axes, each, theme)
    for each in widget.vertical:
        mark_time(left, each, widget.span, theme)


def mark_value(axes: "Axes", each: Annotation, theme: Theme) -> None:
    """A line across, or a band; the axis is made to show it."""
    color = each.color or COLORS[3]
    low, high = axes.get_ylim()
    bounds = [each.value, *([each.other] if each.other is not None else [])]
    margin = 0.05 * (max(high, *bounds) - min(low, *bounds))
    low = min(low, min(bounds) - margin) if min(bounds) < low else low
    high = max(high, max(bounds) + margin) if max(bounds) > high else high
    for bound in bounds:
        axes.axhline(bound, color=color, linewidth=1.2, linestyle="--")
    ends = {"above": high, "below": low, "between": each.other}
    if (end := ends.get(each.fill)) is not None:
        axes.axhspan(*sorted((each.value, end)), color=color, alpha=0.12, linewidth=0)
    axes.set_ylim(low, high)
    if each.label:
        axes.annotate(
            each.label,
            (0.995, each.value),
            xycoords=axes.get_yaxis_transform(),
            xytext=(0, 2),
            textcoords="offset points",
            ha="right",
            va="bottom",
            color=theme.ink,
            bbox={"facecolor": theme.paper, "alpha": 0.7, "edgecolor": "none", "pad": 1},
        )


def mark_time(axes: "Axes", each: Annotation, span: Span, theme: Theme) -> None:
    """A line upwards, or a band."""
    color = each.color or COLORS[0]
    for at in (each.value, *([each.other] if each.other is not None else [])):
        axes.axvline(day(at), color=color, linewidth=1.2)
    ends = {"before": float(span.start), "after": float(span.end), "between": each.other}
    if (end := ends.get(each.fill)) is not None:
        first, last = sorted((each.value, end))
        axes.axvspan(day(first), day(last), color=color, alpha=0.12, linewidth=0)
    if each.label and span.start <= each.value <= span.end:
        axes.text(
            day(each.value),
            0.99,
            f" {each.label}",
            transform=axes.get_xaxis_transform(),
            va="top",
            color=theme.ink,
        )


def date_axis(axes: "Axes", widget: Widget) -> None:
    """The time that is asked for, from end to end."""
    from matplotlib.dates import AutoDateLocator, DateFormatter

    span = widget.span
    pattern = "%H:%M" if span.end - span.start <= 2 * DAY else "%d %b"
    axes.set_xlim(day(span.start), day(span.end))
    axes.xaxis.set_major_locator(AutoDateLocator(tz=widget.zone, maxticks=7))  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(DateFormatter(pattern, tz=widget.zone))  # type: ignore[no-untyped-call]


def legend(figure: "Figure", widget: Widget, plots: Sequence[Plot], theme: Theme) -> None:
    """Names and colors, below or on the right."""
    from matplotlib.lines import Line2D

    if widget.legend == "hidden" or not plots:
        return
    marks = [Line2D([], [], color=plot.color, linewidth=4) for plot in plots]
    right = widget.legend == "right"
    longest = max(len(plot.label) for plot in plots)
    columns = 1 if right else max(1, int(figure.get_figwidth() * 18 / (longest + 6)))
    figure.legend(
        marks,
        [plot.label for plot in plots],
        loc="outside right upper" if right else "outside lower left",
        ncols=min(columns, len(plots)),
        frameon=False,
        labelcolor=theme.ink,
        handlelength=0.8,
    )


def day(at: float) -> float:
    """A time as matplotlib takes it: in days since 1970."""
    return at / DAY
