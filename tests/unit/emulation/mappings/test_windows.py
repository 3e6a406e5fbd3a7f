"""Tumbling windows: which batch belongs to which, and what becomes of the state."""

import json

from emulation.services.lambda_.windows import MAX_STATE_BYTES, WindowedExchange
from tests.unit.emulation.mappings.desk import ORIGIN, SHARD, Desk, answer, record

START = 1_700_000_040  # a multiple of 60


def windows(kept=None, *, reports_failures=False) -> WindowedExchange:
    return WindowedExchange(60, ORIGIN, kept, reports_failures=reports_failures)


def at(seconds: float, number: int = 1):
    return record(number, arrival_ms=int((START + seconds) * 1000))


def test_batch_ends_with_its_window():
    assert windows().count([at(0), at(59.9), at(60)], 10) == 2


def test_event_tells_the_window_and_its_state():
    event = json.loads(windows().event([at(30)]))
    assert len(event.pop("Records")) == 1
    assert event == {
        "window": {"start": "2023-11-14T22:14:00Z", "end": "2023-11-14T22:15:00Z"},
        "state": {},
        "shardId": SHARD,
        "eventSourceARN": ORIGIN.source_arn,
        "isFinalInvokeForWindow": False,
        "isWindowTerminatedEarly": False,
    }


def test_state_goes_from_answer_to_event():
    exchange = windows()
    exchange.event([at(0)])
    assert exchange.processed([at(0)], answer({"state": {"n": 1}})) == 1
    assert json.loads(exchange.event([at(1)]))["state"] == {"n": 1}
    assert json.loads(exchange.final_event(early=False)) == json.loads(exchange.event([])) | {
        "isFinalInvokeForWindow": True
    }


def test_answer_without_a_state_is_a_failure():
    exchange = windows()
    exchange.event([at(0)])
    for said in (None, {}, {"state": "text"}, "text"):
        assert exchange.processed([at(0)], answer(said)) == 0
        assert not exchange.accepts(answer(said))


def test_partial_failure_keeps_the_state_of_what_was_processed():
    exchange = windows(reports_failures=True)
    batch = [at(0, 1), at(0, 2)]
    exchange.event(batch)
    failed = {"itemIdentifier": batch[1].sequence_number}
    said = answer({"state": {"n": 1}, "batchItemFailures": [failed]})
    assert exchange.processed(batch, said) == 1
    assert exchange.kept() == {"start": START, "state": {"n": 1}}


def test_window_is_over_when_a_later_record_is_there():
    exchange = windows()
    assert not exchange.is_over(at(70), 0)
    exchange.event([at(0)])
    assert not exchange.is_over(at(59), 0)
    assert exchange.is_over(at(60), 0)


def test_window_is_over_when_everything_before_its_end_was_read():
    exchange = windows()
    exchange.event([at(0)])
    assert not exchange.is_over(None, (START + 60) * 1000)
    assert exchange.is_over(None, (START + 62) * 1000)


def test_last_invocation_drops_the_state():
    exchange = windows({"start": START, "state": {"n": 1}})
    exchange.end(early=False)
    assert (exchange.kept(), exchange.is_open) == (None, False)


def test_window_that_ends_early_goes_on_afresh():
    exchange = windows({"start": START, "state": {"text": "x" * MAX_STATE_BYTES}})
    assert exchange.is_full
    assert json.loads(exchange.final_event(early=True))["isWindowTerminatedEarly"] is True
    exchange.end(early=True)
    assert exchange.kept() == {"start": START, "state": {}}


def test_failing_last_invocation_is_given_up_after_its_retries():
    class Fails:
        def invoke(self, sent):
            return answer({}, "Unhandled")

    exchange = windows({"start": START, "state": {}})
    desk = Desk(Fails())
    assert desk.delivery.conclude(exchange, early=False)
    assert (desk.settled, exchange.is_open) == ([[]], False)
    assert desk.results == ["PROBLEM: Function call failed"]
