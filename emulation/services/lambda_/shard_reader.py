"""One shard of an event source mapping: read, gather a batch, deliver it, remember how far."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from emulation.services.lambda_.batches import Origin, Record, fitting, matches
from emulation.services.lambda_.checkpoints import Checkpoints
from emulation.services.lambda_.delivery import Delivery
from emulation.services.lambda_.kinesis_source import KinesisError, KinesisSource

LOG = logging.getLogger(__name__)

READ_LIMIT = 10_000
"""Records that one GetRecords returns at most."""

SHORTEST_POLL_SECONDS = 0.1
LONGEST_POLL_SECONDS = 1.0
"""AWS polls a shard once a second; here that is how long an idle one waits."""


@dataclass(frozen=True, slots=True)
class Batching:
    """When the records at hand are enough."""

    size: int
    window_seconds: float
    filters: Sequence[dict[str, Any]]


class ShardReader:
    """Runs in a thread of its own, so that a shard that retries holds up no other."""

    def __init__(
        self,
        source: KinesisSource,
        origin: Origin,
        batching: Batching,
        delivery: Delivery,
        checkpoints: Checkpoints,
        first_position: dict[str, Any],
    ) -> None:
        self._source = source
        self._origin = origin
        self._batching = batching
        self._delivery = delivery
        self._checkpoints = checkpoints
        self._first_position = first_position
        self._records: list[Record] = []
        self._gathering_since = 0.0
        self._last_read: str | None = None

    def run(self) -> None:
        """Read until the shard ends or the mapping is stopped."""
        iterator: str | None = None
        idle = SHORTEST_POLL_SECONDS
        while not self._stopped():
            answer = self._read(iterator)
            if answer is None:
                iterator = None
                self._delivery.stopped.wait(LONGEST_POLL_SECONDS)
                continue
            iterator = answer.get("NextShardIterator")
            idle = SHORTEST_POLL_SECONDS if answer["Records"] else idle * 1.5
            self._take(answer["Records"])
            if not self._deliver(everything=iterator is None):
                return
            if iterator is None:
                self._checkpoints.set(self._origin.shard_id, Checkpoints.SHARD_END)
                return
            if not answer.get("MillisBehindLatest"):
                self._delivery.stopped.wait(min(idle, LONGEST_POLL_SECONDS))

    def _stopped(self) -> bool:
        return self._delivery.stopped.is_set()

    def _read(self, iterator: str | None) -> dict[str, Any] | None:
        """The next records; None when Kinesis refuses or cannot be reached, which is no reason to
        end: the iterator may have expired, the stream may come back.
        """
        try:
            return self._source.read(iterator or self._iterator(), READ_LIMIT)
        except (KinesisError, httpx.HTTPError) as error:
            LOG.warning("%s of %s: %s", self._origin.shard_id, self._origin.stream_arn, error)
            self._delivery.report(f"PROBLEM: {error}")
            return None

    def _iterator(self) -> str:
        shard_id = self._origin.shard_id
        after = self._last_read or self._checkpoints.get(shard_id)
        if after is None:
            return self._source.iterator(shard_id, self._first_position)
        position = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": after}
        return self._source.iterator(shard_id, position)

    def _take(self, answer: Sequence[dict[str, Any]]) -> None:
        if not answer:
            return
        if not self._records:
            self._gathering_since = time.monotonic()
        self._last_read = answer[-1]["SequenceNumber"]
        records = (self._origin.record(raw) for raw in answer)
        self._records += [item for item in records if matches(self._batching.filters, item)]
        if not self._records:
            self._checkpoints.set(self._origin.shard_id, self._last_read)

    def _deliver(self, *, everything: bool) -> bool:
        """Deliver the batches that are due; False when the mapping was stopped."""
        while self._records:
            count = fitting(self._records, self._batching.size)
            full = count < len(self._records) or count == self._batching.size
            waited = time.monotonic() - self._gathering_since
            if not (everything or full or waited >= self._batching.window_seconds):
                return True
            if not self._delivery.deliver(self._records[:count]):
                return False
            del self._records[:count]
            self._gathering_since = time.monotonic()
        return True
