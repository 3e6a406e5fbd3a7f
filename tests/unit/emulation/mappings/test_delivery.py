"""What a failure does to a batch."""

import pytest

from emulation.services.lambda_.batches import MAX_PAYLOAD_BYTES
from emulation.services.lambda_.invoked import Invoked, NotInvoked
from tests.unit.emulation.mappings.desk import Desk, Function, answer, record, records


def test_processed_batch_is_settled():
    desk = Desk(Function())
    assert desk.deliver(records(1, 2))
    assert (desk.settled, desk.discarded, desk.results) == ([[1, 2]], [], ["OK"])


def test_exhausted_batch_is_discarded_and_settled():
    function = Function(1)
    desk = Desk(function)
    assert desk.deliver(records(1, 2))
    assert desk.discarded == [([1, 2], "RetryAttemptsExhausted", 1)]
    assert (desk.settled, function.batches) == ([[1, 2]], [[1, 2]])
    assert desk.results == ["PROBLEM: Function call failed"]


def test_bisection_isolates_the_poison_in_order():
    function = Function(3)
    desk = Desk(function, bisect=True)
    assert desk.deliver(records(1, 2, 3, 4))
    assert function.batches == [[1, 2, 3, 4], [1, 2], [3, 4], [3], [4]]
    assert desk.discarded == [([3], "RetryAttemptsExhausted", 1)]
    assert desk.settled == [[1, 2], [3], [4]]


def test_reported_failure_settles_what_came_before():
    function = Function(2, reports=True)
    desk = Desk(function, reports_failures=True, bisect=True)
    assert desk.deliver(records(1, 2, 3))
    assert function.batches == [[1, 2, 3], [2, 3], [2], [3]]
    assert desk.discarded == [([2], "RetryAttemptsExhausted", 1)]
    assert desk.settled == [[1], [2], [3]]


def test_report_counts_only_when_the_mapping_asks_for_it():
    desk = Desk(Function(2, reports=True))
    assert desk.deliver(records(1, 2, 3))
    assert (desk.settled, desk.discarded) == ([[1, 2, 3]], [])


class Answers:
    """A function that answers always the same."""

    def __init__(self, payload: object) -> None:
        self.payload = payload

    def invoke(self, sent: bytes) -> Invoked:
        return answer(self.payload)


@pytest.mark.parametrize(
    "said", [None, {}, {"batchItemFailures": None}, {"batchItemFailures": []}, {"ok": 1}]
)
def test_answer_without_failures_is_a_success(said):
    desk = Desk(Answers(said), reports_failures=True)
    assert desk.deliver(records(1, 2))
    assert (desk.settled, desk.discarded) == ([[1, 2]], [])


@pytest.mark.parametrize(
    "said",
    [
        "text",
        7,
        [],
        {"batchItemFailures": "all"},
        {"batchItemFailures": ["2"]},
        {"batchItemFailures": [{"itemIdentifier": ""}]},
        {"batchItemFailures": [{"itemIdentifier": None}]},
        {"batchItemFailures": [{"id": "2"}]},
        {"batchItemFailures": [{"itemIdentifier": "of no record"}]},
    ],
)
def test_malformed_answer_fails_the_whole_batch(said):
    desk = Desk(Answers(said), reports_failures=True)
    assert desk.deliver(records(1, 2))
    assert desk.discarded == [([1, 2], "RetryAttemptsExhausted", 1)]


def test_old_records_are_discarded_and_the_rest_processed():
    function = Function()
    desk = Desk(function, max_age_seconds=60)
    assert desk.deliver([record(1, arrival_ms=0), record(2)])
    assert (desk.discarded, function.batches) == ([([1], "RecordAgeExceeded", 0)], [[2]])


def test_record_that_no_invocation_takes_is_given_up():
    function = Function()
    desk = Desk(function)
    assert desk.deliver([record(1, b"x" * MAX_PAYLOAD_BYTES)])
    assert (desk.discarded, function.batches) == ([([1], "RecordSizeExceeded", 0)], [])


def test_refusal_of_lambda_is_no_attempt():
    class Gone(Function):
        def invoke(self, sent: bytes) -> Invoked:
            desk.stopped.set()
            raise NotInvoked("is being updated")

    desk = Desk(Gone())
    assert not desk.deliver(records(1))
    assert (desk.settled, desk.discarded) == ([], [])
    assert desk.results == ["PROBLEM: is being updated"]
