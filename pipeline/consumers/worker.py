"""One worker: takes leases, processes each in a thread, and leaves everything in order when it is
told to stop.
"""

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from pipeline.consumers.features import StreamFeatures
from pipeline.consumers.holding import HeldLease, Renewer, release_all
from pipeline.consumers.lease import Lease
from pipeline.consumers.lease_table import LeaseTable
from pipeline.consumers.meter import ERRORS, Meter
from pipeline.consumers.patience import Patience
from pipeline.consumers.predictions import Predictions
from pipeline.consumers.processing import ShardProcessor
from pipeline.consumers.reading import ShardReader
from pipeline.consumers.scoring import Scorer
from pipeline.consumers.settings import ConsumerSettings
from pipeline.consumers.shards import Shards
from pipeline.consumers.taking import Clock, LeaseTaker

LOG = logging.getLogger(__name__)
FOLLOW_SECONDS = 60.0
"""The end of a shard is followed at once by its reader; this finds what nobody has followed."""

METER_SECONDS = 60.0


@dataclass
class Reading:
    """A shard in work, and the thread that does it."""

    processor: ShardProcessor
    thread: threading.Thread


class Worker:
    """`clients("kinesis")` is a client of that service."""

    def __init__(
        self,
        settings: ConsumerSettings,
        clients: Callable[[str], Any],
        *,
        clock: Clock = time.monotonic,
        chance: random.Random | None = None,
        begin: Callable[[threading.Thread], None] = threading.Thread.start,
    ) -> None:
        self._settings = settings
        self._kinesis = clients("kinesis")
        self._clock = clock
        self._chance = chance or random.Random()
        self._begin_thread = begin
        self._table = LeaseTable(clients("dynamodb"), settings.lease_table)
        self._shards = Shards(self._kinesis, settings.stream, self._table)
        lookup = StreamFeatures(clients("s3"), settings.lake_bucket)
        self._scorer = Scorer(clients("sagemaker-runtime"), settings.endpoint, lookup)
        self._predictions = Predictions(clients("s3"), settings.lake_bucket)
        self._meter = Meter(clients("cloudwatch"), settings.stream)
        self._taker = LeaseTaker(
            self._table, settings.worker, settings.failover, clock=clock, chance=self._chance
        )
        self.renewer = Renewer(settings.failover)
        self.readings: dict[str, Reading] = {}
        self._stop = threading.Event()
        self._follow_at = self._tell_at = clock()

    def stop(self) -> None:
        """Let the batches in work end, hand the leases back, and end. For a signal handler."""
        self._stop.set()

    def run(self) -> None:
        """Work until `stop`."""
        LOG.info("worker %s reads %s", self._settings.worker, self._settings.stream)
        self.renewer.start()
        try:
            while not self._stop.is_set():
                self._turn()
                # Workers that were started together do not look together for ever.
                self._stop.wait(self._settings.failover / 2 * self._chance.uniform(0.8, 1.2))
        finally:
            self._close()

    def _turn(self) -> None:
        try:
            self.turn()
        except (ClientError, BotoCoreError) as error:
            LOG.warning("cannot look at the leases: %s", error)
            self._meter.add(ERRORS, 1)

    def turn(self) -> None:
        """Follow the stream's shards, take leases, tell the metrics: what is due of that."""
        self._put_away()
        now = self._clock()
        if now >= self._follow_at:
            self._shards.follow()
            self._follow_at = now + FOLLOW_SECONDS * self._chance.uniform(0.8, 1.2)
        for lease in self._taker.take():
            self._begin(lease)
        if now >= self._tell_at:
            self._meter.tell()
            self._tell_at = now + METER_SECONDS

    def _put_away(self) -> None:
        """Forget shards that have ended or are another's, and those whose thread broke down."""
        for key, reading in list(self.readings.items()):
            processor = reading.processor
            if processor.finished or not processor.held.held:
                self.renewer.forget(processor.held)
                del self.readings[key]

    def _begin(self, lease: Lease) -> None:
        held = HeldLease(self._table, lease, self._settings.failover, self._clock)
        self.renewer.keep(held)
        processor = self.processor(held)
        thread = threading.Thread(
            target=processor.run, args=(self._stop,), name=lease.key, daemon=True
        )
        self.readings[lease.key] = Reading(processor, thread)
        self._begin_thread(thread)

    def processor(self, held: HeldLease) -> ShardProcessor:
        """What processes the shard of a lease."""
        return ShardProcessor(
            held,
            ShardReader(self._kinesis, self._settings.stream, held.lease, self._settings.batch),
            self._scorer,
            self._predictions,
            shards=self._shards,
            meter=self._meter,
            patience=Patience(held, self._stop, lambda: self._meter.add(ERRORS, 1), self._chance),
        )

    def _close(self) -> None:
        for reading in self.readings.values():
            reading.thread.join()
        self.renewer.stop()
        release_all(reading.processor.held for reading in self.readings.values())
        self._meter.tell()
        LOG.info("worker %s has stopped", self._settings.worker)
