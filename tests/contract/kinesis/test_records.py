"""Records: put, found again from every kind of place, and refused."""

import hashlib
import time
from datetime import UTC, datetime, timedelta

import cbor2
import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.contract.kinesis.shards import TOP, arn, iterator, put, read
from tests.contract.refusals import refusal


def test_partition_keys_are_spread_by_md5(kinesis, stream):
    keys = [f"flight-{number}" for number in range(40)] + ["ü€𝄞"]
    answer = kinesis.put_records(
        StreamName=stream, Records=[{"Data": key.encode(), "PartitionKey": key} for key in keys]
    )
    assert answer["FailedRecordCount"] == 0
    for key, result in zip(keys, answer["Records"], strict=True):
        half = int(hashlib.md5(key.encode()).hexdigest(), 16) > TOP // 2
        assert result["ShardId"] == f"shardId-{half:012d}"
    assert sorted(read(kinesis, stream, 0) + read(kinesis, stream, 1)) == sorted(
        key.encode() for key in keys
    )


def test_record_is_read_as_it_was_put(kinesis, stream):
    data = bytes(range(256))
    stored = kinesis.put_record(
        StreamName=stream, Data=data, PartitionKey="k" * 256, ExplicitHashKey=str(TOP)
    )
    assert stored["ShardId"] == "shardId-000000000001"
    answer = kinesis.get_records(ShardIterator=iterator(kinesis, stream, 1))
    (record,) = answer["Records"]
    assert datetime.now(UTC) - record.pop("ApproximateArrivalTimestamp") < timedelta(minutes=1)
    assert record == {
        "SequenceNumber": stored["SequenceNumber"],
        "Data": data,
        "PartitionKey": "k" * 256,
        "EncryptionType": "NONE",
    }
    assert answer["MillisBehindLatest"] == 0


def test_iterator_types(kinesis, stream):
    first, second, third = put(kinesis, stream, b"1", b"2", b"3")
    assert int(first) < int(second) < int(third)
    latest = iterator(kinesis, stream, kind="LATEST")
    assert read(kinesis, stream, kind="AT_SEQUENCE_NUMBER", StartingSequenceNumber=second) == [
        b"2",
        b"3",
    ]
    assert read(kinesis, stream, kind="AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=second) == [
        b"3"
    ]
    assert kinesis.get_records(ShardIterator=latest)["Records"] == []
    put(kinesis, stream, b"4")
    assert [r["Data"] for r in kinesis.get_records(ShardIterator=latest)["Records"]] == [b"4"]
    shard = kinesis.list_shards(StreamName=stream)["Shards"][0]
    start = shard["SequenceNumberRange"]["StartingSequenceNumber"]
    whole = read(kinesis, stream, kind="AT_SEQUENCE_NUMBER", StartingSequenceNumber=start)
    assert whole == [b"1", b"2", b"3", b"4"]


def test_iterator_at_a_timestamp(kinesis, stream, waiting):
    """boto3 sends whole seconds."""
    put(kinesis, stream, b"before")
    first = kinesis.get_records(ShardIterator=iterator(kinesis, stream))["Records"][0]
    arrived = first["ApproximateArrivalTimestamp"].replace(microsecond=0)
    later = arrived + timedelta(seconds=1)
    waiting("the next second", lambda: datetime.now(UTC) > later)
    put(kinesis, stream, b"after")
    assert read(kinesis, stream, kind="AT_TIMESTAMP", Timestamp=later) == [b"after"]
    assert read(kinesis, stream, kind="AT_TIMESTAMP", Timestamp=arrived) == [b"before", b"after"]
    assert read(kinesis, stream, kind="AT_TIMESTAMP", Timestamp=0) == [b"before", b"after"]
    code, message = refusal(
        kinesis.get_shard_iterator,
        StreamName=stream,
        ShardId="shardId-000000000000",
        ShardIteratorType="AT_TIMESTAMP",
        Timestamp=datetime.now(UTC) + timedelta(days=1),
    )
    assert code == "InvalidArgumentException"
    assert message.startswith("The timestampInMillis parameter cannot be greater than the")


def test_get_records_goes_on_from_iterator_to_iterator(kinesis, stream):
    put(kinesis, stream, *(b"%d" % number for number in range(7)))
    position, found, behind = iterator(kinesis, stream), [], []
    while not behind or behind[-1]:
        answer = kinesis.get_records(ShardIterator=position, Limit=3)
        found.append([record["Data"] for record in answer["Records"]])
        behind.append(answer["MillisBehindLatest"])
        position = answer["NextShardIterator"]
    assert found == [[b"0", b"1", b"2"], [b"3", b"4", b"5"], [b"6"]]
    assert behind[0] > 0


def test_get_records_gives_at_most_ten_mebibytes(kinesis, stream):
    put(kinesis, stream, *[b"x" * 1_000_000] * 12)
    answer = kinesis.get_records(ShardIterator=iterator(kinesis, stream))
    assert len(answer["Records"]) == 10
    rest = kinesis.get_records(ShardIterator=answer["NextShardIterator"])
    assert len(rest["Records"]) == 2


def test_largest_record_is_taken_and_a_larger_one_refused(kinesis, stream):
    put(kinesis, stream, b"x" * (2**20 - 1))
    request = {"StreamName": stream, "PartitionKey": "p", "Data": b"x" * 2**20}
    too_long = "failed to satisfy constraint: Member must have length less than or equal to 1048576"
    assert refusal(kinesis.put_record, **request) == (
        "ValidationException",
        f"1 validation error detected: Value at 'data' {too_long}",
    )
    records = [{"Data": b"", "PartitionKey": "p"}, {"Data": b"x" * 2**20, "PartitionKey": "p"}]
    assert refusal(kinesis.put_records, StreamName=stream, Records=records) == (
        "ValidationException",
        f"1 validation error detected: Value at 'records.2.member.data' {too_long}",
    )
    kinesis.update_max_record_size(StreamARN=arn(kinesis, stream), MaxRecordSizeInKiB=10240)
    put(kinesis, stream, b"x" * 9 * 2**20)
    assert [len(data) for data in read(kinesis, stream)] == [2**20 - 1, 9 * 2**20]


@pytest.mark.parametrize(
    ("record", "code", "message"),
    [
        (
            {"PartitionKey": "", "Data": b""},
            "ValidationException",
            "1 validation error detected: Value '' at 'records.1.member.partitionKey' failed to "
            "satisfy constraint: Member must have length greater than or equal to 1",
        ),
        (
            {"PartitionKey": "k" * 257, "Data": b""},
            "ValidationException",
            f"1 validation error detected: Value '{'k' * 257}' at 'records.1.member.partitionKey' "
            "failed to satisfy constraint: Member must have length less than or equal to 256",
        ),
        (
            {"PartitionKey": "p"},
            "ValidationException",
            "1 validation error detected: Value null at 'records.1.member.data' failed to satisfy "
            "constraint: Member must not be null",
        ),
        (
            {"PartitionKey": "p", "Data": b"", "ExplicitHashKey": str(TOP + 1)},
            "InvalidArgumentException",
            "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. "
            f"Specified value was {TOP + 1}",
        ),
    ],
)
def test_put_records_refuses_a_bad_record(kinesis, stream, record, code, message):
    assert refusal(kinesis.put_records, StreamName=stream, Records=[record]) == (code, message)
    assert read(kinesis, stream) == []


@pytest.mark.parametrize("key", [7, "\ud800"])
def test_partition_key_that_is_no_text_is_refused(kinesis, stream, key):
    record = {"Data": b"x", "PartitionKey": key}
    assert refusal(kinesis.put_record, StreamName=stream, **record)[0] == "SerializationException"
    records = {"StreamName": stream, "Records": [record]}
    assert refusal(kinesis.put_records, **records)[0] == "SerializationException"


def test_put_records_takes_500_records_and_10_mebibytes(kinesis, stream):
    record = {"Data": b"x", "PartitionKey": "p"}
    assert kinesis.put_records(StreamName=stream, Records=[record] * 500)["FailedRecordCount"] == 0
    assert refusal(kinesis.put_records, StreamName=stream, Records=[record] * 501) == (
        "ValidationException",
        "1 validation error detected: Value at 'records' failed to satisfy constraint: Member must "
        "have length less than or equal to 500",
    )
    large = {"Data": b"x" * 1_000_000, "PartitionKey": "p"}
    code, _ = refusal(kinesis.put_records, StreamName=stream, Records=[large] * 11)
    assert code == "InvalidArgumentException"


def test_records_of_a_missing_stream_are_refused(kinesis, unique):
    missing = (
        "ResourceNotFoundException",
        f"Stream {unique} under account 000000000000 not found.",
    )
    record = {"Data": b"x", "PartitionKey": "p"}
    assert refusal(kinesis.put_record, StreamName=unique, **record) == missing
    assert refusal(kinesis.put_records, StreamName=unique, Records=[record]) == missing


def test_wrong_places_in_a_shard_are_refused(kinesis, stream, unique):
    (number,) = put(kinesis, stream, b"1")
    request = {"StreamName": stream, "ShardId": "shardId-000000000001"}
    at = {"ShardIteratorType": "AT_SEQUENCE_NUMBER"}
    assert refusal(kinesis.get_shard_iterator, **request, **at, StartingSequenceNumber=number) == (
        "InvalidArgumentException",
        "Invalid StartingSequenceNumber. It encodes shardId-000000000000, while it was used in a "
        "call to a shard with shardId-000000000001",
    )
    assert refusal(kinesis.get_shard_iterator, **request, **at, StartingSequenceNumber="5") == (
        "InvalidArgumentException",
        "StartingSequenceNumber 5 used in GetShardIterator on shard shardId-000000000001 in "
        f"stream {stream} under account 000000000000 is invalid.",
    )
    code, message = refusal(kinesis.get_shard_iterator, **request, **at)
    assert code == "InvalidArgumentException"
    assert message.endswith("AT_SEQUENCE_NUMBER and no StartingSequenceNumber.")
    assert refusal(
        kinesis.get_shard_iterator,
        StreamName=stream,
        ShardId="shardId-000000000007",
        ShardIteratorType="LATEST",
    ) == (
        "ResourceNotFoundException",
        f"Shard shardId-000000000007 in stream {stream} under account 000000000000 does not exist",
    )
    assert refusal(kinesis.get_records, ShardIterator="nonsense") == (
        "InvalidArgumentException",
        "Invalid ShardIterator.",
    )


def test_cbor_is_spoken(kinesis, stream, endpoint_url):
    """As the Java SDK does: bytes as bytes, and moments as whole milliseconds under tag 1, where
    the standard has seconds.
    """
    kind = "application/x-amz-cbor-1.1"

    def call(operation, **request):
        headers = {"Content-Type": kind, "X-Amz-Target": f"Kinesis_20131202.{operation}"}
        signed = AWSRequest("POST", f"{endpoint_url}/", headers, cbor2.dumps(request))
        SigV4Auth(Credentials("test", "test"), "kinesis", "us-east-1").add_auth(signed)
        answer = httpx.post(signed.url, content=signed.data, headers=dict(signed.headers))
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, kind)
        return answer.content

    record = {"Data": b"\x00\xff", "PartitionKey": "p", "ExplicitHashKey": "0"}
    stored = cbor2.loads(call("PutRecords", StreamName=stream, Records=[record]))
    assert stored["FailedRecordCount"] == 0
    answer = call("GetRecords", ShardIterator=iterator(kinesis, stream))
    moment = answer.index(b"\xc1\x1b") + 2
    arrived = int.from_bytes(answer[moment : moment + 8]) / 1000
    assert abs(arrived - time.time()) < 60
    seconds = answer[: moment - 1] + b"\x1b" + int(arrived).to_bytes(8) + answer[moment + 8 :]
    (read_back,) = cbor2.loads(seconds)["Records"]
    assert read_back["Data"] == b"\x00\xff"
    assert read_back["SequenceNumber"] == stored["Records"][0]["SequenceNumber"]
