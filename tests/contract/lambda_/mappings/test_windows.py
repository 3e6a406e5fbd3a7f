"""Tumbling windows: a state from batch to batch, and a last invocation for each window."""

from datetime import datetime

import pytest

from tests.contract.lambda_.mappings.handlers import COUNTS


@pytest.fixture
def final(batches, waiting):
    """`final(1)`: the last invocations of windows, once there are so many."""

    def read(count: int) -> list[dict]:
        def events():
            found = [batch["event"] for batch in batches()]
            ended = [event for event in found if event["isFinalInvokeForWindow"]]
            return ended if len(ended) >= count else None

        return waiting(f"{count} windows", events)

    return read


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def test_window_ends_with_the_state_of_all_its_batches(function, stream, put, mapping, final):
    put("a", "b", "c")
    mapping(function(COUNTS), stream, TumblingWindowInSeconds=2, BatchSize=1)
    events = final(1)
    # Three records may lie on both sides of a window's edge.
    if sum(event["state"]["count"] for event in events) < 3:
        events = final(2)
    assert sum(event["state"]["count"] for event in events) == 3
    last = events[-1]
    assert last["Records"] == []
    assert moment(last["window"]["end"]) - moment(last["window"]["start"]) == 2
    assert (last["shardId"], last["eventSourceARN"]) == ("shardId-000000000000", stream)
    assert last["isWindowTerminatedEarly"] is False


def test_window_holds_the_records_that_arrived_in_it(
    function, stream, put, mapping, final, batches
):
    put("a", "b")
    mapping(function(COUNTS), stream, TumblingWindowInSeconds=1)
    final(1)
    for batch in batches():
        window = batch["event"]["window"]
        for record in batch["event"]["Records"]:
            arrival = record["kinesis"]["approximateArrivalTimestamp"]
            assert moment(window["start"]) <= arrival < moment(window["end"])


def test_state_past_a_megabyte_ends_the_window_early(
    function, stream, put, mapping, waiting, batches
):
    code = COUNTS.replace("len(data)}}", "len(data), 'text': 'x' * 1_100_000 * len(data)}}")
    put("a")
    mapping(function(code), stream, TumblingWindowInSeconds=600)
    early = lambda: [  # noqa: E731
        batch["event"] for batch in batches() if batch["event"]["isWindowTerminatedEarly"]
    ]
    event = waiting("the early end", early)[0]
    assert (event["isFinalInvokeForWindow"], event["state"]["count"]) == (True, 1)


def test_answer_without_a_state_is_a_failure(function, stream, put, mapping, queue, message):
    put("a")
    mapping(
        function(),
        stream,
        TumblingWindowInSeconds=600,
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": queue[1]}},
    )
    assert message()["requestContext"]["condition"] == "RetryAttemptsExhausted"


def test_closed_shard_ends_its_window(function, stream, put, mapping, final, aws, unique):
    put("a")
    mapping(function(COUNTS), stream, TumblingWindowInSeconds=900)
    aws("kinesis").update_shard_count(
        StreamName=unique, TargetShardCount=2, ScalingType="UNIFORM_SCALING"
    )
    assert final(1)[0]["state"] == {"count": 1}


def test_window_with_several_lanes_is_refused(function, refused):
    code, message = refused(function(), TumblingWindowInSeconds=5, ParallelizationFactor=2)
    assert code == "InternalFailure"
    assert "TumblingWindowInSeconds and a ParallelizationFactor above 1 are not" in message
