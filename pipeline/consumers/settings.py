"""What the template tells the worker through its unit's environment."""

import os
import socket
import uuid
from dataclasses import dataclass, field


def _variable(name: str) -> str:
    return field(default_factory=lambda: os.environ[name])


def _number(name: str, default: float) -> float:
    return field(default_factory=lambda: float(os.environ.get(name, default)))


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
    batch: int = field(default_factory=lambda: int(os.environ.get("BATCH_RECORDS", "2500")))
    worker: str = field(default_factory=_worker)
