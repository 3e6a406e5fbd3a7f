"""Settings of an account in a region: the commitment to a minimum of throughput.

It costs nothing here, but opens what it opens on AWS: warm throughput and more consumers.
"""

import json
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from localstack.aws.api import RequestContext

from emulation.services.kinesis import store
from emulation.services.kinesis.timestamps import timestamp
from emulation.settings import settings

ENABLED, DISABLED, ENDING = "ENABLED", "DISABLED", "ENABLED_UNTIL_EARLIEST_ALLOWED_END"
SHORTEST_MS = 24 * 3600 * 1000

_LOCK = threading.Lock()


@dataclass(frozen=True)
class Commitment:
    """When the commitment began, in ms, and when it was asked to end."""

    started_ms: int | None = None
    end_asked_ms: int | None = None

    @property
    def earliest_end_ms(self) -> int:
        """It cannot end before."""
        return (self.started_ms or 0) + SHORTEST_MS

    @property
    def end_ms(self) -> int:
        """It ends, or ended, then."""
        return max(self.end_asked_ms or 0, self.earliest_end_ms)

    def status(self, now_ms: int) -> str:
        """As AWS tells it."""
        if self.started_ms is None:
            return DISABLED
        if self.end_asked_ms is None:
            return ENABLED
        return ENDING if now_ms < self.end_ms else DISABLED

    def told(self, now_ms: int) -> dict[str, Any]:
        """The answer of both operations."""
        status = self.status(now_ms)
        answer: dict[str, Any] = {"Status": status}
        if self.started_ms is not None:
            answer["StartedAt"] = timestamp(self.started_ms)
            answer["EarliestAllowedEndAt"] = timestamp(self.earliest_end_ms)
            if status == DISABLED:
                answer["EndedAt"] = timestamp(self.end_ms)
        return {"MinimumThroughputBillingCommitment": answer}


def describe(context: RequestContext) -> dict[str, Any]:
    """The answer of DescribeAccountSettings."""
    return _read(context).told(store.now_ms())


def update(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    """The answer of UpdateAccountSettings."""
    wanted = request["MinimumThroughputBillingCommitment"]["Status"]
    now_ms = store.now_ms()
    with _LOCK:
        before = _read(context)
        after = _changed(before, wanted, now_ms)
        if after != before:
            _write(context, after)
    return after.told(now_ms)


def _changed(commitment: Commitment, wanted: str, now_ms: int) -> Commitment:
    status = commitment.status(now_ms)
    if wanted == ENABLED:
        started_ms = now_ms if status == DISABLED else commitment.started_ms
        return Commitment(started_ms)
    return commitment if status != ENABLED else Commitment(commitment.started_ms, now_ms)


def is_committed(context: RequestContext) -> bool:
    """Whether the commitment's rights are the account's."""
    return _read(context).status(store.now_ms()) != DISABLED


def _path(context: RequestContext) -> Path:
    return settings().folder("kinesis") / f"{context.account_id}-{context.region}.json"


def _read(context: RequestContext) -> Commitment:
    path = _path(context)
    return Commitment(**json.loads(path.read_text())) if path.exists() else Commitment()


def _write(context: RequestContext, commitment: Commitment) -> None:
    written = _path(context).with_suffix(".new")
    written.write_text(json.dumps(asdict(commitment)))
    written.replace(_path(context))
