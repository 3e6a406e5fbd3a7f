"""Output of our processes as CloudWatch Logs events, straight to the group's file."""

import logging
import queue
import sqlite3
import threading
import time

from localstack.services.plugins import SERVICE_PLUGINS

from emulation.compute.logs.group_file import StreamNotFoundError
from emulation.services.logs import writing
from emulation.services.scope import Scope

LOG = logging.getLogger(__name__)

FLUSH_SECONDS = 0.2
BATCH_EVENTS = 1000
BATCH_BYTES = 900_000


class LogStream:
    """Appends lines to one log stream, in order, in the background; `close` writes what is left.

    Group and stream are made when they are missing, and what cannot be written is told and passed
    over. An instance is a `LogSink`: call it.
    """

    def __init__(self, account: str, region: str, group: str, stream: str) -> None:
        self.group = group
        self.stream = stream
        self._scope = Scope(account, region)
        self._lines: queue.SimpleQueue[tuple[int, str] | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write, name=f"logs-{stream}", daemon=True)
        self._writer.start()

    def __call__(self, line: str) -> None:
        """Append a line; CloudWatch Logs refuses empty messages: an empty one becomes a blank."""
        self._lines.put((time.time_ns() // 1_000_000, line or " "))

    def close(self) -> None:
        """Write what is left and end; calling it again does nothing more."""
        self._lines.put(None)
        self._writer.join()

    def _write(self) -> None:
        SERVICE_PLUGINS.require("logs")
        more = True
        self._put([])
        while more:
            batch, more = self._next_batch()
            if batch:
                self._put(batch)

    def _put(self, batch: list[tuple[int, str]]) -> None:
        """Write; group and stream may be deleted at any time, and are made again then."""
        try:
            self._put_once(batch)
        except (FileNotFoundError, StreamNotFoundError):
            try:
                self._put_once(batch)
            except (OSError, LookupError, sqlite3.Error) as error:
                self._lost(batch, error)
        except (OSError, sqlite3.Error) as error:
            self._lost(batch, error)

    def _put_once(self, batch: list[tuple[int, str]]) -> None:
        writing.append(self._scope, self.group, self.stream, batch)

    def _lost(self, batch: list[tuple[int, str]], error: Exception) -> None:
        LOG.warning("%s lines of %s are lost: %s", len(batch), self.group, error)

    def _next_batch(self) -> tuple[list[tuple[int, str]], bool]:
        """The lines of the next moment, and whether more may come."""
        batch: list[tuple[int, str]] = []
        size = 0
        deadline: float | None = None
        while len(batch) < BATCH_EVENTS and size < BATCH_BYTES:
            wait = None if deadline is None else max(0.0, deadline - time.monotonic())
            try:
                item = self._lines.get(timeout=wait)
            except queue.Empty:
                break
            if item is None:
                return batch, False
            if deadline is None:
                deadline = time.monotonic() + FLUSH_SECONDS
            batch.append(item)
            size += len(item[1]) + 26
        return batch, True
