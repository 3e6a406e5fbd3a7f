"""All groups of a folder: `account/region/<hash of the name>.sqlite`.

Names are in the files, for they may be longer than a file's. A few files are open at a time.
"""

import hashlib
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

from emulation.compute.logs.group_file import GroupFile, now

MAX_OPEN = 64
"""Files that are open for writing; each takes three descriptors."""

SUFFIX = ".sqlite"
Key = tuple[str, str, str]
"""Account, region, name."""


class Shelf:
    """The groups; every change is on disk when a method returns."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.RLock()
        self._groups: dict[Key, GroupFile] = {}
        self._open: OrderedDict[Key, None] = OrderedDict()
        for path in sorted(folder.glob(f"*/*/*{SUFFIX}")):
            self._take_up(path)

    def _take_up(self, path: Path) -> None:
        """A file of the last run; one whose creation was cut short is none."""
        file = GroupFile(path)
        file.set()
        name = file.settings().get("name")
        file.close()
        if name is None:
            file.delete()
        else:
            self._groups[path.parent.parent.name, path.parent.name, name] = file

    def _path(self, key: Key) -> Path:
        account, region, name = key
        folder = self._folder / account / region
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}{SUFFIX}"

    def create(self, key: Key, **settings: Any) -> GroupFile | None:
        """Make a group; None when it is there already."""
        with self._lock:
            if key in self._groups:
                return None
            file = GroupFile(self._path(key))
            file.set(name=key[2], created=now(), **settings)
            self._groups[key] = file
            return self.get(key)

    def get(self, key: Key) -> GroupFile | None:
        """A group, None where there is none."""
        with self._lock:
            file = self._groups.get(key)
            if file is not None:
                self._open[key] = None
                self._open.move_to_end(key)
                if len(self._open) > MAX_OPEN:
                    oldest, _ = self._open.popitem(last=False)
                    self._groups[oldest].close()
            return file

    def delete(self, key: Key) -> bool:
        """Delete a group; False where there is none."""
        with self._lock:
            file = self._groups.pop(key, None)
            self._open.pop(key, None)
        if file is not None:
            file.delete()
        return file is not None

    def names(self, account: str, region: str) -> list[str]:
        """The names of the groups of an account in a region, in order."""
        with self._lock:
            return sorted(key[2] for key in self._groups if key[:2] == (account, region))

    def all(self) -> list[Key]:
        """All groups."""
        with self._lock:
            return list(self._groups)

    def close(self) -> None:
        """Let go of all files."""
        with self._lock:
            for file in self._groups.values():
                file.close()
