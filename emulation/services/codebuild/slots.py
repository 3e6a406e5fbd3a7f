"""How many builds run at a time: others are QUEUED until one has ended, in their order."""

import threading
import time

from emulation.settings import settings


class Slots:
    """Lets so many in."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._taken: set[str] = set()
        self._waiting: list[str] = []
        self._given_up: set[str] = set()

    def enter(self, build: str, seconds: float) -> bool:
        """Wait at most so long; whether the build may run. One that gave up may not."""
        deadline = time.monotonic() + seconds
        with self._changed:
            self._waiting.append(build)
            while not self._is_next(build):
                left = deadline - time.monotonic()
                if build in self._given_up or left <= 0:
                    self._waiting.remove(build)
                    self._given_up.discard(build)
                    self._changed.notify_all()
                    return False
                self._changed.wait(left)
            self._waiting.remove(build)
            self._taken.add(build)
            self._changed.notify_all()
            return True

    def _is_next(self, build: str) -> bool:
        if build in self._given_up:
            return False
        return self._waiting[0] == build and len(self._taken) < settings().builds

    def give_up(self, build: str) -> None:
        """Wait no longer, also if the wait begins only now; a build that runs goes on."""
        with self._changed:
            self._given_up.add(build)
            self._changed.notify_all()

    def leave(self, build: str) -> None:
        """Make room."""
        with self._changed:
            self._taken.discard(build)
            self._given_up.discard(build)
            self._changed.notify_all()


SLOTS = Slots()
"""The emulator's."""
