"""Where the elements of a sheet stand: in a grid of 36 columns, freely, or in sections."""

import re
from collections.abc import Mapping
from typing import Any

Members = Mapping[str, Any]
Element = dict[str, Any]
COLUMNS = 36
HEADER, SECTION = 120, 600


def layout_of(sheet: Members) -> dict[str, Any]:
    """The kind of a layout and its elements, in units of the grid or in pixels."""
    layouts = sheet.get("Layouts") or []
    configuration: Members = layouts[0]["Configuration"] if layouts else {}
    if grid := configuration.get("GridLayout"):
        return {"kind": "grid", "elements": [_in_grid(one) for one in grid["Elements"]]}
    if free := configuration.get("FreeFormLayout"):
        canvas = (free.get("CanvasSizeOptions") or {}).get("ScreenCanvasSizeOptions") or {}
        width = _pixels(canvas.get("OptimizedViewPortWidth", "1600px"))
        return _free([(free["Elements"], 0)], width)
    if sections := configuration.get("SectionBasedLayout"):
        return _sections(sections)
    return {"kind": "grid", "elements": _by_default(sheet)}


def _in_grid(one: Members) -> Element:
    found: Element = {"id": one["ElementId"], "type": one["ElementType"]}
    found |= {"w": int(one["ColumnSpan"]), "h": int(one["RowSpan"])}
    if "ColumnIndex" in one:
        found["x"] = int(one["ColumnIndex"])
    if "RowIndex" in one:
        found["y"] = int(one["RowIndex"])
    return found


def _by_default(sheet: Members) -> list[Element]:
    """Two visuals a row, as QuickSight puts what nobody has placed."""
    texts = [one["SheetTextBoxId"] for one in sheet.get("TextBoxes") or []]
    found: list[Element] = [
        {"id": name, "type": "TEXT_BOX", "w": COLUMNS, "h": 3} for name in texts
    ]
    for one in sheet.get("Visuals") or []:
        ((_, members),) = one.items()
        found.append({"id": members["VisualId"], "type": "VISUAL", "w": COLUMNS // 2, "h": 12})
    return found


def _pixels(text: str) -> float:
    found = re.match(r"[\d.]+", text)
    return float(found.group()) if found else 0.0


def _free(groups: list[tuple[Any, float]], width: float) -> dict[str, Any]:
    elements = [
        {
            "id": one["ElementId"],
            "type": one["ElementType"],
            "x": _pixels(one["XAxisLocation"]),
            "y": _pixels(one["YAxisLocation"]) + top,
            "w": _pixels(one["Width"]),
            "h": _pixels(one["Height"]),
        }
        for group, top in groups
        for one in group
        if one.get("Visibility") != "HIDDEN"
    ]
    height = max((one["y"] + one["h"] for one in elements), default=0)
    return {"kind": "free", "width": width, "height": height, "elements": elements}


def _sections(given: Members) -> dict[str, Any]:
    """Header, body and footer below each other, each free in itself."""
    groups: list[tuple[Any, float]] = []
    top = 0.0
    for name, least in (
        ("HeaderSections", HEADER),
        ("BodySections", SECTION),
        ("FooterSections", HEADER),
    ):
        for section in given.get(name) or []:
            layout = section.get("Layout") or (section.get("Content") or {}).get("Layout") or {}
            elements = (layout.get("FreeFormLayout") or {}).get("Elements") or []
            groups.append((elements, top))
            height = ((section.get("Style") or {}).get("Height")) or f"{least}px"
            lowest = [_pixels(one["YAxisLocation"]) + _pixels(one["Height"]) for one in elements]
            top += max([_inches(height), *lowest])
    return _free(groups, 816.0)


def _inches(text: str) -> float:
    """Paper is measured in inches, of 96 pixels."""
    return _pixels(text) * (96 if text.endswith("in") else 1)
