"""Vaults and what they hold: a folder a vault, on disk before it is answered.

`vault.json`; for each archive its record and its bytes, compressed; for each upload in parts its
record and the parts as they came; for each job its record and, once it is done, its output. Bytes
are written first and the record makes them count: what a kill leaves without a record is dropped.
Times are in s since 1970, of the clock.
"""

import re
import secrets
import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from emulation.compute.once import once
from emulation.services import documents
from emulation.services.clock import clock
from emulation.services.glacier.errors import invalid, vault_not_found
from emulation.services.scope import Scope
from emulation.settings import settings

Members = dict[str, Any]
"""A part of a request or an answer, as the API spells it."""

LOCK = threading.RLock()
NAME = re.compile(r"[A-Za-z0-9._-]{1,255}")
KINDS = ("archives", "uploads", "jobs")


class Vault:
    """A vault; use it under `LOCK`, and `keep` what was changed."""

    def __init__(self, scope: Scope, name: str, folder: Path) -> None:
        self.scope = scope
        self.name = name
        self.folder = folder
        self.arn = scope.arn("glacier", f"vaults/{name}")
        self.record: Members = documents.read(folder / "vault.json") or {
            "created": moment(),
            "tags": {},
        }
        self.archives, self.uploads, self.jobs = (self._records(kind) for kind in KINDS)

    def path(self, kind: str, name: str, suffix: str) -> Path:
        """A file of an archive, upload or job."""
        return self.folder / kind / f"{name}{suffix}"

    def keep(self) -> None:
        """Write the vault's own record."""
        documents.write(self.folder / "vault.json", self.record)

    def put(self, kind: str, name: str, record: Members) -> None:
        """Write a record, which makes its bytes count."""
        documents.write(self.path(kind, name, ".json"), record)
        self._of(kind)[name] = record

    def remove(self, kind: str, name: str) -> None:
        """Drop a record, then its bytes."""
        self._of(kind).pop(name, None)
        self.path(kind, name, ".json").unlink(missing_ok=True)
        for path in (self.folder / kind).glob(f"{name}.*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def changed(self) -> None:
        """Note that archives came or went, for the inventory's date."""
        self.record["inventory"] = moment()
        self.keep()

    def delete(self) -> None:
        """Drop everything; first what makes it a vault. Jobs that are planned find nothing."""
        self.jobs.clear()
        (self.folder / "vault.json").unlink()
        shutil.rmtree(self.folder)

    def _of(self, kind: str) -> dict[str, Members]:
        found: dict[str, Members] = getattr(self, kind)
        return found

    def _records(self, kind: str) -> dict[str, Members]:
        folder = self.folder / kind
        folder.mkdir(parents=True, exist_ok=True)
        found = {path.stem: documents.read(path) for path in sorted(folder.glob("*.json"))}
        for path in folder.iterdir():
            if path.name.split(".")[0] not in found:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        return found


class Shelf:
    """What one account has in a region."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.folder = settings().folder("glacier", scope.account, scope.region)
        names = sorted(path.parent.name for path in self.folder.glob("*/vault.json"))
        self.vaults = {name: Vault(scope, name, self.folder / name) for name in names}
        self.policy: Members = documents.read(self.folder / "policy.json") or {
            "Rules": [{"Strategy": "None"}]
        }

    def create(self, name: str) -> Vault:
        """A new vault, or the one of this name."""
        check_name(name)
        if name not in self.vaults:
            # Services that have a folder of this name are started with the emulator.
            settings().folder("services", "glacier")
            vault = Vault(self.scope, name, self.folder / name)
            vault.keep()
            self.vaults[name] = vault
        return self.vaults[name]

    def vault(self, name: str) -> Vault:
        """A vault that is there."""
        if name not in self.vaults:
            raise vault_not_found(self.scope.arn("glacier", f"vaults/{name}"))
        return self.vaults[name]

    def delete(self, name: str) -> None:
        """Drop a vault."""
        self.vaults.pop(name).delete()

    def set_policy(self, policy: Members) -> None:
        """What may be retrieved."""
        documents.write(self.folder / "policy.json", policy)
        self.policy = policy


@once
def _shelf(account: str, region: str, partition: str) -> Shelf:
    return Shelf(Scope(account, region, partition))


def shelf(scope: Scope) -> Shelf:
    """The vaults of an account and region."""
    with LOCK:
        return _shelf(scope.account, scope.region, scope.partition)


def shelves() -> Iterator[Shelf]:
    """The vaults of every account and region."""
    for path in sorted(settings().folder("glacier").glob("*/*")):
        yield shelf(Scope(path.parent.name, path.name))


def check_name(name: str) -> None:
    """A vault's name."""
    if not NAME.fullmatch(name) or set(name) == {"."}:
        raise invalid(f"Invalid vault name: {name}")


def moment() -> float:
    """The clock's time, in s since 1970."""
    return clock().now().timestamp()


def text(seconds: float) -> str:
    """A time as Glacier tells it: `2013-03-20T17:03:43.221Z`."""
    at = datetime.fromtimestamp(seconds, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def new_id(length: int) -> str:
    """An identifier; it never begins with a hyphen, which command lines take for an option."""
    return "g" + secrets.token_urlsafe(length)[: length - 1]
