"""The constraints that an API's model declares, checked as AWS's newer front ends do: all of a
request's violations in one message.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from localstack.aws.api import CommonServiceException

JAVA_CLASSES = {r"\p{L}": r"\w", r"\p{Z}": r"\s", r"\p{N}": r"\d"}


def validation_exception(message: str) -> CommonServiceException:
    """What most APIs call it."""
    return CommonServiceException("ValidationException", message, 400, sender_fault=True)


def check(
    operation: OperationModel,
    request: dict[str, Any],
    refused: Callable[[str], CommonServiceException] = validation_exception,
) -> None:
    """Raise what is wrong with the request.

    Raises:
        CommonServiceException: what `refused` makes of the sentence with every violation.
    """
    if operation.input_shape is None:
        return
    found = list(_violations(operation.input_shape, request, ""))
    if found:
        plural = "" if len(found) == 1 else "s"
        raise refused(f"{len(found)} validation error{plural} detected: {'; '.join(found)}")


def _violations(shape: Shape, value: Any, path: str) -> Iterator[str]:
    match shape:
        case StructureShape():
            yield from _structure(shape, value, path)
        case ListShape():
            yield from _size(shape, value, path, len(value))
            for number, item in enumerate(value, start=1):
                yield from _violations(shape.member, item, f"{path}.{number}.member")
        case MapShape():
            yield from _size(shape, value, path, len(value))
            for name, item in value.items():
                yield from _violations(shape.value, item, f"{path}.{name}.member")
        case _ if shape.type_name == "string":
            yield from _string(shape, value, path)
        case _ if shape.type_name in {"integer", "long", "float", "double"}:
            yield from _number(shape, value, path)


def _structure(shape: StructureShape, value: dict[str, Any], path: str) -> Iterator[str]:
    for name, member in shape.members.items():
        place = f"{path}.{_lower(name)}" if path else _lower(name)
        if value.get(name) is not None:
            yield from _violations(member, value[name], place)
        elif name in shape.required_members:
            yield f"Value null at '{place}' failed to satisfy constraint: Member must not be null"


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]


def _size(shape: Shape, value: Any, path: str, size: int) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low:
        yield _violation(value, path, f"Member must have length greater than or equal to {low}")
    if high is not None and size > high:
        yield _violation(value, path, f"Member must have length less than or equal to {high}")


def _string(shape: Shape, value: str, path: str) -> Iterator[str]:
    yield from _size(shape, value, path, len(value))
    values = shape.metadata.get("enum")
    if values and value not in values:
        yield _violation(value, path, f"Member must satisfy enum value set: [{', '.join(values)}]")
    pattern = shape.metadata.get("pattern")
    if pattern and not _matches(pattern, value):
        yield _violation(value, path, f"Member must satisfy regular expression pattern: {pattern}")


def _matches(pattern: str, value: str) -> bool:
    """The model's patterns are Java's, some with a trace of their conversion at the end."""
    pattern = re.sub(r"\$\{\d+,\d+\}$", "", pattern)
    for java, python in JAVA_CLASSES.items():
        pattern = pattern.replace(java, python)
    try:
        return re.fullmatch(pattern, value) is not None
    except re.error:
        # A class that Python lacks: free text, nowhere a name.
        return True


def _number(shape: Shape, value: float, path: str) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and value < low:
        yield _violation(value, path, f"Member must have value greater than or equal to {low}")
    if high is not None and value > high:
        yield _violation(value, path, f"Member must have value less than or equal to {high}")


def _violation(value: object, path: str, constraint: str) -> str:
    return f"Value '{value}' at '{path}' failed to satisfy constraint: {constraint}"
