"""Captured requests and answers, and the truth that came later, as files of JSON lines."""

import base64
import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

Json = dict[str, Any]
Row = list[Any] | Json
"""A record: cells in their order, or by name."""

OUTPUT = "endpointOutput"
INPUT = "endpointInput"


class DataError(Exception):
    """The data cannot be analyzed; the message says why."""


@dataclass(frozen=True, slots=True)
class Capture:
    """One invocation."""

    id: str
    time: datetime
    parts: dict[str, list[Row]]
    """The records of the request and of the answer, by their index names."""


def lines(folder: Path) -> Iterator[tuple[str, Json]]:
    """The lines of all files of a folder, with the name of their file."""
    for path in files(folder):
        for line in path.read_text(errors="replace").splitlines():
            if line.strip():
                try:
                    yield path.name, json.loads(line)
                except ValueError as error:
                    raise DataError(f"{path.name} has a line that is not JSON: {error}") from error


def files(place: Path) -> list[Path]:
    """A file, or all files of a folder."""
    if place.is_file():
        return [place]
    return sorted(path for path in place.rglob("*") if path.is_file())


def captures(
    folder: Path, names: list[str], start: datetime | None, end: datetime | None
) -> Iterator[Capture]:
    """The invocations from `start` on and before `end`."""
    for name, line in lines(folder):
        try:
            told = line["eventMetadata"]
            time = datetime.fromisoformat(told["inferenceTime"])
            data = line["captureData"]
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"{name} has a line that is not a capture: {error!r}") from error
        if (start is None or start <= time) and (end is None or time < end):
            parts = {part: records(data[part], name) for part in names if part in data}
            yield Capture(told.get("inferenceId") or told["eventId"], time, parts)


def records(part: Json, name: str) -> list[Row]:
    """The records of a captured body."""
    match part.get("encoding"):
        case "CSV":
            return [list(row) for row in csv.reader(io.StringIO(part["data"].strip())) if row]
        case "JSON":
            return json_records(part["data"], name)
        case encoding:
            raise DataError(
                f"{name} has a body that was captured as {encoding}: name its content type in the"
                f" CaptureContentTypeHeader. It begins with {beginning(part)!r}."
            )


def beginning(part: Json) -> str:
    """The first characters of a body."""
    try:
        return base64.b64decode(part.get("data", "")).decode()[:40]
    except ValueError:
        return str(part.get("data", ""))[:40]


def json_records(text: str, name: str) -> list[Row]:
    """One document, a list of them, or one a line."""
    try:
        found = json.loads(text)
    except ValueError:
        try:
            found = [json.loads(line) for line in text.splitlines() if line.strip()]
        except ValueError as error:
            raise DataError(f"{name} has a body that is not JSON: {error}") from error
    if isinstance(found, list) and all(isinstance(item, dict | list) for item in found):
        return [item if isinstance(item, list) else flat(item) for item in found]
    return [flat(found) if isinstance(found, dict) else as_list(found)]


def as_list(value: Any) -> list[Any]:
    """A value as a record of cells."""
    return value if isinstance(value, list) else [value]


def flat(value: Json, prefix: str = "") -> Json:
    """A document without depth: `a.b` becomes `a_b`, and items are numbered."""
    found: Json = {}
    for name, item in value.items():
        place = f"{prefix}{name}"
        if isinstance(item, list):
            item = {str(number): one for number, one in enumerate(item)}
        if isinstance(item, dict):
            found |= flat(item, f"{place}_")
        else:
            found[place] = item
    return found


def joined(capture: Capture, source: str = "the captures") -> list[Row]:
    """The records of an invocation: answer first, then what was asked."""
    outputs, inputs = capture.parts.get(OUTPUT), capture.parts.get(INPUT)
    if not outputs or not inputs:
        return outputs or inputs or []
    if len(outputs) == 1 and len(outputs[0]) == len(inputs) > 1 and isinstance(outputs[0], list):
        # Several predictions on one line.
        outputs = [[cell] for cell in outputs[0]]
    if len(outputs) != len(inputs):
        raise DataError(
            f"{source}: invocation {capture.id} has {len(inputs)} records in its request and"
            f" {len(outputs)} in its answer."
        )
    return [together(one, other) for one, other in zip(outputs, inputs, strict=True)]


def together(one: Row, other: Row) -> Row:
    """Two records as one; cells get names where the other has names."""
    if isinstance(one, list) and isinstance(other, list):
        return [*one, *other]
    return {**named(one, "output"), **named(other, "input")}


def named(row: Row, prefix: str) -> Json:
    """A record by name."""
    if isinstance(row, dict):
        return row
    return {f"{prefix}_{number}": cell for number, cell in enumerate(row)}


def truths(folder: Path) -> dict[str, list[Row]]:
    """The truth of each invocation, by its id."""
    found = {}
    for name, line in lines(folder):
        try:
            found[line["eventMetadata"]["eventId"]] = records(line["groundTruthData"], name)
        except (KeyError, TypeError) as error:
            raise DataError(f"{name} has a line that is not a ground truth: {error!r}") from error
    return found
