import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

TOP = 2**128 - 1
FIRST, SECOND, THIRD, FOURTH = (f"shardId-{number:012d}" for number in range(4))


@pytest.fixture(scope="module")
def kinesis(aws):
    return aws("kinesis")


@pytest.fixture
def stream(kinesis, unique):
    """The name of a stream of one shard."""
    kinesis.create_stream(StreamName=unique, ShardCount=1)
    yield unique
    kinesis.delete_stream(StreamName=unique)


def shards(kinesis, stream, **options):
    return kinesis.list_shards(StreamName=stream, **options)["Shards"]


def ids(found):
    return [shard["ShardId"] for shard in found]


def refused(call, **arguments):
    with pytest.raises(ClientError) as refusal:
        call(**arguments)
    error = refusal.value.response["Error"]
    return error["Code"], error["Message"]


def split(kinesis, stream, shard=FIRST, at=TOP // 2 + 1):
    kinesis.split_shard(StreamName=stream, ShardToSplit=shard, NewStartingHashKey=str(at))


def test_split_shard_closes_it_and_opens_two_children(kinesis, stream):
    split(kinesis, stream, at=1000)
    closed, low, high = shards(kinesis, stream)
    assert closed["SequenceNumberRange"].keys() == {
        "StartingSequenceNumber",
        "EndingSequenceNumber",
    }
    assert (low["ParentShardId"], high["ParentShardId"]) == (FIRST, FIRST)
    assert low["HashKeyRange"] == {"StartingHashKey": "0", "EndingHashKey": "999"}
    assert high["HashKeyRange"] == {"StartingHashKey": "1000", "EndingHashKey": str(TOP)}


def test_reader_of_a_split_shard_comes_to_its_end_and_to_the_children(kinesis, stream):
    def put(data):
        kinesis.put_record(StreamName=stream, Data=data, PartitionKey="p", ExplicitHashKey="5")

    put(b"before")
    position = kinesis.get_shard_iterator(
        StreamName=stream, ShardId=FIRST, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    split(kinesis, stream)
    put(b"after")
    end = kinesis.get_records(ShardIterator=position)
    assert [record["Data"] for record in end["Records"]] == [b"before"]
    assert "NextShardIterator" not in end
    assert [(c["ShardId"], c["ParentShards"]) for c in end["ChildShards"]] == [
        (SECOND, [FIRST]),
        (THIRD, [FIRST]),
    ]
    child = kinesis.get_shard_iterator(
        StreamName=stream, ShardId=SECOND, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    found = kinesis.get_records(ShardIterator=child)["Records"]
    assert [record["Data"] for record in found] == [b"after"]


def test_merge_shards_makes_one_of_two_neighbours(kinesis, stream):
    split(kinesis, stream)
    kinesis.merge_shards(StreamName=stream, ShardToMerge=SECOND, AdjacentShardToMerge=THIRD)
    merged = shards(kinesis, stream)[-1]
    assert (merged["ParentShardId"], merged["AdjacentParentShardId"]) == (SECOND, THIRD)
    assert merged["HashKeyRange"] == {"StartingHashKey": "0", "EndingHashKey": str(TOP)}


def test_shards_that_are_not_adjacent_are_not_merged(kinesis, stream):
    split(kinesis, stream)
    split(kinesis, stream, THIRD, TOP - 1000)
    assert refused(
        kinesis.merge_shards,
        StreamName=stream,
        ShardToMerge=SECOND,
        AdjacentShardToMerge="shardId-000000000004",
    ) == (
        "InvalidArgumentException",
        f"Shards {SECOND} and shardId-000000000004 in stream {stream} under account 000000000000 "
        "are not an adjacent pair of shards eligible for merging",
    )


@pytest.mark.parametrize("at", [0, 1, TOP])
def test_split_at_the_edge_is_refused(kinesis, stream, at):
    assert refused(
        kinesis.split_shard, StreamName=stream, ShardToSplit=FIRST, NewStartingHashKey=str(at)
    ) == (
        "InvalidArgumentException",
        f"NewStartingHashKey {at} used in SplitShard() on shard {FIRST} in stream {stream} under "
        "account 000000000000 is not both greater than one plus the shard's StartingHashKey 0 and "
        f"less than the shard's EndingHashKey {TOP - 1}.",
    )


def test_update_shard_count_ends_in_even_shards(kinesis, stream):
    for target in (2, 3):
        answer = kinesis.update_shard_count(
            StreamName=stream, TargetShardCount=target, ScalingType="UNIFORM_SCALING"
        )
    assert (answer["CurrentShardCount"], answer["TargetShardCount"]) == (2, 3)
    opened = shards(kinesis, stream, ShardFilter={"Type": "AT_LATEST"})
    assert sorted(int(shard["HashKeyRange"]["StartingHashKey"]) for shard in opened) == [
        2**128 * part // 3 for part in range(3)
    ]


def test_update_shard_count_beyond_double_or_half_is_refused(kinesis, stream):
    def rescale(target):
        return refused(
            kinesis.update_shard_count,
            StreamName=stream,
            TargetShardCount=target,
            ScalingType="UNIFORM_SCALING",
        )

    assert rescale(3) == (
        "InvalidArgumentException",
        "UpdateShardCount cannot scale up over double your current open shard count. Current open "
        "shard count: 1 Target shard count: 3",
    )
    for target in (2, 4):
        kinesis.update_shard_count(
            StreamName=stream, TargetShardCount=target, ScalingType="UNIFORM_SCALING"
        )
    assert rescale(1) == (
        "InvalidArgumentException",
        "UpdateShardCount cannot scale down below half your current open shard count. Current open "
        "shard count: 4 Target shard count: 1",
    )


def test_list_shards_keeps_what_its_filter_says(kinesis, stream):
    split(kinesis, stream)

    def kept(**shard_filter):
        return ids(shards(kinesis, stream, ShardFilter=shard_filter))

    assert ids(shards(kinesis, stream)) == [FIRST, SECOND, THIRD]
    assert kept(Type="AT_LATEST") == [SECOND, THIRD]
    assert kept(Type="AT_TRIM_HORIZON") == [FIRST]
    assert kept(Type="FROM_TRIM_HORIZON") == [FIRST, SECOND, THIRD]
    assert kept(Type="AFTER_SHARD_ID", ShardId=SECOND) == [THIRD]
    later = datetime.now(UTC) + timedelta(seconds=30)
    assert kept(Type="FROM_TIMESTAMP", Timestamp=later) == [SECOND, THIRD]
    assert kept(Type="AT_TIMESTAMP", Timestamp=later) == [SECOND, THIRD]


def test_list_shards_gives_pages(kinesis, stream):
    split(kinesis, stream)
    page = kinesis.list_shards(StreamName=stream, MaxResults=2)
    token = page["NextToken"]
    last = kinesis.list_shards(NextToken=token, MaxResults=2)
    assert (ids(page["Shards"]), ids(last["Shards"])) == ([FIRST, SECOND], [THIRD])
    assert "NextToken" not in last
    assert refused(kinesis.list_shards, StreamName=stream, NextToken=token) == (
        "InvalidArgumentException",
        "NextToken and StreamName cannot be provided together.",
    )
    assert refused(kinesis.list_shards, NextToken="nonsense") == (
        "InvalidArgumentException",
        "Invalid NextToken.",
    )


# AWS::Kinesis::Stream


def template(**properties):
    return json.dumps(
        {
            "Resources": {"Stream": {"Type": "AWS::Kinesis::Stream", "Properties": properties}},
            "Outputs": {
                "Name": {"Value": {"Ref": "Stream"}},
                "Arn": {"Value": {"Fn::GetAtt": ["Stream", "Arn"]}},
            },
        }
    )


def test_stack_creates_changes_and_deletes_a_stream(aws, kinesis, unique):
    cloudformation = aws("cloudformation")

    def summary():
        return kinesis.describe_stream_summary(StreamName=unique)["StreamDescriptionSummary"]

    cloudformation.create_stack(
        StackName=unique,
        TemplateBody=template(
            Name=unique,
            ShardCount=1,
            RetentionPeriodHours=48,
            StreamEncryption={"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"},
            Tags=[{"Key": "a", "Value": "1"}],
        ),
    )
    waiter = {"Delay": 1}
    cloudformation.get_waiter("stack_create_complete").wait(StackName=unique, WaiterConfig=waiter)
    stack = cloudformation.describe_stacks(StackName=unique)["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    assert outputs == {"Name": unique, "Arn": summary()["StreamARN"]}
    assert summary()["RetentionPeriodHours"] == 48
    assert summary()["KeyId"] == "alias/aws/kinesis"
    assert kinesis.list_tags_for_stream(StreamName=unique)["Tags"] == [{"Key": "a", "Value": "1"}]

    kinesis.put_record(StreamName=unique, Data=b"kept", PartitionKey="p")
    cloudformation.update_stack(
        StackName=unique,
        TemplateBody=template(
            Name=unique, ShardCount=5, Tags=[{"Key": "b", "Value": "2"}], RetentionPeriodHours=24
        ),
    )
    cloudformation.get_waiter("stack_update_complete").wait(StackName=unique, WaiterConfig=waiter)
    assert summary()["OpenShardCount"] == 5
    assert summary()["RetentionPeriodHours"] == 24
    assert summary()["EncryptionType"] == "NONE"
    assert kinesis.list_tags_for_stream(StreamName=unique)["Tags"] == [{"Key": "b", "Value": "2"}]
    position = kinesis.get_shard_iterator(
        StreamName=unique, ShardId=FIRST, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    found = kinesis.get_records(ShardIterator=position)["Records"]
    assert [record["Data"] for record in found] == [b"kept"]

    cloudformation.delete_stack(StackName=unique)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=unique, WaiterConfig=waiter)
    assert refused(kinesis.describe_stream, StreamName=unique)[0] == "ResourceNotFoundException"
