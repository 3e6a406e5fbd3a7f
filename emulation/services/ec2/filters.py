"""Filters of the Describe operations: values may hold `*` and `?`; all filters must match."""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache

from emulation.services.ec2.errors import invalid_value
from emulation.services.ec2.store import Members

Reader = Callable[[Members], Iterable[object]]
"""The values that a described thing has for a filter."""


def matching(
    things: Iterable[Members], filters: Iterable[Members] | None, readers: Mapping[str, Reader]
) -> list[Members]:
    """The things that match every filter.

    Raises:
        CommonServiceException: there is no such filter.
    """
    wanted = [(reader(str(item.get("Name")), readers), patterns(item)) for item in filters or []]
    return [
        thing
        for thing in things
        if all(any(map(match, map(str, read(thing)))) for read, match in wanted)
    ]


def reader(name: str, readers: Mapping[str, Reader]) -> Reader:
    """How to read what a filter asks for; tags are the same everywhere."""
    if name.startswith("tag:"):
        key = name.removeprefix("tag:")
        return lambda thing: [t["Value"] for t in thing.get("Tags", ()) if t["Key"] == key]
    if name == "tag-key":
        return lambda thing: [tag["Key"] for tag in thing.get("Tags", ())]
    if name not in readers:
        raise invalid_value(f"The filter '{name}' is invalid")
    return readers[name]


def patterns(item: Members) -> Callable[[str], bool]:
    """Whether a value is one that a filter names."""
    compiled = [pattern(str(value)) for value in item.get("Values") or []]
    return lambda value: any(found.fullmatch(value) for found in compiled)


@cache
def pattern(value: str) -> re.Pattern[str]:
    """A filter's value; a backslash takes a wildcard's meaning away."""
    parts = re.findall(r"\\.|.", value, re.DOTALL)
    return re.compile(
        "".join({"*": ".*", "?": "."}.get(part, re.escape(part[-1])) for part in parts), re.DOTALL
    )


def member(*names: str) -> Reader:
    """The value below these names; nothing where one of them is missing."""

    def read(thing: Members) -> list[object]:
        found: object = thing
        for name in names:
            found = found.get(name) if isinstance(found, dict) else None
        return [] if found is None else [str(found).lower() if isinstance(found, bool) else found]

    return read


def each(listed: str, name: str) -> Reader:
    """The value of every item of a list."""
    return lambda thing: [item[name] for item in thing.get(listed, ()) if name in item]
