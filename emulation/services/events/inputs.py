"""What a target gets of an event: all of it, a constant, a part of it, or a filled template.

The result is a text. As on AWS, a template is an object or lines of strings; a value in a string is
put there as it reads, elsewhere as JSON, and what is no JSON afterwards is not delivered.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

Event = dict[str, Any]

PLACEHOLDER = re.compile(r"<([^<>\s]+)>")
SEGMENT = re.compile(r"\.([^.\[\]]+)|\[(\d+|\*|'[^']*'|\"[^\"]*\")\]")
PREDEFINED = {
    "aws.events.rule-arn",
    "aws.events.rule-name",
    "aws.events.event.ingestion-time",
    "aws.events.event",
    "aws.events.event.json",
}


class InputError(Exception):
    """What is asked for is no input, or cannot be made of this event."""


def dumped(value: Any) -> str:
    """JSON as AWS writes it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def check(target: Mapping[str, Any]) -> None:
    """Check what a target says of its input.

    Raises:
        InputError: with AWS's message.
    """
    name = target.get("Id", "")
    given = [key for key in ("Input", "InputPath", "InputTransformer") if target.get(key)]
    if len(given) > 1:
        raise InputError(
            f"Only one of Input, InputPath, or InputTransformer must be provided for target {name}."
        )
    for key in given:
        CHECKS[key](name, target[key])


def _check_constant(name: str, text: str) -> None:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        place = f'[Source: (String)"{text}"; line: {error.lineno}, column: {error.colno}]'
        raise InputError(f"JSON syntax error in input for target {name}: {place}") from error


def _check_path(name: str, path: str) -> None:
    try:
        segments(path)
    except InputError as error:
        raise InputError(f"InputPath for target {name} is invalid.") from error


def _check_transformer(name: str, transformer: Mapping[str, Any]) -> None:
    paths = transformer.get("InputPathsMap") or {}
    for variable, path in paths.items():
        if variable.startswith("AWS."):
            raise InputError(f"InputPathsMap for target {name} contains invalid key {variable}.")
        _check_path(name, path)
    for variable in PLACEHOLDER.findall(transformer["InputTemplate"]):
        if variable not in paths and variable not in PREDEFINED:
            raise InputError(
                f"InputTemplate for target {name} contains invalid placeholder {variable}."
            )


CHECKS: dict[str, Callable[[str, Any], None]] = {
    "Input": _check_constant,
    "InputPath": _check_path,
    "InputTransformer": _check_transformer,
}


def text_for(target: Mapping[str, Any], event: Event, rule_arn: str, rule_name: str) -> str:
    """What the target gets.

    Raises:
        InputError: the filled template is no JSON.
    """
    if constant := target.get("Input"):
        return str(constant)
    if path := target.get("InputPath"):
        return dumped(found_at(event, path))
    if transformer := target.get("InputTransformer"):
        return _filled(transformer, event, rule_arn, rule_name)
    return dumped(event)


def segments(path: str) -> list[str | int]:
    """The steps of a JSON path: `$.detail['a'].b[0]`, where `[*]` means each.

    Raises:
        InputError: it is none.
    """
    if not path.startswith("$"):
        raise InputError(path)
    steps: list[str | int] = []
    at = 1
    while at < len(path):
        found = SEGMENT.match(path, at)
        if found is None:
            raise InputError(path)
        inner = found[1] or found[2].strip("'\"")
        steps.append(int(inner) if found[2] and inner.isdigit() else inner)
        at = found.end()
    return steps


def found_at(value: Any, path: str) -> Any:
    """The value at a path, None where there is none."""
    return _walk(value, segments(path))


def _walk(value: Any, steps: list[str | int]) -> Any:
    for at, step in enumerate(steps):
        if step == "*" and isinstance(value, list):
            return [_walk(item, steps[at + 1 :]) for item in value]
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and step < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def _filled(transformer: Mapping[str, Any], event: Event, rule_arn: str, rule_name: str) -> str:
    template = transformer["InputTemplate"]
    values = _predefined(event, rule_arn, rule_name) | {
        variable: found_at(event, path)
        for variable, path in (transformer.get("InputPathsMap") or {}).items()
    }
    is_object = template.lstrip().startswith(("{", "["))
    text = "".join(_pieces(template, values, is_object=is_object))
    _check_filled(text, is_object=is_object)
    return text


def _predefined(event: Event, rule_arn: str, rule_name: str) -> dict[str, Any]:
    without = {
        ("detailType" if name == "detail-type" else name): value
        for name, value in event.items()
        if name != "detail"
    }
    return {
        "aws.events.rule-arn": rule_arn,
        "aws.events.rule-name": rule_name,
        "aws.events.event.ingestion-time": event.get("time", ""),
        "aws.events.event": without,
        "aws.events.event.json": event,
    }


def _pieces(template: str, values: Mapping[str, Any], *, is_object: bool) -> list[str]:
    """The template cut at its placeholders, these filled."""
    pieces, last, quoted = [], 0, False
    for found in PLACEHOLDER.finditer(template):
        before = template[last : found.start()]
        quoted ^= _quotes(before) % 2 == 1
        value = values.get(found[1], "")
        pieces += [before, _written("" if value is None else value, quoted, is_object)]
        last = found.end()
    return [*pieces, template[last:]]


def _quotes(text: str) -> int:
    """How many quotes open or close a string in it."""
    return len(re.findall(r'(?<!\\)(?:\\\\)*"', text))


def _written(value: Any, quoted: bool, is_object: bool) -> str:
    if not quoted:
        return dumped(value)
    if isinstance(value, str):
        return dumped(value)[1:-1]
    return dumped(value) if is_object else dumped(value).replace('"', "")


def _check_filled(text: str, *, is_object: bool) -> None:
    """JSON as a whole, or line by line."""
    for part in [text] if is_object else text.splitlines():
        try:
            json.loads(part)
        except json.JSONDecodeError as error:
            raise InputError(f"The input is not valid JSON: {error}") from error
