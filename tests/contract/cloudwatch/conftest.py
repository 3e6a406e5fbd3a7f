"""What CloudWatch's tests share: data of the last minutes, alarms that have just been evaluated."""

import time
from datetime import UTC, datetime

import pytest


@pytest.fixture
def cloudwatch(aws):
    return aws("cloudwatch")


@pytest.fixture
def end():
    """The end of the latest 10 s that are over, in s since 1970."""
    return int(time.time()) // 10 * 10


@pytest.fixture
def put(cloudwatch, unique, end):
    """`put(m=[1, None, 3])`: the latest periods of 10 s of metrics, the newest last, now over."""

    def put_values(**metrics):
        data = [
            {
                "MetricName": name,
                "Timestamp": datetime.fromtimestamp(end - 10 * back, UTC),
                "StorageResolution": 1,
                **(value if isinstance(value, dict) else {"Value": value}),
            }
            for name, values in metrics.items()
            for back, value in enumerate(reversed(values), 1)
            if value is not None
        ]
        if data:
            cloudwatch.put_metric_data(Namespace=unique, MetricData=data)

    return put_values


@pytest.fixture
def query(cloudwatch, unique, end):
    """`query("m1 * 2", m1="Sum")`: the values of an expression over metrics, the oldest first."""

    def ask(*expressions, period=10, **metrics):
        queries = [
            {
                "Id": name,
                "ReturnData": False,
                "MetricStat": {
                    "Metric": {"Namespace": unique, "MetricName": name},
                    "Period": period,
                    "Stat": stat,
                },
            }
            for name, stat in metrics.items()
        ]
        queries += [
            {"Id": f"e{number}", "Expression": text} for number, text in enumerate(expressions)
        ]
        return cloudwatch.get_metric_data(
            MetricDataQueries=queries,
            StartTime=datetime.fromtimestamp(end - 50, UTC),
            EndTime=datetime.fromtimestamp(end + 10, UTC),
            ScanBy="TimestampAscending",
        )["MetricDataResults"]

    return ask


@pytest.fixture
def alarm(cloudwatch, unique):
    """`alarm("low", Threshold=3)`: an alarm on the metric `m`, evaluated as soon as it is put."""
    names = []

    def put_alarm(name, **settings):
        common = {
            "EvaluationPeriods": 1,
            "ComparisonOperator": "GreaterThanThreshold",
        }
        if "ThresholdMetricId" not in settings:
            common["Threshold"] = 5.0
        if "Metrics" not in settings:
            common |= {"Namespace": unique, "MetricName": "m", "Period": 10}
            if "ExtendedStatistic" not in settings:
                common["Statistic"] = "Sum"
        names.append(f"{unique}-{name}")
        cloudwatch.put_metric_alarm(AlarmName=names[-1], **{**common, **settings})
        return names[-1]

    yield put_alarm
    cloudwatch.delete_alarms(AlarmNames=names)


@pytest.fixture
def described(cloudwatch):
    """An alarm of either kind as it is described."""

    def describe(name):
        types = ["MetricAlarm", "CompositeAlarm"]
        answer = cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=types)
        (found,) = answer["MetricAlarms"] + answer["CompositeAlarms"]
        return found

    return describe


@pytest.fixture
def reaches(described, waiting):
    """Wait until an alarm has a state; the alarm."""

    def wait(name, state):
        def reached():
            found = described(name)
            return found if found["StateValue"] == state else None

        return waiting(f"{name} to be {state}", reached)

    return wait
