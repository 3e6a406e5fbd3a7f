"""AWS::CodePipeline::Pipeline is created, updated in place, replaced by name and deleted."""

import json

import pytest
from botocore.exceptions import WaiterError

from tests.contract.codepipeline.declarations import ROLE
from tests.contract.refusals import refusal


def kind(category, provider):
    return {"Category": category, "Owner": "AWS", "Provider": provider, "Version": 1}


def template(bucket, **properties):
    first = {
        "Name": "Get",
        "ActionTypeId": kind("Source", "S3"),
        "Configuration": {
            "S3Bucket": bucket,
            "S3ObjectKey": "source.zip",
            "PollForSourceChanges": False,
        },
        "OutputArtifacts": [{"Name": "Source"}],
    }
    ask = {
        "Name": "Ask",
        "ActionTypeId": kind("Approval", "Manual"),
        "RunOrder": "1",
        "Configuration": {"CustomData": properties.pop("data", "see")},
    }
    made = {
        "RoleArn": ROLE,
        "PipelineType": "V2",
        "ArtifactStore": {"Type": "S3", "Location": bucket},
        "Stages": [
            {"Name": "Source", "Actions": [first]},
            {"Name": "Gate", "Actions": [ask]},
        ],
        **properties,
    }
    resource = {"Type": "AWS::CodePipeline::Pipeline", "Properties": made}
    outputs = {
        "Name": {"Value": {"Ref": "Pipeline"}},
        "Version": {"Value": {"Fn::GetAtt": ["Pipeline", "Version"]}},
    }
    return json.dumps({"Resources": {"Pipeline": resource}, "Outputs": outputs})


@pytest.fixture
def deploy(aws, unique):
    """`deploy(template)`: the stack's outputs."""
    client = aws("cloudformation")
    created = []

    def call(body):
        word = "update" if created else "create"
        getattr(client, f"{word}_stack")(StackName=unique, TemplateBody=body)
        created.append(unique)
        delays = {"Delay": 1, "MaxAttempts": 60}
        client.get_waiter(f"stack_{word}_complete").wait(StackName=unique, WaiterConfig=delays)
        (stack,) = client.describe_stacks(StackName=unique)["Stacks"]
        return {item["OutputKey"]: item["OutputValue"] for item in stack["Outputs"]}

    yield call
    client.delete_stack(StackName=unique)
    client.get_waiter("stack_delete_complete").wait(
        StackName=unique, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )


def test_pipeline_of_a_stack_lives_with_it(codepipeline, deploy, versioned):
    tags = [{"Key": "team", "Value": "a"}]
    first = deploy(template(versioned, Tags=tags))
    assert first["Version"] == "1"
    assert codepipeline.get_pipeline(name=first["Name"])["pipeline"]["version"] == 1
    variables = [{"Name": "who", "DefaultValue": "all"}]
    second = deploy(
        template(
            versioned,
            data="new",
            Variables=variables,
            RestartExecutionOnUpdate=True,
            DisableInboundStageTransitions=[{"StageName": "Gate", "Reason": "later"}],
        )
    )
    assert second == {"Name": first["Name"], "Version": "2"}
    found = codepipeline.get_pipeline(name=first["Name"])
    assert found["pipeline"]["variables"] == [{"name": "who", "defaultValue": "all"}]
    arn = found["metadata"]["pipelineArn"]
    assert codepipeline.list_tags_for_resource(resourceArn=arn)["tags"] == []
    state = codepipeline.get_pipeline_state(name=first["Name"])["stageStates"][1]
    assert state["inboundTransitionState"]["enabled"] is False
    executions = codepipeline.list_pipeline_executions(pipelineName=first["Name"])
    statuses = [item["status"] for item in executions["pipelineExecutionSummaries"]]
    assert statuses[1:] == ["Cancelled"]
    third = deploy(template(versioned, Name=f"{versioned}-other"))
    assert third["Name"] == f"{versioned}-other"
    code, _ = refusal(codepipeline.get_pipeline, name=first["Name"])
    assert code == "PipelineNotFoundException"


def test_template_that_codepipeline_refuses_fails_the_stack(aws, unique, versioned):
    client = aws("cloudformation")
    body = template(versioned, data="#{Nobody.Name}")
    client.create_stack(StackName=unique, TemplateBody=body)

    def reasons(status):
        events = client.describe_stack_events(StackName=unique)["StackEvents"]
        return [
            event.get("ResourceStatusReason", "")
            for event in events
            if event["ResourceStatus"] == status
        ]

    waiter = client.get_waiter("stack_create_complete")
    with pytest.raises(WaiterError, match="ROLLBACK_COMPLETE"):
        waiter.wait(StackName=unique, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    assert any("ActionNamespaceReferenced=[Nobody]" in why for why in reasons("CREATE_FAILED"))
    client.delete_stack(StackName=unique)
