"""A Kinesis event source mapping that does not slow down: in place of LocalStack's poller, which
reads one shard a second, loses a batch when its thread fails, and bisects nothing.

LocalStack keeps the mapping itself: its API, its state, its start and stop.
"""

import json
import logging
import threading
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from typing import Any

from botocore.exceptions import ClientError
from localstack.services.lambda_.event_source_mapping.esm_worker import EsmWorker

from emulation.services.lambda_.batches import Origin, Record
from emulation.services.lambda_.checkpoints import Checkpoints
from emulation.services.lambda_.delivery import Delivery, Policy
from emulation.services.lambda_.failure_destination import GivenUp, tell
from emulation.services.lambda_.invoked import Invoked
from emulation.services.lambda_.invoker import Invoker
from emulation.services.lambda_.kinesis_source import KinesisSource
from emulation.services.lambda_.shard_reader import Batching, ShardReader
from emulation.settings import settings

LOG = logging.getLogger(__name__)

SHARD_LOCKS: dict[str, threading.Lock] = defaultdict(threading.Lock)
"""By mapping and shard. An updated mapping is a new worker; its readers begin when those of the old
one have settled the batch at hand, so that no record is delivered by both.
"""


@cache
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
        self._readers: dict[str, threading.Thread] = {}
        self._checkpoints = checkpoints_of(worker.uuid)

    def poll_events(self) -> None:
        """Start a reader for each shard that may be read: a shard waits for its parents. Shards
        only appear where others end, so nothing is looked up while all readers run.
        """
        running = {name: reader for name, reader in self._readers.items() if reader.is_alive()}
        if running and len(running) == len(self._readers):
            return
        self._readers = running
        shards = self._source.shards()
        for shard_id, parents in shards.items():
            ready = all(self._finished(parent) for parent in parents if parent in shards)
            if ready and shard_id not in self._readers and not self._finished(shard_id):
                self._start(shard_id, is_child=any(parent in shards for parent in parents))

    def close(self) -> None:
        """The worker was stopped: wait for the batches at hand."""
        for reader in self._readers.values():
            reader.join()
        self._source.close()

    def _finished(self, shard_id: str) -> bool:
        return self._checkpoints.get(shard_id) == Checkpoints.SHARD_END

    def _start(self, shard_id: str, *, is_child: bool) -> None:
        thread = threading.Thread(
            target=self._run,
            args=(shard_id, self._first_position(is_child=is_child)),
            name=f"mapping-{self._worker.uuid}-{shard_id}",
            daemon=True,
        )
        self._readers[shard_id] = thread
        thread.start()

    def _run(self, shard_id: str, first_position: dict[str, Any]) -> None:
        with SHARD_LOCKS[f"{self._worker.uuid}/{shard_id}"]:
            self._reader(shard_id, first_position).run()

    def _reader(self, shard_id: str, first_position: dict[str, Any]) -> ShardReader:
        config = self._config
        delivery = Delivery(
            policy=Policy(
                max_retries=config["MaximumRetryAttempts"],
                max_age_seconds=config["MaximumRecordAgeInSeconds"],
                bisect=bool(config.get("BisectBatchOnFunctionError")),
                report_item_failures="ReportBatchItemFailures"
                in config.get("FunctionResponseTypes", []),
            ),
            invoke=Invoker(config["FunctionArn"]).invoke,
            stopped=self._stopped,
            settle=lambda number: self._checkpoints.set(shard_id, number),
            discard=lambda *given: self._discard(shard_id, *given),
            report=self._report,
        )
        return ShardReader(
            self._source,
            Origin.of(config["EventSourceArn"], shard_id, self._role_arn),
            Batching(
                config["BatchSize"], config["MaximumBatchingWindowInSeconds"], _filters(config)
            ),
            delivery,
            self._checkpoints,
            first_position,
        )

    def _first_position(self, *, is_child: bool) -> dict[str, Any]:
        """Where a shard begins that was never read. Children of a split or a merge are read whole.
        LATEST counts from the mapping's creation, so that a restart of the emulator skips nothing.
        """
        position = self._config["StartingPosition"]
        if is_child or position == "TRIM_HORIZON":
            return {"ShardIteratorType": "TRIM_HORIZON"}
        moment = self._checkpoints.started
        if position == "AT_TIMESTAMP":
            moment = self._config["StartingPositionTimestamp"].timestamp()
        return {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": moment}

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
        except (ClientError, NotImplementedError) as error:
            LOG.warning("the failure destination of mapping %s: %s", self._worker.uuid, error)


def _filters(config: dict[str, Any]) -> list[dict[str, Any]]:
    criteria = config.get("FilterCriteria") or {}
    return [json.loads(item["Pattern"]) for item in criteria.get("Filters") or []]
