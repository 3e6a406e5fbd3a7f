"""One line of JSON a request, and one a message, on standard output: CloudWatch Logs Insights reads
their fields without being told.
"""

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
"""Of the request that is being answered, also in the threads that answer it."""

FIELDS = "fields"
OURS = "api"


class JsonLines(logging.Formatter):
    """A record as a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Time, level, request, message; fields that the record was given."""
        at = datetime.fromtimestamp(record.created, UTC)
        told: dict[str, Any] = {
            "time": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z",
            "level": record.levelname,
            "logger": record.name,
            "request_id": REQUEST_ID.get(),
            "message": record.getMessage(),
            **getattr(record, FIELDS, {}),
        }
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        return json.dumps({name: value for name, value in told.items() if value != ""}, default=str)


class StandardOutput(logging.StreamHandler[Any]):
    """Whatever standard output is when a line is written."""

    def __init__(self) -> None:
        super().__init__(sys.stdout)
        self.setFormatter(JsonLines())

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line."""
        self.stream = sys.stdout
        super().emit(record)


def set_up() -> None:
    """Send our own loggers there, once."""
    ours = logging.getLogger(OURS)
    if not any(isinstance(handler, StandardOutput) for handler in ours.handlers):
        ours.addHandler(StandardOutput())
        ours.setLevel(logging.INFO)
        # The server's root logger may have a handler of its own: a line would be told twice.
        ours.propagate = False
