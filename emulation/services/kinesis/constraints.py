"""The constraints that botocore's model declares, checked in AWS's words.

boto3 checks few of them before it sends, and other clients none.
"""

import re
from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import Any

from botocore.model import OperationModel

from emulation.services.kinesis import errors

MAX_ERRORS = 10


def check(operation: OperationModel, request: dict[str, Any], *, skip: str = "") -> None:
    """Refuse a request outside of its constraints; the member `skip` is checked elsewhere."""
    found = list(islice(_structure(operation.input_shape, request, "", skip), MAX_ERRORS))
    if found:
        plural = "s" if len(found) > 1 else ""
        raise errors.validation(
            f"{len(found)} validation error{plural} detected: {'; '.join(found)}"
        )


def _structure(shape: Any, value: dict[str, Any], path: str, skip: str = "") -> Iterator[str]:
    for name, member in shape.members.items():
        place = f"{path}{name[0].lower()}{name[1:]}"
        if value.get(name) is None:
            if name in shape.required_members:
                yield from _missing(place)
        elif name != skip:
            yield from _value(member, value[name], place)


def _missing(place: str) -> Iterator[str]:
    yield f"Value null at '{place}' failed to satisfy constraint: Member must not be null"


def check_text(value: Any) -> None:
    """Refuse what is no text: the parser lets it pass, and half of a surrogate pair too."""
    if not isinstance(value, str):
        raise errors.serialization(f"{type(value).__name__} can not be converted to an String")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise errors.serialization("Invalid UTF-8 in a String") from None


def _value(shape: Any, value: Any, place: str) -> Iterator[str]:
    if shape.type_name == "string":
        check_text(value)
    for constraint in _violated(shape, value):
        shown = "" if shape.type_name in {"list", "blob", "map"} else f"'{value}' "
        yield f"Value {shown}at '{place}' failed to satisfy constraint: {constraint}"
    if shape.type_name == "structure":
        yield from _structure(shape, value, f"{place}.")
    elif shape.type_name == "list":
        for number, item in enumerate(value, 1):
            yield from _value(shape.member, item, f"{place}.{number}.member")
    elif shape.type_name == "map":
        for key, item in value.items():
            yield from _value(shape.key, key, f"{place}.{key}.key")
            yield from _value(shape.value, item, f"{place}.{key}.member")


def _violated(shape: Any, value: Any) -> Iterator[str]:
    rules = shape.metadata
    sized = "length" if hasattr(value, "__len__") else "value"
    amount = len(value) if sized == "length" else value
    if "max" in rules and amount > rules["max"]:
        yield f"Member must have {sized} less than or equal to {rules['max']}"
    if "min" in rules and amount < rules["min"]:
        yield f"Member must have {sized} greater than or equal to {rules['min']}"
    if rules.get("enum") and value not in rules["enum"]:
        yield f"Member must satisfy enum value set: [{', '.join(rules['enum'])}]"
    if "pattern" in rules and not _pattern(rules["pattern"]).fullmatch(value):
        yield f"Member must satisfy regular expression pattern: {rules['pattern']}"


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)
