"""A function, and what a delivery tells of it."""

import json
from threading import Event

from emulation.compute.streams.records import Record as Stored
from emulation.compute.streams.records import parse_sequence_number, sequence_base
from emulation.services.lambda_.batches import Origin, Record
from emulation.services.lambda_.delivery import Delivery, Policy
from emulation.services.lambda_.exchange import PlainExchange
from emulation.services.lambda_.invoked import Invoked
from emulation.services.lambda_.mapping_metrics import MappingMetrics

SHARD = "shardId-000000000000"
ORIGIN = Origin(
    "arn:aws:kinesis:us-east-1:000000000000:stream/s",
    "us-east-1",
    SHARD,
    "arn:role",
    sequence_base(1_700_000_000, 0),
)
FUNCTION_ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"
LATER_MS = 4_000_000_000_000


class NoMetrics(MappingMetrics):
    """Counts nothing: the meter would start a thread."""

    def invoked(self, records, at: float) -> None:
        pass


METRICS = NoMetrics.of(FUNCTION_ARN, "u", counts_events=False)


def record(number: int, data: bytes = b"{}", arrival_ms: int = LATER_MS, key: str = "k") -> Record:
    return ORIGIN.record(Stored(number, arrival_ms, key, data))


def records(*numbers: int) -> list[Record]:
    return [record(number) for number in numbers]


def number_of(sequence_number: str) -> int:
    return parse_sequence_number(sequence_number).ordinal


def numbers(batch) -> list[int]:
    return [number_of(item.sequence_number) for item in batch]


def answer(payload: object, error: str | None = None) -> Invoked:
    return Invoked("r-1", "$LATEST", error, json.dumps(payload).encode())


class Function:
    """A function that fails on what is poisonous, or only reports it."""

    def __init__(self, *poison: int, reports: bool = False) -> None:
        self.poison = set(poison)
        self.reports = reports
        self.batches: list[list[int]] = []

    def invoke(self, sent: bytes) -> Invoked:
        names = [item["kinesis"]["sequenceNumber"] for item in json.loads(sent)["Records"]]
        self.batches.append([number_of(name) for name in names])
        found = [{"itemIdentifier": name} for name in names if number_of(name) in self.poison]
        failed = "Unhandled" if found and not self.reports else None
        return answer({"batchItemFailures": found}, failed)


class Desk:
    """What a delivery tells the others."""

    def __init__(self, function, *, reports_failures: bool = False, **policy) -> None:
        defaults = {"max_retries": 0, "max_age_seconds": -1, "bisect": False}
        self.settled: list[list[int]] = []
        self.discarded: list[tuple[list[int], str, int]] = []
        self.results: list[str] = []
        self.stopped = Event()
        self.exchange = PlainExchange(reports_failures)
        self.delivery = Delivery(
            policy=Policy(**{**defaults, **policy}),
            invoke=function.invoke,
            stopped=self.stopped,
            settle=lambda batch: self.settled.append(numbers(batch)),
            discard=self.discard,
            report=self.results.append,
            metrics=METRICS,
        )

    def discard(self, batch, reason, invoked, attempts) -> None:
        self.discarded.append((numbers(batch), reason, attempts))

    def deliver(self, batch) -> bool:
        return self.delivery.deliver(self.exchange, batch)
