"""AWS::DynamoDB::Table: created, changed in place, deleted; what nobody computes is refused."""

import json

import pytest
from botocore.exceptions import WaiterError

TABLE = {
    "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
OUTPUTS = {
    "Name": {"Value": {"Ref": "Table"}},
    "Arn": {"Value": {"Fn::GetAtt": ["Table", "Arn"]}},
}


def body(outputs=OUTPUTS, **properties):
    table = {"Type": "AWS::DynamoDB::Table", "Properties": {**TABLE, **properties}}
    return json.dumps({"Resources": {"Table": table}, "Outputs": outputs})


@pytest.fixture
def stacks(aws, unique):
    cloudformation = aws("cloudformation")
    yield cloudformation
    cloudformation.delete_stack(StackName=unique)
    cloudformation.get_waiter("stack_delete_complete").wait(
        StackName=unique, WaiterConfig={"Delay": 1}
    )


def deploy(stacks, name, verb, text):
    getattr(stacks, f"{verb}_stack")(StackName=name, TemplateBody=text)
    waiter = stacks.get_waiter(f"stack_{verb}_complete")
    waiter.wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 90})
    (stack,) = stacks.describe_stacks(StackName=name)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def test_table_is_created_changed_and_deleted(aws, stacks, unique):
    dynamodb = aws("dynamodb")
    first = body(
        TimeToLiveSpecification={"AttributeName": "until", "Enabled": True},
        SSESpecification={"SSEEnabled": True},
        Tags=[{"Key": "team", "Value": "a"}],
    )
    outputs = deploy(stacks, unique, "create", first)
    name = outputs["Name"]
    expiry = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": "until"}
    dynamodb.put_item(TableName=name, Item={"k": {"S": "kept"}})

    attributes = [*TABLE["AttributeDefinitions"], {"AttributeName": "o", "AttributeType": "S"}]
    index = {
        "IndexName": "by-owner",
        "KeySchema": [{"AttributeName": "o", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    second = body(
        {**OUTPUTS, "Stream": {"Value": {"Fn::GetAtt": ["Table", "StreamArn"]}}},
        AttributeDefinitions=attributes,
        GlobalSecondaryIndexes=[index],
        StreamSpecification={"StreamViewType": "NEW_IMAGE"},
        Tags=[{"Key": "team", "Value": "b"}],
    )
    changed = deploy(stacks, unique, "update", second)
    assert (changed["Name"], changed["Arn"]) == (name, outputs["Arn"])
    described = dynamodb.describe_table(TableName=name)["Table"]
    assert described["LatestStreamArn"] == changed["Stream"]
    assert [item["IndexName"] for item in described["GlobalSecondaryIndexes"]] == ["by-owner"]
    assert "SSEDescription" not in described
    tags = dynamodb.list_tags_of_resource(ResourceArn=changed["Arn"])["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags}["team"] == "b"
    expiry = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert expiry["TimeToLiveStatus"] == "DISABLED"
    assert dynamodb.scan(TableName=name)["Count"] == 1

    stacks.delete_stack(StackName=unique)
    stacks.get_waiter("stack_delete_complete").wait(StackName=unique, WaiterConfig={"Delay": 1})
    assert name not in dynamodb.list_tables()["TableNames"]


@pytest.mark.parametrize(
    ("properties", "named"),
    [
        ({"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}, "PointInTime"),
        ({"KinesisStreamSpecification": {"StreamArn": "arn"}}, "KinesisStreamSpecification"),
        ({"ImportSourceSpecification": {"InputFormat": "CSV"}}, "ImportSourceSpecification"),
    ],
)
def test_property_that_nobody_computes_fails_the_stack(stacks, unique, properties, named):
    with pytest.raises(WaiterError):
        deploy(stacks, unique, "create", body(**properties))
    events = stacks.describe_stack_events(StackName=unique)["StackEvents"]
    reasons = " ".join(event.get("ResourceStatusReason", "") for event in events)
    assert named in reasons
    assert "of AWS::DynamoDB::Table is not emulated" in reasons
