"""Unpacked bundles stay while an environment runs from them, also when an update or the function's
deletion has taken them out of use.
"""

import shutil
import threading
from collections import Counter
from pathlib import Path


class CodeFolders:
    """Counts who uses a folder, and removes it after the last one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users: Counter[Path] = Counter()
        self._doomed: set[Path] = set()

    def use(self, folder: Path) -> None:
        """One more environment runs from it."""
        with self._lock:
            self._users[folder] += 1

    def release(self, folder: Path) -> None:
        """One less."""
        with self._lock:
            self._users[folder] -= 1
            if self._users[folder]:
                return
            del self._users[folder]
            if folder not in self._doomed:
                return
            self._doomed.discard(folder)
        _remove(folder)

    def remove(self, folder: Path) -> None:
        """Remove it, now or when nobody uses it any more."""
        with self._lock:
            if self._users[folder]:
                self._doomed.add(folder)
                return
            del self._users[folder]
        _remove(folder)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder.parent, ignore_errors=True)


CODE_FOLDERS = CodeFolders()
"""The emulator's one."""
