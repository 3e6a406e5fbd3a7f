"""Pages of Glacier's lists: a limit in the query, and a marker that names what comes next."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from emulation.services.glacier.errors import invalid
from emulation.services.glacier.store import Members

MOST = 50


def page[Item](
    request: Mapping[str, Any],
    items: Sequence[Item],
    name: Callable[[Item], str],
    most: int = MOST,
) -> tuple[list[Item], Members]:
    """The items that a request asks for, and the marker: None behind the last."""
    start = 0
    if marker := request.get("marker"):
        places = [place for place, item in enumerate(items) if name(item) == marker]
        if not places:
            raise invalid(f"Invalid marker: {marker}")
        start = places[0]
    end = start + limit(request.get("limit"), most)
    following = name(items[end]) if end < len(items) else None
    return list(items[start:end]), {"Marker": following}


def limit(asked: str | None, most: int) -> int:
    """How many a page may hold."""
    if asked is None:
        return most
    if not asked.isascii() or not asked.isdigit() or not 1 <= int(asked) <= MOST:
        raise invalid(f"Invalid limit: {asked}")
    return int(asked)
