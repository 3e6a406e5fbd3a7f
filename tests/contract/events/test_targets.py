"""What targets get: parts and templates of events, retries, dead letters; how each is called."""

import json

import pytest

from tests.contract.events.conftest import ROLE, Listener
from tests.contract.lambda_.functions import bundle

TEMPLATE = {
    "InputPathsMap": {"who": "$.detail.who", "all": "$.detail", "none": "$.detail.none"},
    "InputTemplate": '{"who": <who>, "text": "by <who>", "all": <all>, "none": <none>}',
}


@pytest.mark.parametrize(
    ("target", "body"),
    [
        ({"InputPath": "$.detail.who"}, '"ann"'),
        ({"Input": '{"a": 1}'}, '{"a": 1}'),
        (
            {"InputTransformer": TEMPLATE},
            '{"who": "ann", "text": "by ann", "all": {"who":"ann"}, "none": ""}',
        ),
        (
            {
                "InputTransformer": {
                    "InputPathsMap": {"who": "$.detail.who"},
                    "InputTemplate": '"<who> by <aws.events.rule-name>"',
                }
            },
            '"ann by {rule}"',
        ),
    ],
)
def test_target_gets_its_input(rule, put, listener, waiting, unique, target, body):
    rule({"source": [unique]}, **target)
    put({"who": "ann"})
    waiting("the event", listener.listen)
    assert listener.bodies() == [body.replace("{rule}", unique)]


def test_dead_letter_tells_why_a_target_was_not_reached(rule, put, aws, waiting, unique):
    dead = Listener(aws("sqs"), f"{unique}-dead")
    gone = f"arn:aws:sqs:us-east-1:000000000000:{unique}-gone"
    rule({"source": [unique]}, Arn=gone, DeadLetterConfig={"Arn": dead.arn})
    put({"n": 1})
    waiting("the dead letter", dead.listen)
    (letter,) = dead.heard
    told = {name: a["StringValue"] for name, a in letter["MessageAttributes"].items()}
    assert json.loads(letter["Body"])["detail"] == {"n": 1}
    assert (told["TARGET_ARN"], told["ERROR_CODE"]) == (gone, "NO_RESOURCE")
    assert told["RULE_ARN"].endswith(f":rule/{unique}")


def test_what_may_pass_is_tried_again_as_often_as_the_policy_says(rule, put, aws, waiting, unique):
    dead = Listener(aws("sqs"), f"{unique}-dead")
    connection = aws("events").create_connection(
        Name=unique,
        AuthorizationType="API_KEY",
        AuthParameters={"ApiKeyAuthParameters": {"ApiKeyName": "k", "ApiKeyValue": "v"}},
    )
    destination = aws("events").create_api_destination(
        Name=unique,
        ConnectionArn=connection["ConnectionArn"],
        InvocationEndpoint="https://127.0.0.1:1/nobody",
        HttpMethod="POST",
    )
    rule(
        {"source": [unique]},
        Arn=destination["ApiDestinationArn"],
        RoleArn=ROLE,
        RetryPolicy={"MaximumRetryAttempts": 1},
        DeadLetterConfig={"Arn": dead.arn},
    )
    put({})
    waiting("the dead letter", dead.listen)
    told = {n: a["StringValue"] for n, a in dead.heard[0]["MessageAttributes"].items()}
    assert told["ERROR_CODE"] == "CONNECTION_FAILURE"
    assert told["EXHAUSTED_RETRY_CONDITION"] == "MaximumRetryAttempts"
    assert told["RETRY_ATTEMPTS"] == "1"


def test_targets_of_a_rule_are_all_called(rule, events, put, aws, waiting, unique, listener):
    kinesis, logs = aws("kinesis"), aws("logs")
    kinesis.create_stream(StreamName=unique, ShardCount=1)
    logs.create_log_group(logGroupName=f"/aws/events/{unique}")
    topic = aws("sns").create_topic(Name=unique)["TopicArn"]
    aws("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=listener.arn)
    machine = aws("stepfunctions").create_state_machine(
        name=unique,
        roleArn=ROLE,
        definition=json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}),
    )["stateMachineArn"]
    rule({"source": [unique]}, Arn=topic)
    arn = "arn:aws:{}:us-east-1:000000000000:{}".format
    events.put_targets(
        Rule=unique,
        Targets=[
            {"Id": "k", "Arn": arn("kinesis", f"stream/{unique}"), "RoleArn": ROLE},
            {"Id": "l", "Arn": arn("logs", f"log-group:/aws/events/{unique}")},
            {"Id": "s", "Arn": machine, "RoleArn": ROLE},
        ],
    )
    put({"n": 1})
    waiting("the topic's message", listener.listen)
    assert json.loads(json.loads(listener.bodies()[0])["Message"])["detail"] == {"n": 1}
    waiting("the record", lambda: records(kinesis, unique))
    group = {"logGroupName": f"/aws/events/{unique}"}
    waiting("the log event", lambda: logs.filter_log_events(**group)["events"])
    executions = aws("stepfunctions").list_executions
    waiting("the execution", lambda: executions(stateMachineArn=machine)["executions"])
    kinesis.delete_stream(StreamName=unique)


def records(kinesis, name: str) -> list[dict]:
    (shard,) = kinesis.list_shards(StreamName=name)["Shards"]
    iterator = kinesis.get_shard_iterator(
        StreamName=name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    return kinesis.get_records(ShardIterator=iterator)["Records"]


def test_function_is_called_with_the_event(rule, put, aws, waiting, unique, bucket):
    code = (
        "import boto3, json\n"
        "def handler(event, context):\n"
        f"    boto3.client('s3').put_object(Bucket='{bucket}', Key='e', Body=json.dumps(event))\n"
    )
    arn = aws("lambda").create_function(
        FunctionName=unique,
        Code={"ZipFile": bundle({"main.py": code})},
        Runtime="python3.13",
        Handler="main.handler",
        Role=ROLE,
    )["FunctionArn"]
    aws("lambda").get_waiter("function_active_v2").wait(FunctionName=unique)
    rule({"source": [unique]}, Arn=arn)
    put({"n": 1})
    listed = waiting("the call", lambda: aws("s3").list_objects_v2(Bucket=bucket).get("Contents"))
    body = aws("s3").get_object(Bucket=bucket, Key=listed[0]["Key"])["Body"].read()
    assert json.loads(body)["detail"] == {"n": 1}
    aws("lambda").delete_function(FunctionName=unique)


def test_event_goes_on_to_another_bus_as_it_is(rule, events, put, waiting, unique, listener):
    bus = events.create_event_bus(Name=unique)["EventBusArn"]
    pattern = json.dumps({"source": [unique]})
    events.put_rule(Name="far", EventBusName=unique, EventPattern=pattern)
    events.put_targets(Rule="far", EventBusName=unique, Targets=[{"Id": "q", "Arn": listener.arn}])
    rule({"source": [unique]}, Arn=bus)
    told = put({"n": 1})["Entries"][0]["EventId"]
    waiting("the event", listener.listen)
    assert [json.loads(body)["id"] for body in listener.bodies()] == [told]
    events.remove_targets(Rule="far", EventBusName=unique, Ids=["q"])
    events.delete_rule(Name="far", EventBusName=unique)
    events.delete_event_bus(Name=unique)
