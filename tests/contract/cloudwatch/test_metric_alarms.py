"""Metric alarms follow their data; on what is there already they are evaluated at once."""

import json

import pytest
from botocore.exceptions import ClientError


@pytest.mark.parametrize(
    ("values", "settings", "state"),
    [
        ([9], {}, "ALARM"),
        ([1], {}, "OK"),
        ([9, 1, 9], {"EvaluationPeriods": 3, "DatapointsToAlarm": 2}, "ALARM"),
        ([9, 1, 9], {"EvaluationPeriods": 3}, "OK"),
        ([1], {"ComparisonOperator": "LessThanOrEqualToThreshold"}, "ALARM"),
        ([{"Values": [1, 1, 1, 9]}], {"ExtendedStatistic": "p99"}, "ALARM"),
        ([{"Values": [1, 1, 1, 9]}], {"ExtendedStatistic": "tm50"}, "OK"),
        ([], {"TreatMissingData": "breaching"}, "ALARM"),
        ([], {"TreatMissingData": "notBreaching"}, "OK"),
        ([9, None, None], {"EvaluationPeriods": 3}, "ALARM"),
        ([9], {"EvaluationPeriods": 3, "TreatMissingData": "notBreaching"}, "OK"),
        ([{"Value": 9, "Unit": "Count"}], {"Unit": "Count"}, "ALARM"),
    ],
)
def test_alarm_has_the_state_of_its_data(put, alarm, reaches, values, settings, state):
    put(m=values)
    reaches(alarm("a", **settings), state)


@pytest.mark.parametrize("treatment", ["missing", "ignore"])
def test_alarm_without_data_knows_nothing(alarm, reaches, treatment):
    name = alarm("a", TreatMissingData=treatment)
    reaches(alarm("other", TreatMissingData="notBreaching"), "OK")
    found = reaches(name, "INSUFFICIENT_DATA")
    assert found["StateReason"] == "Unchecked: Initial alarm creation"


def test_alarm_of_too_few_samples_may_be_told_to_wait(put, alarm, reaches):
    put(m=[{"Values": [9, 9, 9]}])
    waits = alarm("waits", ExtendedStatistic="p90", EvaluateLowSampleCountPercentile="ignore")
    reaches(alarm("judges", ExtendedStatistic="p90"), "ALARM")
    reaches(waits, "INSUFFICIENT_DATA")


def expression(text, *names, unique):
    stats = [
        {
            "Id": name,
            "ReturnData": False,
            "MetricStat": {
                "Metric": {"Namespace": unique, "MetricName": name},
                "Period": 10,
                "Stat": "Sum",
            },
        }
        for name in names
    ]
    return [*stats, {"Id": "e1", "Expression": text, "Label": "rate"}]


def test_alarm_on_an_expression(put, alarm, reaches, unique):
    put(errors=[6, 6], requests=[10, 100])
    metrics = expression("100 * errors / requests", "errors", "requests", unique=unique)
    reaches(alarm("calm", Metrics=metrics, Threshold=6), "OK")
    found = reaches(alarm("busy", Metrics=metrics, Threshold=5), "ALARM")
    data = json.loads(found["StateReasonData"])
    assert (data["recentDatapoints"], data["threshold"], data["period"]) == ([6.0], 5.0, 10)
    assert found["Metrics"] == metrics


def test_alarm_on_a_band(put, alarm, reaches, unique):
    put(m=[1, 3] * 8 + [90])
    metrics = expression("ANOMALY_DETECTION_BAND(m, 2)", "m", unique=unique)
    metrics[0]["ReturnData"] = True
    name = alarm(
        "band",
        Metrics=metrics,
        ThresholdMetricId="e1",
        ComparisonOperator="LessThanLowerOrGreaterThanUpperThreshold",
    )
    found = reaches(name, "ALARM")
    data = json.loads(found["StateReasonData"])
    assert data["recentDatapoints"] == [90.0]
    assert data["recentUpperThresholds"] == pytest.approx([4], abs=0.1)
    assert found["StateReason"].startswith("Thresholds Crossed: 1 out of the last 1 datapoints [90")


def test_reason_says_what_was_seen(put, alarm, reaches):
    put(m=[9])
    found = reaches(alarm("a"), "ALARM")
    assert found["StateReason"].startswith("Threshold Crossed: 1 out of the last 1 datapoints [9.0")
    assert found["StateReason"].endswith(
        "was greater than the threshold (5.0) (minimum 1 datapoint for OK -> ALARM transition)."
    )
    data = json.loads(found["StateReasonData"])
    (point,) = data["evaluatedDatapoints"]
    assert (data["statistic"], point["value"], point["sampleCount"]) == ("Sum", 9.0, 1.0)


def test_alarm_that_is_put_again_keeps_its_state_and_its_tags(put, alarm, reaches, cloudwatch):
    put(m=[9])
    first = reaches(alarm("a", Tags=[{"Key": "k", "Value": "v"}]), "ALARM")
    second = reaches(alarm("a", Threshold=6, AlarmDescription="new"), "ALARM")
    assert second["StateTransitionedTimestamp"] == first["StateTransitionedTimestamp"]
    assert (second["Threshold"], second["AlarmDescription"]) == (6, "new")
    arn = first["AlarmArn"]
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == [
        {"Key": "k", "Value": "v"}
    ]
    cloudwatch.untag_resource(ResourceARN=arn, TagKeys=["k"])
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == []


def test_alarms_are_found_by_what_they_are(put, alarm, reaches, cloudwatch, unique):
    put(m=[9])
    high, calm = alarm("high"), alarm("calm", Threshold=100, Statistic="Maximum")
    reaches(high, "ALARM")
    reaches(calm, "OK")

    def names(**filters):
        found = cloudwatch.describe_alarms(AlarmNamePrefix=unique, **filters)["MetricAlarms"]
        return {each["AlarmName"] for each in found}

    assert names() == {high, calm}
    assert names(StateValue="ALARM") == {high}
    assert names(AlarmTypes=["CompositeAlarm"]) == set()
    on_metric = cloudwatch.describe_alarms_for_metric(
        Namespace=unique, MetricName="m", Statistic="Maximum"
    )
    assert [each["AlarmName"] for each in on_metric["MetricAlarms"]] == [calm]
    pages = cloudwatch.get_paginator("describe_alarms").paginate(
        AlarmNamePrefix=unique, PaginationConfig={"PageSize": 1}
    )
    assert [len(page["MetricAlarms"]) for page in pages] == [1, 1]


EC2 = "arn:aws:automate:us-east-1:ec2:stop"


@pytest.mark.parametrize(
    ("settings", "code", "message"),
    [
        (
            {"TreatMissingData": "bad"},
            "ValidationError",
            "The value bad is not supported for TreatMissingData parameter. Supported values are "
            "[breaching, notBreaching, ignore, missing].",
        ),
        ({"Period": 45}, "ValidationError", "Period must be 10, 20, 30 or a multiple of 60"),
        (
            {"Period": 600, "EvaluationPeriods": 200},
            "ValidationError",
            "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be "
            "<= 86400).",
        ),
        (
            {"ExtendedStatistic": "median"},
            "InvalidParameterValue",
            "The value median for parameter ExtendedStatistic is not supported.",
        ),
        (
            {"ComparisonOperator": "Bigger"},
            "ValidationError",
            "1 validation error detected: Value 'Bigger' at 'comparisonOperator' failed to satisfy "
            "constraint: Member must satisfy enum value set: [GreaterThanThreshold, "
            "GreaterThanOrEqualToThreshold, LessThanThreshold, LessThanOrEqualToThreshold, "
            "GreaterThanUpperThreshold, LessThanLowerThreshold, "
            "LessThanLowerOrGreaterThanUpperThreshold]",
        ),
        ({"AlarmActions": ["nonsense"]}, "ValidationError", "Invalid arn syntax: nonsense"),
        (
            {"AlarmActions": [EC2]},
            "InternalFailure",
            f"cloudwatch.PutMetricAlarm with the action {EC2} is not emulated",
        ),
    ],
)
def test_alarm_is_refused(alarm, settings, code, message):
    with pytest.raises(ClientError) as caught:
        alarm("a", **settings)
    error = caught.value.response["Error"]
    assert (error["Code"], error["Message"]) == (code, message)


@pytest.mark.parametrize("operation", ["put_insight_rule", "put_metric_stream"])
def test_what_nobody_carries_out_is_refused_by_name(cloudwatch, operation):
    members = {
        "put_insight_rule": {"RuleName": "r", "RuleDefinition": "{}"},
        "put_metric_stream": {
            "Name": "s",
            "FirehoseArn": "arn:aws:firehose:us-east-1:000000000000:deliverystream/d",
            "RoleArn": "arn:aws:iam::000000000000:role/r",
            "OutputFormat": "json",
        },
    }
    with pytest.raises(ClientError, match="is not emulated"):
        getattr(cloudwatch, operation)(**members[operation])
