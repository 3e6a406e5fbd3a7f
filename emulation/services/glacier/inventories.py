"""What a vault holds, as a document: JSON or CSV, whole or a range of it."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from emulation.services.glacier.errors import invalid
from emulation.services.glacier.store import Members, Vault, moment, text

FIELDS = ("ArchiveId", "ArchiveDescription", "CreationDate", "Size", "SHA256TreeHash")


def check(asked: Mapping[str, Any]) -> Members:
    """The range that a request wants, checked."""
    for name in ("StartDate", "EndDate"):
        if asked.get(name):
            seconds(asked[name])
    limit = asked.get("Limit")
    if limit is not None and not (limit.isascii() and limit.isdigit() and int(limit) > 0):
        raise invalid(f"Invalid limit: {limit}")
    return {name: value for name, value in asked.items() if value is not None}


def seconds(date: str) -> float:
    """A date of a request, in s since 1970."""
    try:
        found = datetime.fromisoformat(date)
    except ValueError as error:
        raise invalid(f"Invalid date: {date}") from error
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def written(vault: Vault, asked: Members, form: str) -> tuple[bytes, str | None]:
    """The document, and where the next begins when it is not whole."""
    found = [item for item in listed(vault) if is_wanted(item, asked)]
    if marker := asked.get("Marker"):
        places = [at for at, item in enumerate(found) if item["ArchiveId"] == marker]
        found = found[places[0] :] if places else []
    most = int(asked.get("Limit") or len(found))
    following = found[most]["ArchiveId"] if most < len(found) else None
    return (csv if form == "CSV" else document)(vault, found[:most]), following


def listed(vault: Vault) -> list[Members]:
    """Every archive, the oldest first."""
    records = sorted(vault.archives.items(), key=lambda item: (item[1]["created"], item[0]))
    return [
        {
            "ArchiveId": name,
            "ArchiveDescription": record["description"],
            "CreationDate": text(record["created"]),
            "Size": record["size"],
            "SHA256TreeHash": record["tree_hash"],
        }
        for name, record in records
    ]


def is_wanted(item: Members, asked: Members) -> bool:
    """Whether an archive was made in the range of dates."""
    made = seconds(item["CreationDate"])
    start, end = asked.get("StartDate"), asked.get("EndDate")
    return (not start or made >= seconds(start)) and (not end or made < seconds(end))


def document(vault: Vault, items: list[Members]) -> bytes:
    """As JSON."""
    date = text(vault.record.get("inventory") or moment())
    body = {"VaultARN": vault.arn, "InventoryDate": date, "ArchiveList": items}
    return json.dumps(body).encode()


def csv(_: Vault, items: list[Members]) -> bytes:
    """As CSV; quotes in descriptions are escaped by a backslash, as AWS does it."""
    lines = [",".join(FIELDS)]
    lines += [",".join(cell(item[name]) for name in FIELDS) for item in items]
    return "".join(f"{line}\r\n" for line in lines).encode()


def cell(value: Any) -> str:
    """One value; texts are quoted."""
    if isinstance(value, int):
        return str(value)
    escaped = str(value).replace('"', '\\"')
    return f'"{escaped}"'
