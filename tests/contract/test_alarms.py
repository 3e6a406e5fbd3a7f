"""CloudWatch alarms on custom metrics: they are evaluated, and go on after the emulator's death."""

import signal

import pytest

from tests.waiting import wait_until

PERIOD = 10
"""The shortest of AWS; looked at once in a period."""


@pytest.fixture
def alarm(unique):
    def put(cloudwatch, **settings):
        cloudwatch.put_metric_alarm(
            AlarmName=f"{unique}-poison",
            Namespace=f"{unique}/ingest",
            MetricName="PoisonRecords",
            Statistic="Sum",
            Period=PERIOD,
            EvaluationPeriods=1,
            Threshold=0,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="notBreaching",
            **settings,
        )

    return put


@pytest.fixture
def state(unique):
    def wait(cloudwatch, expected):
        def reached():
            found = cloudwatch.describe_alarms(AlarmNames=[f"{unique}-poison"])["MetricAlarms"]
            return [item for item in found if item["StateValue"] == expected]

        wait_until(f"the alarm to be {expected}", reached)

    return wait


@pytest.fixture
def count(unique):
    def put(cloudwatch, *, reasons):
        metric = {"MetricName": "PoisonRecords", "StorageResolution": 1}
        data = [{**metric, "Value": len(reasons)}]
        for reason in reasons:
            dimensions = [{"Name": "Reason", "Value": reason}]
            data.append({**metric, "Value": 1, "Dimensions": dimensions})
        cloudwatch.put_metric_data(Namespace=f"{unique}/ingest", MetricData=data)

    return put


def test_alarm_follows_its_metric_and_tells_its_topic(aws, unique, alarm, state, count):
    cloudwatch, sqs, sns = aws("cloudwatch"), aws("sqs"), aws("sns")
    topic = sns.create_topic(Name=unique)["TopicArn"]
    queue = sqs.create_queue(QueueName=unique)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["QueueArn"])
    alarm(cloudwatch, AlarmActions=[topic])
    state(cloudwatch, "OK")
    count(cloudwatch, reasons=["not_json", "wrong_type"])
    state(cloudwatch, "ALARM")
    (message,) = wait_until(
        "the topic's message", lambda: sqs.receive_message(QueueUrl=queue).get("Messages")
    )
    assert f"{unique}-poison" in message["Body"]


def test_a_dimension_of_the_metric_alone_raises_no_alarm(aws, unique, alarm, state, count):
    cloudwatch = aws("cloudwatch")
    alarm(cloudwatch, Dimensions=[{"Name": "Reason", "Value": "wrong_type"}])
    count(cloudwatch, reasons=["not_json"])
    state(cloudwatch, "OK")
    count(cloudwatch, reasons=["wrong_type"])
    state(cloudwatch, "ALARM")


def test_alarm_goes_on_after_a_kill(own_emulator, unique, alarm, state, count):
    cloudwatch = own_emulator.aws("cloudwatch")
    alarm(cloudwatch)
    state(cloudwatch, "OK")
    own_emulator.end(signal.SIGKILL)
    own_emulator.start()
    count(cloudwatch, reasons=["not_json"])
    state(cloudwatch, "ALARM")
