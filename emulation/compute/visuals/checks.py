"""What is wrong with a definition before anybody looks at it, in the types that AWS has for it.

Everything is compiled and nothing is run. What is valid and only not drawn here is no error: the
page says so in the visual's place.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from emulation.compute.visuals import parameters
from emulation.compute.visuals.compiled import Level
from emulation.compute.visuals.definition import (
    VisualPlace,
    calculated_fields,
    data_set_arns,
    filters,
    visuals,
)
from emulation.compute.visuals.drawing.draw import KINDS
from emulation.compute.visuals.errors import (
    Mismatch,
    MissingColumn,
    MissingParameter,
    NotDrawn,
    VisualError,
)
from emulation.compute.visuals.visual import Viewing, Visual

Members = Mapping[str, Any]
TYPES: dict[type[VisualError], str] = {
    MissingColumn: "COLUMN_REPLACEMENT_MISSING",
    MissingParameter: "PARAMETER_NOT_FOUND",
    Mismatch: "COLUMN_TYPE_MISMATCH",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """A mistake: AWS's type of it, a sentence, and where it is."""

    type: str
    message: str
    path: str


def findings(viewing: Viewing, missing: Mapping[str, str]) -> list[Finding]:
    """All mistakes; `missing` are the ARNs of data sets that are not there, by their names here."""
    found = [
        Finding("DATA_SET_NOT_FOUND", f"Data set {arn} does not exist.", f"data-set/{name}")
        for name, arn in missing.items()
    ]
    found += [
        Finding("PARAMETER_TYPE_INVALID", str(mistake), f"parameter/{name}")
        for name, mistake in parameters.check(viewing.definition)
    ]
    for path, error in _mistakes(viewing, missing):
        if not isinstance(error, NotDrawn):
            kind = TYPES.get(type(error), "INTERNAL_FAILURE")
            found.append(Finding(kind, _sentence(error, viewing), path))
    return list(dict.fromkeys(found))


def _sentence(error: VisualError, viewing: Viewing) -> str:
    if isinstance(error, MissingColumn):
        arns = ", ".join(f"'{arn}'" for arn in data_set_arns(viewing.definition).values())
        return f"Required column '{error.name}' is missing in data set {arns}"
    return str(error)


def _mistakes(viewing: Viewing, missing: Mapping[str, str]) -> Iterator[tuple[str, VisualError]]:
    for identifier in viewing.identifiers:
        if identifier in missing:
            continue
        compiler = viewing.compiler(identifier)
        for name in calculated_fields(viewing.definition, identifier):
            try:
                compiler.column(name)
            except VisualError as mistake:
                # What names a visual's dimensions is only known there.
                if "are missing in field wells" not in str(mistake):
                    yield f"calculated-field/{name}", mistake
    yield from _filter_mistakes(viewing, missing)
    for place in visuals(viewing.definition):
        for wrong in visual_mistakes(viewing, place, missing):
            yield f"sheet/{place.sheet}/visual/{place.id}", wrong


def _filter_mistakes(
    viewing: Viewing, missing: Mapping[str, str]
) -> Iterator[tuple[str, VisualError]]:
    for group, _, given in filters(viewing.definition):
        path = f"filter-group/{group['FilterGroupId']}/filter/{given['FilterId']}"
        name = given.get("ParameterName")
        if name and name not in viewing.parameters:
            yield path, MissingParameter(name)
        column = given.get("Column")
        if column is None or column["DataSetIdentifier"] in missing:
            continue
        try:
            viewing.compiler(column["DataSetIdentifier"]).column(column["ColumnName"])
        except VisualError as error:
            yield path, error


def visual_mistakes(
    viewing: Viewing, place: VisualPlace, missing: Mapping[str, str]
) -> Iterator[VisualError]:
    """What one visual's own fields get wrong."""
    if place.kind not in KINDS:
        return
    visual = Visual(viewing, place)
    try:
        if visual.identifier in missing:
            return
        for well, fields in visual.wells.items():
            if isinstance(fields, list) and visual.well_kind != "TableUnaggregatedFieldWells":
                visual.fields(well)
            elif isinstance(fields, list):
                _unaggregated(visual, fields)
    except VisualError as error:
        yield error


def _unaggregated(visual: Visual, fields: list[Members]) -> None:
    for one in fields:
        if visual.compiler.column(one["Column"]["ColumnName"]).level > Level.ROW:
            raise Mismatch(f"{one['Column']['ColumnName']} is an aggregate.")
