"""A table's or a pivot table's data as rows of texts and numbers: what a CSV file holds."""

from typing import Any

from emulation.compute.visuals.errors import NotDrawn
from emulation.compute.visuals.fields import unaggregated
from emulation.compute.visuals.visual import Visual

MOST = 100_000
WELLS = {
    "TableVisual": (("GroupBy",), ("Values",)),
    "PivotTableVisual": (("Rows", "Columns"), ("Values",)),
}


def listing(visual: Visual) -> list[list[Any]]:
    """A line of labels, then the rows.

    Raises:
        NotDrawn: a visual of another kind.
    """
    if visual.place.kind not in WELLS:
        raise NotDrawn(f"A CSV file of a {visual.place.kind}")
    if visual.well_kind == "TableUnaggregatedFieldWells":
        fields = [unaggregated(visual.compiler, one) for one in visual.wells.get("Values") or []]
        rows = visual.questions.listed(fields, visual.sorting("RowSort", fields), MOST)
        return [[one.label for one in fields], *map(list, rows)]
    groups, values = WELLS[visual.place.kind]
    dimensions = [one for well in groups for one in visual.fields(well)]
    measures = [one for well in values for one in visual.fields(well)]
    sorting = visual.sorting("RowSort", [*dimensions, *measures])
    rows = visual.questions.grouped(dimensions, measures, sorting, MOST)
    return [[one.label for one in (*dimensions, *measures)], *map(list, rows)]
