"""Plans are data: what CloudFormation answers decides them, and comparing lists shows it."""

from datetime import UTC, datetime

import boto3
import pytest
from botocore.stub import ANY, Stubber
from botocore.validate import validate_parameters

from pipeline import aws
from pipeline.deploy.execute import Deployer, stack_failure
from pipeline.deploy.plan import Change, StackPlan, change_set_request, plan_stack
from pipeline.deploy.stacks import Template
from pipeline.errors import StackFailedError

MISSING = ("describe_stacks", "ValidationError", "Stack with id x does not exist")
NAME = "t-training"
KNOWN = {"Name": "t", "ArtifactsBucket": "a", "LakeBucket": "l", "Unasked": "x"}
GIVEN = {"Name": "t", "ArtifactsBucket": "a", "LakeBucket": "l"}
MOMENT = datetime(2013, 1, 1, tzinfo=UTC)


@pytest.fixture
def cloudformation(monkeypatch):
    """CloudFormation's client, answering what a test tells it to; botocore checks both sides."""
    credentials = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    client = boto3.client("cloudformation", "us-east-1", **credentials)
    monkeypatch.setattr(aws, "client", {"cloudformation": client}.__getitem__)
    with Stubber(client) as stub:
        yield stub
        stub.assert_no_pending_responses()


def stack_of(status: str) -> dict:
    return {"Stacks": [{"StackName": NAME, "CreationTime": MOMENT, "StackStatus": status}]}


def exists(stub: Stubber, status: str) -> None:
    stub.add_response("describe_stacks", stack_of(status), {"StackName": NAME})
    if status.endswith("ROLLBACK_COMPLETE") and not status.startswith("UPDATE"):
        return
    summary = {
        "LogicalResourceId": "SageMakerRole",
        "ResourceType": "AWS::IAM::Role",
        "LastUpdatedTimestamp": MOMENT,
        "ResourceStatus": "CREATE_COMPLETE",
    }
    stub.add_response("list_stack_resources", {"StackResourceSummaries": [summary]})


def answers_change_set(stub: Stubber, status: str, reason: str = "") -> None:
    request = change_set_request(Template.of("training"), NAME, GIVEN, creates=False)
    stub.add_response("create_change_set", {"Id": "cs"}, {**request, "ChangeSetName": ANY})
    answer = {"Status": status, "StatusReason": reason}
    stub.add_response("describe_change_set", answer)


def test_absent_stack_adds_what_its_template_declares(cloudformation):
    cloudformation.add_client_error(*MISSING)
    changes = (
        Change("Add", "Models", "AWS::SageMaker::ModelPackageGroup"),
        Change("Add", "SageMakerRole", "AWS::IAM::Role"),
    )
    assert plan_stack("training", NAME, KNOWN) == StackPlan("training", NAME, "create", changes)


def test_absent_stack_says_what_it_waits_for(cloudformation):
    cloudformation.add_client_error(*MISSING)
    plan = plan_stack("training", NAME, {"Name": "t"})
    assert plan.reason.startswith("needs ArtifactsBucket, LakeBucket ")


def test_stack_that_was_never_whole_is_replaced(cloudformation):
    exists(cloudformation, "ROLLBACK_COMPLETE")
    assert plan_stack("training", NAME, KNOWN).action == "replace"


def test_stack_without_changes_is_unchanged(cloudformation):
    exists(cloudformation, "CREATE_COMPLETE")
    answers_change_set(
        cloudformation, "FAILED", "The submitted information didn't contain changes."
    )
    cloudformation.add_response("delete_change_set", {})
    assert plan_stack("training", NAME, KNOWN) == StackPlan(
        "training", NAME, "unchanged", parameters=GIVEN
    )


def test_stack_that_was_planned_to_stay_is_not_planned_again(cloudformation):
    cloudformation.add_response("describe_stacks", stack_of("CREATE_COMPLETE"))
    exists(cloudformation, "CREATE_COMPLETE")
    answers_change_set(
        cloudformation, "FAILED", "The submitted information didn't contain changes."
    )
    cloudformation.add_response("delete_change_set", {})
    deployer = Deployer("t", 1, KNOWN)
    (planned,) = deployer.plan("training")

    for _ in ("before", "after"):
        cloudformation.add_response("describe_stacks", stack_of("CREATE_COMPLETE"))
    assert deployer.deploy("training", lambda _: None).plan == planned


def test_changes_of_a_stack_are_those_of_its_change_set(cloudformation):
    exists(cloudformation, "UPDATE_ROLLBACK_COMPLETE")
    answers_change_set(cloudformation, "CREATE_COMPLETE")
    change = {
        "Action": "Modify",
        "LogicalResourceId": "SageMakerRole",
        "ResourceType": "AWS::IAM::Role",
        "Replacement": "True",
    }
    answer = {"Changes": [{"Type": "Resource", "ResourceChange": change}]}
    cloudformation.add_response("describe_change_set", answer)
    changes = (Change("Modify", "SageMakerRole", "AWS::IAM::Role", replacement=True),)
    assert plan_stack("training", NAME, KNOWN) == StackPlan(
        "training", NAME, "update", changes, parameters=GIVEN, change_set="cs"
    )


def test_outputs_are_a_change_of_no_resource(cloudformation):
    exists(cloudformation, "CREATE_COMPLETE")
    answers_change_set(cloudformation, "CREATE_COMPLETE")
    cloudformation.add_response("describe_change_set", {"Changes": []})
    assert plan_stack("training", NAME, KNOWN) == StackPlan(
        "training", NAME, "update", parameters=GIVEN, change_set="cs"
    )


def test_refused_change_set_is_told_with_its_reason(cloudformation):
    exists(cloudformation, "CREATE_COMPLETE")
    answers_change_set(cloudformation, "FAILED", "AWS::Nope::Thing is unknown")
    cloudformation.add_response("delete_change_set", {})
    with pytest.raises(StackFailedError, match="AWS::Nope::Thing is unknown"):
        plan_stack("training", NAME, KNOWN)


def test_request_keeps_what_nobody_gives():
    request = change_set_request(Template.of("serving"), "t-serving", {"Name": "t"}, creates=False)
    kept = [item["ParameterKey"] for item in request["Parameters"] if "UsePreviousValue" in item]
    assert kept == ["LakeBucket", "ModelDataUrl", "ModelImageUri", "SageMakerRoleArn"]
    operation = boto3.client("cloudformation", "us-east-1").meta.service_model.operation_model(
        "CreateChangeSet"
    )
    validate_parameters(request, operation.input_shape)


def event(identifier: str, resource: str, status: str, reason: str, second: int) -> dict:
    return {
        "StackId": "arn",
        "EventId": identifier,
        "StackName": NAME,
        "LogicalResourceId": resource,
        "ResourceType": "AWS::IAM::Role",
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
        "Timestamp": MOMENT.replace(second=second),
    }


def test_failure_is_its_first_cause(cloudformation):
    events = [
        event("4", NAME, "CREATE_FAILED", "The following resource(s) failed to create: [B]", 4),
        event("3", "A", "CREATE_FAILED", "Resource creation cancelled", 3),
        event("2", "B", "CREATE_FAILED", "No such role", 2),
        event("1", "C", "CREATE_FAILED", "of an earlier run", 1),
    ]
    cloudformation.add_response("describe_stack_events", {"StackEvents": events})
    failure = stack_failure(NAME, seen={"1"})
    assert str(failure) == "Stack t-training failed at B (AWS::IAM::Role): No such role"
