"""Statements and what became of them: kept for a day, each in a file of its own.

A statement's record is written when it is accepted and when it has ended. So its end is known after
a restart even when the emulator was killed: the warehouse notes committed work in its transaction.
"""

import json
import re
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from localstack.aws.api import RequestContext
from localstack.services.stores import AccountRegionBundle, BaseStore, LocalAttribute

from emulation.settings import settings

Members = dict[str, Any]
"""A part of a request or an answer, as the API spells it."""

ACTIVE = frozenset({"SUBMITTED", "PICKED", "STARTED"})
KEPT = timedelta(hours=24)


def now() -> float:
    """The one clock of this service, in milliseconds as the API's times."""
    return round(datetime.now(UTC).timestamp(), 3)


@dataclass
class Part:
    """One SQL statement of a request."""

    sql: str
    status: str = "SUBMITTED"
    error: str = ""
    rows: int = -1
    size: int = -1
    columns: list[Members] | None = None
    duration_ns: int = -1
    query_id: int = 0
    created: float = field(default_factory=now)
    updated: float = field(default_factory=now)


@dataclass
class Statement:
    """One request for SQL to run."""

    id: str
    account: str
    region: str
    namespace_id: str
    database: str
    target: Members
    """The members that say where it runs, as they were given and are answered."""
    parts: list[Part]
    batch: bool = False
    name: str = ""
    parameters: list[Members] = field(default_factory=list)
    result_format: str = "JSON"
    client_token: str = ""
    status: str = "SUBMITTED"
    error: str = ""
    duration_ns: int = -1
    pid: int = 0
    created: float = field(default_factory=now)
    updated: float = field(default_factory=now)

    @property
    def folder(self) -> Path:
        """Where its record and results are."""
        return settings().folder("statements", self.account, self.region)

    def result_path(self, index: int) -> Path:
        """The file of one part's rows."""
        return self.folder / f"{self.id}.{index + 1}.rows"

    def save(self) -> None:
        """Write the record, whole or not at all."""
        path = self.folder / f"{self.id}.json"
        written = path.with_suffix(".new")
        written.write_text(json.dumps(asdict(self)))
        written.replace(path)

    def forget(self) -> None:
        """Remove its files."""
        for path in self.folder.glob(f"{self.id}.*"):
            path.unlink(missing_ok=True)


def saved(path: Path) -> Statement:
    """A statement from its file."""
    record = json.loads(path.read_text())
    parts = [Part(**part) for part in record.pop("parts")]
    return Statement(**record, parts=parts)


class DataStore(BaseStore):
    """The statements of one account in one region, by id, in the order of their coming."""

    statements: dict[str, Statement] = LocalAttribute(default=dict)


STORES: AccountRegionBundle[DataStore] = AccountRegionBundle(
    "redshift-data", DataStore, validate=False
)
"""Not validated: botocore lists no regions for this service."""


def store_of(context: RequestContext) -> DataStore:
    """The statements that a request means."""
    return STORES[context.account_id][context.region]


def load() -> list[Statement]:
    """Read every statement that is on disk, and drop what is older than a day."""
    loaded = []
    for path in settings().folder("statements").glob("*/*/*.json"):
        if not re.fullmatch(r"[0-9a-f-]{36}", path.stem):
            continue
        statement = saved(path)
        if now() - statement.created > KEPT.total_seconds():
            statement.forget()
        else:
            loaded.append(statement)
    for statement in sorted(loaded, key=lambda one: one.created):
        STORES[statement.account][statement.region].statements[statement.id] = statement
    return loaded


def drop_old(store: DataStore) -> None:
    """Forget the statements that AWS would have forgotten."""
    for statement in list(store.statements.values()):
        if now() - statement.created <= KEPT.total_seconds():
            return
        if statement.status not in ACTIVE:
            statement.forget()
            del store.statements[statement.id]
