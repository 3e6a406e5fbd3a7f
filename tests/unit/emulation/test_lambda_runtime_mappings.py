"""Event source mappings: how many records fit, what a failure does to a batch, how far it came."""

import base64
import json
from threading import Event

import pytest

from emulation.services.lambda_ import supported
from emulation.services.lambda_.batches import (
    MAX_PAYLOAD_BYTES,
    Origin,
    Record,
    fitting,
    matches,
    payload,
)
from emulation.services.lambda_.checkpoints import Checkpoints
from emulation.services.lambda_.delivery import Delivery, Policy
from emulation.services.lambda_.invoked import Invoked, NotInvoked

ORIGIN = Origin("arn:stream", "us-east-1", "shardId-000000000000", "arn:role")


def record(number: int, data: bytes = b"{}", arrived: float = 1e12) -> Record:
    return ORIGIN.record(
        {
            "SequenceNumber": str(number),
            "PartitionKey": "k",
            "Data": base64.b64encode(data).decode(),
            "ApproximateArrivalTimestamp": arrived,
        }
    )


def records(*numbers: int) -> list[Record]:
    return [record(number) for number in numbers]


def numbers(batch) -> list[int]:
    return [int(item.sequence_number) for item in batch]


def test_payload_is_the_event_of_lambda():
    event = json.loads(payload(records(1, 2)))
    assert [item["eventID"] for item in event["Records"]] == [
        "shardId-000000000000:1",
        "shardId-000000000000:2",
    ]


def test_fitting_stops_at_the_batch_size():
    assert fitting(records(1, 2, 3), 2) == 2


def test_fitting_fills_the_payload_limit_and_not_more():
    many = [record(number, b"x" * 1000) for number in range(6000)]
    count = fitting(many, 10_000)
    assert len(payload(many[:count])) <= MAX_PAYLOAD_BYTES < len(payload(many[: count + 1]))


def test_record_that_fits_nowhere_goes_alone():
    assert fitting([record(1, b"x" * 7_000_000), record(2)], 10) == 1


@pytest.mark.parametrize(
    ("pattern", "passes"),
    [
        ({"data": {"type": ["planned"]}}, True),
        ({"data": {"type": ["weather"]}}, False),
        ({"partitionKey": ["k"]}, True),
    ],
)
def test_filter_sees_data_and_fields(pattern, passes):
    assert matches([pattern], record(1, b'{"type": "planned"}')) is passes


def test_record_that_is_no_json_passes_no_filter_on_data():
    assert not matches([{"data": {"type": ["planned"]}}], record(1, b"\xff"))
    assert matches([{"partitionKey": ["k"]}], record(1, b"\xff"))


class Function:
    """A function that fails on what is poisonous, or only reports it."""

    def __init__(self, poison: set[int], *, reports: bool = False) -> None:
        self.poison = poison
        self.reports = reports
        self.batches: list[list[int]] = []

    def invoke(self, sent: bytes) -> Invoked:
        batch = [int(item["eventID"].split(":")[1]) for item in json.loads(sent)["Records"]]
        self.batches.append(batch)
        found = [{"itemIdentifier": str(number)} for number in self.poison & set(batch)]
        failed = "Unhandled" if found and not self.reports else None
        return Invoked("r-1", "$LATEST", failed, json.dumps({"batchItemFailures": found}).encode())


class Desk:
    """What a delivery tells the others."""

    def __init__(self, function: Function, **policy) -> None:
        defaults = {
            "max_retries": 0,
            "max_age_seconds": -1,
            "bisect": False,
            "report_item_failures": False,
        }
        self.settled: list[int] = []
        self.discarded: list[tuple[list[int], str, int]] = []
        self.stopped = Event()
        self.delivery = Delivery(
            policy=Policy(**{**defaults, **policy}),
            invoke=function.invoke,
            stopped=self.stopped,
            settle=lambda number: self.settled.append(int(number)),
            discard=self.discard,
            report=lambda result: None,
        )

    def discard(self, batch, reason, invoked, attempts) -> None:
        self.discarded.append((numbers(batch), reason, attempts))


def test_processed_batch_is_settled():
    desk = Desk(Function(set()))
    assert desk.delivery.deliver(records(1, 2))
    assert (desk.settled, desk.discarded) == ([2], [])


def test_exhausted_batch_is_discarded_and_settled():
    function = Function({1})
    desk = Desk(function)
    assert desk.delivery.deliver(records(1, 2))
    assert desk.discarded == [([1, 2], "RetryAttemptsExhausted", 1)]
    assert (desk.settled, function.batches) == ([2], [[1, 2]])


def test_bisection_isolates_the_poison_in_order():
    function = Function({3})
    desk = Desk(function, bisect=True)
    assert desk.delivery.deliver(records(1, 2, 3, 4))
    assert function.batches == [[1, 2, 3, 4], [1, 2], [3, 4], [3], [4]]
    assert desk.discarded == [([3], "RetryAttemptsExhausted", 1)]
    assert desk.settled == [2, 3, 4]


def test_reported_failure_settles_what_came_before():
    function = Function({2}, reports=True)
    desk = Desk(function, report_item_failures=True, bisect=True)
    assert desk.delivery.deliver(records(1, 2, 3))
    assert function.batches == [[1, 2, 3], [2, 3], [2], [3]]
    assert desk.discarded == [([2], "RetryAttemptsExhausted", 1)]
    assert desk.settled == [1, 2, 3]


def test_report_counts_only_when_the_mapping_asks_for_it():
    desk = Desk(Function({2}, reports=True))
    assert desk.delivery.deliver(records(1, 2, 3))
    assert (desk.settled, desk.discarded) == ([3], [])


def test_old_records_are_discarded_and_the_rest_processed():
    function = Function(set())
    desk = Desk(function, max_age_seconds=60)
    assert desk.delivery.deliver([record(1, arrived=0), record(2)])
    assert (desk.discarded, function.batches) == ([([1], "RecordAgeExceeded", 0)], [[2]])


def test_refusal_of_lambda_is_no_attempt():
    class Gone(Function):
        def invoke(self, sent: bytes) -> Invoked:
            desk.stopped.set()
            raise NotInvoked("is being updated")

    desk = Desk(Gone(set()))
    assert not desk.delivery.deliver(records(1))
    assert (desk.settled, desk.discarded) == ([], [])


def test_checkpoints_survive_a_restart(tmp_path):
    path = tmp_path / "mapping.json"
    first = Checkpoints(path)
    first.set("shardId-000000000000", "17")
    again = Checkpoints(path)
    assert (again.get("shardId-000000000000"), again.started) == ("17", first.started)
    assert again.get("shardId-000000000001") is None


@pytest.mark.parametrize(
    ("package", "runtime", "named"),
    [("Image", None, "PackageType Image"), ("Zip", "java21", "runtime java21")],
)
def test_what_cannot_run_is_refused_by_name(package, runtime, named):
    with pytest.raises(NotImplementedError, match=named):
        supported.check(package, runtime)


def test_runtime_that_is_emulated_by_another_version_says_so():
    assert supported.description("python3.12").startswith("python:3.12 (emulated by Python 3.13.")
