"""Every planned flight gets one prediction, whatever fails on the way."""

import io
import threading

import pytest
from botocore.exceptions import EndpointConnectionError

from pipeline.consumers.lease_table import LeaseLostError
from pipeline.contracts import events
from pipeline.contracts.features import schedule_features
from tests.unit.pipeline.consumers.miniatures import FAILOVER, failure, shard_id

SHARD = shard_id(0)


class Killed(BaseException):
    """The process ends here, as by SIGKILL."""


@pytest.fixture
def full(cloud, payloads):
    cloud.stream.put(SHARD, payloads)
    return cloud


def finish(worker):
    """Batches until nothing is left to read."""
    worker.renew()
    while worker.step(SHARD) != 1.0:
        worker.renew()


def take_over(cloud, worker):
    """The owner is not heard of until its lease is free."""
    worker.turn()
    cloud.clock.pass_by(FAILOVER)
    worker.turn()


def begin(cloud, name="a", **changes):
    worker = cloud.worker(name, **changes)
    worker.turn()
    return worker


def test_each_planned_flight_has_one_prediction(full, flights, told):
    finish(begin(full))
    assert full.bucket.predicted() == flights
    assert len(flights) == len(set(flights)) > 500
    last = full.stream.shards[SHARD].records[-1]["SequenceNumber"]
    assert full.table.column(SHARD, "checkpoint") == last
    planned = {e["event_id"]: e for e in told if e["event_type"] == events.PLANNED}
    for line in full.bucket.lines("predictions/"):
        event = planned[line["event_id"]]
        assert line["features"] == schedule_features(event)
        assert line["probability"] == event["distance"] % 100 / 100
        assert (line["endpoint"], line["variant"]) == ("t", "live")


def test_objects_are_named_by_day_shard_and_sequence_numbers(full, told):
    finish(begin(full, batch=1500))
    numbers = [record["SequenceNumber"] for record in full.stream.shards[SHARD].records]
    days = {event["flight_date"] for event in told if event["event_type"] == events.PLANNED}
    assert set(full.bucket.objects) == {
        f"predictions/date={day}/{SHARD}-{numbers[0]}-{numbers[-1]}.jsonl" for day in days
    }


def test_other_events_and_broken_records_are_passed_over(cloud, told, payloads):
    others = [
        data
        for event, data in zip(told, payloads, strict=True)
        if event["event_type"] != events.PLANNED
    ]
    cloud.stream.put(SHARD, [b'{"oops"', b"\xff", *others[:50]])
    finish(begin(cloud))
    assert cloud.bucket.objects == {}
    assert cloud.endpoint.asked == []
    last = cloud.stream.shards[SHARD].records[-1]["SequenceNumber"]
    assert cloud.table.column(SHARD, "checkpoint") == last


def test_event_that_was_sent_twice_is_scored_once_in_a_batch(cloud, told, payloads):
    planned = next(
        data
        for event, data in zip(told, payloads, strict=True)
        if event["event_type"] == events.PLANNED
    )
    cloud.stream.put(SHARD, [planned, planned])
    finish(begin(cloud))
    assert len(cloud.bucket.predicted()) == 1


@pytest.mark.parametrize("batch", [37, 100, 800])
@pytest.mark.parametrize("writes", [1, 2, 5])
def test_killed_before_the_checkpoint_the_next_owner_writes_the_same_objects(
    full, flights, batch, writes
):
    """It reads other batches, and finishes the one that was begun as it was."""
    kill_after(full, writes)
    second = full.worker("b", batch=batch)
    take_over(full, second)
    # In the middle of what the batch is read together from, when it takes several reads.
    second.step(SHARD) if batch == 800 else read_with_an_error(full, second)
    assert full.bucket.puts[-1] == full.bucket.puts[writes - 1]
    finish(second)
    assert full.bucket.predicted() == flights


def kill_after(cloud, writes):
    def kill():
        if len(cloud.bucket.puts) == writes:
            raise Killed

    cloud.bucket.after = kill
    with pytest.raises(Killed):
        finish(begin(cloud))
    cloud.bucket.after = lambda: None


def read_with_an_error(cloud, worker):
    get_records, calls = cloud.stream.get_records, []

    def fail_second(**request):
        calls.append(request)
        if len(calls) == 2:
            raise failure("InternalFailure")
        return get_records(**request)

    cloud.stream.get_records = fail_second
    worker.step(SHARD)
    cloud.stream.get_records = get_records


def test_owner_that_slept_writes_nothing_after_it_has_lost_the_shard(full, flights):
    first, second = begin(full), full.worker("b", batch=64)

    def sleep():
        full.endpoint.before = lambda: None
        take_over(full, second)
        finish(second)
        full.bucket.puts.clear()

    full.endpoint.before = sleep
    with pytest.raises(LeaseLostError):
        first.step(SHARD)
    assert full.bucket.puts == []
    assert full.bucket.predicted() == flights


def test_batch_that_two_workers_have_scored_counts_once(full, flights):
    """The first falls asleep when it has written; the second writes the same again, and goes on."""
    first, second = begin(full), full.worker("b")

    def sleep():
        full.bucket.after = lambda: None
        take_over(full, second)
        finish(second)

    full.bucket.after = sleep
    with pytest.raises(LeaseLostError):
        first.step(SHARD)
    full.clock.pass_by(100)
    for worker in (first, second):
        worker.turn()
    assert full.metrics.sums["Predictions"] == len(flights)


def test_checkpoint_never_goes_back(full, monkeypatch):
    seen = []
    update = full.table.update_item

    def watch(**request):
        update(**request)
        seen.append(full.table.column(SHARD, "checkpoint"))

    monkeypatch.setattr(full.table, "update_item", watch)
    finish(begin(full))
    numbers = [int(checkpoint) for checkpoint in seen if checkpoint != "TRIM_HORIZON"]
    assert numbers == sorted(numbers)
    assert len(set(numbers)) == 15


def test_aws_that_does_not_answer_is_waited_for(full, flights):
    full.stream.fails_with = ["ProvisionedThroughputExceededException", "InternalFailure"]
    full.endpoint.failures = [
        failure("ThrottlingException"),
        failure("ValidationError"),
        failure("ServiceUnavailable"),
        EndpointConnectionError(endpoint_url="http://nowhere"),
    ]
    worker = begin(full)
    finish(worker)
    full.clock.pass_by(100)
    worker.turn()
    assert full.bucket.predicted() == flights
    assert full.bucket.lines("unscored/") == []
    assert full.metrics.sums["Errors"] == 6


def test_shard_that_is_lost_while_aws_does_not_answer_is_left(full):
    worker = begin(full)
    asked = iter(range(50))

    def fail():
        next(asked)
        full.clock.pass_by(1)
        raise failure("ServiceUnavailable")

    full.endpoint.before = fail
    with pytest.raises(LeaseLostError):
        worker.step(SHARD)


def test_shard_that_is_not_found_but_there_has_not_ended(full, flights):
    full.stream.fails_with = ["ResourceNotFoundException"]
    worker = begin(full)
    assert worker.step(SHARD) is not None
    finish(worker)
    assert full.bucket.predicted() == flights


def test_expired_iterator_is_begun_anew_where_it_was(full, flights):
    full.stream.expire_iterators = True
    finish(begin(full))
    assert full.bucket.predicted() == flights
    assert len(full.stream.reads) == len(set(full.stream.reads))


@pytest.mark.parametrize("fault", ["refuses", "breaks"])
def test_flight_that_the_model_fails_for_is_set_aside_and_the_shard_goes_on(full, flights, fault):
    setattr(full.endpoint, fault, lambda features: features.get("distance") == 1400)
    worker = begin(full)
    finish(worker)
    unscored = full.bucket.lines("unscored/")
    assert {line["event"]["distance"] for line in unscored} == {1400}
    reason = "distance must be a whole number" if fault == "refuses" else "list index"
    assert {line["reason"] for line in unscored} == {reason}
    aside = [line["event"]["flight_id"] for line in unscored]
    assert sorted([*full.bucket.predicted(), *aside]) == flights
    full.clock.pass_by(100)
    worker.turn()
    sums = full.metrics.sums
    assert (sums["Unscored"], sums["Predictions"]) == (len(aside), len(flights) - len(aside))
    assert sums["Records"] == 1500


def test_model_that_answers_nobody_is_waited_for(full, flights):
    """A new model that does not take our features: the flights are not to blame."""
    left = iter(range(40))
    full.endpoint.refuses = lambda features: next(left, None) is not None
    finish(begin(full))
    assert full.bucket.predicted() == flights
    assert full.bucket.lines("unscored/") == []


def test_answer_that_is_no_prediction_is_the_models_failure(full, flights, monkeypatch):
    invoke = full.endpoint.invoke_endpoint
    broken = [b"", b"{}", b'{"predictions": []}', b'{"predictions": [{"probability": NaN}]}']

    def answer(**request):
        found = invoke(**request)
        if broken:
            found["Body"] = io.BytesIO(broken.pop())
        return found

    monkeypatch.setattr(full.endpoint, "invoke_endpoint", answer)
    finish(begin(full))
    assert full.bucket.predicted() == flights


def test_told_to_stop_it_ends_its_batch_and_hands_the_lease_back(full, flights):
    """With the threads that a real worker has."""
    worker = full.worker("a", threads=True).worker
    full.endpoint.before = worker.stop
    thread = threading.Thread(target=worker.run)
    thread.start()
    thread.join(60)
    assert not thread.is_alive()
    assert len(full.bucket.predicted()) == len(full.endpoint.asked[0])
    assert full.table.owners() == {SHARD: None}
    assert full.table.column(SHARD, "pendingCheckpoint") is None
    assert full.metrics.sums["Predictions"] == len(full.endpoint.asked[0])
    second = begin(full, "b")
    assert full.table.owners() == {SHARD: "b"}, "without waiting"
    finish(second)
    assert full.bucket.predicted() == flights


def test_told_to_stop_while_the_endpoint_is_down_it_leaves_the_batch_to_the_next(full, flights):
    worker = full.worker("a", threads=True).worker

    def refuse():
        worker.stop()
        raise failure("ValidationError")

    full.endpoint.before = refuse
    worker.run()
    assert full.bucket.objects == {}
    assert full.table.owners() == {SHARD: None}
    assert full.table.column(SHARD, "pendingCheckpoint")
    full.endpoint.before = lambda: None
    finish(begin(full, "b", batch=33))
    assert full.bucket.predicted() == flights
