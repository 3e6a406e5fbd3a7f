"""The work on one shard: read a batch, score its planned flights, write, checkpoint.

The end of a batch is written to the lease before anything else is written: a batch that was begun
has one name for ever, whoever finishes it and however often.
"""

import logging
import threading
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

from pipeline.consumers.holding import HeldLease
from pipeline.consumers.lease_table import LeaseLostError
from pipeline.consumers.meter import LAG, PREDICTIONS, RECORDS, UNSCORED, Meter
from pipeline.consumers.patience import Patience
from pipeline.consumers.predictions import Predictions
from pipeline.consumers.reading import Batch, ShardReader
from pipeline.consumers.scoring import Score, Scorer
from pipeline.consumers.shards import Shards
from pipeline.contracts import events
from pipeline.contracts.events import Event
from pipeline.errors import StoppedError

LOG = logging.getLogger(__name__)
BUSY_PAUSE, IDLE_PAUSE = 0.25, 1.0
"""A shard answers five reads a second, to all of its readers together."""


class ShardProcessor:
    """Processes one shard as long as its lease is held."""

    def __init__(
        self,
        held: HeldLease,
        reader: ShardReader,
        scorer: Scorer,
        predictions: Predictions,
        *,
        shards: Shards,
        meter: Meter,
        patience: Patience,
    ) -> None:
        self.held = held
        self.finished = False
        self._reader = reader
        self._scorer = scorer
        self._predictions = predictions
        self._shards = shards
        self._meter = meter
        self._patience = patience

    def run(self, stop: threading.Event) -> None:
        """Batch after batch, until stop, the end of the shard, or the loss of the lease."""
        LOG.info("%s begins at %s", self.held.lease.key, self.held.lease.checkpoint)
        try:
            while not stop.is_set():
                pause = self.step()
                if pause is None or stop.wait(pause):
                    return
        except LeaseLostError as error:
            LOG.warning("%s", error)
        except StoppedError as error:
            LOG.info("%s", error)
        finally:
            self.finished = True

    def step(self) -> float | None:
        """One batch; seconds until the next, None when the shard has ended."""
        self.held.ensure()
        batch = self._patience.insist(self._read)
        self._meter.add(LAG, batch.lag_ms)
        if batch.records:
            self._process(batch)
        if batch.ended:
            self._end()
            return None
        return BUSY_PAUSE if batch.lag_ms else IDLE_PAUSE

    def _read(self) -> Batch:
        try:
            return self._reader.read()
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code != "ResourceNotFoundException" or self._shards.is_listed(self.held.lease.key):
                raise
            LOG.error("%s is gone with what was not read of it", self.held.lease.key)
            return Batch(self.held.lease.key, ended=True)

    def _process(self, batch: Batch) -> None:
        flights = planned(batch.records)
        scores = self._score(batch, flights) if flights else []
        self._patience.insist(lambda: self.held.checkpoint(batch.last))
        # Not before: who loses the lease to another worker has it count the batch again.
        self._meter.add(RECORDS, len(batch.records))
        if scores:
            refused = sum(bool(score.refusal) for score in scores)
            self._meter.add(PREDICTIONS, len(scores) - refused)
            self._meter.add(UNSCORED, refused)

    def _score(self, batch: Batch, flights: Sequence[Event]) -> list[Score]:
        self._patience.insist(lambda: self.held.prepare(batch.last))
        scores = self._scorer.score(flights, self._patience)
        endpoint, ensure = self._scorer.endpoint, self.held.ensure
        self._patience.insist(lambda: self._predictions.put(batch, scores, endpoint, ensure))
        return scores

    def _end(self) -> None:
        """The children's leases are there before their parent's says that they may begin."""
        self._patience.insist(self._shards.follow)
        self._patience.insist(self.held.end)
        self.finished = True
        LOG.info("%s has ended", self.held.lease.key)


def planned(records: Sequence[dict[str, Any]]) -> list[Event]:
    """The planned flights of a batch, each once. What breaks the contract is the ingest function's
    to set aside: it reads the same stream.
    """
    found: dict[str, Event] = {}
    for record in records:
        try:
            event = events.decode(record["Data"])
        except events.InvalidEvent:
            continue
        if event["event_type"] == events.PLANNED:
            found.setdefault(event["event_id"], event)
    return list(found.values())
