"""Finding one's way in a definition: its sheets, visuals, fields and data sets."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from emulation.compute.visuals.errors import Mismatch

Members = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class VisualPlace:
    """A visual and the sheet that it stands on."""

    sheet: str
    kind: str
    """`KPIVisual`, `LineChartVisual` ..."""
    members: Members

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.members["VisualId"])


def sheets(definition: Members) -> list[Members]:
    """The sheets in their order."""
    return list(definition.get("Sheets") or [])


def visuals(definition: Members) -> Iterator[VisualPlace]:
    """Every visual of every sheet."""
    for sheet in sheets(definition):
        for one in sheet.get("Visuals") or []:
            ((kind, members),) = one.items()
            yield VisualPlace(sheet["SheetId"], kind, members)


def visual(definition: Members, sheet: str, identifier: str) -> VisualPlace | None:
    """One visual of a sheet."""
    for place in visuals(definition):
        if (place.sheet, place.id) == (sheet, identifier):
            return place
    return None


def data_set_arns(definition: Members) -> dict[str, str]:
    """The data sets' ARNs by the names that the definition gives them."""
    return {
        one["Identifier"]: one["DataSetArn"]
        for one in definition.get("DataSetIdentifierDeclarations") or []
    }


def calculated_fields(definition: Members, identifier: str) -> dict[str, str]:
    """The expressions of a data set's calculated fields by name."""
    return {
        one["Name"]: one["Expression"]
        for one in definition.get("CalculatedFields") or []
        if one["DataSetIdentifier"] == identifier
    }


def filters(definition: Members) -> Iterator[tuple[Members, str, Members]]:
    """Each filter: its group, its kind, and what it says."""
    for group in definition.get("FilterGroups") or []:
        for one in group["Filters"]:
            ((kind, given),) = one.items()
            yield group, kind, given


def columns_in(part: Any) -> Iterator[Members]:
    """Every column identifier anywhere in a part of a definition."""
    if isinstance(part, Mapping):
        if set(part) >= {"DataSetIdentifier", "ColumnName"}:
            yield part
        for value in part.values():
            yield from columns_in(value)
    elif isinstance(part, list):
        for value in part:
            yield from columns_in(value)


def identifier_of(definition: Members, members: Members) -> str:
    """The data set that a visual reads.

    Raises:
        Mismatch: it reads none, or more than one.
    """
    wells = (members.get("ChartConfiguration") or {}).get("FieldWells") or {}
    found = {column["DataSetIdentifier"] for column in columns_in(wells)}
    known = data_set_arns(definition)
    if not found and len(known) == 1:
        return next(iter(known))
    if len(found) != 1:
        raise Mismatch("A visual reads exactly one data set.")
    return str(found.pop())


def title_text(part: Members | None) -> str:
    """The plain text of a title or subtitle; nothing when it is hidden or not there."""
    if not part or part.get("Visibility") == "HIDDEN":
        return ""
    text = part.get("FormatText") or {}
    return str(text.get("PlainText") or text.get("RichText") or "")
