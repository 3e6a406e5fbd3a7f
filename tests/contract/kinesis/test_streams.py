"""Streams: made, described, changed and deleted."""

from datetime import UTC, datetime, timedelta

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from tests.contract.kinesis.shards import TOP, arn, iterator, put, read
from tests.contract.refusals import refusal


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
    assert refusal(
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
    assert refusal(kinesis.describe_stream, StreamName=unique) == (
        "ResourceNotFoundException",
        missing,
    )
    kinesis.create_stream(StreamName=unique, ShardCount=1)
    assert read(kinesis, unique) == []
    assert refusal(kinesis.get_records, ShardIterator=position)[0] == "ResourceNotFoundException"
    kinesis.delete_stream(StreamName=unique)


def test_create_stream_of_a_taken_name_is_refused(kinesis, stream):
    assert refusal(kinesis.create_stream, StreamName=stream, ShardCount=1) == (
        "ResourceInUseException",
        f"Stream {stream} under account 000000000000 already exists.",
    )


def test_create_stream_over_the_shard_limit_is_refused(kinesis, unique):
    code, message = refusal(kinesis.create_stream, StreamName=unique, ShardCount=20_001)
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
    assert refusal(kinesis.create_stream, **arguments) == ("ValidationException", message)


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
    assert refusal(increase, StreamName=stream, RetentionPeriodHours=24) == (
        "InvalidArgumentException",
        f"Requested retention period (24 hours) for stream {stream} can not be shorter than "
        "existing retention period (48 hours). Use DecreaseRetentionPeriod API.",
    )
    assert refusal(decrease, StreamName=stream, RetentionPeriodHours=72) == (
        "InvalidArgumentException",
        f"Requested retention period (72 hours) for stream {stream} can not be longer than "
        "existing retention period (48 hours). Use IncreaseRetentionPeriod API.",
    )
    assert refusal(decrease, StreamName=stream, RetentionPeriodHours=23) == (
        "InvalidArgumentException",
        "Minimum allowed retention period is 24 hours. Requested retention period (23 hours) is "
        "too short.",
    )
    assert refusal(increase, StreamName=stream, RetentionPeriodHours=8761) == (
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


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        (
            {"semi;colon": "x"},
            "Some tags contain invalid characters. Valid characters: Unicode letters, digits, "
            "white space, _ . / = + - % @.",
        ),
        (
            {"ok": "100 %"},
            "Failed to add tags to stream {} under account 000000000000 because some tags "
            "contained illegal characters. The allowed characters are Unicode letters, "
            "white-spaces, '_',',','/','=','+','-','@'.",
        ),
        (
            {str(number): "" for number in range(51)},
            "Failed to add tags to stream {} under account 000000000000 because a given stream "
            "cannot have more than 50 tags associated with it.",
        ),
    ],
)
def test_tags_that_cannot_be_are_refused(kinesis, stream, tags, message):
    for call, which in (
        (kinesis.add_tags_to_stream, {"StreamName": stream}),
        (kinesis.tag_resource, {"ResourceARN": arn(kinesis, stream)}),
    ):
        refused = refusal(call, **which, Tags=tags)
        assert refused == ("InvalidArgumentException", message.format(stream))
    kinesis.add_tags_to_stream(StreamName=stream, Tags={"größe:ok @/=+-_.": "ü 1"})


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


def test_every_operation_is_emulated(kinesis):
    """Nothing is said in a request, so that most are refused; what is missing would answer 501."""
    answers = {}
    for operation in kinesis.meta.service_model.operation_names:
        try:
            answer = getattr(kinesis, xform_name(operation))()
        except ClientError as error:
            answer = error.response
        answers[operation] = answer["ResponseMetadata"]["HTTPStatusCode"]
    assert set(answers.values()) == {200, 400}, answers
