"""Draws any visual of a definition; what is not drawn says so in its place."""

from collections.abc import Callable

from emulation.compute.visuals.definition import VisualPlace
from emulation.compute.visuals.drawing import cartesian, kpi, plots, tables
from emulation.compute.visuals.drawing.drawn import Drawing
from emulation.compute.visuals.errors import VisualError
from emulation.compute.visuals.visual import Viewing, Visual

KINDS: dict[str, Callable[[Visual], Drawing]] = {
    "KPIVisual": kpi.kpi,
    "LineChartVisual": cartesian.line,
    "BarChartVisual": cartesian.bar,
    "ComboChartVisual": cartesian.combo,
    "PieChartVisual": plots.pie,
    "HeatMapVisual": plots.heat_map,
    "ScatterPlotVisual": plots.scatter,
    "HistogramVisual": plots.histogram,
    "TableVisual": tables.table,
    "PivotTableVisual": tables.pivot,
}
REFUSED = "{} is not drawn here. On AWS QuickSight draws it from the same definition."


def draw(viewing: Viewing, place: VisualPlace) -> Drawing:
    """A visual as one viewer sees it; its mistakes are told in its place."""
    work = KINDS.get(place.kind)
    if work is None:
        return Drawing(refused=REFUSED.format(place.kind))
    visual = Visual(viewing, place)
    visual.note(place.members.get("Actions"), "Actions of a click")
    try:
        return work(visual)
    except VisualError as error:
        return Drawing(refused=str(error))
