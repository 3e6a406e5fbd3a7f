import hashlib
import signal
import threading
import time
from datetime import UTC, datetime, timedelta

import cbor2
import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ClientError

TOP = 2**128 - 1


@pytest.fixture(scope="module")
def kinesis(aws):
    # Requests outside of the model's constraints go out as well: it is the service that refuses.
    return aws("kinesis", parameter_validation=False)


@pytest.fixture
def stream(kinesis, unique):
    """The name of a stream of two shards."""
    kinesis.create_stream(StreamName=unique, ShardCount=2)
    kinesis.get_waiter("stream_exists").wait(StreamName=unique, WaiterConfig={"Delay": 1})
    yield unique
    kinesis.delete_stream(StreamName=unique)


def arn(kinesis, stream):
    return kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"][
        "StreamARN"
    ]


def iterator(kinesis, stream, number=0, kind="TRIM_HORIZON", **position):
    shard = f"shardId-{number:012d}"
    return kinesis.get_shard_iterator(
        StreamName=stream, ShardId=shard, ShardIteratorType=kind, **position
    )["ShardIterator"]


def read(kinesis, stream, number=0, kind="TRIM_HORIZON", **position):
    """The data of a shard from a place on."""
    found = kinesis.get_records(ShardIterator=iterator(kinesis, stream, number, kind, **position))
    return [record["Data"] for record in found["Records"]]


def put(kinesis, stream, *data, hash_key=0):
    """Into one shard; the sequence numbers."""
    return [
        kinesis.put_record(
            StreamName=stream, Data=item, PartitionKey="p", ExplicitHashKey=str(hash_key)
        )["SequenceNumber"]
        for item in data
    ]


def refused(call, **arguments):
    """The code and message of a refusal."""
    with pytest.raises(ClientError) as refusal:
        call(**arguments)
    error = refusal.value.response["Error"]
    return error["Code"], error["Message"]


# Streams


def test_create_stream_makes_even_shards(kinesis, stream):
    described = kinesis.describe_stream(StreamName=stream)["StreamDescription"]
    shards = described.pop("Shards")
    assert datetime.now(UTC) - described.pop("StreamCreationTimestamp") < timedelta(minutes=1)
    assert described == {
        "StreamName": stream,
        "StreamARN": f"arn:aws:kinesis:us-east-1:000000000000:stream/{stream}",
        "StreamStatus": "ACTIVE",
        "StreamModeDetails": {"StreamMode": "PROVISIONED"},
        "HasMoreShards": False,
        "RetentionPeriodHours": 24,
        "EnhancedMonitoring": [{"ShardLevelMetrics": []}],
        "EncryptionType": "NONE",
    }
    assert [(shard["ShardId"], shard["HashKeyRange"]) for shard in shards] == [
        (
            "shardId-000000000000",
            {"StartingHashKey": "0", "EndingHashKey": str(TOP // 2)},
        ),
        (
            "shardId-000000000001",
            {"StartingHashKey": str(TOP // 2 + 1), "EndingHashKey": str(TOP)},
        ),
    ]
    assert all("EndingSequenceNumber" not in shard["SequenceNumberRange"] for shard in shards)


def test_describe_stream_gives_pages_of_shards(kinesis, stream):
    first = kinesis.describe_stream(StreamName=stream, Limit=1)["StreamDescription"]
    assert first["HasMoreShards"] is True
    last = first["Shards"][-1]["ShardId"]
    rest = kinesis.describe_stream(StreamName=stream, ExclusiveStartShardId=last)
    assert [s["ShardId"] for s in rest["StreamDescription"]["Shards"]] == ["shardId-000000000001"]


def test_on_demand_stream_has_four_shards(kinesis, unique):
    kinesis.create_stream(StreamName=unique, StreamModeDetails={"StreamMode": "ON_DEMAND"})
    summary = kinesis.describe_stream_summary(StreamName=unique)["StreamDescriptionSummary"]
    assert summary["StreamModeDetails"] == {"StreamMode": "ON_DEMAND"}
    assert summary["OpenShardCount"] == 4
    assert refused(
        kinesis.update_shard_count,
        StreamName=unique,
        TargetShardCount=2,
        ScalingType="UNIFORM_SCALING",
    ) == (
        "ValidationException",
        f"Request is invalid. Stream {unique} under account 000000000000 is in On-Demand mode.",
    )
    kinesis.update_stream_mode(
        StreamARN=summary["StreamARN"], StreamModeDetails={"StreamMode": "PROVISIONED"}
    )
    summary = kinesis.describe_stream_summary(StreamName=unique)["StreamDescriptionSummary"]
    assert summary["StreamModeDetails"] == {"StreamMode": "PROVISIONED"}
    kinesis.delete_stream(StreamName=unique)


def test_stream_is_found_by_name_arn_or_both(kinesis, stream):
    named = arn(kinesis, stream)
    for place in ({"StreamName": stream}, {"StreamARN": named}):
        kinesis.put_record(**place, Data=b"x", PartitionKey="p", ExplicitHashKey="0")
    both = kinesis.list_shards(StreamName=stream, StreamARN=named)
    assert len(both["Shards"]) == 2
    assert read(kinesis, stream) == [b"x", b"x"]


def test_list_streams_gives_pages(kinesis, unique):
    names = [f"{unique}-{letter}" for letter in "abc"]
    for name in names:
        kinesis.create_stream(StreamName=name, ShardCount=1)
    found, summaries, start = [], [], f"{unique}-"
    while True:
        page = kinesis.list_streams(Limit=2, ExclusiveStartStreamName=start)
        found += page["StreamNames"]
        summaries += page["StreamSummaries"]
        start = page["StreamNames"][-1]
        if not page["HasMoreStreams"] or not start.startswith(unique):
            break
    assert [name for name in found if name.startswith(unique)] == names
    assert {summary["StreamStatus"] for summary in summaries} == {"ACTIVE"}
    for name in names:
        kinesis.delete_stream(StreamName=name)


def test_delete_stream_takes_its_records(kinesis, unique):
    kinesis.create_stream(StreamName=unique, ShardCount=1)
    put(kinesis, unique, b"gone")
    position = iterator(kinesis, unique)
    kinesis.delete_stream(StreamName=unique)
    missing = f"Stream {unique} under account 000000000000 not found."
    assert refused(kinesis.describe_stream, StreamName=unique) == (
        "ResourceNotFoundException",
        missing,
    )
    kinesis.create_stream(StreamName=unique, ShardCount=1)
    assert read(kinesis, unique) == []
    assert refused(kinesis.get_records, ShardIterator=position)[0] == "ResourceNotFoundException"
    kinesis.delete_stream(StreamName=unique)


def test_create_stream_of_a_taken_name_is_refused(kinesis, stream):
    assert refused(kinesis.create_stream, StreamName=stream, ShardCount=1) == (
        "ResourceInUseException",
        f"Stream {stream} under account 000000000000 already exists.",
    )


def test_create_stream_over_the_shard_limit_is_refused(kinesis, unique):
    code, message = refused(kinesis.create_stream, StreamName=unique, ShardCount=20_001)
    assert code == "LimitExceededException"
    assert "would exceed the shard limit for the account 000000000000 in us-east-1" in message


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"StreamName": "no/slash", "ShardCount": 1},
            "1 validation error detected: Value 'no/slash' at 'streamName' failed to satisfy "
            "constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
        ),
        (
            {"StreamName": "n" * 129, "ShardCount": 1},
            f"1 validation error detected: Value '{'n' * 129}' at 'streamName' failed to satisfy "
            "constraint: Member must have length less than or equal to 128",
        ),
        (
            {"StreamName": "n", "ShardCount": 0},
            "1 validation error detected: Value '0' at 'shardCount' failed to satisfy constraint: "
            "Member must have value greater than or equal to 1",
        ),
        (
            {"StreamName": "n", "StreamModeDetails": {"StreamMode": "SOME"}},
            "1 validation error detected: Value 'SOME' at 'streamModeDetails.streamMode' failed to "
            "satisfy constraint: Member must satisfy enum value set: [PROVISIONED, ON_DEMAND]",
        ),
        (
            {"ShardCount": 1},
            "1 validation error detected: Value null at 'streamName' failed to satisfy constraint: "
            "Member must not be null",
        ),
    ],
)
def test_create_stream_outside_of_its_constraints_is_refused(kinesis, arguments, message):
    assert refused(kinesis.create_stream, **arguments) == ("ValidationException", message)


def test_names_that_are_folders_are_names(kinesis):
    for name in ("..", "."):
        kinesis.create_stream(StreamName=name, ShardCount=1)
        put(kinesis, name, b"x")
        assert read(kinesis, name) == [b"x"]
        kinesis.delete_stream(StreamName=name)


def test_retention_changes_and_its_refusals(kinesis, stream):
    increase, decrease = (
        kinesis.increase_stream_retention_period,
        kinesis.decrease_stream_retention_period,
    )
    increase(StreamName=stream, RetentionPeriodHours=48)
    summary = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
    assert summary["RetentionPeriodHours"] == 48
    assert refused(increase, StreamName=stream, RetentionPeriodHours=24) == (
        "InvalidArgumentException",
        f"Requested retention period (24 hours) for stream {stream} can not be shorter than "
        "existing retention period (48 hours). Use DecreaseRetentionPeriod API.",
    )
    assert refused(decrease, StreamName=stream, RetentionPeriodHours=72) == (
        "InvalidArgumentException",
        f"Requested retention period (72 hours) for stream {stream} can not be longer than "
        "existing retention period (48 hours). Use IncreaseRetentionPeriod API.",
    )
    assert refused(decrease, StreamName=stream, RetentionPeriodHours=23) == (
        "InvalidArgumentException",
        "Minimum allowed retention period is 24 hours. Requested retention period (23 hours) is "
        "too short.",
    )
    assert refused(increase, StreamName=stream, RetentionPeriodHours=8761) == (
        "InvalidArgumentException",
        "Maximum allowed retention period is 8760 hours. Requested retention period (8761 hours) "
        "is too long.",
    )
    decrease(StreamName=stream, RetentionPeriodHours=24)


def test_tags_of_both_operation_families_are_the_same(kinesis, stream):
    named = arn(kinesis, stream)
    kinesis.add_tags_to_stream(StreamName=stream, Tags={"b": "2", "a": "1"})
    kinesis.tag_resource(ResourceARN=named, Tags={"c": "", "a": "3"})
    tags = [{"Key": "a", "Value": "3"}, {"Key": "b", "Value": "2"}, {"Key": "c", "Value": ""}]
    assert kinesis.list_tags_for_resource(ResourceARN=named)["Tags"] == tags
    page = kinesis.list_tags_for_stream(StreamName=stream, ExclusiveStartTagKey="a", Limit=1)
    assert (page["Tags"], page["HasMoreTags"]) == (tags[1:2], True)
    kinesis.remove_tags_from_stream(StreamName=stream, TagKeys=["a", "none"])
    kinesis.untag_resource(ResourceARN=named, TagKeys=["b"])
    assert kinesis.list_tags_for_stream(StreamName=stream)["Tags"] == tags[2:]


def test_encryption_is_told(kinesis, stream):
    key = {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"}
    kinesis.start_stream_encryption(StreamName=stream, **key)
    summary = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
    assert summary.items() >= key.items()
    stored = kinesis.put_record(StreamName=stream, Data=b"x", PartitionKey="p")
    assert stored["EncryptionType"] == "KMS"
    kinesis.stop_stream_encryption(StreamName=stream, **key)
    summary = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
    assert summary["EncryptionType"] == "NONE"


def test_limits_count_open_shards(kinesis, stream):
    before = kinesis.describe_limits()["OpenShardCount"]
    kinesis.update_shard_count(StreamName=stream, TargetShardCount=4, ScalingType="UNIFORM_SCALING")
    assert kinesis.describe_limits()["OpenShardCount"] == before + 2


# Records


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
    code, message = refused(
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
    assert refused(kinesis.put_record, **request) == (
        "ValidationException",
        f"1 validation error detected: Value at 'data' {too_long}",
    )
    records = [{"Data": b"", "PartitionKey": "p"}, {"Data": b"x" * 2**20, "PartitionKey": "p"}]
    assert refused(kinesis.put_records, StreamName=stream, Records=records) == (
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
    assert refused(kinesis.put_records, StreamName=stream, Records=[record]) == (code, message)
    assert read(kinesis, stream) == []


@pytest.mark.parametrize("key", [7, "\ud800"])
def test_partition_key_that_is_no_text_is_refused(kinesis, stream, key):
    record = {"Data": b"x", "PartitionKey": key}
    assert refused(kinesis.put_record, StreamName=stream, **record)[0] == "SerializationException"
    records = {"StreamName": stream, "Records": [record]}
    assert refused(kinesis.put_records, **records)[0] == "SerializationException"


def test_put_records_takes_500_records_and_10_mebibytes(kinesis, stream):
    record = {"Data": b"x", "PartitionKey": "p"}
    assert kinesis.put_records(StreamName=stream, Records=[record] * 500)["FailedRecordCount"] == 0
    assert refused(kinesis.put_records, StreamName=stream, Records=[record] * 501) == (
        "ValidationException",
        "1 validation error detected: Value at 'records' failed to satisfy constraint: Member must "
        "have length less than or equal to 500",
    )
    large = {"Data": b"x" * 1_000_000, "PartitionKey": "p"}
    code, _ = refused(kinesis.put_records, StreamName=stream, Records=[large] * 11)
    assert code == "InvalidArgumentException"


def test_records_of_a_missing_stream_are_refused(kinesis, unique):
    missing = (
        "ResourceNotFoundException",
        f"Stream {unique} under account 000000000000 not found.",
    )
    record = {"Data": b"x", "PartitionKey": "p"}
    assert refused(kinesis.put_record, StreamName=unique, **record) == missing
    assert refused(kinesis.put_records, StreamName=unique, Records=[record]) == missing


def test_wrong_places_in_a_shard_are_refused(kinesis, stream, unique):
    (number,) = put(kinesis, stream, b"1")
    request = {"StreamName": stream, "ShardId": "shardId-000000000001"}
    at = {"ShardIteratorType": "AT_SEQUENCE_NUMBER"}
    assert refused(kinesis.get_shard_iterator, **request, **at, StartingSequenceNumber=number) == (
        "InvalidArgumentException",
        "Invalid StartingSequenceNumber. It encodes shardId-000000000000, while it was used in a "
        "call to a shard with shardId-000000000001",
    )
    assert refused(kinesis.get_shard_iterator, **request, **at, StartingSequenceNumber="5") == (
        "InvalidArgumentException",
        "StartingSequenceNumber 5 used in GetShardIterator on shard shardId-000000000001 in "
        f"stream {stream} under account 000000000000 is invalid.",
    )
    code, message = refused(kinesis.get_shard_iterator, **request, **at)
    assert code == "InvalidArgumentException"
    assert message.endswith("AT_SEQUENCE_NUMBER and no StartingSequenceNumber.")
    assert refused(
        kinesis.get_shard_iterator,
        StreamName=stream,
        ShardId="shardId-000000000007",
        ShardIteratorType="LATEST",
    ) == (
        "ResourceNotFoundException",
        f"Could not find shard shardId-000000000007 in stream {stream} under account 000000000000.",
    )
    assert refused(kinesis.get_records, ShardIterator="nonsense") == (
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


# Refusals by name, and what survives a kill


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("register_stream_consumer", {"StreamARN": "arn", "ConsumerName": "c"}),
        ("enable_enhanced_monitoring", {"StreamName": "s", "ShardLevelMetrics": ["ALL"]}),
        ("put_resource_policy", {"ResourceARN": "arn", "Policy": "{}"}),
        ("update_stream_warm_throughput", {"StreamName": "s", "WarmThroughputMiBps": 1}),
        ("describe_account_settings", {}),
    ],
)
def test_operation_that_is_not_emulated_says_so(kinesis, operation, arguments):
    with pytest.raises(ClientError) as refusal:
        getattr(kinesis, operation)(**arguments)
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    name = operation.title().replace("_", "")
    assert refusal.value.response["Error"]["Message"] == f"kinesis.{name} is not emulated"


def test_acknowledged_records_survive_a_kill(own_emulator, waiting):
    """Four writers, a kill in the middle, and every acknowledged record is there, in order."""
    kinesis = own_emulator.aws("kinesis")
    kinesis.create_stream(StreamName="s", ShardCount=2)
    kinesis.add_tags_to_stream(StreamName="s", Tags={"kept": "yes"})
    acknowledged: dict[tuple[str, str], bytes] = {}
    writers = [
        threading.Thread(target=write_until_it_fails, args=(own_emulator, number, acknowledged))
        for number in range(4)
    ]
    for writer in writers:
        writer.start()
    waiting("5,000 records", lambda: len(acknowledged) > 5_000)
    own_emulator.end(signal.SIGKILL)
    for writer in writers:
        writer.join()
    own_emulator.start()

    found = {}
    for shard in ("shardId-000000000000", "shardId-000000000001"):
        records = whole_shard(kinesis, shard)
        numbers = [int(record["SequenceNumber"]) for record in records]
        assert numbers == sorted(set(numbers))
        found |= {(shard, record["SequenceNumber"]): record["Data"] for record in records}
    assert found.items() >= acknowledged.items()
    assert kinesis.list_tags_for_stream(StreamName="s")["Tags"] == [{"Key": "kept", "Value": "yes"}]
    put(kinesis, "s", b"goes on")


def write_until_it_fails(emulator, writer, acknowledged):
    kinesis = emulator.aws("kinesis")
    for number in range(10_000):
        data = [b"%d-%d-%d" % (writer, number, place) + b"x" * 500 for place in range(50)]
        records = [{"Data": item, "PartitionKey": item[:20].decode()} for item in data]
        try:
            answer = kinesis.put_records(StreamName="s", Records=records)
        except (BotoCoreError, ClientError):
            return
        for item, result in zip(data, answer["Records"], strict=True):
            acknowledged[result["ShardId"], result["SequenceNumber"]] = item


def whole_shard(kinesis, shard):
    position = kinesis.get_shard_iterator(
        StreamName="s", ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    found = []
    while True:
        answer = kinesis.get_records(ShardIterator=position)
        if not answer["Records"]:
            return found
        found += answer["Records"]
        position = answer["NextShardIterator"]


# Metrics


def test_what_comes_in_is_counted(kinesis, stream, aws, waiting):
    records = [{"Data": b"12345", "PartitionKey": "key"} for _ in range(3)]
    kinesis.put_records(StreamName=stream, Records=records)
    put(kinesis, stream, b"1")
    refused(kinesis.put_record, StreamName=stream, Data=b"1", PartitionKey="")
    assert len(read(kinesis, stream, 0) + read(kinesis, stream, 1)) == 4

    def points(metric, statistic="Sum"):
        now = datetime.now(UTC)
        found = aws("cloudwatch").get_metric_statistics(
            Namespace="AWS/Kinesis",
            MetricName=metric,
            Dimensions=[{"Name": "StreamName", "Value": stream}],
            StartTime=now - timedelta(hours=24),
            EndTime=now + timedelta(minutes=1),
            Period=3600,
            Statistics=[statistic],
        )["Datapoints"]
        return [(point[statistic], point["Unit"]) for point in found]

    waiting("four records", lambda: points("IncomingRecords") == [(4, "Count")], seconds=20)
    assert points("IncomingBytes") == [(3 * 8 + 2, "Bytes")]
    assert points("PutRecord.Success") == [(1, "Count")]
    assert points("PutRecords.Success") == [(1, "Count")]
    ((_, unit),) = points("GetRecords.IteratorAgeMilliseconds", "Maximum")
    assert unit == "Milliseconds"
