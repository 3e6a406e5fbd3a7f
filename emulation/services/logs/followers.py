"""What follows a group's events: metric filters and subscriptions, each from where it stopped.

A follower remembers in the group's own file the number of the last event that it was given, so that
events reach it in order, and after a kill at least once. One thread works, while there is work.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from emulation.compute.logs.group_file import Event, GroupFile
from emulation.services.events.clock import CLOCK, submit
from emulation.services.logs import store
from emulation.services.scope import Scope

LOG = logging.getLogger(__name__)

BATCH = 1000

Give = Callable[[Scope, str, dict[str, object], list[Event]], bool]
"""Gives events to one follower; False when it must be tried again."""

KINDS: dict[str, Give] = {}
"""How followers of each kind are given events, by the setting that holds them."""

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0


class Work:
    """The groups that have news, and the thread that sees to them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: OrderedDict[tuple[Scope, str], None] = OrderedDict()
        self._busy = False
        self._pauses: dict[tuple[Scope, str], float] = {}

    def add(self, scope: Scope, group: str) -> None:
        """A group has news."""
        with self._lock:
            self._waiting[scope, group] = None
            if not self._busy:
                self._busy = True
                submit(self._run)

    def _run(self) -> None:
        while (key := self._next()) is not None:
            try:
                done = follow(*key)
            except FileNotFoundError:
                # The group was deleted.
                done = True
            self._after(key, done=done)

    def _next(self) -> tuple[Scope, str] | None:
        with self._lock:
            if not self._waiting:
                self._busy = False
                return None
            return self._waiting.popitem(last=False)[0]

    def _after(self, key: tuple[Scope, str], *, done: bool) -> None:
        """Try again later what could not be given."""
        if done:
            self._pauses.pop(key, None)
            return
        pause = self._pauses.get(key, FIRST_PAUSE)
        self._pauses[key] = min(LONGEST_PAUSE, pause * 2)
        CLOCK.at(
            ("logs", *key), datetime.now(UTC) + timedelta(seconds=pause), partial(self.add, *key)
        )


WORK = Work()


def wake(scope: Scope, group: str, file: GroupFile) -> None:
    """Events were written."""
    if file.followed:
        WORK.add(scope, group)


def follow(scope: Scope, group: str) -> bool:
    """Give every follower of a group what is new; False when one must be tried again."""
    file = store.shelf().get((scope.account, scope.region, group))
    if file is None:
        return True
    done = True
    settings = file.settings()
    for kind, give in KINDS.items():
        for name, follower in (settings.get(kind) or {}).items():
            done = (
                _follow_one(
                    scope, group, file, f"{kind}:{name}", partial(give, scope, group, follower)
                )
                and done
            )
    return done


def _follow_one(
    scope: Scope, group: str, file: GroupFile, name: str, give: Callable[[list[Event]], bool]
) -> bool:
    place = place_of(file, name)
    while events := file.after(place, BATCH):
        if not give(events):
            return False
        place = events[-1].number
        file.set(**{f"place:{name}": place})
    return True


def place_of(file: GroupFile, name: str) -> int:
    """The number of the last event that a follower was given."""
    return int(file.settings().get(f"place:{name}") or 0)


def put(file: GroupFile, kind: str, name: str, follower: dict[str, object]) -> None:
    """Set a follower; a new one begins with what is written from now on."""
    with store.LOCK:
        followers = file.settings().get(kind) or {}
        place = {} if name in followers else {f"place:{kind}:{name}": file.last_number()}
        file.set(**{kind: {**followers, name: follower}}, **place)
        file.followed = True


def remove(file: GroupFile, kind: str, name: str) -> bool:
    """Take a follower away; False when it is not there."""
    with store.LOCK:
        followers = file.settings().get(kind) or {}
        if name not in followers:
            return False
        del followers[name]
        file.set(**{kind: followers, f"place:{kind}:{name}": None})
        return True


def resume() -> None:
    """Go on with the followers of the last run."""
    for account, region, group in store.shelf().all():
        file = store.shelf().get((account, region, group))
        if file is not None and any(file.settings().get(kind) for kind in KINDS):
            file.followed = True
            WORK.add(Scope(account, region), group)
