"""GetMetricData with expressions."""

from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        ("m / (m + n)", [0.5, 0.75, 1]),
        ("FILL(m, 0) + TIME_SERIES(1)", [1, 1, 2, 4, 6, 1]),
        ("SUM(METRICS())", [2, 4, 5]),
        ("RUNNING_SUM(m)", [1, 4, 9]),
        ("IF(m > 2, m)", [3, 5]),
        ("RATE(m) * PERIOD(m)", [2, 2]),
        ("m - AVG(m)", [-2, 0, 2]),
        ("CEIL(m / 2)", [1, 2, 3]),
        ("FIRST(SORT(METRICS(), MAX, DESC))", [1, 3, 5]),
    ],
)
def test_expression_is_computed_over_what_was_put(put, query, expression, values):
    put(m=[1, 3, 5], n=[1, 1, None])
    (found,) = query(expression, m="Sum", n="Sum")
    assert found["Values"] == pytest.approx(values)
    assert (found["Id"], found["Label"], found["StatusCode"]) == ("e0", "e0", "Complete")


def test_search_finds_metrics_by_their_names(put, query, unique):
    put(RequestErrors=[1, 2], OtherErrors=[3], Latency=[9])
    found = query(f"SEARCH('{{{unique}}} Errors', 'Sum', 10)", f"SUM(SEARCH('{unique}','Sum',10))")
    assert [(each["Label"], each["Values"]) for each in found] == [
        ("OtherErrors", [3]),
        ("RequestErrors", [1, 2]),
        ("e1", [1, 14]),
    ]


def test_band_follows_from_the_past(put, query):
    put(m=[1, 3] * 10)
    upper, lower = query("ANOMALY_DETECTION_BAND(m, 2)", m="Sum")
    assert upper["Values"] == pytest.approx([4] * 6, abs=0.1)
    assert lower["Values"] == pytest.approx([0] * 6, abs=0.1)


def test_labels_tell_what_they_are_asked_for(put, cloudwatch, unique):
    put(m=[1, 4])
    metric = {"Namespace": unique, "MetricName": "m"}
    stat = {"Metric": metric, "Period": 60, "Stat": "Maximum"}
    now = datetime.now(UTC)
    answer = cloudwatch.get_metric_data(
        StartTime=now - timedelta(minutes=5),
        EndTime=now,
        MetricDataQueries=[
            {"Id": "a", "MetricStat": stat, "Label": "${PROP('MetricName')} up to ${MAX}"},
            {"Id": "b", "MetricStat": {**stat, "Stat": "Minimum"}},
        ],
    )
    labels = [result["Label"] for result in answer["MetricDataResults"]]
    assert labels == ["m up to 4", "m Minimum"]


def test_pages_together_are_the_whole(put, cloudwatch, unique):
    put(m=[1, 2, 3, 4], n=[5, 6])
    now = datetime.now(UTC)
    queries = [
        {
            "Id": name,
            "MetricStat": {
                "Metric": {"Namespace": unique, "MetricName": name},
                "Period": 10,
                "Stat": "Sum",
            },
        }
        for name in ("m", "n")
    ]
    pages = cloudwatch.get_paginator("get_metric_data").paginate(
        MetricDataQueries=queries,
        StartTime=now - timedelta(minutes=2),
        EndTime=now,
        ScanBy="TimestampAscending",
        MaxDatapoints=4,
    )
    found = {"m": [], "n": []}
    for page in pages:
        for result in page["MetricDataResults"]:
            found[result["Id"]] += result["Values"]
    assert found == {"m": [1, 2, 3, 4], "n": [5, 6]}


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("m +", "Error in expression 'e0': Unexpected 'end of the expression'"),
        ("nothing * 2", "Error in expression 'e0': Undefined variable 'nothing'"),
        (
            "AVG(m)",
            "Error in expression 'e0': The expression must return a single time series or "
            "an array of time series",
        ),
    ],
)
def test_expression_is_refused(query, expression, message):
    with pytest.raises(ClientError) as caught:
        query(expression, m="Sum")
    error = caught.value.response["Error"]
    assert (error["Code"], error["Message"]) == ("ValidationError", message)


@pytest.mark.parametrize(
    ("expression", "what"),
    [
        ("SERVICE_QUOTA(m)", "the function SERVICE_QUOTA"),
        ("LAMBDA('f')", "the function LAMBDA"),
        ('SELECT AVG(m) FROM "AWS/EC2"', "a Metrics Insights query"),
    ],
)
def test_what_is_not_computed_is_refused_by_name(query, expression, what):
    with pytest.raises(ClientError) as caught:
        query(expression, m="Sum")
    error = caught.value.response["Error"]
    assert error["Message"] == f"cloudwatch.GetMetricData with {what} is not emulated"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
