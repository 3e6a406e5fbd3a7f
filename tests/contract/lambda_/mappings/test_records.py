"""What a function is handed from a Kinesis stream, and where a mapping begins."""

import base64
import time

from tests.contract.lambda_.functions import ROLE


def test_records_arrive_once_in_order_and_in_aws_s_shape(
    function, stream, put, mapping, arrived, batches
):
    put("a", "b", "c")
    mapping(function(), stream)
    assert arrived(3) == ["a", "b", "c"]
    event = batches()[0]["event"]
    assert list(event) == ["Records"]
    record = event["Records"][0]
    number = record["kinesis"]["sequenceNumber"]
    arrival = record["kinesis"].pop("approximateArrivalTimestamp")
    assert time.time() - 60 < arrival < time.time() + 60
    assert record == {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "k",
            "sequenceNumber": number,
            "data": base64.b64encode(b"a").decode(),
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-000000000000:{number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": ROLE,
        "awsRegion": "us-east-1",
        "eventSourceARN": stream,
    }


def test_batch_holds_at_most_batch_size_records(function, stream, put, mapping, arrived, batches):
    put(*"abcde")
    mapping(function(), stream, BatchSize=2)
    arrived(5)
    assert [batch["data"] for batch in batches()] == [["a", "b"], ["c", "d"], ["e"]]


def test_batch_past_six_megabytes_is_split(function, stream, put, mapping, arrived, batches):
    for _ in range(3):
        put(*["x" * 1_000_000] * 4)
    mapping(function(), stream, BatchSize=100, MaximumBatchingWindowInSeconds=5)
    assert len(arrived(12)) == 12
    assert max(len(batch["data"]) for batch in batches()) == 4


def test_batching_window_gathers_records(function, stream, put, mapping, arrived, batches):
    mapping(function(), stream, MaximumBatchingWindowInSeconds=3)
    put("a")
    put("b")
    arrived(2)
    assert [batch["data"] for batch in batches()] == [["a", "b"]]


def test_full_batch_does_not_wait_for_its_window(function, stream, put, mapping, arrived):
    mapping(function(), stream, MaximumBatchingWindowInSeconds=300, BatchSize=2)
    put("a", "b")
    assert arrived(2) == ["a", "b"]


def test_latest_starts_at_the_mapping(function, stream, put, mapping, arrived):
    put("before")
    mapping(function(), stream, StartingPosition="LATEST")
    put("after")
    assert arrived(1) == ["after"]


def test_timestamp_starts_at_its_moment(function, stream, put, mapping, arrived, waiting, aws):
    """The protocol tells whole seconds."""
    put("before")
    moment = int(time.time()) + 1
    waiting("the next second", lambda: time.time() > moment, interval=0.01)
    put("after")
    mapping(function(), stream, StartingPosition="AT_TIMESTAMP", StartingPositionTimestamp=moment)
    assert arrived(1) == ["after"]


def test_timestamp_to_come_leaves_out_what_arrives_before(
    function, stream, put, mapping, arrived, waiting
):
    moment = int(time.time()) + 4
    mapping(function(), stream, StartingPosition="AT_TIMESTAMP", StartingPositionTimestamp=moment)
    put("before")
    assert time.time() < moment
    waiting("the moment", lambda: time.time() > moment, interval=0.01)
    put("after")
    assert arrived(1) == ["after"]


def test_split_stream_is_read_whole_and_parents_first(
    function, stream, put, mapping, arrived, aws, unique
):
    put("before")
    mapping(function(), stream)
    kinesis = aws("kinesis")
    kinesis.update_shard_count(StreamName=unique, TargetShardCount=2, ScalingType="UNIFORM_SCALING")
    kinesis.get_waiter("stream_exists").wait(StreamName=unique, WaiterConfig={"Delay": 1})
    put("after")
    assert arrived(2) == ["before", "after"]


def test_latest_skips_what_a_child_shard_held_before_the_mapping(
    function, stream, put, mapping, arrived, aws, unique
):
    kinesis = aws("kinesis")
    kinesis.update_shard_count(StreamName=unique, TargetShardCount=2, ScalingType="UNIFORM_SCALING")
    put("before")
    mapping(function(), stream, StartingPosition="LATEST")
    put("after")
    assert arrived(1) == ["after"]


def test_consumer_of_a_stream_is_a_source(function, stream, put, mapping, arrived, batches, aws):
    registered = aws("kinesis").register_stream_consumer(StreamARN=stream, ConsumerName="fan-out")
    consumer = registered["Consumer"]["ConsumerARN"]
    mapping(function(), consumer)
    put("a")
    assert arrived(1) == ["a"]
    assert batches()[0]["event"]["Records"][0]["eventSourceARN"] == consumer
