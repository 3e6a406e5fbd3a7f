"""Mappings that CloudFormation makes, changes and deletes."""

import json

import pytest
from botocore.exceptions import WaiterError

ALL = {
    "BatchSize": {"Ref": "Size"},
    "BisectBatchOnFunctionError": True,
    "DestinationConfig": {"OnFailure": {"Destination": {"Fn::GetAtt": ["Queue", "Arn"]}}},
    "Enabled": False,
    "FilterCriteria": {"Filters": [{"Pattern": '{"data": {"a": [1]}}'}]},
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
    "MaximumBatchingWindowInSeconds": 3,
    "MaximumRecordAgeInSeconds": 600,
    "MaximumRetryAttempts": 4,
    "MetricsConfig": {"Metrics": ["EventCount"]},
    "ParallelizationFactor": 2,
    "Tags": [{"Key": "team", "Value": "flights"}],
}
FIXED = {"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": 1_700_000_000}
SHOWN = {
    "BatchSize": 50,
    "BisectBatchOnFunctionError": True,
    "FilterCriteria": ALL["FilterCriteria"],
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
    "MaximumBatchingWindowInSeconds": 3,
    "MaximumRecordAgeInSeconds": 600,
    "MaximumRetryAttempts": 4,
    "MetricsConfig": {"Metrics": ["EventCount"]},
    "ParallelizationFactor": 2,
    "State": "Disabled",
}
DEFAULTS = {
    "BatchSize": 100,
    "BisectBatchOnFunctionError": False,
    "DestinationConfig": {"OnFailure": {}},
    "FunctionResponseTypes": [],
    "MaximumBatchingWindowInSeconds": 0,
    "MaximumRecordAgeInSeconds": -1,
    "MaximumRetryAttempts": -1,
    "ParallelizationFactor": 1,
    "State": "Enabled",
    "TumblingWindowInSeconds": 0,
}


@pytest.fixture
def stack(aws, unique, function):
    """`stack(BatchSize=7)`: create it, or update it; the mapping's UUID."""
    client = aws("cloudformation")
    name = function()
    made = []

    def deploy(**properties) -> str:
        fixed = {"FunctionName": name, "EventSourceArn": {"Fn::GetAtt": ["Stream", "Arn"]}}
        mapping = {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {**fixed, **FIXED, **properties},
        }
        template = {
            "Parameters": {"Size": {"Type": "Number", "Default": 50}},
            "Resources": {
                "Stream": {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": 1}},
                "Queue": {"Type": "AWS::SQS::Queue"},
                "Mapping": mapping,
            },
            "Outputs": {"Mapping": {"Value": {"Ref": "Mapping"}}},
        }
        step = "update" if made else "create"
        made.append(unique)
        getattr(client, f"{step}_stack")(StackName=unique, TemplateBody=json.dumps(template))
        client.get_waiter(f"stack_{step}_complete").wait(
            StackName=unique, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )
        described = client.describe_stacks(StackName=unique)["Stacks"][0]
        return described["Outputs"][0]["OutputValue"]

    yield deploy
    client.delete_stack(StackName=unique)
    client.get_waiter("stack_delete_complete").wait(StackName=unique, WaiterConfig={"Delay": 1})


def test_every_property_reaches_the_mapping(stack, aws, waiting):
    uuid = stack(**ALL)
    client = aws("lambda")
    shown = client.get_event_source_mapping(UUID=uuid)
    assert {name: shown.get(name) for name in SHOWN} == SHOWN
    assert shown["DestinationConfig"]["OnFailure"]["Destination"].startswith("arn:aws:sqs:")
    assert (shown["StartingPosition"], shown["StartingPositionTimestamp"].timestamp()) == (
        "AT_TIMESTAMP",
        1_700_000_000,
    )
    tags = client.list_tags(Resource=shown["EventSourceMappingArn"])["Tags"]
    assert tags["team"] == "flights"


def test_update_in_place_puts_the_defaults_back(stack, aws, waiting):
    uuid = stack(**ALL)
    assert stack() == uuid
    client = aws("lambda")
    get = lambda: client.get_event_source_mapping(UUID=uuid)  # noqa: E731
    waiting("the enabled mapping", lambda: get()["State"] == "Enabled")
    shown = get()
    assert {name: shown.get(name) for name in DEFAULTS} == DEFAULTS
    assert "team" not in client.list_tags(Resource=shown["EventSourceMappingArn"])["Tags"]


def test_update_in_place_opens_windows(stack, aws):
    uuid = stack()
    assert stack(TumblingWindowInSeconds=60) == uuid
    shown = aws("lambda").get_event_source_mapping(UUID=uuid)
    assert shown["TumblingWindowInSeconds"] == 60


def test_property_that_nothing_acts_on_fails_the_stack(stack, aws, unique):
    with pytest.raises(WaiterError):
        stack(KmsKeyArn="arn:aws:kms:us-east-1:000000000000:key/k")
    events = aws("cloudformation").describe_stack_events(StackName=unique)["StackEvents"]
    reasons = " ".join(event.get("ResourceStatusReason", "") for event in events)
    assert "of kinesis with KMSKeyArn are not emulated" in reasons
