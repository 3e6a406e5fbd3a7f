"""Stacks that are to go while something speaks against it."""

import json

import pytest

from tests.contract.refusals import refusal

FAST = {"Delay": 1, "MaxAttempts": 120}
CHAIN = 60
"""Resources one after the other: the stack is in progress for a while."""


@pytest.fixture
def stacks(aws):
    return aws("cloudformation")


@pytest.fixture
def gone(stacks):
    """`gone(name)`: wait until a stack is deleted."""
    waiter = stacks.get_waiter("stack_delete_complete")
    return lambda name: waiter.wait(StackName=name, WaiterConfig=FAST)


def chain(unique, extra=0) -> str:
    topics = {
        f"T{number}": {
            "Type": "AWS::SNS::Topic",
            "Properties": {"TopicName": f"{unique}-{number}"},
            **({"DependsOn": f"T{number - 1}"} if number else {}),
        }
        for number in range(CHAIN + extra)
    }
    return json.dumps({"Resources": topics})


def status(stacks, name) -> str:
    return stacks.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]


def test_what_is_just_created_is_deleted_whole(aws, stacks, unique, gone):
    stacks.create_stack(StackName=unique, TemplateBody=chain(unique))
    assert status(stacks, unique) == "CREATE_IN_PROGRESS"
    stacks.delete_stack(StackName=unique)
    assert status(stacks, unique) == "DELETE_IN_PROGRESS"
    stacks.delete_stack(StackName=unique)
    gone(unique)
    pages = aws("sns").get_paginator("list_topics").paginate()
    assert [
        topic for page in pages for topic in page["Topics"] if unique in topic["TopicArn"]
    ] == []


def test_what_is_being_updated_stays(stacks, unique, gone):
    stacks.create_stack(StackName=unique, TemplateBody=chain(unique, -CHAIN + 1))
    stacks.get_waiter("stack_create_complete").wait(StackName=unique, WaiterConfig=FAST)
    told = stacks.update_stack(StackName=unique, TemplateBody=chain(unique))["StackId"]
    assert refusal(stacks.delete_stack, StackName=unique) == (
        "ValidationError",
        f"Stack [{told}] cannot be deleted while in status UPDATE_IN_PROGRESS",
    )
    stacks.get_waiter("stack_update_complete").wait(StackName=unique, WaiterConfig=FAST)
    stacks.delete_stack(StackName=unique)
    gone(unique)


def test_what_others_import_stays_until_they_are_gone(stacks, unique, gone):
    name, user = f"{unique}:arn", f"{unique}-user"
    topic = {"Type": "AWS::SNS::Topic"}
    shown = {"Arn": {"Value": {"Ref": "Topic"}, "Export": {"Name": name}}}
    using = {"Arn": {"Value": {"Fn::ImportValue": name}}}
    for stack, outputs in ((unique, shown), (user, using)):
        body = json.dumps({"Resources": {"Topic": topic}, "Outputs": outputs})
        stacks.create_stack(StackName=stack, TemplateBody=body)
        stacks.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig=FAST)
    stacks.delete_stack(StackName=unique)
    (found,) = stacks.describe_stacks(StackName=unique)["Stacks"]
    assert (found["StackStatus"], found["StackStatusReason"]) == (
        "CREATE_COMPLETE",
        f"Export {name} cannot be deleted as it is in use by {user}",
    )
    body = json.dumps({"Resources": {"Topic": topic}, "Outputs": {"None": {"Value": "none"}}})
    stacks.update_stack(StackName=user, TemplateBody=body)
    stacks.get_waiter("stack_update_complete").wait(StackName=user, WaiterConfig=FAST)
    for stack in (unique, user):
        stacks.delete_stack(StackName=stack)
        gone(stack)
