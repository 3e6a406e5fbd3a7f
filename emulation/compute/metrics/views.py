"""The graphs that show the latest values: numbers, bars, a pie, a gauge, a table."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from emulation.compute.metrics.series import Series

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from emulation.compute.metrics.widgets import Widget

UNITS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


class Theme(Protocol):
    """The colors of what is not data."""

    @property
    def paper(self) -> str:
        """Behind everything."""

    @property
    def ink(self) -> str:
        """Of what is read first."""

    @property
    def faint(self) -> str:
        """Of the rest."""

    @property
    def grid(self) -> str:
        """Of what is barely there."""


class Plot(Protocol):
    """A series and how it is drawn."""

    @property
    def series(self) -> Series:
        """The series."""

    @property
    def label(self) -> str:
        """Its name."""

    @property
    def color(self) -> str:
        """Its color."""


def shown(value: float | None, digits: int = 3) -> str:
    """A number as short as it can be read."""
    if value is None:
        return "--"
    for size, letter in UNITS:
        if abs(value) >= size:
            return f"{value / size:.{digits}g}{letter}"
    return f"{value:.{digits}g}"


def latest(plot: Plot) -> float | None:
    """The last value."""
    return plot.series.values[-1] if plot.series.points else None


def with_values(plots: Sequence[Plot]) -> list[tuple[Plot, float]]:
    """The plots that have a value."""
    return [(plot, value) for plot in plots if (value := latest(plot)) is not None]


def draw_values(figure: "Figure", widget: "Widget", plots: Sequence[Plot], theme: Theme) -> None:
    """The last values as large numbers, with what was before them behind."""
    columns = min(len(plots), max(1, int(figure.get_figwidth() / 1.6)))
    rows = -(-len(plots) // columns)
    for number, plot in enumerate(plots, 1):
        axes = figure.add_subplot(rows, columns, number)
        axes.set_axis_off()
        values = plot.series.values
        if widget.sparkline and len(values) > 1:
            axes.fill_between(range(len(values)), min(values), values, color=plot.color, alpha=0.18)
            axes.margins(x=0, y=0.6)
        size = min(26.0, 150 * figure.get_figwidth() / columns / 14)
        axes.text(
            0.5,
            0.55,
            shown(latest(plot)),
            transform=axes.transAxes,
            ha="center",
            va="center",
            fontsize=size,
            color=theme.ink,
        )
        axes.text(
            0.5,
            0.12,
            plot.label,
            transform=axes.transAxes,
            ha="center",
            va="center",
            color=plot.color,
        )


def draw_bars(figure: "Figure", _: "Widget", plots: Sequence[Plot], theme: Theme) -> None:
    """The last values side by side."""
    axes = figure.add_subplot()
    found = with_values(plots)
    names = [plot.label for plot, _ in found]
    bars = axes.bar(
        range(len(found)), [value for _, value in found], color=[plot.color for plot, _ in found]
    )
    axes.bar_label(bars, [shown(value) for _, value in found], color=theme.ink)
    axes.set_xticks(range(len(found)), names, color=theme.faint)
    axes.set_facecolor(theme.paper)
    axes.tick_params(colors=theme.faint, length=0)
    axes.grid(visible=True, axis="y", color=theme.grid, linewidth=0.8)
    axes.set_axisbelow(True)
    for spine in axes.spines.values():
        spine.set_visible(False)


def draw_pie(figure: "Figure", _: "Widget", plots: Sequence[Plot], theme: Theme) -> None:
    """The shares of the last values."""
    from matplotlib.patches import Patch

    axes = figure.add_subplot()
    found = [(plot, value) for plot, value in with_values(plots) if value > 0]
    axes.pie(
        [value for _, value in found],
        colors=[plot.color for plot, _ in found],
        wedgeprops={"width": 0.4, "edgecolor": theme.paper},
        startangle=90,
        counterclock=False,
    )
    figure.legend(
        [Patch(color=plot.color) for plot, _ in found],
        [f"{plot.label}  {shown(value)}" for plot, value in found],
        loc="outside right center",
        frameon=False,
        labelcolor=theme.ink,
        handlelength=0.8,
    )


def draw_gauge(figure: "Figure", widget: "Widget", plots: Sequence[Plot], theme: Theme) -> None:
    """The last value of each between the bounds of the left axis."""
    bounds = widget.axes["left"]
    low, high = bounds.low or 0.0, bounds.high if bounds.high is not None else 100.0
    for number, plot in enumerate(plots, 1):
        axes: Any = figure.add_subplot(1, len(plots), number)
        value = latest(plot)
        part = 0.0 if value is None else min(max((value - low) / (high - low), 0.0), 1.0)
        wedge = {"width": 0.3, "edgecolor": theme.paper}
        # The lower half is there for the shape and is not seen.
        axes.pie(
            [part, 1 - part, 1],
            colors=[plot.color, theme.grid, theme.paper],
            startangle=180,
            counterclock=False,
            wedgeprops=wedge,
        )
        axes.text(0, 0.02, shown(value), ha="center", fontsize=18, color=theme.ink)
        axes.text(0, -0.22, plot.label, ha="center", color=plot.color)
        axes.text(-0.85, -0.12, shown(low), ha="center", color=theme.faint)
        axes.text(0.85, -0.12, shown(high), ha="center", color=theme.faint)
        axes.set_ylim(-0.45, 1.1)


def draw_table(figure: "Figure", _: "Widget", plots: Sequence[Plot], theme: Theme) -> None:
    """Least, most, mean and last value of each."""
    axes = figure.add_subplot()
    axes.set_axis_off()
    rows = []
    for plot in plots:
        values = plot.series.values
        numbers = (min(values), max(values), sum(values) / len(values)) if values else (None,) * 3
        rows.append([plot.label, *map(shown, (*numbers, latest(plot)))])
    head = ["", "Min", "Max", "Average", "Last"]
    widths = [0.4, 0.15, 0.15, 0.15, 0.15]
    table = axes.table(rows, colLabels=head, colWidths=widths, loc="upper left", cellLoc="left")
    table.auto_set_font_size(False)
    table.set_fontsize(8)
    table.scale(1, 1.3)
    for (row, _column), cell in table.get_celld().items():
        cell.set(facecolor=theme.paper, edgecolor=theme.grid)
        cell.get_text().set_color(theme.faint if row == 0 else theme.ink)
