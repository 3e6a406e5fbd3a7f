"""What all List operations share: filters, order, pages."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from emulation.services.paging import page
from emulation.services.sagemaker.errors import invalid_token
from emulation.services.sagemaker.store import Members

PAGE_SIZE = 10


def list_page(
    request: Members,
    summaries: Iterable[Members],
    noun: str,
    *,
    newest_first: bool,
    name: str | None = None,
) -> tuple[list[Members], Members]:
    """One page of summaries, and `NextToken` where there is more.

    `noun` is the prefix of the members, as in `EndpointName` and `EndpointStatus`; `name` is the
    member that has the name, where it is another.
    """
    name = name or f"{noun}Name"
    by = request.get("SortBy", "CreationTime")
    member = by if by.endswith("Time") else f"{noun}{by}"

    def place(item: Members) -> tuple[Any, str]:
        return item.get(member), item[name]

    default = "Descending" if newest_first else "Ascending"
    matching = sorted(
        (item for item in summaries if _matches(request, item, noun, name)),
        key=place,
        reverse=request.get("SortOrder", default) == "Descending",
    )
    return page(request, matching, invalid_token(), size=PAGE_SIZE)


def _matches(request: Members, item: Members, noun: str, name: str) -> bool:
    wanted_status = request.get("StatusEquals")
    return (
        request.get("NameContains", "").lower() in item[name].lower()
        and wanted_status in {None, item.get(f"{noun}Status")}
        and _in_time(request, item, "CreationTime")
        and _in_time(request, item, "LastModifiedTime")
        and _in_time(request, item, "ScheduledTime")
    )


def _in_time(request: Members, item: Members, name: str) -> bool:
    after: datetime | None = request.get(f"{name}After")
    before: datetime | None = request.get(f"{name}Before")
    time = item.get(name)
    if time is None:
        return True
    return (after is None or _in_utc(after) <= time) and (before is None or time <= _in_utc(before))


def _in_utc(time: datetime) -> datetime:
    """Times without a zone are UTC."""
    return time if time.tzinfo else time.replace(tzinfo=UTC)
