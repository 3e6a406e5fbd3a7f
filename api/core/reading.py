"""Readings that are shared and never waited for too long.

A page that polls must not multiply the calls to AWS, nor hang because one service does. So each
reading runs at most once at a time, in a thread, and is kept for some seconds; who asks waits a
little for those that run and otherwise gets the last one known, marked as such.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from api.errors import ApiError

LOG = logging.getLogger(__name__)

SHARE_OF_TIME = 10
"""A reading that takes long is kept this many times as long, so that looking costs a tenth."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reading gave, or why it gave nothing."""

    value: Any = None
    reason: str = ""
    at: float = 0.0
    seconds: float = 0.0

    @property
    def failed(self) -> bool:
        """Whether there is a reason instead of a value."""
        return bool(self.reason)


NEVER = Reading(reason="still being read")


class Readings:
    """Named readings, each a function without arguments."""

    def __init__(self, functions: Mapping[str, Callable[[], Any]], fresh_seconds: float) -> None:
        self._functions = functions
        self._fresh_seconds = fresh_seconds
        self._pool = ThreadPoolExecutor(max_workers=len(functions), thread_name_prefix="reading")
        self._lock = threading.Lock()
        self._running: dict[str, Future[None]] = {}
        self._last: dict[str, Reading] = {}

    def latest(self, patience_seconds: float, only: Sequence[str] = ()) -> dict[str, Reading]:
        """Every reading, or only some: fresh ones as they are, old ones read again within the
        patience.
        """
        names = only or tuple(self._functions)
        with self._lock:
            for name in names:
                if name not in self._running and not self._is_fresh(name):
                    self._running[name] = self._pool.submit(self._read, name)
            running = [self._running[name] for name in names if name in self._running]
        wait(running, timeout=patience_seconds)
        with self._lock:
            return {name: self._last.get(name, NEVER) for name in names}

    def forget(self) -> None:
        """Read everything again, for something has changed."""
        with self._lock:
            self._last.clear()

    def close(self) -> None:
        """Take no more readings."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _is_fresh(self, name: str) -> bool:
        last = self._last.get(name)
        if last is None:
            return False
        kept = max(self._fresh_seconds, SHARE_OF_TIME * last.seconds)
        return time.monotonic() - last.at < kept

    def _read(self, name: str) -> None:
        started = time.monotonic()
        value, reason = attempt(self._functions[name])
        ended = time.monotonic()
        with self._lock:
            self._last[name] = Reading(value, reason, ended, ended - started)
            del self._running[name]


def attempt(function: Callable[[], Any]) -> tuple[Any, str]:
    """The function's value, or why AWS did not give one."""
    try:
        return function(), ""
    except (ApiError, ClientError, BotoCoreError) as error:
        LOG.info("not readable: %s", error)
        return None, str(error)
    except (KeyError, TypeError, ValueError) as error:
        # An answer without what AWS always gives.
        LOG.warning("not understood", exc_info=error)
        return None, f"the answer was not understood: {error!r}"
