"""SubscribeToShard: what is pushed, from where, until when, and to whom it is refused."""

import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import cbor2
import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.eventstream import EventStreamBuffer
from botocore.exceptions import BotoCoreError, ClientError, EventStreamError
from urllib3.exceptions import HTTPError

from tests.contract.kinesis.shards import TOP, put
from tests.contract.kinesis.subscribers import (
    FIRST,
    FOURTH,
    SECOND,
    THIRD,
    events,
    pushed,
)
from tests.contract.refusals import refusal


def test_records_are_pushed_as_they_come(kinesis, stream, consumer, subscribe):
    (first,) = put(kinesis, stream, b"before")
    subscription = subscribe(consumer)
    event = next(events(subscription))
    (record,) = event["Records"]
    assert datetime.now(UTC) - record.pop("ApproximateArrivalTimestamp") < timedelta(minutes=1)
    assert record == {
        "SequenceNumber": first,
        "Data": b"before",
        "PartitionKey": "p",
        "EncryptionType": "NONE",
    }
    assert event["ContinuationSequenceNumber"] == first
    assert event["MillisBehindLatest"] == 0
    put(kinesis, stream, b"after")
    put(kinesis, stream, b"elsewhere", hash_key=TOP)
    assert pushed(subscription, 1) == [b"after"]


def test_every_starting_position(kinesis, stream, stream_arn, waiting, subscribe):
    first, second = put(kinesis, stream, b"1", b"2")
    later = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)
    waiting("the next second", lambda: datetime.now(UTC) > later)
    (third,) = put(kinesis, stream, b"3")

    def found(count, kind, **position):
        name = f"{kind}-{count}"
        consumer = kinesis.register_stream_consumer(StreamARN=stream_arn, ConsumerName=name)
        arn = consumer["Consumer"]["ConsumerARN"]
        subscription = subscribe(arn, kind, **position)
        if kind == "LATEST":
            put(kinesis, stream, b"new")
        return pushed(subscription, count)

    assert found(3, "TRIM_HORIZON") == [b"1", b"2", b"3"]
    assert found(2, "AT_SEQUENCE_NUMBER", SequenceNumber=second) == [b"2", b"3"]
    assert found(2, "AFTER_SEQUENCE_NUMBER", SequenceNumber=first) == [b"2", b"3"]
    assert found(1, "AT_TIMESTAMP", Timestamp=later) == [b"3"]
    assert found(1, "LATEST") == [b"new"]
    assert found(1, "AFTER_SEQUENCE_NUMBER", SequenceNumber=third) == [b"new"]


def test_silent_subscription_tells_where_to_go_on(kinesis, stream, stream_arn, consumer, subscribe):
    """An event without records comes now and then; its sequence number is a place to go on from."""
    put(kinesis, stream, b"old")
    subscription = subscribe(consumer, "LATEST")
    event = next(events(subscription))
    assert event["Records"] == []
    put(kinesis, stream, b"new")
    other = kinesis.register_stream_consumer(StreamARN=stream_arn, ConsumerName="other")
    number = event["ContinuationSequenceNumber"]
    subscription = subscribe(
        other["Consumer"]["ConsumerARN"],
        "AFTER_SEQUENCE_NUMBER",
        SequenceNumber=number,
    )
    assert pushed(subscription, 1) == [b"new"]


def test_subscription_ends_with_the_children_of_a_closed_shard(
    kinesis, stream, consumer, subscribe
):
    put(kinesis, stream, b"last")
    subscription = subscribe(consumer)
    assert pushed(subscription, 1) == [b"last"]
    kinesis.split_shard(StreamName=stream, ShardToSplit=FIRST, NewStartingHashKey=str(TOP // 4 + 1))
    # Silent events may come before the end, not after it.
    *_, end = events(subscription)
    assert (end["Records"], "ContinuationSequenceNumber" in end) == ([], False)
    assert [(child["ShardId"], child["ParentShards"]) for child in end["ChildShards"]] == [
        (THIRD, [FIRST]),
        (FOURTH, [FIRST]),
    ]
    assert end["ChildShards"][0]["HashKeyRange"] == {
        "StartingHashKey": "0",
        "EndingHashKey": str(TOP // 4),
    }


def test_records_of_a_closed_shard_are_pushed_with_its_end(kinesis, stream, consumer, subscribe):
    put(kinesis, stream, b"1", b"2")
    kinesis.merge_shards(StreamName=stream, ShardToMerge=FIRST, AdjacentShardToMerge=SECOND)
    (event,) = events(subscribe(consumer))
    assert [record["Data"] for record in event["Records"]] == [b"1", b"2"]
    assert [child["ShardId"] for child in event["ChildShards"]] == [THIRD]


def test_second_subscription_is_refused_and_later_takes_the_place(
    kinesis, stream, consumer, waiting, subscribe
):
    in_use = (
        "ResourceInUseException",
        "Another active subscription exists for this consumer: "
        f"000000000000:{stream}:{FIRST}:reader",
    )
    began = time.monotonic()
    first = subscribe(consumer)
    request = {"ConsumerARN": consumer, "StartingPosition": {"Type": "LATEST"}}
    code, message = refusal(kinesis.subscribe_to_shard, ShardId=FIRST, **request)
    assert (code, message) == in_use
    subscribe(consumer, shard=SECOND).close()

    def second():
        try:
            return subscribe(consumer)
        except kinesis.exceptions.ResourceInUseException:
            return None

    taken = waiting("the second subscription", second)
    assert time.monotonic() - began >= 5
    with pytest.raises(EventStreamError) as end:
        list(events(first))
    error = end.value.response["Error"]
    assert (error["Code"], error["Message"]) == in_use
    put(kinesis, stream, b"to the second")
    assert pushed(taken, 1) == [b"to the second"]


def test_subscription_ends_with_its_stream(kinesis, unique, subscribe):
    kinesis.create_stream(StreamName=unique, ShardCount=1)
    summary = kinesis.describe_stream_summary(StreamName=unique)["StreamDescriptionSummary"]
    registered = kinesis.register_stream_consumer(
        StreamARN=summary["StreamARN"], ConsumerName="reader"
    )
    subscription = subscribe(registered["Consumer"]["ConsumerARN"])
    kinesis.delete_stream(StreamName=unique, EnforceConsumerDeletion=True)
    with pytest.raises(EventStreamError) as end:
        list(events(subscription))
    error = end.value.response["Error"]
    assert (error["Code"], error["Message"]) == (
        "ResourceNotFoundException",
        f"Stream {unique} under account 000000000000 not found.",
    )


def test_subscription_ends_with_its_consumer(kinesis, consumer, subscribe):
    subscription = subscribe(consumer)
    kinesis.deregister_stream_consumer(ConsumerARN=consumer)
    with pytest.raises(EventStreamError) as end:
        list(events(subscription))
    assert end.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_subscriptions_leave_the_gateway_free(kinesis, stream, stream_arn, subscribe):
    """Twenty that sleep, all woken by one record, while other requests are answered."""
    consumers = [
        kinesis.register_stream_consumer(StreamARN=stream_arn, ConsumerName=f"c{number}")
        for number in range(20)
    ]
    open_ones = [subscribe(consumer["Consumer"]["ConsumerARN"], "LATEST") for consumer in consumers]
    for _ in range(5):
        kinesis.describe_stream(StreamName=stream)
    put(kinesis, stream, b"to all")
    assert [pushed(each, 1) for each in open_ones] == [[b"to all"]] * 20


def test_subscription_ends_with_the_emulator(own_emulator, subscribe):
    kinesis = own_emulator.aws("kinesis")
    kinesis.create_stream(StreamName="s", ShardCount=1)
    summary = kinesis.describe_stream_summary(StreamName="s")["StreamDescriptionSummary"]
    registered = kinesis.register_stream_consumer(StreamARN=summary["StreamARN"], ConsumerName="c")
    consumer = registered["Consumer"]["ConsumerARN"]
    put(kinesis, "s", b"kept")
    subscription = subscribe(consumer, client=kinesis)
    assert pushed(subscription, 1) == [b"kept"]
    ended = threading.Event()

    def read_to_the_end():
        with suppress(BotoCoreError, ClientError, HTTPError):
            list(events(subscription))
        ended.set()

    threading.Thread(target=read_to_the_end, daemon=True).start()
    assert own_emulator.end() == 0
    assert ended.wait(30)
    own_emulator.start()
    subscription = subscribe(consumer, client=kinesis)
    assert pushed(subscription, 1) == [b"kept"]


@pytest.mark.parametrize(
    ("position", "code"),
    [
        ({"Type": "AT_SEQUENCE_NUMBER"}, "InvalidArgumentException"),
        ({"Type": "AT_SEQUENCE_NUMBER", "SequenceNumber": "5"}, "InvalidArgumentException"),
        ({"Type": "AT_TIMESTAMP"}, "InvalidArgumentException"),
        ({"Type": "SOMEWHERE"}, "ValidationException"),
        ({}, "ValidationException"),
    ],
)
def test_position_that_is_none_is_refused(kinesis, consumer, position, code):
    request = {"ConsumerARN": consumer, "ShardId": FIRST, "StartingPosition": position}
    assert refusal(kinesis.subscribe_to_shard, **request)[0] == code


def test_subscription_to_what_is_not_there_is_refused(kinesis, stream, consumer):
    latest = {"StartingPosition": {"Type": "LATEST"}}
    assert refusal(
        kinesis.subscribe_to_shard, ConsumerARN=consumer, ShardId="shardId-000000000009", **latest
    ) == (
        "ResourceNotFoundException",
        f"Shard shardId-000000000009 in stream {stream} under account 000000000000 does not exist",
    )
    kinesis.deregister_stream_consumer(ConsumerARN=consumer)
    assert refusal(kinesis.subscribe_to_shard, ConsumerARN=consumer, ShardId=FIRST, **latest) == (
        "ResourceNotFoundException",
        f"Consumer {consumer}, account 000000000000 not found.",
    )


def test_events_in_cbor(kinesis, stream, consumer, endpoint_url):
    """As the Java SDK reads them: bytes as bytes, and moments as whole milliseconds under tag 1."""
    put(kinesis, stream, b"\x00\xff")
    kind = "application/x-amz-cbor-1.1"
    request = {
        "ConsumerARN": consumer,
        "ShardId": FIRST,
        "StartingPosition": {"Type": "TRIM_HORIZON"},
    }
    headers = {"Content-Type": kind, "X-Amz-Target": "Kinesis_20131202.SubscribeToShard"}
    signed = AWSRequest("POST", f"{endpoint_url}/", headers, cbor2.dumps(request))
    SigV4Auth(Credentials("test", "test"), "kinesis", "us-east-1").add_auth(signed)
    buffer, messages = EventStreamBuffer(), []
    with httpx.stream(
        "POST", signed.url, content=signed.data, headers=dict(signed.headers)
    ) as answer:
        assert answer.headers["Content-Type"] == "application/vnd.amazon.eventstream"
        for part in answer.iter_raw():
            buffer.add_data(part)
            messages += list(buffer)
            if len(messages) == 2:
                break
    first, second = messages
    assert first.headers[":event-type"] == "initial-response"
    assert second.headers[":event-type"] == "SubscribeToShardEvent"
    moment = second.payload.index(b"\xc1\x1b") + 2
    arrived = int.from_bytes(second.payload[moment : moment + 8]) / 1000
    assert abs(arrived - time.time()) < 60
    assert b"\x42\x00\xff" in second.payload
