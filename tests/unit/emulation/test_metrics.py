"""Metrics as PutMetricData takes them."""

from collections import Counter

from emulation.services.metrics import Metric, Source, data


def test_values_are_counted_and_split():
    source = Source("000000000000", "us-east-1", "AWS/Kinesis", (("StreamName", "s"),))
    sizes = Metric("IncomingBytes", "Bytes")
    (entry,) = data(source, {sizes: Counter([1, 1, 2])})
    assert entry == {
        "MetricName": "IncomingBytes",
        "Unit": "Bytes",
        "Dimensions": [{"Name": "StreamName", "Value": "s"}],
        "StorageResolution": 1,
        "Values": [1.0, 2.0],
        "Counts": [2.0, 1.0],
    }
    assert [len(part["Values"]) for part in data(source, {sizes: Counter(range(200))})] == [150, 50]
