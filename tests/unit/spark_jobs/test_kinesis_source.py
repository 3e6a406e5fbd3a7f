"""Batches of a stream: where they end, in which order shards are read, and the same again."""

from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

from spark_jobs.kinesis import source
from spark_jobs.kinesis.settings import KinesisSettings, UnusableOptionError, settings
from spark_jobs.kinesis.source import KinesisReader, RecordsLostError

A, B, C, D = (f"shardId-{number:012}" for number in range(4))


class Stream:
    """Kinesis, as a miniature: records of shards, each with its second of arrival."""

    def __init__(self, **parents):
        self.parents = {A: (), B: (), **parents}
        self.records = {shard_id: [] for shard_id in self.parents}
        self.closed = set()
        self.now = 1000.0
        self.expired = False

    def put(self, shard_id, *arrivals):
        for arrival in arrivals:
            number = sum(map(len, self.records.values()))
            moment = datetime.fromtimestamp(arrival, UTC)
            self.records[shard_id].append(
                {
                    "SequenceNumber": str(10**20 + number),
                    "Data": str(number).encode(),
                    "PartitionKey": "key",
                    "ApproximateArrivalTimestamp": moment,
                }
            )

    def get_paginator(self, operation):
        assert operation == "list_shards"
        return self

    def paginate(self, *, StreamName):
        for shard_id, parents in self.parents.items():
            names = ("ParentShardId", "AdjacentParentShardId")
            named = dict(zip(names, parents, strict=False))
            yield {"Shards": [{"ShardId": shard_id, **named}]}

    def get_shard_iterator(self, *, StreamName, ShardId, ShardIteratorType, **where):
        records = self.records[ShardId]
        if "Timestamp" in where:
            behind = [r["ApproximateArrivalTimestamp"] >= where["Timestamp"] for r in records]
            at = behind.index(True) if any(behind) else len(records)
        else:
            after = int(where.get("StartingSequenceNumber", 0))
            at = sum(int(record["SequenceNumber"]) <= after for record in records)
        return {"ShardIterator": f"{ShardId}/{at}"}

    def get_records(self, *, ShardIterator, Limit):
        if self.expired:
            self.expired = False
            raise ClientError({"Error": {"Code": "ExpiredIteratorException"}}, "GetRecords")
        shard_id, at = ShardIterator.split("/")
        end = min(int(at) + Limit, len(self.records[shard_id]))
        at_tip = end == len(self.records[shard_id])
        answer = {
            "Records": self.records[shard_id][int(at) : end],
            "MillisBehindLatest": 0 if at_tip else 1000,
        }
        ended = at_tip and shard_id in self.closed
        return answer if ended else {**answer, "NextShardIterator": f"{shard_id}/{end}"}


@pytest.fixture
def stream(monkeypatch):
    made = Stream()
    monkeypatch.setattr(KinesisSettings, "client", lambda self: made)
    monkeypatch.setattr(source, "PAUSE_SECONDS", 0)
    monkeypatch.setattr("time.time", lambda: made.now)
    return made


def reader(start="TRIM_HORIZON", limit=100):
    return KinesisReader(KinesisSettings("events", start, records_per_shard=limit))


def rows(asked, start, end):
    parts = asked.partitions(start, end)
    return [
        [int(data) for batch in asked.read(part) for data in batch.column("data").to_pylist()]
        for part in parts
    ]


def batches(asked, start=None):
    """All batches until nothing is new: where each ends, and its rows by shard."""
    start = start or asked.initialOffset()
    while (end := asked.latestOffset()) != start:
        yield end, rows(asked, start, end)
        start = end


def test_batch_is_the_same_when_it_is_run_again(stream):
    stream.put(A, 1, 2, 3)
    stream.put(B, 1, 2, 3)
    start, (end, first) = reader().initialOffset(), next(batches(reader(limit=2)))
    stream.put(A, 4)
    assert first == [[0, 1], [3, 4]]
    assert rows(reader(), start, end) == first


def test_restart_goes_on_behind_the_last_batch(stream):
    stream.put(A, 1, 2, 3)
    end, _ = next(batches(reader(limit=2)))
    restarted = reader()
    # What Spark asks at a restart when the last batch was done.
    assert restarted.partitions(end, end) == []
    assert [found for _, found in batches(restarted, end)] == [[[2]]]


def test_shards_are_read_in_step_by_the_time_of_arrival(stream):
    stream.put(A, 10, 20, 30, 40)
    stream.put(B, 11, 12, 13, 14, 45)
    found = [by_shard for _, by_shard in batches(reader(limit=2))]
    assert found == [[[0], [4, 5]], [[6, 7]], [[1, 2]], [[3], [8]]]


def test_child_begins_when_its_parents_are_at_their_end(stream):
    stream.parents[C] = (A, B)
    stream.records[C] = []
    stream.closed = {A, B}
    stream.put(A, 1)
    stream.put(B, 2, 3)
    stream.put(C, 4, 5)
    ends = [(end["shards"], found) for end, found in batches(reader(limit=2))]
    assert [found for _, found in ends] == [[[0]], [[1, 2]], [[3, 4]]]
    assert ends[-1][0] == {A: "SHARD_END", B: "SHARD_END", C: str(10**20 + 4)}


def test_ended_shard_that_is_not_listed_any_more_is_forgotten(stream):
    stream.parents |= {C: (A,), D: (C,)}
    stream.records |= {C: [], D: []}
    stream.closed = {A}
    stream.put(C, 1)
    end = list(batches(reader()))[-1][0]
    del stream.parents[A]
    stream.closed.add(C)
    stream.put(D, 2)
    restarted = reader()
    restarted.partitions(end, end)
    assert list(restarted.latestOffset()["shards"]) == [B, C, D]


def test_latest_begins_with_the_query_also_when_its_first_batch_is_run_again(stream):
    stream.put(A, 999)
    begun = reader("LATEST")
    start = begun.initialOffset()
    stream.put(A, 1001)
    stream.now = 1002.0
    end, found = next(batches(begun, start))
    stream.now = 1003.0
    again = reader("LATEST")
    assert rows(again, again.initialOffset(), end) == found == [[1]]


def test_expired_iterator_is_renewed(stream):
    stream.put(A, 1)
    begun = reader()
    end, _ = next(batches(begun))
    stream.put(A, 2)
    stream.expired = True
    assert next(batches(begun, end))[1] == [[1]]


def test_records_that_are_gone_fail_the_batch_that_was_begun(stream):
    stream.put(A, 1, 2)
    start, (end, _) = reader().initialOffset(), next(batches(reader()))
    stream.records[A].clear()
    with pytest.raises(RecordsLostError, match=rf"{A} holds no record {10**20 + 1} any more"):
        rows(reader(), start, end)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({}, "streamName or streamARN"),
        ({"streamName": "s", "startingPosition": "NOW"}, "TRIM_HORIZON, LATEST or AT_TIMESTAMP"),
        ({"streamName": "s", "startingPosition": "AT_TIMESTAMP"}, "startingTimestamp"),
        ({"streamName": "s", "maxRecordsPerShard": "0"}, "from 1 on, not '0'"),
    ],
)
def test_unusable_option_is_named(options, reason):
    with pytest.raises(UnusableOptionError, match=reason):
        settings(options)


def test_stream_may_be_named_by_its_arn():
    arn = "arn:aws:kinesis:eu-west-1:000000000000:stream/events"
    found = settings({"STREAMARN": arn, "startingTimestamp": "2013-01-01T00:00:00Z"})
    assert (found.named, found.region, found.stream_name) == (
        {"StreamARN": arn},
        "eu-west-1",
        "events",
    )
