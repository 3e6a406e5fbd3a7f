"""What CloudWatch is told of a stream."""

from datetime import UTC, datetime, timedelta

from tests.contract.kinesis.shards import put, read
from tests.contract.refusals import refusal


def test_what_comes_in_is_counted(kinesis, stream, aws, waiting):
    records = [{"Data": b"12345", "PartitionKey": "key"} for _ in range(3)]
    kinesis.put_records(StreamName=stream, Records=records)
    put(kinesis, stream, b"1")
    refusal(kinesis.put_record, StreamName=stream, Data=b"1", PartitionKey="")
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
