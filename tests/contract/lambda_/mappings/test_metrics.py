"""What mappings tell CloudWatch."""

from datetime import UTC, datetime, timedelta

import pytest


@pytest.fixture
def total(aws, waiting):
    """`total("IteratorAge", "FunctionName", name, least=1)`: the statistics, once there are so many
    samples.
    """

    def read(metric: str, dimension: str, value: str, *, least: float) -> dict:
        def statistics():
            now = datetime.now(UTC)
            points = aws("cloudwatch").get_metric_statistics(
                Namespace="AWS/Lambda",
                MetricName=metric,
                Dimensions=[{"Name": dimension, "Value": value}],
                StartTime=now - timedelta(minutes=10),
                EndTime=now + timedelta(minutes=10),
                Period=3600,
                Statistics=["Sum", "Maximum"],
            )["Datapoints"]
            found = [point for point in points if point["Sum"] >= least]
            return found or None

        return waiting(metric, statistics)[0]

    return read


def test_age_of_records_is_told(function, stream, put, mapping, total, arrived):
    put("a")
    name = function()
    mapping(name, stream)
    arrived(1)
    age = total("IteratorAge", "FunctionName", name, least=0)
    assert (age["Unit"], 0 <= age["Maximum"] < 60_000) == ("Milliseconds", True)


def test_events_are_counted_when_asked_for(function, stream, put, mapping, total, arrived, queue):
    put('{"keep": 1}', '{"keep": 2}', '{"drop": 1}')
    uuid = mapping(
        function(),
        stream,
        MetricsConfig={"Metrics": ["EventCount"]},
        FilterCriteria={"Filters": [{"Pattern": '{"data": {"keep": [{"exists": true}]}}'}]},
    )
    arrived(2)
    counted = {
        metric: total(metric, "EventSourceMappingUUID", uuid, least=1)["Sum"]
        for metric in ("PolledEventCount", "FilteredOutEventCount", "InvokedEventCount")
    }
    assert counted == {
        "PolledEventCount": 3.0,
        "FilteredOutEventCount": 1.0,
        "InvokedEventCount": 2.0,
    }
