"""What all List operations share: filters, order, pages."""

import base64
import binascii
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from emulation.services.sagemaker.errors import validation_exception
from emulation.services.sagemaker.store import Members

DEFAULT_PAGE = 10
SORT_MEMBERS = {"CreationTime": "CreationTime", "LastModifiedTime": "LastModifiedTime"}


def list_page(
    request: Members, summaries: Iterable[Members], noun: str, *, newest_first: bool
) -> tuple[list[Members], Members]:
    """One page of summaries, and `NextToken` where there is more.

    `noun` is the prefix of the members, as in `EndpointName` and `EndpointStatus`.
    """
    matching = [item for item in summaries if _matches(request, item, noun)]
    by = request.get("SortBy", "CreationTime")
    key: Callable[[Members], Any] = lambda item: (  # noqa: E731
        item.get(by if by.endswith("Time") else f"{noun}{by}"),
        item[f"{noun}Name"],
    )
    default = "Descending" if newest_first else "Ascending"
    matching.sort(key=key, reverse=request.get("SortOrder", default) == "Descending")
    return paginate(request, matching)


def paginate(
    request: Members, items: list[Members], default: int = DEFAULT_PAGE
) -> tuple[list[Members], Members]:
    """One page of what is in order already."""
    start = _decode(request.get("NextToken"))
    end = start + request.get("MaxResults", default)
    more = {"NextToken": _encode(end)} if end < len(items) else {}
    return items[start:end], more


def _matches(request: Members, item: Members, noun: str) -> bool:
    wanted_status = request.get("StatusEquals")
    return (
        request.get("NameContains", "").lower() in item[f"{noun}Name"].lower()
        and wanted_status in {None, item.get(f"{noun}Status")}
        and _in_time(request, item, "CreationTime")
        and _in_time(request, item, "LastModifiedTime")
    )


def _in_time(request: Members, item: Members, name: str) -> bool:
    after: datetime | None = request.get(f"{name}After")
    before: datetime | None = request.get(f"{name}Before")
    time = item.get(name)
    if time is None:
        return True
    return (after is None or _same(after) <= time) and (before is None or time <= _same(before))


def _same(time: datetime) -> datetime:
    """Times without a zone are UTC."""
    from datetime import UTC

    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _encode(position: int) -> str:
    return base64.urlsafe_b64encode(f"from:{position}".encode()).decode()


def _decode(token: str | None) -> int:
    if token is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token).decode().removeprefix("from:"))
    except (binascii.Error, ValueError) as error:
        raise validation_exception("Invalid NextToken") from error
