"""Pies and donuts, heat maps, scatter plots and histograms."""

from collections.abc import Mapping
from typing import Any

from emulation.compute.visuals.compiled import Level
from emulation.compute.visuals.drawing.drawn import (
    NO_DATA,
    PALETTE,
    Drawing,
    Spec,
    category_text,
    chart,
    color_scale,
    label_angle,
    legend,
    number_axis,
    number_scale,
    plain,
    tooltip,
)
from emulation.compute.visuals.errors import Mismatch, NotDrawn
from emulation.compute.visuals.fields import WellField
from emulation.compute.visuals.queries import OTHER, Sorting, with_other
from emulation.compute.visuals.values import NUMBERS, Type
from emulation.compute.visuals.visual import Visual

HOLES = {"SMALL": 0.75, "MEDIUM": 0.6, "LARGE": 0.45}
SLICES = 20
FEW_CELLS = 260
BINS = 10
POINTS = 2500
ROOMY: Spec = {"opacity": {"expr": "bandwidth('x') > 28 ? 1 : 0"}}
"""Numbers in narrow cells would cover each other."""


def pie(visual: Visual) -> Drawing:
    """A pie, or a donut with the total in its middle."""
    visual.note(visual.wells.get("SmallMultiples"), "SmallMultiples")
    category, measures = visual.first("Category"), visual.fields("Values")
    if category is None or len(measures) != 1:
        return _pie_of(visual, [(one.label, one) for one in measures])
    measure = measures[0]
    sorting = visual.sorting("CategorySort", [category, measure])
    sorting = sorting or [Sorting(measure.value.sql, descending=True)]
    most, other = visual.limit("CategoryItemsLimit", SLICES)
    order, more = visual.questions.ranked(category, sorting, most, alone=True)
    questions, shown = visual.questions, category
    if more and other and category.type is Type.STRING:
        shown, order = with_other(category, order), [*order, OTHER]
    elif more:
        questions = questions.restricted(category, order)
    rows = questions.grouped([shown], [measure])
    names = [category_text(category, value) for value in order]
    values = [
        {"s": category_text(shown, row[0]), "v": plain(row[1]), "_v": measure.text(row[1])}
        for row in rows
    ]
    return _arcs(visual, values, names, (category.label, measure))


def _pie_of(visual: Visual, measures: list[tuple[str, WellField]]) -> Drawing:
    """Each measure is a slice."""
    if not measures:
        return Drawing(html=NO_DATA)
    (row,) = visual.questions.grouped([], [one for _, one in measures])
    values = [
        {"s": name, "v": plain(value), "_v": one.text(value)}
        for (name, one), value in zip(measures, row, strict=True)
    ]
    return _arcs(visual, values, [name for name, _ in measures], ("", measures[0][1]))


def _arcs(
    visual: Visual, values: list[Spec], names: list[str], said: tuple[str, WellField]
) -> Drawing:
    title, measure = said
    options = visual.configuration.get("DonutOptions") or {}
    thickness = (options.get("ArcOptions") or {}).get("ArcThickness", "MEDIUM")
    hole = HOLES.get(thickness, 0.0)
    total = sum(value["v"] or 0 for value in values)
    order = {name: place for place, name in enumerate(names)}
    for value in values:
        share = (value["v"] or 0) / total if total else 0
        value |= {"_p": f"{share:.1%}", "_o": order.get(value["s"], len(order))}
    encoding: Spec = {
        "theta": {"field": "v", "type": "quantitative", "stack": True},
        "order": {"field": "_o"},
        "color": {
            "field": "s",
            "type": "nominal",
            "scale": color_scale(visual, names, {}),
            "legend": legend(visual, title),
        },
        "tooltip": tooltip([("s", title or "Slice"), ("_v", measure.label), ("_p", "Share")]),
    }
    radius = "min(width,height)/2"
    mark: Spec = {"type": "arc", "tooltip": True, "padAngle": 0.008}
    mark |= {
        "outerRadius": {"expr": f"{radius}-4"},
        "innerRadius": {"expr": f"({radius}-4)*{hole}"},
    }
    layers: list[Spec] = [{"mark": mark, "encoding": encoding}]
    center = (options.get("DonutCenterOptions") or {}).get("LabelVisibility", "VISIBLE")
    if hole and center == "VISIBLE" and isinstance(total, int | float):
        text = measure.text(total)
        middle = {"type": "text", "text": text, "fontSize": 18, "fontWeight": 600}
        layers.append({"data": {"values": [{}]}, "mark": middle})
    return chart(visual, values, {"layer": layers, "view": {"stroke": None}})


def heat_map(visual: Visual) -> Drawing:
    """Cells of rows and columns, coloured by a value."""
    rows, columns = visual.first("Rows"), visual.first("Columns")
    measure = visual.first("Values")
    given = [one for one in (rows, columns) if one is not None]
    if not given or measure is None:
        raise NotDrawn("A heat map without rows, columns or values")
    order: dict[str, list[str]] = {}
    questions = visual.questions
    for one, sort, limit in (
        (rows, "HeatMapRowSort", "HeatMapRowItemsLimitConfiguration"),
        (columns, "HeatMapColumnSort", "HeatMapColumnItemsLimitConfiguration"),
    ):
        if one is None:
            continue
        most, _ = visual.limit(limit, 100)
        sorting = visual.sorting(sort, [*given, measure])
        values, more = questions.ranked(one, sorting, most, alone=len(given) == 1)
        if more:
            questions = questions.restricted(one, values)
            visual.notes.append(f"the first {most} of more {one.label}")
        order[one.id] = [category_text(one, value) for value in values]
    cells = [_cell(row, rows, columns, measure) for row in questions.grouped(given, [measure])]
    return chart(visual, cells, _heat(visual, (rows, columns, measure), order, len(cells)))


def _cell(row: Any, rows: WellField | None, columns: WellField | None, measure: WellField) -> Spec:
    at = iter(row)
    cell: Spec = {}
    for name, one in (("r", rows), ("c", columns)):
        cell[name] = category_text(one, next(at)) if one is not None else ""
    value = next(at)
    return {**cell, "v": plain(value), "_v": measure.text(value)}


def _heat(
    visual: Visual,
    fields: tuple[WellField | None, WellField | None, WellField],
    order: Mapping[str, list[str]],
    cells: int,
) -> Spec:
    rows, columns, measure = fields
    encoding: Spec = {}
    for axis, name, one, option in (
        ("y", "r", rows, "RowLabelOptions"),
        ("x", "c", columns, "ColumnLabelOptions"),
    ):
        if one is not None:
            title = visual.axis_label(option, [one])
            encoding[axis] = {
                "field": name,
                "type": "nominal",
                "sort": order[one.id],
                "axis": {"title": title or None, "labelLimit": 170, "grid": False},
            }
            if axis == "x":
                encoding[axis]["axis"]["labelAngle"] = label_angle(order[one.id])
    shown: Spec = {"title": None, "labelExpr": number_axis([measure], None)["labelExpr"]}
    if (visual.configuration.get("Legend") or {}).get("Visibility") == "HIDDEN":
        shown = {"disable": True}
    color = {"field": "v", "type": "quantitative", "scale": _colors(visual), "legend": shown}
    pairs = [(name, one.label) for name, one in (("r", rows), ("c", columns)) if one is not None]
    layers: list[Spec] = [
        {
            "mark": {"type": "rect", "tooltip": True, "stroke": "transparent", "strokeWidth": 1},
            "encoding": {
                "color": color | ({"legend": None} if "disable" in shown else {}),
                "tooltip": tooltip([*pairs, ("_v", measure.label)]),
            },
        }
    ]
    labels = visual.configuration.get("DataLabels") or {}
    if labels.get("Visibility", "VISIBLE") == "VISIBLE" and cells <= FEW_CELLS:
        layers.append(
            {
                "mark": {"type": "text", "fontSize": 11, "color": "#1f2d28", **ROOMY},
                "encoding": {"text": {"field": "_v", "type": "nominal"}},
            }
        )
    return {"encoding": encoding, "layer": layers}


def _colors(visual: Visual) -> Spec:
    given = visual.configuration.get("ColorScale") or {}
    stops = [one for one in given.get("Colors") or [] if one.get("Color")]
    if not stops:
        return {"range": ["#e4f1ea", "#57a983"], "zero": False}
    scale: Spec = {"range": [one["Color"] for one in stops], "zero": False}
    if all("DataValue" in one for one in stops):
        scale |= {"domain": [one["DataValue"] for one in stops], "clamp": True}
    if given.get("ColorFillType") == "DISCRETE":
        scale["type"] = "quantize"
    return scale


def scatter(visual: Visual) -> Drawing:
    """Points of two measures, sized by a third, coloured by a category."""
    category, label = visual.first("Category"), visual.first("Label")
    fields = {axis: visual.first(well) for axis, well in (("x", "XAxis"), ("y", "YAxis"))}
    size = visual.first("Size")
    x, y = fields["x"], fields["y"]
    if x is None or y is None:
        raise NotDrawn("A scatter plot without two axes")
    measures = [one for one in (x, y, size) if one is not None]
    dimensions = [one for one in (category, label) if one is not None]
    plain_rows = any(not one.measure for one in (x, y))
    asked = [*dimensions, *measures]
    if plain_rows:
        rows = visual.questions.listed(asked, (), POINTS)
        visual.note(len(rows) == POINTS, f"What is beyond {POINTS:,} points")
    else:
        rows = visual.questions.grouped(dimensions, measures, limit=POINTS)
    points = [_point(row, (category, label, x, y, size)) for row in rows]
    names = list(dict.fromkeys(point["s"] for point in points if "s" in point))
    encoding: Spec = {
        "x": _measured(visual, x, "x", "XAxisLabelOptions", "XAxisDisplayOptions"),
        "y": _measured(visual, y, "y", "YAxisLabelOptions", "YAxisDisplayOptions"),
        "tooltip": _point_tooltip(category, label, measures),
    }
    if category is not None:
        few = len(names) <= len(PALETTE)
        encoding["color"] = {
            "field": "s",
            "type": "nominal",
            "scale": color_scale(visual, names, {}),
            "legend": legend(visual, category.label) if few else None,
        }
    if size is not None:
        encoding["size"] = {"field": "z", "type": "quantitative", "legend": None}
    mark = {"type": "point", "filled": True, "opacity": 0.75, "tooltip": True, "size": 70}
    return chart(visual, points, {"mark": mark, "encoding": encoding})


def _point(row: Any, fields: tuple[WellField | None, ...]) -> Spec:
    at = iter(row)
    point: Spec = {}
    for name, one in zip(("s", "l", "x", "y", "z"), fields, strict=True):
        if one is None:
            continue
        value = next(at)
        point[f"_{name}"] = one.text(value)
        point[name] = category_text(one, value) if name in "sl" else plain(value)
    return point


def _point_tooltip(
    category: WellField | None, label: WellField | None, measures: list[WellField]
) -> list[Spec]:
    names = [(name, one.label) for name, one in (("s", category), ("l", label)) if one is not None]
    values = [(f"_{name}", one.label) for name, one in zip("xyz", measures, strict=False)]
    return tooltip([*names, *values])


def _measured(visual: Visual, one: WellField, name: str, label: str, option: str) -> Spec:
    options = visual.configuration.get(option)
    scale = number_scale(options) | ({} if options else {"zero": False})
    axis = number_axis([one], visual.axis_label(label, [one]), options)
    return {"field": name, "type": "quantitative", "axis": axis, "scale": scale}


def histogram(visual: Visual) -> Drawing:
    """How many rows fall into each range of a column."""
    given = next(iter(visual.wells.get("Values") or []), None)
    if given is None:
        raise NotDrawn("A histogram without values")
    ((_, field),) = given.items()
    value = visual.compiler.column(field["Column"]["ColumnName"])
    if value.type not in NUMBERS or value.level > Level.ROW:
        raise Mismatch("A histogram takes numbers of single rows.")
    name = field["Column"]["ColumnName"]
    width, start, options = _bins(visual, value.sql)
    if width is None:
        return Drawing(html=NO_DATA)
    sql = f"CAST(floor(({value.sql} - {start!r}) / {width!r}) AS BIGINT)"
    limit = options.get("BinCount", {}).get("Value") or BINS
    if options.get("SelectedBinType") != "BIN_WIDTH":
        sql = f"least({sql}, {limit - 1})"
    kept = visual.questions.kept
    rows = visual.questions.data.reader.rows(
        f"SELECT {sql}, count(*) FROM ({kept}) AS _kept WHERE {value.sql} IS NOT NULL "
        f"AND {value.sql} >= {start!r} GROUP BY 1 ORDER BY 1"
    )
    bars = [
        {
            "a": start + bin_ * width,
            "b": start + (bin_ + 1) * width,
            "v": count,
            "_v": f"{count:,}",
            "_c": f"{start + bin_ * width:g} – {start + (bin_ + 1) * width:g}",
        }
        for bin_, count in rows
    ]
    title = visual.axis_label("XAxisLabelOptions", []) or name
    encoding: Spec = {
        "x": {
            "field": "a",
            "type": "quantitative",
            "bin": {"binned": True},
            "axis": {"title": title},
        },
        "x2": {"field": "b"},
        "y": {"field": "v", "type": "quantitative", "axis": {"title": "Count"}},
        "tooltip": tooltip([("_c", name), ("_v", "Count")]),
    }
    return chart(visual, bars, {"mark": {"type": "bar", "tooltip": True}, "encoding": encoding})


def _bins(visual: Visual, sql: str) -> tuple[float | None, float, Mapping[str, Any]]:
    """The width of the ranges, where they begin, and what the definition says of them."""
    options = visual.configuration.get("BinOptions") or {}
    kept = visual.questions.kept
    ((low, high),) = visual.questions.data.reader.rows(
        f"SELECT CAST(min({sql}) AS DOUBLE), CAST(max({sql}) AS DOUBLE) FROM ({kept}) AS _kept"
    )
    if low is None:
        return None, 0.0, options
    start = float(options.get("StartValue") or low)
    if options.get("SelectedBinType") == "BIN_WIDTH":
        return float(options["BinWidth"]["Value"]), start, options
    count = (options.get("BinCount") or {}).get("Value") or BINS
    return ((high - start) / count) or 1.0, start, options
