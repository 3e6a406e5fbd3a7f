"""What Glue knows: AWS-shaped records by name, plain data that can be written to disk.

Names of databases and tables are kept in lower case, as Glue does. `LOCK` is held while a record is
read and changed; the work itself - processes, crawls - is never in here.
"""

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from localstack.aws.api import RequestContext
from localstack.services.stores import AccountRegionBundle, BaseStore, LocalAttribute

Record = dict[str, Any]
"""A structure as the API answers it."""

LOCK = threading.RLock()


@dataclass
class Table:
    """A table, its former versions and its partitions, by their values."""

    record: Record
    versions: list[Record] = field(default_factory=list)
    partitions: dict[tuple[str, ...], Record] = field(default_factory=dict)


@dataclass
class Database:
    """A database and its tables."""

    record: Record
    tables: dict[str, Table] = field(default_factory=dict)


@dataclass
class Job:
    """A job and its runs, the latest last."""

    record: Record
    runs: dict[str, Record] = field(default_factory=dict)


@dataclass
class PastCrawl:
    """A crawl that has ended, and how many tables it created, updated and deleted."""

    record: Record
    counts: tuple[int, int, int]


@dataclass
class Crawler:
    """A crawler, the start of its latest crawl, and those that have ended."""

    record: Record
    started: datetime | None = None
    crawls: list[PastCrawl] = field(default_factory=list)


class GlueStore(BaseStore):
    """The records of one account in one region."""

    databases: dict[str, Database] = LocalAttribute(default=dict)
    crawlers: dict[str, Crawler] = LocalAttribute(default=dict)
    jobs: dict[str, Job] = LocalAttribute(default=dict)
    tags: dict[str, dict[str, str]] = LocalAttribute(default=dict)


STORES: AccountRegionBundle[GlueStore] = AccountRegionBundle("glue", GlueStore)


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose records: an account in a region."""

    account: str
    region: str

    @property
    def store(self) -> GlueStore:
        """Its records."""
        store: GlueStore = STORES[self.account][self.region]
        return store

    def arn(self, resource: str) -> str:
        """The name of a resource for tags and policies."""
        return f"arn:aws:glue:{self.region}:{self.account}:{resource}"


def scope_of(context: RequestContext) -> Scope:
    """Whose request it is."""
    return Scope(context.account_id, context.region)


def now() -> datetime:
    """The time that records carry; the API tells milliseconds."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def pick(request: Any, *names: str) -> Record:
    """Those of the request's members that it has."""
    return {name: request[name] for name in names if request.get(name) is not None}
