"""A condition that an update switches creates and deletes what it is about."""

import json

import pytest

TEMPLATE = json.dumps(
    {
        "Parameters": {"Switch": {"Type": "String", "Default": "off"}},
        "Conditions": {"IsOn": {"Fn::Equals": [{"Ref": "Switch"}, "on"]}},
        "Resources": {
            "Always": {
                "Type": "AWS::SNS::Topic",
                "Properties": {
                    "DisplayName": {"Fn::If": ["IsOn", {"Fn::GetAtt": "Fourth.QueueName"}, "off"]}
                },
            },
            "First": {"Type": "AWS::SQS::Queue", "Condition": "IsOn"},
            "Second": {
                "Type": "AWS::SQS::Queue",
                "Condition": "IsOn",
                "Properties": {"Tags": [{"Key": "of", "Value": {"Fn::GetAtt": "First.Arn"}}]},
            },
            "Third": {
                "Type": "AWS::SQS::Queue",
                "Condition": "IsOn",
                "Properties": {"Tags": [{"Key": "of", "Value": {"Fn::Sub": "${First.Arn}"}}]},
            },
            "Fourth": {
                "Type": "AWS::SQS::Queue",
                "Condition": "IsOn",
                "Properties": {"Tags": [{"Key": "of", "Value": {"Fn::GetAtt": "First.Arn"}}]},
            },
        },
    }
)


@pytest.fixture
def stack(aws, unique):
    cloudformation = aws("cloudformation")
    cloudformation.create_stack(StackName=unique, TemplateBody=TEMPLATE)
    yield unique
    cloudformation.delete_stack(StackName=unique)


@pytest.fixture
def resources(aws, stack, waiting):
    """The physical ids of the stack's resources by logical ids, when it rests well."""
    cloudformation = aws("cloudformation")

    def status():
        return cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]

    def read():
        waiting("the stack to rest", lambda: not status().endswith("_IN_PROGRESS"))
        assert status() in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
        listed = cloudformation.list_stack_resources(StackName=stack)["StackResourceSummaries"]
        return {item["LogicalResourceId"]: item["PhysicalResourceId"] for item in listed}

    return read


@pytest.mark.parametrize("template", [{"UsePreviousTemplate": True}, {"TemplateBody": TEMPLATE}])
def test_resources_come_and_go_with_their_condition(aws, stack, resources, template):
    assert set(resources()) == {"Always"}
    change = aws("cloudformation").update_stack
    switch = {"ParameterKey": "Switch", "ParameterValue": "on"}
    change(StackName=stack, **template, Parameters=[switch])
    found = resources()
    assert set(found) == {"Always", "First", "Second", "Third", "Fourth"}
    sqs = aws("sqs")
    tags = sqs.list_queue_tags(QueueUrl=found["Second"])["Tags"]
    arn = sqs.get_queue_attributes(QueueUrl=found["First"], AttributeNames=["QueueArn"])
    assert tags == {"of": arn["Attributes"]["QueueArn"]}
    change(StackName=stack, **template, Parameters=[{**switch, "ParameterValue": "off"}])
    assert set(resources()) == {"Always"}
    for name in set(found) - {"Always"}:
        with pytest.raises(sqs.exceptions.QueueDoesNotExist):
            sqs.get_queue_attributes(QueueUrl=found[name], AttributeNames=["All"])


def test_what_a_false_condition_leaves_out_may_be_of_any_type(aws, unique):
    """And what it does not, may not."""
    body = json.dumps(
        {
            "Parameters": {"Wanted": {"Type": "String"}},
            "Conditions": {"IsWanted": {"Fn::Equals": [{"Ref": "Wanted"}, "yes"]}},
            "Resources": {
                "Topic": {"Type": "AWS::SNS::Topic"},
                "Unknown": {"Type": "AWS::Nobody::Computes", "Condition": "IsWanted"},
            },
        }
    )
    cloudformation = aws("cloudformation")
    told = {}
    for answer in ("no", "yes"):
        name = f"{unique}-{answer}"
        given = [{"ParameterKey": "Wanted", "ParameterValue": answer}]
        cloudformation.create_stack(StackName=name, TemplateBody=body, Parameters=given)
        if answer == "no":
            wait = {"Delay": 1, "MaxAttempts": 60}
            cloudformation.get_waiter("stack_create_complete").wait(
                StackName=name, WaiterConfig=wait
            )
        (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
        told[answer] = (stack["StackStatus"], stack.get("StackStatusReason", ""))
        cloudformation.delete_stack(StackName=name)
    assert told["no"] == ("CREATE_COMPLETE", "")
    assert told["yes"][0] == "CREATE_FAILED"
    assert "AWS::Nobody::Computes is not emulated" in told["yes"][1]
