"""AWS::Kinesis::StreamConsumer, AWS::Kinesis::ResourcePolicy, and what a stream's template may
say beside its shards.
"""

import json

import pytest
from botocore.exceptions import WaiterError

from tests.contract.refusals import refusal

ARN = {"Fn::GetAtt": ["Stream", "Arn"]}
CONSUMER = {"Ref": "Consumer"}


@pytest.fixture
def stack(aws, unique):
    """`stack(resources)` creates or updates the stack and gives its outputs; deleted afterwards."""
    cloudformation = aws("cloudformation")
    done: list[str] = []

    def deploy(resources, **outputs):
        template = {
            "Resources": resources,
            "Outputs": {name: {"Value": value} for name, value in outputs.items()},
        }
        change = "update" if done else "create"
        call = getattr(cloudformation, f"{change}_stack")
        call(StackName=unique, TemplateBody=json.dumps(template))
        done.append(change)
        waiter = cloudformation.get_waiter(f"stack_{change}_complete")
        waiter.wait(StackName=unique, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        (described,) = cloudformation.describe_stacks(StackName=unique)["Stacks"]
        return {each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", ())}

    yield deploy
    cloudformation.delete_stack(StackName=unique)
    waiter = cloudformation.get_waiter("stack_delete_complete")
    waiter.wait(StackName=unique, WaiterConfig={"Delay": 1, "MaxAttempts": 60})


def resources(name, consumer="reader", action="kinesis:SubscribeToShard"):
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "111111111111"},
        "Action": action,
        "Resource": CONSUMER,
    }
    return {
        "Stream": {"Type": "AWS::Kinesis::Stream", "Properties": {"Name": name, "ShardCount": 1}},
        "Consumer": {
            "Type": "AWS::Kinesis::StreamConsumer",
            "Properties": {
                "StreamARN": ARN,
                "ConsumerName": consumer,
                "Tags": [{"Key": "a", "Value": "1"}],
            },
        },
        "Policy": {
            "Type": "AWS::Kinesis::ResourcePolicy",
            "Properties": {
                "ResourceArn": CONSUMER,
                "ResourcePolicy": {"Version": "2012-10-17", "Statement": [statement]},
            },
        },
    }


def test_consumer_and_its_policy_in_a_stack(kinesis, stack, unique):
    outputs = {
        "Arn": CONSUMER,
        "Status": {"Fn::GetAtt": ["Consumer", "ConsumerStatus"]},
        "Created": {"Fn::GetAtt": ["Consumer", "ConsumerCreationTimestamp"]},
        "Policy": {"Ref": "Policy"},
    }

    def action(arn):
        policy = json.loads(kinesis.get_resource_policy(ResourceARN=arn)["Policy"])
        return policy["Statement"][0]["Action"]

    told = stack(resources(unique), **outputs)
    arn = told["Arn"]
    assert told == {
        "Arn": arn,
        "Status": "ACTIVE",
        "Created": arn.rpartition(":")[2],
        "Policy": arn,
    }
    described = kinesis.describe_stream_consumer(ConsumerARN=arn)["ConsumerDescription"]
    assert described["ConsumerName"] == "reader"
    tags = kinesis.list_tags_for_resource(ResourceARN=arn)["Tags"]
    assert {"Key": "a", "Value": "1"} in tags
    assert action(arn) == "kinesis:SubscribeToShard"

    assert stack(resources(unique, action="kinesis:*"), **outputs) == told
    assert action(arn) == "kinesis:*"

    new = stack(resources(unique, consumer="other"), **outputs)["Arn"]
    assert "/consumer/other:" in new
    assert action(new) == "kinesis:SubscribeToShard"
    assert refusal(kinesis.describe_stream_consumer, ConsumerARN=arn)[0] == (
        "ResourceNotFoundException"
    )


def test_shard_metrics_of_a_stream_in_a_stack(kinesis, stack, unique):
    def stream(**more):
        properties = {"Name": unique, "ShardCount": 1} | more
        return {"Stream": {"Type": "AWS::Kinesis::Stream", "Properties": properties}}

    def metrics():
        summary = kinesis.describe_stream_summary(StreamName=unique)["StreamDescriptionSummary"]
        return summary["EnhancedMonitoring"][0]["ShardLevelMetrics"]

    stack(stream(DesiredShardLevelMetrics=["IncomingBytes", "OutgoingBytes"]))
    assert sorted(metrics()) == ["IncomingBytes", "OutgoingBytes"]
    stack(stream(DesiredShardLevelMetrics=["ALL"]))
    assert len(metrics()) == 7
    stack(stream())
    assert metrics() == []


def test_property_that_is_not_emulated_fails_the_stack(aws, kinesis, stack, unique):
    properties = {"Name": unique, "ShardCount": 1, "RecordDistributionStrategy": "AUTO"}
    with pytest.raises(WaiterError):
        stack({"Stream": {"Type": "AWS::Kinesis::Stream", "Properties": properties}})
    events = aws("cloudformation").describe_stack_events(StackName=unique)["StackEvents"]
    reasons = [event.get("ResourceStatusReason", "") for event in events]
    wanted = "RecordDistributionStrategy of AWS::Kinesis::Stream is not emulated"
    assert any(wanted in reason for reason in reasons)
    assert refusal(kinesis.describe_stream, StreamName=unique)[0] == "ResourceNotFoundException"


def test_policy_that_is_none_fails_the_stack(aws, stack, unique):
    broken = resources(unique, action="s3:GetObject")
    with pytest.raises(WaiterError):
        stack(broken)
    events = aws("cloudformation").describe_stack_events(StackName=unique)["StackEvents"]
    assert any("Invalid resource policy" in e.get("ResourceStatusReason", "") for e in events)
