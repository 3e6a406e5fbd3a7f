"""What starts executions, and who hears of their states."""

import json

import pytest

from tests.contract.codepipeline.declarations import approval, source, zipped


def test_polled_source_starts_an_execution_for_a_new_version(aws, pipeline, versioned):
    polled = source(versioned, configuration={"PollForSourceChanges": "true"})
    made = pipeline(("Gate", approval()), source=polled)
    made.answer(made.asks())
    made.end()
    s3 = aws("s3")
    s3.put_object(Bucket=versioned, Key="source.zip", Body=zipped({"new": "file"}))
    made.waiting("the poll", lambda: len(made.executions()) == 2)
    latest = made.executions()[0]
    assert latest["trigger"]["triggerType"] == "PollForSourceChanges"
    made.asks(of=latest["pipelineExecutionId"])
    version = s3.head_object(Bucket=versioned, Key="source.zip")["VersionId"]
    assert made.executions()[0]["sourceRevisions"][0]["revisionId"] == version


@pytest.fixture
def heard(aws, unique):
    """What EventBridge hears of CodePipeline, by detail-type, action and state."""
    events, sqs = aws("events"), aws("sqs")
    url = sqs.create_queue(QueueName=unique)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    pattern = {"source": ["aws.codepipeline"], "detail": {"pipeline": [{"prefix": unique}]}}
    events.put_rule(Name=unique, EventPattern=json.dumps(pattern))
    target = {"Id": "queue", "Arn": arn["Attributes"]["QueueArn"]}
    events.put_targets(Rule=unique, Targets=[target])
    found = []

    def read():
        given = {"QueueUrl": url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 1}
        found.extend(
            json.loads(message["Body"])
            for message in sqs.receive_message(**given).get("Messages", [])
        )
        return found

    yield read
    events.remove_targets(Rule=unique, Ids=["queue"])
    events.delete_rule(Name=unique)
    sqs.delete_queue(QueueUrl=url)


def test_states_are_told_to_event_bridge(heard, pipeline):
    made = pipeline(("Gate", approval()))
    made.answer(made.asks(), "Rejected", summary="no")
    assert made.end() == "Failed"
    made.waiting("all events", lambda: len(heard()) >= 10)
    told = {
        (event["detail-type"].split()[1], event["detail"].get("action", ""), detail["state"])
        for event in heard()
        for detail in [event["detail"]]
    }
    assert told == {
        ("Pipeline", "", "STARTED"),
        ("Pipeline", "", "FAILED"),
        ("Stage", "", "STARTED"),
        ("Stage", "", "SUCCEEDED"),
        ("Stage", "", "FAILED"),
        ("Action", "Get", "STARTED"),
        ("Action", "Get", "SUCCEEDED"),
        ("Action", "Ask", "STARTED"),
        ("Action", "Ask", "FAILED"),
    }
    failed = next(event for event in heard() if event["detail"].get("action") == "Ask")
    assert failed["resources"] == [f"arn:aws:codepipeline:us-east-1:000000000000:{made.name}"]
    assert failed["detail"]["execution-id"] == made.first()
    assert failed["detail"]["version"] == 1.0
    assert failed["detail"]["type"] == {
        "category": "Approval",
        "owner": "AWS",
        "provider": "Manual",
        "version": "1",
    }


def test_rule_starts_an_execution_for_a_new_object(aws, unique, pipeline, versioned):
    aws("s3").put_bucket_notification_configuration(
        Bucket=versioned, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    made = pipeline(("Gate", approval()))
    made.answer(made.asks())
    made.end()
    events = aws("events")
    pattern = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [versioned]}, "object": {"key": ["source.zip"]}},
    }
    rule = f"{unique}-start"
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    arn = f"arn:aws:codepipeline:us-east-1:000000000000:{made.name}"
    role = "arn:aws:iam::000000000000:role/rule"
    events.put_targets(Rule=rule, Targets=[{"Id": "pipeline", "Arn": arn, "RoleArn": role}])
    aws("s3").put_object(Bucket=versioned, Key="source.zip", Body=zipped({"new": "file"}))
    made.waiting("the rule", lambda: len(made.executions()) == 2)
    latest = made.executions()[0]["pipelineExecutionId"]
    made.asks(of=latest)
    version = aws("s3").head_object(Bucket=versioned, Key="source.zip")["VersionId"]
    assert made.executions()[0]["sourceRevisions"][0]["revisionId"] == version
    events.remove_targets(Rule=rule, Ids=["pipeline"])
    events.delete_rule(Name=rule)
