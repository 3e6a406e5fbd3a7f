"""Anomaly detectors: what they are of, whether there is enough to learn from."""

from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def metric(unique):
    return {"Namespace": unique, "MetricName": "m", "Dimensions": [], "Stat": "Average"}


@pytest.fixture
def state(cloudwatch, unique):
    def read():
        found = cloudwatch.describe_anomaly_detectors(Namespace=unique)["AnomalyDetectors"]
        return [each["StateValue"] for each in found]

    return read


def test_detector_is_trained_by_what_has_been(cloudwatch, metric, state, unique):
    cloudwatch.put_anomaly_detector(SingleMetricAnomalyDetector=metric)
    assert state() == ["PENDING_TRAINING"]
    now = datetime.now(UTC)
    data = [
        {"MetricName": "m", "Value": 1, "Timestamp": now - timedelta(minutes=back)}
        for back in range(1, 20)
    ]
    cloudwatch.put_metric_data(Namespace=unique, MetricData=data[:3])
    assert state() == ["TRAINED_INSUFFICIENT_DATA"]
    cloudwatch.put_metric_data(Namespace=unique, MetricData=data)
    assert state() == ["TRAINED"]
    cloudwatch.delete_anomaly_detector(SingleMetricAnomalyDetector=metric)
    assert state() == []


def test_detector_does_not_learn_from_excluded_times(cloudwatch, metric, put, query, end):
    put(m=[1] * 10 + [900] * 2 + [1] * 5)
    (wide, _) = query("ANOMALY_DETECTION_BAND(m, 2)", m="Average")
    excluded = {
        "StartTime": datetime.fromtimestamp(end - 70, UTC),
        "EndTime": datetime.fromtimestamp(end - 50, UTC),
    }
    cloudwatch.put_anomaly_detector(
        SingleMetricAnomalyDetector=metric, Configuration={"ExcludedTimeRanges": [excluded]}
    )
    (narrow, _) = query("ANOMALY_DETECTION_BAND(m, 2)", m="Average")
    assert (wide["Values"][-1] > 100, narrow["Values"][-1]) == (True, 1)


def test_detector_that_is_not_there_is_not_deleted(cloudwatch, metric):
    with pytest.raises(ClientError) as caught:
        cloudwatch.delete_anomaly_detector(SingleMetricAnomalyDetector=metric)
    assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_what_is_not_learned_is_refused_by_name(cloudwatch, metric):
    with pytest.raises(ClientError) as caught:
        cloudwatch.put_anomaly_detector(
            SingleMetricAnomalyDetector=metric, MetricCharacteristics={"PeriodicSpikes": True}
        )
    assert caught.value.response["Error"]["Message"] == (
        "cloudwatch.PutAnomalyDetector with PeriodicSpikes is not emulated"
    )
