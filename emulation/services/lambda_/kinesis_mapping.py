"""A Kinesis event source mapping that does not slow down: in place of LocalStack's poller, which
reads one shard a second, loses a batch when its thread fails, and bisects nothing.

LocalStack keeps the mapping itself: its API, its state, its start and stop.
"""

import json
import logging
import threading
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError
from localstack.services.lambda_.event_source_mapping.esm_worker import EsmWorker

from emulation.compute.once import once
from emulation.compute.streams.errors import StreamMissing
from emulation.services.lambda_.batches import Record
from emulation.services.lambda_.checkpoints import Checkpoints
from emulation.services.lambda_.failure_destination import GivenUp, tell
from emulation.services.lambda_.filter_patterns import Filters
from emulation.services.lambda_.invoked import Invoked
from emulation.services.lambda_.kinesis_source import KinesisSource, ordinal_after
from emulation.services.lambda_.mapping_metrics import DELIVERED, MappingMetrics
from emulation.services.lambda_.mapping_shards import ShardFactory
from emulation.services.lambda_.shard_reader import Start
from emulation.settings import settings

LOG = logging.getLogger(__name__)

READS_A_SECOND = 50
"""Of all shards of a mapping together, when records come in ones and twos: every read that finds
something is an invocation, and a machine has only so many to give.
"""
LONGEST_PACE_SECONDS = 0.2

AGAIN_SECONDS = 1.0
"""How often a stream that does not exist, or a shard that cannot be read, is tried again."""

SHARD_LOCKS: dict[str, threading.Lock] = defaultdict(threading.Lock)
"""By mapping and shard. An updated mapping is a new worker; its readers begin when those of the old
one have settled the batch at hand, so that no record is delivered by both.
"""


@once
def checkpoints_of(mapping_id: str) -> Checkpoints:
    """A mapping's checkpoints, the same for all its workers."""
    return Checkpoints(settings().folder("lambda", "mappings") / f"{mapping_id}.json")


class KinesisMapping:
    """LocalStack's worker calls `poll_events` now and then; the shards are read by threads."""

    def __init__(self, worker: EsmWorker, role_arn: str) -> None:
        self._worker = worker
        self._config: dict[str, Any] = worker.esm_config
        self._role_arn = role_arn
        self._stopped = worker._shutdown_event
        self._source = KinesisSource(self._config["EventSourceArn"])
        self._readers: dict[int, threading.Thread] = {}
        self._checkpoints = checkpoints_of(worker.uuid)
        self._filters = Filters(_patterns(self._config))
        self._metrics = MappingMetrics.of(
            self._config["FunctionArn"],
            worker.uuid,
            counts_events="EventCount"
            in (self._config.get("MetricsConfig") or {}).get("Metrics", []),
        )

    def poll_events(self) -> None:
        """Start a reader for each shard that may be read: a shard waits for its parents. Shards
        only appear where others end, so nothing is looked up while all readers run.
        """
        running = {number: reader for number, reader in self._readers.items() if reader.is_alive()}
        if running and len(running) == len(self._readers):
            return
        self._readers = running
        try:
            self._checkpoints.belong_to(self._source.stream().state.stream_id)
            self._start_readers(self._source.shards())
        except StreamMissing:
            self._report(f"PROBLEM: Stream not found: {self._source.source_arn}")
            self._stopped.wait(AGAIN_SECONDS)

    def _start_readers(self, shards: dict[int, list[int]]) -> None:
        for number, parents in shards.items():
            ready = all(self._finished(parent) for parent in parents if parent in shards)
            if ready and number not in self._readers and not self._finished(number):
                self._start(number)

    def close(self) -> None:
        """The worker was stopped: wait for the batches at hand."""
        for reader in self._readers.values():
            reader.join()

    def _finished(self, number: int) -> bool:
        shard_id = self._source.shard(number).shard_id
        return self._checkpoints.get(shard_id) == Checkpoints.SHARD_END

    def _start(self, number: int) -> None:
        thread = threading.Thread(
            target=self._run,
            args=(number,),
            name=f"mapping-{self._worker.uuid}-{number}",
            daemon=True,
        )
        self._readers[number] = thread
        thread.start()

    def _run(self, number: int) -> None:
        """Read a shard; who looks after it starts again what has ended before the shard has."""
        with SHARD_LOCKS[f"{self._worker.uuid}/{number}"]:
            try:
                if self._read(number):
                    return
            except StreamMissing:
                return
            except OSError as error:
                LOG.exception("shard %s of mapping %s", number, self._worker.uuid)
                self._report(f"PROBLEM: {error}")
            self._stopped.wait(AGAIN_SECONDS)

    def _read(self, number: int) -> bool:
        shard_id = self._source.shard(number).shard_id
        ended = self._shards().reader(number).run(self._first(number, shard_id))
        if ended:
            self._checkpoints.set(shard_id, Checkpoints.SHARD_END)
        return ended

    def _shards(self) -> ShardFactory:
        return ShardFactory(
            config=self._config,
            role_arn=self._role_arn,
            source=self._source,
            filters=self._filters,
            checkpoints=self._checkpoints,
            metrics=self._metrics,
            stopped=self._stopped,
            pace=self._pace,
            report=self._report,
            discard=self._discard,
        )

    def _pace(self) -> float:
        return min(len(self._readers) / READS_A_SECOND, LONGEST_PACE_SECONDS)

    def _first(self, number: int, shard_id: str) -> Start:
        """Where reading goes on, or begins. LATEST counts from the mapping's creation, so that a
        restart of the emulator skips nothing, nor does a shard that was split meanwhile.
        """
        since = self._since()
        if settled := self._checkpoints.get(shard_id):
            return Start(ordinal_after(settled), since or 0.0)
        return Start(self._source.first_ordinal(number, since), since or 0.0)

    def _since(self) -> float | None:
        position = self._config["StartingPosition"]
        if position == "AT_TIMESTAMP":
            return float(self._config["StartingPositionTimestamp"].timestamp())
        return self._checkpoints.started if position == "LATEST" else None

    def _report(self, result: str) -> None:
        stored = self._worker._state.event_source_mappings.get(self._worker.uuid)
        if stored is not None:
            stored["LastProcessingResult"] = result

    def _discard(
        self,
        shard_id: str,
        records: Sequence[Record],
        reason: str,
        invoked: Invoked | None,
        attempts: int,
    ) -> None:
        config = self._config
        destination = (config.get("DestinationConfig") or {}).get("OnFailure", {})
        if not destination.get("Destination"):
            return
        given_up = GivenUp(
            self._worker.uuid,
            config["FunctionArn"],
            config["EventSourceArn"],
            shard_id,
            records,
            reason,
            invoked,
            attempts,
        )
        try:
            tell(destination["Destination"], given_up)
            self._metrics.events(DELIVERED, len(records))
        except (ClientError, NotImplementedError) as error:
            self._metrics.undelivered()
            LOG.warning("the failure destination of mapping %s: %s", self._worker.uuid, error)


def _patterns(config: dict[str, Any]) -> list[dict[str, Any]]:
    criteria = config.get("FilterCriteria") or {}
    return [json.loads(item["Pattern"]) for item in criteria.get("Filters") or []]
