"""What API keys have used of their plans: counted on disk with each request, so that `kill -9`
loses none and a quota is never given twice.

One row a plan, key and day of UTC. What a quota is comes with each request: a plan that changes
counts at once by its new period.
"""

import sqlite3
import threading
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

from emulation.compute.once import once
from emulation.services.apigateway.periods import days, start_of
from emulation.settings import settings

TABLES = """
CREATE TABLE IF NOT EXISTS used (
    plan TEXT, key TEXT, day TEXT, requests INTEGER, PRIMARY KEY (plan, key, day)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS granted (
    plan TEXT, key TEXT, start TEXT, requests INTEGER, PRIMARY KEY (plan, key, start)
) WITHOUT ROWID;
"""
COUNT = """
INSERT INTO used VALUES (?, ?, ?, 1)
ON CONFLICT (plan, key, day) DO UPDATE SET requests = requests + 1
"""
GRANT = """
INSERT INTO granted VALUES (?, ?, ?, ?)
ON CONFLICT (plan, key, start) DO UPDATE SET requests = requests + excluded.requests
"""
UNLIMITED = -1
"""What remains of a plan that has no quota."""


@dataclass(frozen=True, slots=True)
class Quota:
    """So many requests a period; `offset` in days."""

    limit: int
    period: str
    offset: int = 0


class Day(NamedTuple):
    """What was used on a day, and what then remained."""

    used: int
    remaining: int


class UsageFile:
    """The counters; any thread."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._rows = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        # The system writes the pages: a killed process loses nothing, a machine that loses its
        # power may lose the last requests.
        self._rows.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; {TABLES}")

    def take(self, plan: str, key: str, quota: Quota | None, today: date | None = None) -> bool:
        """Count one request, unless the quota is used up."""
        day = today or datetime.now(UTC).date()
        with self._lock:
            if quota and self._left(plan, key, quota, day) < 1:
                return False
            self._rows.execute(COUNT, (plan, key, day.isoformat()))
        return True

    def extend(self, plan: str, key: str, quota: Quota, remaining: int) -> None:
        """Let so much remain of the period of today."""
        day = datetime.now(UTC).date()
        start = start_of(quota.period, quota.offset, day)
        with self._lock:
            more = remaining - self._left(plan, key, quota, day)
            self._rows.execute(GRANT, (plan, key, start.isoformat(), more))

    def history(
        self, plan: str, key: str, quota: Quota | None, first: date, last: date
    ) -> list[Day]:
        """Day by day."""
        with self._lock:
            return [
                Day(
                    self._used(plan, key, day, day),
                    max(0, self._left(plan, key, quota, day)) if quota else UNLIMITED,
                )
                for day in days(first, last)
            ]

    def close(self) -> None:
        """Nothing more is counted."""
        self._rows.close()

    def forget(self, plan: str) -> None:
        """The plan is gone."""
        with self._lock:
            self._rows.execute("DELETE FROM used WHERE plan = ?", (plan,))
            self._rows.execute("DELETE FROM granted WHERE plan = ?", (plan,))

    def _left(self, plan: str, key: str, quota: Quota, day: date) -> int:
        start = start_of(quota.period, quota.offset, day)
        found = self._rows.execute(
            "SELECT requests FROM granted WHERE plan = ? AND key = ? AND start = ?",
            (plan, key, start.isoformat()),
        ).fetchone()
        more: int = found[0] if found else 0
        return quota.limit + more - self._used(plan, key, start, day)

    def _used(self, plan: str, key: str, first: date, last: date) -> int:
        (requests,) = self._rows.execute(
            "SELECT COALESCE(SUM(requests), 0) FROM used"
            " WHERE plan = ? AND key = ? AND day BETWEEN ? AND ?",
            (plan, key, first.isoformat(), last.isoformat()),
        ).fetchone()
        used: int = requests
        return used


@once
def usage_file() -> UsageFile:
    """The emulator's counters."""
    return UsageFile(settings().folder("apigateway") / "usage.db")
