"""What alarms tell when they change: topics, functions, EventBridge, their history."""

import json

import pytest

from tests.contract.lambda_.functions import ROLE, bundle

KEEPS = (
    "import boto3, json, os\n"
    "def handler(event, context):\n"
    "    body = json.dumps(event)\n"
    "    boto3.client('s3').put_object(Bucket=os.environ['BUCKET'], Key='event', Body=body)\n"
)


@pytest.fixture
def queue(aws, unique):
    """A queue, its ARN, and a function that waits for its messages."""
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName=unique)["QueueUrl"]
    names = ["QueueArn"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]["QueueArn"]
    yield arn, lambda: sqs.receive_message(QueueUrl=url).get("Messages")
    sqs.delete_queue(QueueUrl=url)


@pytest.fixture
def topic(aws, unique, queue):
    sns = aws("sns")
    arn = sns.create_topic(Name=unique)["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue[0])
    return arn


@pytest.fixture
def calm(alarm, reaches):
    """An alarm that is OK, and would be again at the next minute."""

    def put(**settings):
        name = alarm("calm", Period=3600, TreatMissingData="notBreaching", **settings)
        reaches(name, "OK")
        return name

    return put


@pytest.fixture
def raise_alarm(cloudwatch):
    def put(name):
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="by hand")

    return put


def test_topic_is_told_in_awss_shape(calm, raise_alarm, topic, queue, waiting, unique):
    dimensions = [{"Name": "Host", "Value": "h"}]
    name = calm(AlarmActions=[topic], AlarmDescription="too much", Dimensions=dimensions)
    raise_alarm(name)
    (message,) = waiting("the message", queue[1])
    notification = json.loads(message["Body"])
    assert notification["Subject"] == f'ALARM: "{name}" in US East (N. Virginia)'
    told = json.loads(notification["Message"])
    kept = {key: told[key] for key in ("AlarmName", "AlarmDescription", "NewStateValue")}
    assert kept == {"AlarmName": name, "AlarmDescription": "too much", "NewStateValue": "ALARM"}
    assert (told["OldStateValue"], told["NewStateReason"]) == ("OK", "by hand")
    assert (told["AWSAccountId"], told["Region"]) == ("000000000000", "US East (N. Virginia)")
    assert told["AlarmActions"] == [topic]
    assert told["Trigger"] == {
        "MetricName": "m",
        "Namespace": unique,
        "StatisticType": "Statistic",
        "Statistic": "SUM",
        "Unit": None,
        "Dimensions": [{"value": "h", "name": "Host"}],
        "Period": 3600,
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 5.0,
        "TreatMissingData": "notBreaching",
        "EvaluateLowSampleCountPercentile": "",
    }


def test_function_is_called_with_awss_event(
    aws, calm, raise_alarm, unique, bucket, waiting, described
):
    function = aws("lambda").create_function(
        FunctionName=unique,
        Code={"ZipFile": bundle({"main.py": KEEPS})},
        Runtime="python3.13",
        Handler="main.handler",
        Role=ROLE,
        Environment={"Variables": {"BUCKET": bucket}},
    )["FunctionArn"]
    aws("lambda").get_waiter("function_active_v2").wait(FunctionName=unique)
    name = calm(AlarmActions=[function])
    raise_alarm(name)
    s3 = aws("s3")
    waiting("the event", lambda: s3.list_objects_v2(Bucket=bucket).get("KeyCount"))
    event = json.loads(s3.get_object(Bucket=bucket, Key="event")["Body"].read())
    assert event["source"] == "aws.cloudwatch"
    assert event["alarmArn"] == described(name)["AlarmArn"]
    assert (event["accountId"], event["region"]) == ("000000000000", "us-east-1")
    data = event["alarmData"]
    assert (data["alarmName"], data["state"]["value"]) == (name, "ALARM")
    assert data["state"]["reason"] == "by hand"
    assert data["previousState"]["value"] == "OK"
    (metric,) = data["configuration"]["metrics"]
    assert metric["metricStat"] == {
        "metric": {"namespace": unique, "name": "m", "dimensions": {}},
        "period": 3600,
        "stat": "Sum",
    }


def test_event_bridge_is_told(aws, calm, raise_alarm, unique, queue, waiting, described):
    events = aws("events")
    name = calm()
    pattern = {"source": ["aws.cloudwatch"], "detail": {"alarmName": [name]}}
    events.put_rule(Name=unique, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=unique, Targets=[{"Id": "q", "Arn": queue[0]}])
    raise_alarm(name)
    (message,) = waiting("the event", queue[1])
    events.remove_targets(Rule=unique, Ids=["q"])
    events.delete_rule(Name=unique)
    event = json.loads(message["Body"])
    assert event["detail-type"] == "CloudWatch Alarm State Change"
    assert event["resources"] == [described(name)["AlarmArn"]]
    detail = event["detail"]
    assert (detail["previousState"]["value"], detail["state"]["value"]) == ("OK", "ALARM")
    assert detail["configuration"]["metrics"][0]["metricStat"]["stat"] == "Sum"


def history(cloudwatch, name, **filters):
    items = cloudwatch.describe_alarm_history(
        AlarmName=name, ScanBy="TimestampAscending", **filters
    )["AlarmHistoryItems"]
    return [(item["HistoryItemType"], item["HistorySummary"]) for item in items]


def test_history_has_what_has_happened(calm, raise_alarm, topic, cloudwatch, waiting):
    name = calm(AlarmActions=[topic])
    raise_alarm(name)
    raise_alarm(name)
    waiting("the action", lambda: history(cloudwatch, name, HistoryItemType="Action"))
    cloudwatch.delete_alarms(AlarmNames=[name])
    assert history(cloudwatch, name) == [
        ("ConfigurationUpdate", f'Alarm "{name}" created'),
        ("StateUpdate", "Alarm updated from INSUFFICIENT_DATA to OK"),
        ("StateUpdate", "Alarm updated from OK to ALARM"),
        ("Action", f"Successfully executed action {topic}"),
        ("ConfigurationUpdate", f'Alarm "{name}" deleted'),
    ]


def test_action_that_fails_is_told_so(calm, raise_alarm, cloudwatch, waiting, unique):
    gone = f"arn:aws:sns:us-east-1:000000000000:{unique}-gone"
    name = calm(AlarmActions=[gone])
    raise_alarm(name)
    waiting("the action", lambda: history(cloudwatch, name, HistoryItemType="Action"))
    (action,) = history(cloudwatch, name, HistoryItemType="Action")
    assert action == ("Action", f"Failed to execute action {gone}")


def test_disabled_alarm_does_not_act(calm, raise_alarm, topic, cloudwatch, waiting, described):
    name = calm(AlarmActions=[topic])
    cloudwatch.disable_alarm_actions(AlarmNames=[name])
    raise_alarm(name)
    assert described(name)["ActionsEnabled"] is False
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="again")
    cloudwatch.enable_alarm_actions(AlarmNames=[name])
    raise_alarm(name)
    waiting("the action", lambda: history(cloudwatch, name, HistoryItemType="Action"))
    states = [kind for kind, _ in history(cloudwatch, name)]
    # The minute's own evaluation may come between and take back what was set by hand.
    assert states.count("StateUpdate") >= 4
    assert states.count("Action") == 1
