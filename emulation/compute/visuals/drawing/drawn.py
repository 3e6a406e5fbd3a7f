"""What a drawing is, and what charts share: axes, tooltips, colours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from emulation.compute.visuals.fields import WellField
from emulation.compute.visuals.formats import DateFormat, NumberFormat
from emulation.compute.visuals.values import Type
from emulation.compute.visuals.visual import Visual

Spec = dict[str, Any]
SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
"""A name; nothing is fetched from there."""
NO_DATA = "<p class=quiet>No data</p>"


@dataclass(frozen=True, slots=True)
class Drawing:
    """A specification or HTML, and what the reader should know of it."""

    spec: Spec | None = None
    html: str = ""
    notes: list[str] = field(default_factory=list)
    refused: str = ""


def chart(visual: Visual, values: list[Spec], parts: Spec) -> Drawing:
    """A chart that fills its place."""
    if not values:
        return Drawing(html=NO_DATA, notes=visual.notes)
    spec: Spec = {
        "$schema": SCHEMA,
        "width": "container",
        "height": "container",
        "autosize": {"type": "fit", "contains": "padding"},
        "data": {"values": values},
        **parts,
    }
    return Drawing(spec, notes=visual.notes)


def plain(value: Any) -> Any:
    """A value as JSON has it; moments are in UTC."""
    if isinstance(value, datetime):
        return f"{value.isoformat()}Z"
    return value


FEW_TICKS = 16

ROOM = 105
"""Letters that stand side by side below a chart of the usual width."""


def label_angle(texts: Sequence[str]) -> int:
    """Upright while there is room, slanted while there is some."""
    letters = sum(len(text) + 2 for text in texts)
    if letters <= ROOM:
        return 0
    return -40 if len(texts) <= 30 else -90


def tooltip(pairs: Sequence[tuple[str, str]]) -> list[Spec]:
    """A tooltip of texts: members of the data and their titles."""
    return [{"field": name, "type": "nominal", "title": title} for name, title in pairs]


def number_axis(fields: Sequence[WellField], title: str | None, options: Any = None) -> Spec:
    """An axis of a measure."""
    shown = next((one.format for one in fields if isinstance(one.format, NumberFormat)), None)
    axis: Spec = {"title": title or None, "labelExpr": (shown or NumberFormat()).axis}
    options = options or {}
    if options.get("GridLineVisibility") == "HIDDEN":
        axis["grid"] = False
    if ((options.get("TickLabelOptions") or {}).get("LabelOptions") or {}).get(
        "Visibility"
    ) == "HIDDEN":
        axis["labels"] = False
    return axis


def number_scale(options: Any) -> Spec:
    """The range and kind of an axis of numbers; it begins at zero unless the definition says."""
    numeric = ((options or {}).get("DataOptions") or {}).get("NumericAxisOptions") or {}
    asked = (numeric.get("Range") or {}).get("MinMax") or {}
    scale: Spec = {"zero": "DataDriven" not in (numeric.get("Range") or {})}
    if "Minimum" in asked:
        scale["domainMin"] = asked["Minimum"]
        scale["zero"] = False
    if "Maximum" in asked:
        scale["domainMax"] = asked["Maximum"]
    if "Logarithmic" in (numeric.get("Scale") or {}):
        scale |= {"type": "symlog"}
    return scale


def category_text(field_: WellField, value: Any) -> str:
    """A category as it is written on an axis."""
    if value is None:
        return "null"
    return field_.text(value)


def date_axis(field_: WellField, title: str | None, moments: set[str]) -> Spec:
    """An axis of dates, in UTC; few of them are its ticks."""
    pattern = field_.format.axis if isinstance(field_.format, DateFormat) else "%Y-%m-%d"
    axis: Spec = {"title": title or None, "format": pattern, "labelOverlap": True, "grid": False}
    axis["labelSeparation"] = 8
    if field_.granularity in {"month", "quarter", "year"}:
        axis["tickCount"] = {"interval": "month", "step": 1}
    elif len(moments) <= FEW_TICKS:
        axis["values"] = [_tick(one) for one in sorted(moments)]
    return {"type": "temporal", "scale": {"type": "utc"}, "axis": axis}


def _tick(moment: str) -> Spec:
    """A moment as Vega-Lite names one on an axis."""
    at = datetime.fromisoformat(moment)
    day = {"year": at.year, "month": at.month, "date": at.day}
    return {**day, "hours": at.hour, "minutes": at.minute, "seconds": at.second, "utc": True}


def is_date(field_: WellField) -> bool:
    """Whether it holds moments."""
    return field_.type is Type.DATETIME


def legend(visual: Visual, title: str) -> Spec | None:
    """Where the legend stands; nothing when the definition hides it."""
    options = visual.configuration.get("Legend") or {}
    if options.get("Visibility") == "HIDDEN":
        return None
    place = {"BOTTOM": "bottom", "TOP": "top"}.get(options.get("Position", ""), "right")
    given = options.get("Title") or {}
    shown = given.get("CustomLabel") or title
    found: Spec = {"orient": place, "title": None if given.get("Visibility") == "HIDDEN" else shown}
    return found | ({"columns": 4} if place != "right" else {})


def own_colors(visual: Visual) -> dict[str, str]:
    """Colours that the definition gives to single series."""
    palette: Mapping[str, Any] = visual.configuration.get("VisualPalette") or {}
    found = {}
    for one in palette.get("ColorMap") or []:
        element = one["Element"]
        key = element.get("FieldValue") or element.get("FieldId")
        found[str(key)] = one["Color"]
    return found


def color_scale(visual: Visual, series: Sequence[str], keys: Mapping[str, str]) -> Spec:
    """The colours of series in their order; `keys` names fields that are series."""
    own = own_colors(visual)
    given = {name: own.get(name) or own.get(keys.get(name, "")) for name in series}
    scale: Spec = {"domain": list(series)}
    if any(given.values()):
        spare = iter(PALETTE * (1 + len(series) // len(PALETTE)))
        scale["range"] = [color or next(spare) for color in given.values()]
    return scale


PALETTE = [
    "#2f7d57", "#d08a2c", "#3b6fb6", "#b5493f", "#7a5ba6", "#4aa3a2", "#8a7a3d", "#c2628f",
    "#5b6b73", "#8fb04a",
]  # fmt: skip
