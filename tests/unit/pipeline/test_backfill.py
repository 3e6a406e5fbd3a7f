import hashlib
import io
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from pipeline.contracts import events
from pipeline.errors import LateError, StoppedError
from pipeline.producers import lanes, tables
from pipeline.producers.backfill import expected_events, send
from pipeline.producers.position import Position, PositionObject
from pipeline.producers.timeline import timeline

TWO_DAYS = expected_events(2)


class Stream:
    """A working miniature of Kinesis: one shard, which may refuse records or break down."""

    def __init__(self):
        self.records: list[dict] = []
        self.requests = 0
        self.refuse = lambda number: False
        self.break_down = lambda requests: False
        self._lock = threading.Lock()

    def put_records(self, *, StreamName, Records):
        assert 1 <= len(Records) <= 500
        with self._lock:
            self.requests += 1
            if self.break_down(self.requests):
                raise ConnectionError
            results = []
            for number, record in enumerate(Records):
                if self.refuse(number):
                    results.append({"ErrorCode": "ProvisionedThroughputExceededException"})
                    continue
                self.records.append(record | {"at": datetime.now(UTC)})
                results.append({"ShardId": "shardId-000000000000"})
        return {"FailedRecordCount": sum("ErrorCode" in r for r in results), "Records": results}

    def get_paginator(self, operation):
        assert operation == "list_shards"
        return self

    def paginate(self, *, StreamName):
        return [{"Shards": [{"ShardId": "shardId-000000000000"}]}]

    def get_shard_iterator(self, *, StreamName, ShardId, ShardIteratorType, Timestamp):
        assert ShardIteratorType == "AT_TIMESTAMP"
        return {"ShardIterator": Timestamp.isoformat()}

    def get_records(self, *, ShardIterator, Limit):
        since = datetime.fromisoformat(ShardIterator)
        return {
            "Records": [record for record in self.records if record["at"] >= since],
            "MillisBehindLatest": 0,
            "NextShardIterator": "more",
        }

    def identities(self):
        return Counter(events.decode(record["Data"])["event_id"] for record in self.records)


class Bucket:
    """A working miniature of S3."""

    def __init__(self):
        self.objects: dict[str, bytes] = {}

    def get_object(self, *, Bucket, Key):
        if Key not in self.objects:
            raise failure("NoSuchKey")
        return {"Body": io.BytesIO(self.objects[Key]), "ETag": tag(self.objects[Key])}

    def put_object(self, *, Bucket, Key, Body, IfMatch=None, IfNoneMatch=None):
        there = self.objects.get(Key)
        if (there is not None) if IfNoneMatch else (there is None or tag(there) != IfMatch):
            raise failure("PreconditionFailed")
        self.objects[Key] = Body.encode()
        return {"ETag": tag(self.objects[Key])}


def tag(body):
    return hashlib.md5(body).hexdigest()


def failure(code):
    return ClientError({"Error": {"Code": code, "Message": code}}, "PutObject")


@pytest.fixture
def stream(monkeypatch):
    services = {"kinesis": Stream(), "s3": Bucket()}
    monkeypatch.setattr("pipeline.aws.client", services.__getitem__)
    monkeypatch.setattr(lanes, "LONGEST_PAUSE_SECONDS", 0.001)
    services["kinesis"].bucket = services["s3"]
    return services["kinesis"]


def tell(days, **options):
    return send("t-events", days, state_bucket="state", **options)


def test_send_tells_every_event_once(stream):
    seen = []
    assert tell(2, progress=seen.append) == TWO_DAYS
    assert stream.identities().total() == len(stream.identities()) == TWO_DAYS
    assert seen == sorted(seen)
    assert seen[-1] == TWO_DAYS


def test_send_again_tells_nothing(stream):
    tell(2)
    assert tell(2) == tell(1) == 0
    assert len(stream.records) == TWO_DAYS


def test_send_of_more_days_tells_the_rest(stream):
    tell(1)
    assert tell(2) == TWO_DAYS - expected_events(1)
    assert stream.identities().total() == len(stream.identities()) == TWO_DAYS


def test_events_of_a_flight_come_in_their_order(stream):
    tell(2)
    order = {}
    for record in stream.records:
        order.setdefault(record["PartitionKey"], []).append(
            events.decode(record["Data"])["event_time"]
        )
    assert all(times == sorted(times) for times in order.values())


def test_refused_records_are_sent_again(stream):
    stream.refuse = lambda number: number % 3 == 2
    assert tell(1) == expected_events(1)
    assert stream.identities().total() == len(stream.identities()) == expected_events(1)


def test_stream_that_takes_nothing_is_given_up(stream, monkeypatch):
    stream.refuse = lambda number: True
    monkeypatch.setattr(lanes, "PATIENCE_SECONDS", 0)
    with pytest.raises(LateError, match="^t-events took no record for 0 s"):
        tell(1)


def test_stopped_lane_does_not_wait_for_a_stream_that_refuses(stream):
    stream.refuse = lambda number: True
    stopped = threading.Event()
    stopped.set()
    with pytest.raises(StoppedError, match="^2 records that t-events refused were not sent again"):
        lanes.send("t-events", list(timeline(tables.days(1)))[:2], stopped)


@pytest.mark.parametrize("broken", [1, 4, 7, 11])
def test_send_that_failed_goes_on_where_it_was(stream, broken):
    stream.break_down = lambda requests: requests == broken
    with pytest.raises(ConnectionError):
        tell(2)
    tell(2)
    assert stream.identities().total() == len(stream.identities()) == TWO_DAYS


def test_send_goes_on_by_its_position_where_the_stream_is_silent(stream):
    stream.break_down = lambda requests: requests == 7
    with pytest.raises(ConnectionError):
        tell(2)
    for record in stream.records:
        record["at"] -= timedelta(hours=1)
    tell(2)
    assert stream.identities().total() == len(stream.identities()) == TWO_DAYS


def test_send_that_was_killed_tells_nothing_twice(stream, monkeypatch):
    """Nothing was written but the position of the beginning."""
    monkeypatch.setattr("pipeline.producers.backfill.Telling._save", lambda _: None)
    stream.break_down = lambda requests: requests == 7
    with pytest.raises(ConnectionError):
        tell(2)
    assert 0 < len(stream.records) < TWO_DAYS
    monkeypatch.undo()
    monkeypatch.setattr("pipeline.aws.client", {"kinesis": stream, "s3": stream.bucket}.__getitem__)
    tell(2)
    assert stream.identities().total() == len(stream.identities()) == TWO_DAYS


def test_interrupted_telling_of_few_days_is_finished_before_more_are_told(stream):
    stream.break_down = lambda requests: requests == 2
    with pytest.raises(ConnectionError):
        tell(1)
    tell(2)
    assert stream.identities().total() == len(stream.identities()) == TWO_DAYS


def test_second_producer_of_a_stream_stops(stream):
    one, other = (PositionObject("state", "t-events") for _ in range(2))
    one.load()
    other.load()
    one.save(Position().begin(3))
    with pytest.raises(StoppedError, match="^Another producer writes s3://state/state/produced/"):
        other.save(Position().begin(5))
