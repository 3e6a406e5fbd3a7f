"""What CloudWatch keeps: metrics in one file; alarms, their history, dashboards, detectors and tags
in another. Everything is on disk before it is answered, for alarms change in threads.
"""

import json
import sqlite3
import threading
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from emulation.compute.metrics.alarm_states import INSUFFICIENT
from emulation.compute.metrics.database import Database
from emulation.services.scope import Scope
from emulation.settings import settings

Members = dict[str, Any]
"""A part of a request or an answer, as the API spells it."""

LOCK = threading.RLock()
"""Held while alarms are read to be changed."""

HISTORY_KEPT = 14 * 86_400

SCHEMA = """
CREATE TABLE IF NOT EXISTS things (
    kind TEXT, account TEXT, region TEXT, name TEXT, document TEXT,
    PRIMARY KEY (kind, account, region, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS history (
    id INTEGER PRIMARY KEY, account TEXT, region TEXT, alarm TEXT, composite INTEGER, type TEXT,
    time REAL, summary TEXT, data TEXT);
CREATE INDEX IF NOT EXISTS history_of_alarm ON history (account, region, alarm, time);
"""


def everywhere(scope: Scope) -> Scope:
    """An account without a region, where its dashboards are."""
    return replace(scope, region="")


@dataclass
class Alarm:
    """A metric or composite alarm; times in s since 1970."""

    name: str
    account: str
    region: str
    partition: str
    composite: bool
    request: Members
    """What it was put with, its defaults filled in."""
    configured: float
    state: str = INSUFFICIENT
    reason: str = "Unchecked: Initial alarm creation"
    reason_data: str | None = None
    updated: float = 0.0
    transitioned: float = 0.0
    evaluation_state: str | None = None
    suppression: Members | None = None
    """Of a composite alarm whose actions wait: `by`, `until`, `since` (its state before)."""

    @property
    def scope(self) -> Scope:
        """Whose it is."""
        return Scope(self.account, self.region, self.partition)

    @property
    def arn(self) -> str:
        """Its ARN."""
        return self.scope.arn("cloudwatch", f"alarm:{self.name}")

    @property
    def kind(self) -> str:
        """The type as the API has it."""
        return "CompositeAlarm" if self.composite else "MetricAlarm"


@dataclass(frozen=True, slots=True)
class HistoryItem:
    """Something that has happened to an alarm."""

    alarm: str
    composite: bool
    type: str
    time: float
    summary: str
    data: str


@dataclass
class Shelf:
    """The things of one kind by account, region and name, in memory and on disk."""

    kind: str
    store: "Store"
    things: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    def of(self, scope: Scope) -> dict[str, Any]:
        """The things of an account and region by name, in the order of the names."""
        with LOCK:
            return dict(sorted(self.things.get((scope.account, scope.region), {}).items()))

    def get(self, scope: Scope, name: str) -> Any:
        """One thing; None where there is none."""
        return self.things.get((scope.account, scope.region), {}).get(name)

    def everywhere(self) -> list[tuple[tuple[str, str], dict[str, Any]]]:
        """The things of all accounts and regions."""
        with LOCK:
            return [(place, dict(things)) for place, things in self.things.items()]

    def put(self, scope: Scope, name: str, thing: Any) -> None:
        """Keep a thing."""
        with LOCK:
            self.things.setdefault((scope.account, scope.region), {})[name] = thing
            document = json.dumps(asdict(thing) if isinstance(thing, Alarm) else thing)
            self.store.execute(
                "INSERT OR REPLACE INTO things VALUES (?, ?, ?, ?, ?)",
                (self.kind, scope.account, scope.region, name, document),
            )

    def remove(self, scope: Scope, name: str) -> Any:
        """Forget a thing; what it was."""
        with LOCK:
            self.store.execute(
                "DELETE FROM things WHERE kind = ? AND account = ? AND region = ? AND name = ?",
                (self.kind, scope.account, scope.region, name),
            )
            return self.things.get((scope.account, scope.region), {}).pop(name, None)


def is_kept(alarm: Alarm) -> bool:
    """Whether this is an alarm still: it is neither deleted nor put anew."""
    return store().alarms.get(alarm.scope, alarm.name) is alarm


class Store:
    """The file of everything but metrics."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.executescript(SCHEMA)
        self.alarms = Shelf("alarm", self)
        self.dashboards = Shelf("dashboard", self)
        self.detectors = Shelf("detector", self)
        self.tags = Shelf("tags", self)
        self._load()

    def _load(self) -> None:
        shelves = {
            shelf.kind: shelf for shelf in (self.alarms, self.dashboards, self.detectors, self.tags)
        }
        for kind, account, region, name, document in self.execute("SELECT * FROM things"):
            thing = json.loads(document)
            place = shelves[kind].things.setdefault((account, region), {})
            place[name] = Alarm(**thing) if kind == "alarm" else thing

    def execute(self, query: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Run a statement, with its rows."""
        with LOCK:
            return self._connection.execute(query, values).fetchall()

    def close(self) -> None:
        """Close the file."""
        with LOCK:
            self._connection.close()

    def happened(self, alarm: Alarm, item: HistoryItem) -> None:
        """Note something in an alarm's history, which outlives the alarm."""
        self.execute(
            "INSERT INTO history (account, region, alarm, composite, type, time, summary, data) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (alarm.account, alarm.region, item.alarm, item.composite, item.type, item.time)
            + (item.summary, item.data),
        )
        self.execute("DELETE FROM history WHERE time < ?", (item.time - HISTORY_KEPT,))

    def history(self, scope: Scope, name: str | None) -> list[HistoryItem]:
        """What has happened to the alarms of an account and region, or to one; oldest first."""
        rows = self.execute(
            "SELECT alarm, composite, type, time, summary, data FROM history "
            "WHERE account = ? AND region = ? AND (? IS NULL OR alarm = ?) ORDER BY time, id",
            (scope.account, scope.region, name, name),
        )
        return [HistoryItem(row[0], bool(row[1]), *row[2:]) for row in rows]


class Stores:
    """Both files, opened when somebody first asks."""

    def __init__(self) -> None:
        self._opened: tuple[Store, Database] | None = None

    def _open(self) -> tuple[Store, Database]:
        with LOCK:
            if self._opened is None:
                # A service with a folder here is loaded when the emulator starts.
                settings().folder("services", "cloudwatch")
                folder = settings().folder("cloudwatch")
                self._opened = Store(folder / "alarms.db"), Database(folder / "metrics.db")
            return self._opened

    @property
    def store(self) -> Store:
        """Alarms and the like."""
        return self._open()[0]

    @property
    def database(self) -> Database:
        """Metrics."""
        return self._open()[1]


STORES = Stores()
"""The emulator's one pair."""


def store() -> Store:
    """Alarms and the like."""
    return STORES.store


def database() -> Database:
    """Metrics."""
    return STORES.database
