"""Requests as columns of values; what the contract does not allow is refused by its name."""

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from models.container.answers import RequestRefusedError
from pipeline.contracts.features import FEATURE_NAMES, FEATURES, TEXT, WHOLE, Column

Rows = dict[str, list[Any]]
"""The values of each feature; empty when there is no row."""

WORDS = {TEXT: "a text", WHOLE: "a whole number"}


def read_json(body: str) -> Rows:
    """`{"instances": [{...}, ...]}`."""
    try:
        request = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise RequestRefusedError(f"the body is not JSON: {error}") from error
    if not isinstance(request, dict) or request.keys() != {"instances"}:
        raise RequestRefusedError('the body must be {"instances": [...]} and nothing else')
    if not isinstance(request["instances"], list):
        raise RequestRefusedError("instances must be a list of objects")
    return _columns([_instance(item, at) for at, item in enumerate(request["instances"])])


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is not a JSON number; null is unknown")


def _instance(item: Any, at: int) -> list[Any]:
    if not isinstance(item, Mapping):
        raise RequestRefusedError(f"instances[{at}] must be an object")
    unknown = sorted(item.keys() - set(FEATURE_NAMES))
    if unknown:
        raise RequestRefusedError(f"instances[{at}] has an unknown field {unknown[0]}")
    return [_checked(column, item.get(column.name), f"instances[{at}]") for column in FEATURES]


def _checked(column: Column, value: Any, where: str) -> Any:
    if value is None or _fits(column, value):
        return value
    shown = json.dumps(value)[:80]
    wanted = WORDS.get(column.type, "a number")
    raise RequestRefusedError(f"{where}: {column.name} must be {wanted} or null, not {shown}")


def _fits(column: Column, value: Any) -> bool:
    if column.type == TEXT:
        return isinstance(value, str)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return _is_float(value) and (column.type != WHOLE or value == int(value))


def _is_float(value: float) -> bool:
    """JSON has whole numbers of any length; the model has 64 bits."""
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def read_csv(body: str) -> Rows:
    """The features in the contract's order, without a header."""
    try:
        lines = list(csv.reader(io.StringIO(body), strict=True))
    except csv.Error as error:
        raise RequestRefusedError(f"the body is not CSV: {error}") from error
    return _columns([_line(line, at) for at, line in enumerate(lines, start=1) if line])


def _line(cells: Sequence[str], at: int) -> list[Any]:
    if len(cells) != len(FEATURES):
        sentence = f"line {at} has {len(cells)} values, the features are {len(FEATURES)}"
        raise RequestRefusedError(sentence)
    pairs = zip(FEATURES, cells, strict=True)
    return [_checked(column, _cell(column, cell), f"line {at}") for column, cell in pairs]


def _cell(column: Column, cell: str) -> Any:
    if cell == "":
        return None
    if column.type == TEXT:
        return cell
    try:
        return float(cell)
    except ValueError:
        return cell


def _columns(rows: Iterable[Sequence[Any]]) -> Rows:
    return {
        name: list(values)
        for name, values in zip(FEATURE_NAMES, zip(*rows, strict=True), strict=False)
    }
