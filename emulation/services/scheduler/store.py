"""Schedules and groups: one document an account and region, on disk before it is answered.

Times are in s since 1970.
"""

import threading
import time
from typing import Any

from emulation.services import documents
from emulation.services.scope import Scope
from emulation.settings import settings

Members = dict[str, Any]
"""A part of a request or an answer, as the API spells it."""

LOCK = threading.RLock()
DEFAULT = "default"
FILE = "schedules.json"


class Shelf:
    """What one account has in a region; use it under `LOCK`, and `keep` what was changed."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self._path = settings().folder("scheduler", scope.account, scope.region) / FILE
        read: Members = documents.read(self._path) or {}
        self.groups: dict[str, Members] = read.get("groups") or {DEFAULT: new_group(scope, DEFAULT)}
        self.schedules: dict[str, Members] = read.get("schedules") or {}
        """By group and name: `default/nightly`."""

    def keep(self) -> None:
        """Write it; services that have a folder of this name are started with the emulator."""
        settings().folder("services", "scheduler")
        documents.write(self._path, {"groups": self.groups, "schedules": self.schedules})


def new_group(scope: Scope, name: str) -> Members:
    """The record of a group."""
    moment = time.time()
    return {
        "Arn": scope.arn("scheduler", f"schedule-group/{name}"),
        "Name": name,
        "State": "ACTIVE",
        "CreationDate": moment,
        "LastModificationDate": moment,
        "Tags": [],
    }


def scopes() -> list[Scope]:
    """Every account and region that has schedules."""
    found = settings().folder("scheduler").glob(f"*/*/{FILE}")
    return [Scope(path.parent.parent.name, path.parent.name) for path in found]
