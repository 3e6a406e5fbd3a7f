"""Output of our processes as CloudWatch Logs events."""

import contextlib
import logging
import queue
import threading
import time
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from localstack.aws.connect import connect_to

LOG = logging.getLogger(__name__)

FLUSH_SECONDS = 0.2
BATCH_EVENTS = 1000
BATCH_BYTES = 900_000
"""PutLogEvents takes 10,000 events and 1,048,576 bytes at most, 26 bytes an event on top."""


class LogStream:
    """Appends lines to one log stream, in order, in the background; `close` writes what is left.

    Group and stream are made when they are missing, and what cannot be written is told and passed
    over. An instance is a `LogSink`: call it.
    """

    def __init__(self, account: str, region: str, group: str, stream: str) -> None:
        self.group = group
        self.stream = stream
        self._logs: Any = connect_to(aws_access_key_id=account, region_name=region).logs
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
        self._create()
        more = True
        while more:
            batch, more = self._next_batch()
            if batch:
                self._put(batch)

    def _put(self, batch: list[dict[str, Any]]) -> None:
        """Write; group and stream may be deleted at any time, and are made again then."""
        try:
            self._put_once(batch)
        except (ClientError, BotoCoreError):
            self._create()
            try:
                self._put_once(batch)
            except (ClientError, BotoCoreError) as error:
                LOG.warning("%s lines of %s are lost: %s", len(batch), self.group, error)

    def _put_once(self, batch: list[dict[str, Any]]) -> None:
        self._logs.put_log_events(
            logGroupName=self.group, logStreamName=self.stream, logEvents=batch
        )

    def _create(self) -> None:
        with contextlib.suppress(ClientError, BotoCoreError):
            self._logs.create_log_group(logGroupName=self.group)
        with contextlib.suppress(ClientError, BotoCoreError):
            self._logs.create_log_stream(logGroupName=self.group, logStreamName=self.stream)

    def _next_batch(self) -> tuple[list[dict[str, Any]], bool]:
        """The lines of the next moment, and whether more may come."""
        batch: list[dict[str, Any]] = []
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
            batch.append({"timestamp": item[0], "message": item[1]})
            size += len(item[1].encode()) + 26
        return batch, True
