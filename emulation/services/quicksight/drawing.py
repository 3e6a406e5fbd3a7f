"""What a page asks of a definition: a sheet's places and controls, and one element's drawing."""

from typing import Any

from emulation.compute.visuals.controls import controls_of
from emulation.compute.visuals.definition import VisualPlace, sheets, title_text, visual
from emulation.compute.visuals.drawing.draw import draw
from emulation.compute.visuals.drawing.rich_text import html_of
from emulation.compute.visuals.layout import layout_of
from emulation.services.quicksight.store import Members
from emulation.services.quicksight.viewing import viewing
from emulation.services.scope import Scope

REFUSED = "{} is not drawn here. On AWS QuickSight shows it."


def sheet_of(definition: Members, identifier: str) -> Members:
    """A sheet.

    Raises:
        LookupError: there is no such sheet.
    """
    for sheet in sheets(definition):
        if sheet["SheetId"] == identifier:
            return dict(sheet)
    raise LookupError(f"Sheet {identifier} does not exist.")


def sheet_model(
    scope: Scope, definition: Members, asked: dict[str, str], state: Members
) -> Members:
    """A sheet's layout and controls."""
    sheet = sheet_of(definition, asked["sheet"])
    seen = viewing(scope, definition, state.get("parameters") or {}, state.get("filters") or {})
    layout = layout_of(sheet)
    names = _labels(sheet)
    elements = [
        {**one, "label": names.get(one["id"], one["id"])}
        for one in layout["elements"]
        # Controls stand above the sheet, as QuickSight puts them where they are not pinned.
        if "CONTROL" not in one["type"]
    ]
    return {
        **layout,
        "elements": elements,
        "description": sheet.get("Description") or "",
        "controls": controls_of(seen, sheet),
    }


def _labels(sheet: Members) -> dict[str, str]:
    """What a screen reader calls an element."""
    found = {}
    for one in sheet.get("Visuals") or []:
        ((kind, members),) = one.items()
        title = title_text(members.get("Title"))
        found[members["VisualId"]] = title if title and "<" not in title else kind
    return found


def drawn(scope: Scope, definition: Members, asked: dict[str, str], state: Members) -> Members:
    """One element of a sheet with its titles."""
    sheet = sheet_of(definition, asked["sheet"])
    seen = viewing(scope, definition, state.get("parameters") or {}, state.get("filters") or {})
    for box in sheet.get("TextBoxes") or []:
        if box["SheetTextBoxId"] == asked["element"]:
            return {"html": html_of(box.get("Content") or "", _said(seen.parameters))}
    place = visual(definition, asked["sheet"], asked["element"])
    if place is None:
        return {"refused": REFUSED.format(f"Element {asked['element']}")}
    return _titled(place, seen.parameters) | _drawing(seen, place)


def _drawing(seen: Any, place: VisualPlace) -> Members:
    made = draw(seen, place)
    if made.refused:
        return {"refused": made.refused}
    shown: Members = {"spec": made.spec} if made.spec else {"html": made.html}
    return shown | {"notes": list(dict.fromkeys(made.notes))}


def _titled(place: VisualPlace, parameters: Any) -> Members:
    said = _said(parameters)
    return {
        "title": html_of(title_text(place.members.get("Title")), said),
        "subtitle": html_of(title_text(place.members.get("Subtitle")), said),
    }


def _said(parameters: Any) -> dict[str, Any]:
    """Parameters as titles say them: a moment by its day."""
    return {
        name: value.date().isoformat() if hasattr(value, "date") else value
        for name, value in parameters.items()
    }
