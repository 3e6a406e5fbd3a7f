"""The clock of what ages: S3's lifecycle rules and restores, Glacier's jobs. It may be set ahead.

`POST /_terrarium/clock` with `{"advance": "90d"}` lets 90 days pass: what falls due in them is
done, in its order and each thing at its own moment, before the request is answered. The clock never
goes back, and a restart keeps it. AWS's durations of retrievals, hours and days, pass
`EMULATION_ARCHIVE_SPEED` times faster.
"""

import heapq
import json
import logging
import re
import sqlite3
import threading
from collections.abc import Callable, Hashable
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from localstack.http import Request, Response
from localstack.services.edge import ROUTER

from emulation.services import documents
from emulation.settings import settings

LOG = logging.getLogger(__name__)

PATH = "/_terrarium/clock"
LONGEST_WAIT = timedelta(minutes=1)
"""A machine that slept, or whose time was set, is noticed after so long."""

UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
SPAN = re.compile(r"(?:\d+(?:\.\d+)?[dhms])+")

BROKEN = (OSError, ValueError, LookupError, EOFError, sqlite3.Error)
"""What one piece of work may raise without stopping the others."""

Work = Callable[[datetime], None]
"""What is to be done; it is told the moment at which it happens."""


def span(text: str) -> timedelta:
    """A duration such as `90d`, `12h` or `1d12h`.

    Raises:
        ValueError: it is none.
    """
    if not SPAN.fullmatch(text):
        raise ValueError(f"{text!r} is no duration such as 90d, 12h or 1d12h")
    found = re.findall(r"(\d+(?:\.\d+)?)([dhms])", text)
    return sum((timedelta(**{UNITS[unit]: float(many)}) for many, unit in found), timedelta())


class Clock:
    """The machine's time and how far this clock is ahead of it."""

    def __init__(self, path: Path | None = None, ahead: timedelta = timedelta()) -> None:
        self._path = path
        kept: dict[str, float] = (documents.read(path) if path else None) or {}
        self.ahead = max(ahead, timedelta(seconds=kept.get("ahead", 0)))

    def now(self) -> datetime:
        """The time, in UTC."""
        return datetime.now(UTC) + self.ahead

    def set_ahead(self, ahead: timedelta) -> None:
        """Be so far ahead from now on; on disk before it is so.

        Raises:
            ValueError: that would be back.
        """
        if ahead < self.ahead:
            raise ValueError(f"The clock is {self.ahead} ahead and does not go back")
        if self._path:
            documents.write(self._path, {"ahead": ahead.total_seconds()})
        self.ahead = ahead


class Agenda:
    """What is to be done when: each thing at its time, one after the other."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._reached = clock.now()
        """Everything before is done."""
        self._due: list[tuple[datetime, int, Hashable]] = []
        self._work: dict[Hashable, tuple[int, Work]] = {}
        self._numbers = count()
        self._changed = threading.Condition()
        self._running = threading.RLock()
        self._thread: threading.Thread | None = None

    def put(self, key: Hashable, at: datetime, work: Work) -> None:
        """Do this at a time, instead of what was planned under the same key."""
        with self._changed:
            number = next(self._numbers)
            self._work[key] = (number, work)
            heapq.heappush(self._due, (at, number, key))
            self._changed.notify()

    def drop(self, key: Hashable) -> None:
        """Do not do it."""
        with self._changed:
            self._work.pop(key, None)

    def start(self) -> None:
        """Do everything in a thread from now on; again: nothing more happens."""
        with self._changed:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="agenda", daemon=True)
                self._thread.start()

    def run_due(self) -> None:
        """Do what is due by now, also what it leads to, in this thread."""
        with self._running:
            while (found := self._next()) is not None:
                at, work = found
                self._reached = max(self._reached, at)
                try:
                    work(self._reached)
                except BROKEN:
                    LOG.exception("something that was due at %s failed", at)
            self._reached = max(self._reached, self.clock.now())

    def _next(self) -> tuple[datetime, Work] | None:
        """Take what is due first, when it is due."""
        with self._changed:
            while self._due and self._due[0][0] <= self.clock.now():
                at, number, key = heapq.heappop(self._due)
                planned = self._work.get(key)
                if planned and planned[0] == number:
                    del self._work[key]
                    return at, planned[1]
        return None

    def _run(self) -> None:
        while True:
            self.run_due()
            with self._changed:
                wait = self._due[0][0] - self.clock.now() if self._due else LONGEST_WAIT
                self._changed.wait(max(0.0, min(wait, LONGEST_WAIT).total_seconds()))


@cache
def clock() -> Clock:
    """The emulator's one clock of ages."""
    return Clock(settings().folder("clock") / "clock.json", span(settings().clock_ahead))


@cache
def agenda() -> Agenda:
    """The emulator's one agenda."""
    return Agenda(clock())


def after(duration: timedelta) -> datetime:
    """When something is done that takes AWS so long."""
    return clock().now() + duration / settings().archive_speed


def add_routes() -> None:
    """Tell and set the clock on the gateway."""
    ROUTER.add(PATH, show, methods=["GET"])
    ROUTER.add(PATH, change, methods=["POST"])


def told(status: int = 200) -> Response:
    """How the clock stands."""
    ahead = clock().ahead.total_seconds()
    return answer({"now": f"{clock().now():%Y-%m-%dT%H:%M:%SZ}", "ahead_seconds": ahead}, status)


def answer(body: dict[str, Any], status: int) -> Response:
    """A body as JSON."""
    return Response(json.dumps(body), status, mimetype="application/json")


def show(_: Request, **__: Any) -> Response:
    """`GET`: the time, and how far it is ahead."""
    return told()


def change(request: Request, **_: Any) -> Response:
    """`POST` of `{"advance": "90d"}`, or of `{"ahead": "90d"}` for the whole distance."""
    try:
        asked: Any = json.loads(request.get_data(as_text=True) or "null")
        ahead = wanted(asked)
        clock().set_ahead(ahead)
    except ValueError as error:
        return answer({"message": str(error)}, 400)
    agenda().run_due()
    return told()


def wanted(asked: Any) -> timedelta:
    """How far ahead the clock is to be.

    Raises:
        ValueError: the request does not say it.
    """
    match asked:
        case {"advance": str(by), **rest} if not rest:
            return clock().ahead + span(by)
        case {"ahead": str(ahead), **rest} if not rest:
            return span(ahead)
    raise ValueError('Say {"advance": "90d"}, or {"ahead": "90d"} for the whole distance')
