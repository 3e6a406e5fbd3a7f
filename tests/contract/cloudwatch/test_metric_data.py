"""What is put is what is read: values, counts, statistic sets, units, statistics, metrics."""

from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

NOW = datetime.now(UTC)
SPAN = {"StartTime": NOW - timedelta(minutes=10), "EndTime": NOW + timedelta(minutes=10)}
DIMENSIONS = [{"Name": "Host", "Value": "x=y"}]


@pytest.fixture
def statistics(cloudwatch, unique):
    def read(**settings):
        whole = {"Namespace": unique, "MetricName": "m", "Period": 3600, **SPAN}
        answer = cloudwatch.get_metric_statistics(**{**whole, **settings})
        return sorted(answer["Datapoints"], key=lambda point: point["Unit"])

    return read


@pytest.fixture
def send(cloudwatch, unique):
    def put(*data, namespace=unique):
        named = [{"MetricName": "m", **datum} for datum in data]
        cloudwatch.put_metric_data(Namespace=namespace, MetricData=named)

    return put


def test_values_counts_and_sets_are_summed_up(send, statistics):
    send({"Value": 0}, {"Values": [2, 7], "Counts": [3, 1]}, {"Values": [1]})
    four = {"SampleCount": 4, "Sum": 40, "Minimum": -1, "Maximum": 30}
    send({"StatisticValues": four})
    names = ["SampleCount", "Sum", "Average", "Minimum", "Maximum"]
    (point,) = statistics(Statistics=names)
    assert [point[name] for name in names] == [10, 54, 5.4, -1, 30]


def test_units_are_told_apart(send, statistics):
    send({"Value": 1, "Unit": "Count"}, {"Value": 5}, {"Value": 9, "Unit": "Seconds"})
    found = statistics(Statistics=["Sum"])
    assert [(p["Unit"], p["Sum"]) for p in found] == [("Count", 1), ("None", 5), ("Seconds", 9)]
    (seconds,) = statistics(Statistics=["Sum"], Unit="Seconds")
    assert seconds["Sum"] == 9


def test_extended_statistics_are_of_the_values(send, statistics):
    send({"Values": list(range(1, 101))})
    names = ["p99", "p50", "tm90", "TM(10:20)", "PR(:25)", "IQM", "tc80", "wm95"]
    (point,) = statistics(ExtendedStatistics=names)
    assert point["ExtendedStatistics"] == pytest.approx(
        {
            "p99": 99,
            "p50": 50,
            "tm90": 45.5,
            "TM(10:20)": 15.5,
            "PR(:25)": 25,
            "IQM": 50.5,
            "tc80": 80,
            "wm95": 50.35,
        }
    )


def test_statistic_set_hides_its_percentiles(send, statistics):
    send({"StatisticValues": {"SampleCount": 2, "Sum": 4, "Minimum": 1, "Maximum": 3}})
    assert statistics(ExtendedStatistics=["p50"]) == []


def test_value_belongs_to_its_minute_unless_it_is_of_high_resolution(send, statistics):
    at = (NOW - timedelta(minutes=2)).replace(second=37, microsecond=0)
    send({"Value": 1, "Timestamp": at}, {"Value": 2, "Timestamp": at, "StorageResolution": 1})
    span = {"StartTime": at.replace(second=0), "EndTime": at + timedelta(seconds=60)}
    points = statistics(Statistics=["Sum"], Period=1, **span)
    assert {(point["Timestamp"].second, point["Sum"]) for point in points} == {(0, 1), (37, 2)}


def test_dimensions_are_exact(send, statistics):
    send({"Value": 1, "Dimensions": DIMENSIONS}, {"Value": 5})
    (point,) = statistics(Statistics=["Sum"], Dimensions=DIMENSIONS)
    assert point["Sum"] == 1
    assert statistics(Statistics=["Sum"], Dimensions=[{"Name": "Host", "Value": "x"}]) == []


def test_metrics_are_listed_with_their_dimensions(send, cloudwatch, unique):
    send({"Value": 1, "Dimensions": DIMENSIONS}, {"Value": 5})
    old = datetime.now(UTC) - timedelta(hours=4)
    send({"MetricName": "old", "Value": 5, "Timestamp": old})
    whole = {"Namespace": unique, "MetricName": "m"}
    with_host = {**whole, "Dimensions": DIMENSIONS}

    def listed(**filters):
        return cloudwatch.list_metrics(Namespace=unique, **filters)["Metrics"]

    assert {**whole, "Dimensions": []} in listed()
    assert listed(Dimensions=[{"Name": "Host"}]) == [with_host]
    assert listed(Dimensions=[{"Name": "Host", "Value": "other"}]) == []
    assert {metric["MetricName"] for metric in listed()} == {"m", "old"}
    assert {metric["MetricName"] for metric in listed(RecentlyActive="PT3H")} == {"m"}


PLACE = "MetricData.member.1"
REFUSED = [
    ({"Value": float("nan")}, f"The value NaN for parameter {PLACE}.Value is invalid."),
    ({"Value": 2.0**361}, f"The value {2.0**361} for parameter {PLACE}.Value is invalid."),
    (
        {"Value": 1, "Timestamp": NOW - timedelta(days=15)},
        f"The parameter {PLACE}.Timestamp must specify a time within the past two weeks.",
    ),
    (
        {"Value": 1, "Timestamp": NOW + timedelta(hours=3)},
        f"The parameter {PLACE}.Timestamp must specify a time no more than two hours in the "
        "future.",
    ),
    (
        {"Value": 1, "Dimensions": [{"Name": f"n{n}", "Value": "v"} for n in range(31)]},
        f"The collection {PLACE}.Dimensions must not have a size greater than 30.",
    ),
    (
        {"Values": [1, 2], "Counts": [1]},
        f"The parameters {PLACE}.Values and {PLACE}.Counts must be of the same size.",
    ),
    (
        {"Values": list(range(151))},
        f"The collection {PLACE}.Values must not have a size greater than 150.",
    ),
]


@pytest.mark.parametrize(("datum", "message"), REFUSED)
def test_datum_is_refused_with_awss_reason(send, statistics, datum, message):
    with pytest.raises(ClientError) as caught:
        send(datum, {"Value": 1})
    assert caught.value.response["Error"]["Code"] == "InvalidParameterValue"
    assert caught.value.response["Error"]["Message"] == message
    assert statistics(Statistics=["Sum"]) == []


@pytest.mark.parametrize(
    ("data", "namespace", "code", "message"),
    [
        (
            [{"Value": 1}] * 1001,
            "N",
            "InvalidParameterValue",
            "The collection MetricData must not have a size greater than 1000.",
        ),
        (
            [{"Value": 1}],
            "AWS/EC2",
            "InvalidParameterValue",
            "The value AWS/ for parameter Namespace is invalid.",
        ),
        ([{}], "N", "MissingParameter", "At least one of the parameters must be specified."),
        (
            [{"Value": 0, "Values": [1]}],
            "N",
            "InvalidParameterCombination",
            f"The parameters {PLACE}.Value and {PLACE}.Values are mutually exclusive and you have "
            "specified both.",
        ),
    ],
)
def test_request_is_refused_with_awss_reason(send, data, namespace, code, message):
    with pytest.raises(ClientError) as caught:
        send(*data, namespace=namespace)
    error = caught.value.response["Error"]
    assert (error["Code"], error["Message"]) == (code, message)


@pytest.mark.parametrize(
    ("settings", "code", "message"),
    [
        (
            {"Statistics": ["Sum"], "EndTime": SPAN["StartTime"]},
            "InvalidParameterValue",
            "The parameter StartTime must not equal parameter EndTime.",
        ),
        (
            {"Statistics": ["Sum"], "EndTime": NOW - timedelta(days=1)},
            "InvalidParameterValue",
            "The parameter StartTime must be less than the parameter EndTime.",
        ),
        (
            {"Statistics": ["Sum"], "StartTime": NOW - timedelta(days=2), "Period": 60},
            "InvalidParameterCombination",
            "You have requested up to 2890 datapoints, which exceeds the limit of 1440. You may "
            "reduce the datapoints requested by increasing Period, or decreasing the time range.",
        ),
        (
            {"ExtendedStatistics": ["p900"]},
            "InvalidParameterValue",
            "The value p900 for parameter ExtendedStatistics is not supported.",
        ),
    ],
)
def test_statistics_are_refused_with_awss_reason(statistics, settings, code, message):
    with pytest.raises(ClientError) as caught:
        statistics(**settings)
    error = caught.value.response["Error"]
    assert (error["Code"], error["Message"]) == (code, message)
