"""Enhanced monitoring: which metrics a shard has, and that CloudWatch gets them."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.contract.kinesis.shards import TOP, put, read
from tests.contract.kinesis.subscribers import FIRST, SECOND, pushed
from tests.contract.refusals import refusal

ALL = {
    "IncomingBytes",
    "IncomingRecords",
    "OutgoingBytes",
    "OutgoingRecords",
    "WriteProvisionedThroughputExceeded",
    "ReadProvisionedThroughputExceeded",
    "IteratorAgeMilliseconds",
}


@pytest.fixture
def sums(aws, stream):
    """`sums("IncomingRecords", ShardId=FIRST)`: the sum of a metric of the stream."""

    def of(metric, **dimensions):
        now = datetime.now(UTC)
        named = {"StreamName": stream} | dimensions
        points = aws("cloudwatch").get_metric_statistics(
            Namespace="AWS/Kinesis",
            MetricName=metric,
            Dimensions=[{"Name": name, "Value": value} for name, value in named.items()],
            StartTime=now - timedelta(hours=24),
            EndTime=now + timedelta(minutes=1),
            Period=3600,
            Statistics=["Sum"],
        )["Datapoints"]
        return sum(point["Sum"] for point in points) if points else None

    return of


def test_metrics_are_enabled_and_disabled(kinesis, stream, stream_arn):
    def change(operation, *metrics):
        answer = getattr(kinesis, f"{operation}_enhanced_monitoring")(
            StreamName=stream, ShardLevelMetrics=list(metrics)
        )
        assert (answer["StreamName"], answer["StreamARN"]) == (stream, stream_arn)
        return set(answer["CurrentShardLevelMetrics"]), set(answer["DesiredShardLevelMetrics"])

    def told():
        described = kinesis.describe_stream(StreamName=stream)["StreamDescription"]
        summary = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
        assert described["EnhancedMonitoring"] == summary["EnhancedMonitoring"]
        return set(described["EnhancedMonitoring"][0]["ShardLevelMetrics"])

    assert change("enable", "IncomingBytes") == (set(), {"IncomingBytes"})
    assert change("enable", "ALL") == ({"IncomingBytes"}, ALL)
    assert told() == ALL
    assert change("disable", "IncomingBytes") == (ALL, ALL - {"IncomingBytes"})
    assert change("disable", "ALL") == (ALL - {"IncomingBytes"}, set())
    assert told() == set()


def test_shards_send_what_is_enabled(kinesis, stream, consumer, subscribe, sums, waiting):
    kinesis.enable_enhanced_monitoring(
        StreamName=stream,
        ShardLevelMetrics=["IncomingRecords", "IncomingBytes", "OutgoingRecords"],
    )
    put(kinesis, stream, b"12345", b"12345")
    kinesis.put_records(
        StreamName=stream,
        Records=[
            {"Data": b"1", "PartitionKey": "p", "ExplicitHashKey": str(key)} for key in (0, TOP)
        ],
    )
    assert len(read(kinesis, stream)) == 3
    assert pushed(subscribe(consumer), 3) == [b"12345", b"12345", b"1"]

    waiting("three records in", lambda: sums("IncomingRecords", ShardId=FIRST) == 3, seconds=20)
    assert sums("IncomingBytes", ShardId=FIRST) == 6 + 6 + 2
    assert sums("IncomingRecords", ShardId=SECOND) == 1
    waiting("three records out twice", lambda: sums("OutgoingRecords", ShardId=FIRST) == 6)
    assert sums("OutgoingBytes", ShardId=FIRST) is None
    waiting(
        "the consumer's",
        lambda: sums("SubscribeToShardEvent.Records", ConsumerName="reader") == 3,
    )


def test_metric_that_is_none_is_refused(kinesis, stream, unique):
    request = {"StreamName": stream, "ShardLevelMetrics": ["Speed"]}
    assert refusal(kinesis.enable_enhanced_monitoring, **request)[0] == "ValidationException"
    request["ShardLevelMetrics"] = []
    assert refusal(kinesis.enable_enhanced_monitoring, **request)[0] == "ValidationException"
    missing = {"StreamName": f"{unique}-none", "ShardLevelMetrics": ["ALL"]}
    assert refusal(kinesis.disable_enhanced_monitoring, **missing) == (
        "ResourceNotFoundException",
        f"Stream {unique}-none under account 000000000000 not found.",
    )
