"""QuickSight's state: one document a resource, on disk before it is answered.

Moments in requests and definitions are kept as what they are: JSON has none, so that a document
marks them.
"""

import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from emulation.compute.once import once
from emulation.services import documents
from emulation.services.scope import Scope
from emulation.settings import settings

Members = dict[str, Any]
"""A part of a request or an answer, as the API spells it."""

LOCK = threading.RLock()
"""Held while a document is read and changed, never while data is read."""

MARK = "$moment"

DATA_SOURCES, DATA_SETS, INGESTIONS = "data-sources", "data-sets", "ingestions"
SCHEDULES, ANALYSES, DASHBOARDS = "refresh-schedules", "analyses", "dashboards"
USERS, SNAPSHOTS = "users", "snapshots"


def marked(value: Any) -> Any:
    """As JSON can say it."""
    match value:
        case datetime():
            return {MARK: value.isoformat()}
        case dict():
            return {name: marked(item) for name, item in value.items()}
        case list():
            return [marked(item) for item in value]
    return value


def unmarked(value: Any) -> Any:
    """As it was before."""
    match value:
        case dict() if set(value) == {MARK}:
            return datetime.fromisoformat(value[MARK])
        case dict():
            return {name: unmarked(item) for name, item in value.items()}
        case list():
            return [unmarked(item) for item in value]
    return value


def root() -> Path:
    """Everything of QuickSight on disk."""
    return settings().folder("quicksight")


@once
def _loaded(account: str, region: str, kind: str) -> dict[str, Members]:
    folder = root() / account / region / kind
    return {
        unquote(path.stem): unmarked(documents.read(path)) for path in sorted(folder.glob("*.json"))
    }


class Shelf:
    """The resources of one kind in an account and region; documents are replaced, never changed."""

    def __init__(self, scope: Scope, kind: str) -> None:
        self._folder = root() / scope.account / scope.region / kind
        with LOCK:
            self._loaded = _loaded(scope.account, scope.region, kind)

    def get(self, name: str) -> Members | None:
        """One document."""
        with LOCK:
            return self._loaded.get(name)

    def all(self) -> list[Members]:
        """All documents, by their ids."""
        with LOCK:
            return [self._loaded[name] for name in sorted(self._loaded)]

    def put(self, name: str, document: Members) -> None:
        """Keep a document, in the place of the one before."""
        with LOCK:
            documents.write(self._path(name), marked(document))
            self._loaded[name] = document

    def remove(self, name: str) -> None:
        """Forget a document."""
        with LOCK:
            self._path(name).unlink(missing_ok=True)
            self._loaded.pop(name, None)

    def _path(self, name: str) -> Path:
        return self._folder / f"{quote(name, safe='')}.json"


def scopes() -> Iterator[Scope]:
    """Every account and region that has something."""
    for path in sorted(root().glob("*/*")):
        if path.is_dir() and path.parent.name.isdigit():
            yield Scope(path.parent.name, path.name)
