"""What the shard of a mapping is read with: its lanes, their conversation with the function, and
the way of a record from there to the checkpoint.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Any

from localstack.runtime import events

from emulation.services.lambda_.batches import Origin, Record
from emulation.services.lambda_.checkpoints import Checkpoints
from emulation.services.lambda_.delivery import Delivery, Policy
from emulation.services.lambda_.exchange import PlainExchange
from emulation.services.lambda_.filter_patterns import Filters
from emulation.services.lambda_.invoked import Invoked, NotInvoked
from emulation.services.lambda_.invoker import Invoker
from emulation.services.lambda_.kinesis_source import KinesisSource
from emulation.services.lambda_.lanes import Batching, Lane, WindowedLane
from emulation.services.lambda_.mapping_metrics import MappingMetrics
from emulation.services.lambda_.progress import Progress
from emulation.services.lambda_.shard_reader import ShardReader
from emulation.services.lambda_.windows import WindowedExchange

Discard = Callable[[str, Sequence[Record], str, Invoked | None, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardFactory:
    """Makes the readers of one mapping's shards."""

    config: dict[str, Any]
    role_arn: str
    source: KinesisSource
    filters: Filters
    checkpoints: Checkpoints
    metrics: MappingMetrics
    stopped: Event
    pace: Callable[[], float]
    report: Callable[[str], None]
    discard: Discard

    def reader(self, number: int) -> ShardReader:
        """The reader of a shard."""
        shard = self.source.shard(number)
        origin = Origin.of(self.source.source_arn, shard.shard_id, shard.base, self.role_arn)
        seconds = self.config.get("TumblingWindowInSeconds") or 0
        lanes, progress = self._windowed(origin, seconds) if seconds else self._plain(origin)
        return ShardReader(
            self.source,
            number,
            origin,
            self.filters,
            lanes,
            progress,
            self.stopped,
            self.pace,
            self.metrics,
            2 * len(lanes) * self.config["BatchSize"],
        )

    def _plain(self, origin: Origin) -> tuple[list[Lane], Progress]:
        progress = Progress(lambda number: self.checkpoints.set(origin.shard_id, number))
        exchange = PlainExchange(self._reports_failures)
        delivery = self._delivery(origin, progress.settle)
        count = self.config.get("ParallelizationFactor") or 1
        lanes = [Lane(progress.changed, self._batching, exchange, delivery) for _ in range(count)]
        return lanes, progress

    def _windowed(self, origin: Origin, seconds: int) -> tuple[list[Lane], Progress]:
        shard_id = origin.shard_id
        exchange = WindowedExchange(
            seconds,
            origin,
            self.checkpoints.window(shard_id),
            reports_failures=self._reports_failures,
        )
        progress = Progress(lambda number: self.checkpoints.set(shard_id, number, exchange.kept()))

        def settle(records: Sequence[Record]) -> None:
            if records:
                progress.settle(records)
            else:
                self.checkpoints.set(shard_id, None, exchange.kept())

        delivery = self._delivery(origin, settle)
        return [WindowedLane(progress.changed, self._batching, exchange, delivery)], progress

    def _delivery(self, origin: Origin, settle: Callable[[Sequence[Record]], None]) -> Delivery:
        config = self.config
        return Delivery(
            policy=Policy(
                max_retries=config["MaximumRetryAttempts"],
                max_age_seconds=config["MaximumRecordAgeInSeconds"],
                bisect=bool(config.get("BisectBatchOnFunctionError")),
            ),
            invoke=self._invoke,
            stopped=self.stopped,
            settle=settle,
            discard=lambda *given: self.discard(origin.shard_id, *given),
            report=self.report,
            metrics=self.metrics,
        )

    def _invoke(self, event: bytes) -> Invoked:
        """Run the function. That its process ends with the emulator is no failure of the batch."""
        invoked = Invoker(self.config["FunctionArn"]).invoke(event)
        if invoked.function_error and events.infra_stopping.is_set():
            raise NotInvoked("the emulator is stopping")
        return invoked

    @property
    def _batching(self) -> Batching:
        config = self.config
        return Batching(config["BatchSize"], config["MaximumBatchingWindowInSeconds"])

    @property
    def _reports_failures(self) -> bool:
        return "ReportBatchItemFailures" in (self.config.get("FunctionResponseTypes") or [])
