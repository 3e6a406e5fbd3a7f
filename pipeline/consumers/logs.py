"""The worker's log in CloudWatch Logs, a stream for each worker, without an agent on the instance.

What the service does not take stays in the journal, where every line is as well.
"""

import logging
import sys
import threading
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

FLUSH_SECONDS = 2.0
EVENTS = 1000
"""One request takes ten times as many; a line is short."""

FORMAT = "%(levelname)s %(threadName)s %(message)s"


class CloudWatchLog(logging.Handler):
    """Sends records to a log stream, some at a time. `logs` is a client."""

    def __init__(self, logs: Any, group: str, stream: str) -> None:
        super().__init__()
        self._logs = logs
        self._where = {"logGroupName": group, "logStreamName": stream}
        self._waiting: list[dict[str, Any]] = []
        self._is_there = False
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record until the next request."""
        event = {"timestamp": int(record.created * 1000), "message": self.format(record)}
        self._waiting.append(event)

    def close(self) -> None:
        """Send what is left."""
        self._done.set()
        self._thread.join()
        self.send()
        super().close()

    def _run(self) -> None:
        while not self._done.wait(FLUSH_SECONDS):
            self.send()

    def send(self) -> None:
        """Send what is waiting; an error is tried again with the next lines."""
        while self._waiting:
            events = sorted(self._waiting[:EVENTS], key=lambda event: event["timestamp"])
            try:
                self._ensure_stream()
                self._logs.put_log_events(**self._where, logEvents=events)
            except (ClientError, BotoCoreError) as error:
                sys.stderr.write(f"the log cannot be sent: {error}\n")
                del self._waiting[:-EVENTS]
                return
            del self._waiting[: len(events)]

    def _ensure_stream(self) -> None:
        if self._is_there:
            return
        try:
            self._logs.create_log_stream(**self._where)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceAlreadyExistsException":
                raise
        self._is_there = True
