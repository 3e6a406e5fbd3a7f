"""The CloudFormation type AWS::Events::Rule: made, changed in place, deleted."""

import json

import pytest


def template(listener, unique, *, description: str, wildcard: str, target: str) -> str:
    pattern = {"source": [unique], "detail": {"key": [{"wildcard": wildcard}], "n": [1]}}
    properties = {
        "Name": unique,
        "Description": description,
        "EventPattern": pattern,
        "Targets": [
            {
                "Id": target,
                "Arn": listener.arn,
                "RetryPolicy": {"MaximumRetryAttempts": "3"},
                "InputTransformer": {
                    "InputPathsMap": {"key": "$.detail.key"},
                    "InputTemplate": '{"key": <key>}',
                },
            }
        ],
    }
    rule = {"Type": "AWS::Events::Rule", "Properties": properties}
    outputs = {"Arn": {"Value": {"Fn::GetAtt": ["Rule", "Arn"]}}}
    return json.dumps({"Resources": {"Rule": rule}, "Outputs": outputs})


@pytest.fixture
def stacks(aws):
    return aws("cloudformation")


def test_rule_of_a_stack_works_changes_and_goes(stacks, listener, events, put, waiting, unique):
    body = template(listener, unique, description="one", wildcard="a/*", target="first")
    stacks.create_stack(StackName=unique, TemplateBody=body)
    stacks.get_waiter("stack_create_complete").wait(StackName=unique, WaiterConfig={"Delay": 1})
    put({"key": "a/b", "n": 1})
    waiting("the event", listener.listen)
    assert listener.bodies() == ['{"key": "a/b"}']
    body = template(listener, unique, description="two", wildcard="b/*", target="second")
    stacks.update_stack(StackName=unique, TemplateBody=body)
    stacks.get_waiter("stack_update_complete").wait(StackName=unique, WaiterConfig={"Delay": 1})
    (target,) = events.list_targets_by_rule(Rule=unique)["Targets"]
    assert (target["Id"], target["RetryPolicy"]) == ("second", {"MaximumRetryAttempts": 3})
    assert events.describe_rule(Name=unique)["Description"] == "two"
    (stack,) = stacks.describe_stacks(StackName=unique)["Stacks"]
    assert stack["Outputs"][0]["OutputValue"].endswith(f":rule/{unique}")
    stacks.delete_stack(StackName=unique)
    stacks.get_waiter("stack_delete_complete").wait(StackName=unique, WaiterConfig={"Delay": 1})
    assert events.list_rules(NamePrefix=unique)["Rules"] == []
