"""CloudFormation: change sets, updates, and failures that are seen as failures."""

import json
from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError, WaiterError

QUEUE = "AWS::SQS::Queue"
FAST = {"Delay": 1, "MaxAttempts": 60}


def template(resources: dict, **sections) -> str:
    return json.dumps({"Resources": resources, **sections})


def queue(name: str, **properties) -> dict:
    return {"Type": QUEUE, "Properties": {"QueueName": name, **properties}}


@pytest.fixture
def cloudformation(aws):
    return aws("cloudformation")


@pytest.fixture
def stack(cloudformation, unique):
    """The name of a stack that is deleted afterwards."""
    yield unique
    cloudformation.delete_stack(StackName=unique)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=unique, WaiterConfig=FAST)


def open_change_set(cloudformation, stack: str, body: str, kind: str = "CREATE", **more) -> str:
    answer = cloudformation.create_change_set(
        StackName=stack,
        ChangeSetName=f"c{kind.lower()}",
        ChangeSetType=kind,
        TemplateBody=body,
        **more,
    )
    return answer["Id"]


def wait_for_change_set(cloudformation, change_set: str) -> dict:
    waiter = cloudformation.get_waiter("change_set_create_complete")
    waiter.wait(ChangeSetName=change_set, WaiterConfig=FAST)
    return cloudformation.describe_change_set(ChangeSetName=change_set)


def deploy(cloudformation, stack: str, body: str, kind: str = "CREATE", **more) -> None:
    change_set = open_change_set(cloudformation, stack, body, kind, **more)
    wait_for_change_set(cloudformation, change_set)
    cloudformation.execute_change_set(ChangeSetName=change_set)
    waiter = cloudformation.get_waiter(f"stack_{kind.lower()}_complete")
    waiter.wait(StackName=stack, WaiterConfig=FAST)


@contextmanager
def failing(cloudformation, stack: str):
    """What stands inside makes the stack fail; its events are in the yielded list afterwards."""
    events: list[dict] = []
    with pytest.raises(WaiterError):
        yield events
    events += cloudformation.describe_stack_events(StackName=stack)["StackEvents"]


def told_of(stack: str, events: list[dict]) -> list[tuple[str, str | None]]:
    """Status and reason of the stack itself, the oldest first."""
    return [
        (event["ResourceStatus"], event.get("ResourceStatusReason"))
        for event in reversed(events)
        if event["LogicalResourceId"] == stack
    ]


# what works


def test_change_set_tells_what_it_would_add(cloudformation, stack):
    change_set = open_change_set(cloudformation, stack, template({"Q": queue(stack)}))
    found = wait_for_change_set(cloudformation, change_set)
    change = found["Changes"][0]["ResourceChange"]
    assert (change["Action"], change["LogicalResourceId"], change["ResourceType"]) == (
        "Add",
        "Q",
        QUEUE,
    )
    status = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    assert status == "REVIEW_IN_PROGRESS"


def test_outputs_are_read_from_the_resources(cloudformation, aws, stack):
    outputs = {"Url": {"Value": {"Ref": "Q"}}, "Arn": {"Value": {"Fn::GetAtt": ["Q", "Arn"]}}}
    deploy(cloudformation, stack, template({"Q": queue(stack)}, Outputs=outputs))
    found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
    values = {item["OutputKey"]: item["OutputValue"] for item in found}
    assert values["Url"] == aws("sqs").get_queue_url(QueueName=stack)["QueueUrl"]
    assert values["Arn"].endswith(f":{stack}")


def test_update_changes_the_resource(cloudformation, aws, stack):
    deploy(cloudformation, stack, template({"Q": queue(stack, VisibilityTimeout=30)}))
    changed = template({"Q": queue(stack, VisibilityTimeout=99)})
    deploy(cloudformation, stack, changed, "UPDATE")
    sqs = aws("sqs")
    url = sqs.get_queue_url(QueueName=stack)["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
    assert attributes["Attributes"]["VisibilityTimeout"] == "99"


NAMESPACE_AND_QUEUE = """
Resources:
  N: {Type: AWS::RedshiftServerless::Namespace, Properties: {NamespaceName: NAME, DbName: d}}
  Q: {Type: AWS::SQS::Queue, Properties: {QueueName: NAME, DelaySeconds: DELAY}}
Outputs:
  Name: {Value: VALUE}
"""


@pytest.mark.parametrize(
    "value", ["!GetAtt N.Namespace.NamespaceName", '{"Fn::GetAtt": N.Namespace.NamespaceName}']
)
def test_attribute_written_with_dots_survives_an_update(cloudformation, stack, value):
    body = NAMESPACE_AND_QUEUE.replace("NAME", stack).replace("VALUE", value)
    cloudformation.create_stack(StackName=stack, TemplateBody=body.replace("DELAY", "1"))
    cloudformation.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig=FAST)
    cloudformation.update_stack(StackName=stack, TemplateBody=body.replace("DELAY", "2"))
    cloudformation.get_waiter("stack_update_complete").wait(StackName=stack, WaiterConfig=FAST)
    found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
    assert [item["OutputValue"] for item in found] == [stack]


def test_parameter_keeps_its_previous_value(cloudformation, stack):
    declared = {"Note": {"Type": "String"}, "Other": {"Type": "String", "Default": "a"}}
    outputs = {"Note": {"Value": {"Ref": "Note"}}, "Other": {"Value": {"Ref": "Other"}}}
    body = template({"Q": queue(stack)}, Parameters=declared, Outputs=outputs)
    given = [{"ParameterKey": "Note", "ParameterValue": "kept"}]
    deploy(cloudformation, stack, body, Parameters=given)
    kept = [
        {"ParameterKey": "Note", "UsePreviousValue": True},
        {"ParameterKey": "Other", "ParameterValue": "b"},
    ]
    changed = template(
        {"Q": queue(stack, VisibilityTimeout=9)}, Parameters=declared, Outputs=outputs
    )
    deploy(cloudformation, stack, changed, "UPDATE", Parameters=kept)
    found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
    assert {item["OutputKey"]: item["OutputValue"] for item in found} == {
        "Note": "kept",
        "Other": "b",
    }


# what is refused


def test_change_set_without_changes_fails_and_says_so(cloudformation, stack):
    body = template({"Q": queue(stack)})
    deploy(cloudformation, stack, body)
    change_set = open_change_set(cloudformation, stack, body, "UPDATE")
    with pytest.raises(WaiterError) as failure:
        wait_for_change_set(cloudformation, change_set)
    assert failure.value.last_response["StatusReason"].startswith(
        "The submitted information didn't contain changes."
    )
    with pytest.raises(ClientError) as refusal:
        cloudformation.execute_change_set(ChangeSetName=change_set)
    assert refusal.value.response["Error"]["Code"] == "InvalidChangeSetStatus"


def test_unknown_stack_is_a_validation_error(cloudformation, unique):
    with pytest.raises(ClientError) as refusal:
        cloudformation.describe_stacks(StackName=unique)
    assert refusal.value.response["Error"]["Code"] == "ValidationError"
    message = f"Stack with id {unique} does not exist"
    assert refusal.value.response["Error"]["Message"] == message


def test_unknown_resource_type_fails_with_the_type(cloudformation, stack):
    body = template({"Q": queue(stack), "X": {"Type": "AWS::Nobody::Knows"}})
    change_set = open_change_set(cloudformation, stack, body)
    with pytest.raises(WaiterError) as failure:
        wait_for_change_set(cloudformation, change_set)
    assert "AWS::Nobody::Knows" in failure.value.last_response["StatusReason"]


# what fails on the way


def test_failed_resource_fails_the_stack_with_its_reason(cloudformation, aws, stack):
    missing = f"no-such-bucket-{stack}"
    policy = {"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*"}]}
    broken = {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {"Bucket": missing, "PolicyDocument": policy},
    }
    with failing(cloudformation, stack) as events:
        deploy(cloudformation, stack, template({"P": broken}))
    failed = [event for event in events if event["ResourceStatus"] == "CREATE_FAILED"]
    (event,) = [event for event in failed if event["LogicalResourceId"] == "P"]
    assert "NoSuchBucket" in event["ResourceStatusReason"]
    status = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    assert status == "ROLLBACK_COMPLETE"


def test_failed_update_can_be_tried_again(cloudformation, stack):
    """A failed update is not remembered as done."""
    deploy(cloudformation, stack, template({"Q": queue(stack)}))
    broken = {
        "Type": "AWS::Lambda::EventSourceMapping",
        "Properties": {
            "FunctionName": f"nobody-{stack}",
            "EventSourceArn": f"arn:aws:kinesis:us-east-1:000000000000:stream/{stack}",
            "StartingPosition": "LATEST",
        },
    }
    body = template({"Q": queue(stack), "M": broken})
    with failing(cloudformation, stack) as events:
        deploy(cloudformation, stack, body, "UPDATE")
    assert any(event["ResourceStatus"] == "CREATE_FAILED" for event in events)
    found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    assert found == "UPDATE_ROLLBACK_COMPLETE"
    cloudformation.delete_change_set(StackName=stack, ChangeSetName="cupdate")
    again = open_change_set(cloudformation, stack, body, "UPDATE")
    changes = wait_for_change_set(cloudformation, again)["Changes"]
    assert [item["ResourceChange"]["LogicalResourceId"] for item in changes] == ["M"]


def test_failed_creation_leaves_nothing_behind(cloudformation, aws, stack):
    broken = {
        "Type": "AWS::S3::BucketPolicy",
        "DependsOn": "Q",
        "Properties": {"Bucket": f"no-such-bucket-{stack}", "PolicyDocument": {"Statement": []}},
    }
    with failing(cloudformation, stack) as events:
        deploy(cloudformation, stack, template({"Q": queue(stack), "P": broken}))
    deleted = [event for event in events if event["ResourceStatus"] == "DELETE_COMPLETE"]
    assert [event["LogicalResourceId"] for event in deleted] == ["Q"]
    with pytest.raises(ClientError) as refusal:
        aws("sqs").get_queue_url(QueueName=stack)
    assert "NonExistentQueue" in refusal.value.response["Error"]["Code"]


def test_failed_stack_of_create_stack_is_rolled_back(cloudformation, aws, stack):
    broken = {
        "Type": "AWS::S3::BucketPolicy",
        "DependsOn": "Q",
        "Properties": {"Bucket": f"no-such-bucket-{stack}", "PolicyDocument": {"Statement": []}},
    }
    body = template({"Q": queue(stack), "P": broken})
    with failing(cloudformation, stack) as events:
        cloudformation.create_stack(StackName=stack, TemplateBody=body)
        waiter = cloudformation.get_waiter("stack_create_complete")
        waiter.wait(StackName=stack, WaiterConfig=FAST)
    why = "The following resource(s) failed to create: [P]. Rollback requested by user."
    assert told_of(stack, events) == [
        ("CREATE_IN_PROGRESS", "User Initiated"),
        ("ROLLBACK_IN_PROGRESS", why),
        ("ROLLBACK_COMPLETE", None),
    ]
    (found,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    assert (found["StackStatus"], found["StackStatusReason"]) == ("ROLLBACK_COMPLETE", why)


def test_failed_update_of_update_stack_is_rolled_back(cloudformation, aws, stack):
    """What the update has created is gone, and what it would have removed is still there."""
    cloudformation.create_stack(StackName=stack, TemplateBody=template({"Q": queue(stack)}))
    cloudformation.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig=FAST)
    broken = {
        "Type": "AWS::S3::BucketPolicy",
        "DependsOn": "R",
        "Properties": {"Bucket": f"no-such-bucket-{stack}", "PolicyDocument": {"Statement": []}},
    }
    body = template({"R": queue(f"{stack}-new"), "P": broken})
    (found,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    assert "StackStatusReason" not in found
    with failing(cloudformation, stack) as events:
        cloudformation.update_stack(StackName=stack, TemplateBody=body)
        waiter = cloudformation.get_waiter("stack_update_complete")
        waiter.wait(StackName=stack, WaiterConfig=FAST)
    assert told_of(stack, events)[-3:] == [
        ("UPDATE_IN_PROGRESS", "User Initiated"),
        ("UPDATE_ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [P]."),
        ("UPDATE_ROLLBACK_COMPLETE", None),
    ]
    assert aws("sqs").get_queue_url(QueueName=stack)
    urls = aws("sqs").list_queues(QueueNamePrefix=f"{stack}-new")
    assert "QueueUrls" not in urls


def test_a_rolled_back_update_leaves_the_outputs(cloudformation, stack):
    told = {"Name": {"Value": stack}}
    good = json.dumps(json.loads(template({"Q": queue(stack)})) | {"Outputs": told})
    cloudformation.create_stack(StackName=stack, TemplateBody=good)
    cloudformation.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig=FAST)
    broken = {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {"Bucket": f"no-such-bucket-{stack}", "PolicyDocument": {"Statement": []}},
    }
    body = json.loads(template({"P": broken, "Q": queue(stack)})) | {"Outputs": told}
    cloudformation.update_stack(StackName=stack, TemplateBody=json.dumps(body))
    with failing(cloudformation, stack):
        waiter = cloudformation.get_waiter("stack_update_complete")
        waiter.wait(StackName=stack, WaiterConfig=FAST)
    (found,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    assert [item["OutputValue"] for item in found["Outputs"]] == [stack]


def test_what_needs_a_resource_that_failed_is_not_said_to_have_failed(cloudformation, stack):
    cloudformation.create_stack(StackName=stack, TemplateBody=template({"Q": queue(stack)}))
    cloudformation.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig=FAST)
    broken = {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {"Bucket": f"no-such-bucket-{stack}", "PolicyDocument": {"Statement": []}},
    }
    body = template({"P": broken, "Q": queue(stack) | {"DependsOn": "P"}})
    cloudformation.update_stack(StackName=stack, TemplateBody=body)
    with failing(cloudformation, stack):
        waiter = cloudformation.get_waiter("stack_update_complete")
        waiter.wait(StackName=stack, WaiterConfig=FAST)
    events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    failed = {event["LogicalResourceId"] for event in events if "FAILED" in event["ResourceStatus"]}
    assert failed == {"P"}
    resources = cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
    states = {item["LogicalResourceId"]: item["ResourceStatus"] for item in resources}
    assert states["Q"] == "CREATE_COMPLETE"


def bucket_of(name: str) -> dict:
    return {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}}


def test_bucket_with_objects_fails_the_deletion(cloudformation, aws, stack):
    deploy(cloudformation, stack, template({"B": bucket_of(stack), "Q": queue(stack)}))
    s3 = aws("s3")
    s3.put_object(Bucket=stack, Key="kept", Body=b"1")
    with failing(cloudformation, stack) as events:
        cloudformation.delete_stack(StackName=stack)
        waiter = cloudformation.get_waiter("stack_delete_complete")
        waiter.wait(StackName=stack, WaiterConfig=FAST)
    failed = {
        event["LogicalResourceId"]: event["ResourceStatusReason"]
        for event in events
        if event["ResourceStatus"] == "DELETE_FAILED"
    }
    assert "BucketNotEmpty" in failed["B"]
    assert failed[stack] == "The following resource(s) failed to delete: [B]."
    assert s3.get_object(Bucket=stack, Key="kept")["Body"].read() == b"1"
    s3.delete_object(Bucket=stack, Key="kept")


def test_what_is_gone_already_counts_as_deleted(cloudformation, aws, unique):
    deploy(cloudformation, unique, template({"B": bucket_of(unique)}))
    aws("s3").delete_bucket(Bucket=unique)
    cloudformation.delete_stack(StackName=unique)
    waiter = cloudformation.get_waiter("stack_delete_complete")
    waiter.wait(StackName=unique, WaiterConfig=FAST)
