"""What the template tells the worker through its unit's environment."""

import os
import socket
import uuid
from dataclasses import dataclass, field

from pipeline.errors import SettingError


def _needed(name: str) -> str:
    if not os.environ.get(name):
        raise SettingError(f"{name} is not set: the worker does not know where to work.")
    return os.environ[name]


def _variable(name: str) -> str:
    return field(default_factory=lambda: _needed(name))


def _positive(name: str, default: int) -> int:
    text = os.environ.get(name, str(default))
    if not text.isdecimal() or not int(text):
        raise SettingError(f"{name} must be a whole number from 1 on, not {text!r}.")
    return int(text)


def _number(name: str, default: int) -> int:
    return field(default_factory=lambda: _positive(name, default))


def _worker() -> str:
    """Never the name of a worker before: its leases are another's, and expire."""
    place = os.environ.get("CONSUMER_NAME") or socket.gethostname()
    return f"{place}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


@dataclass(frozen=True)
class ConsumerSettings:
    """Where events come from, who scores them, where predictions go."""

    stream: str = _variable("EVENT_STREAM")
    lease_table: str = _variable("LEASE_TABLE")
    endpoint: str = _variable("ENDPOINT")
    lake_bucket: str = _variable("LAKE_BUCKET")
    log_group: str = field(default_factory=lambda: os.environ.get("LOG_GROUP", ""))
    failover: float = _number("FAILOVER_SECONDS", 10)
    batch: int = _number("BATCH_RECORDS", 2500)
    worker: str = field(default_factory=_worker)
