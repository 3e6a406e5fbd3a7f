"""Projects by the API and by CloudFormation."""

import json

import pytest
from botocore.exceptions import ClientError, WaiterError

from tests.contract.codebuild.conftest import IMAGE


def refusal(call, **members):
    with pytest.raises(ClientError) as caught:
        call(**members)
    return caught.value.response["Error"]


def test_project_is_described_with_codebuilds_defaults(builder, unique):
    made = builder.project(unique, tags=[{"key": "a", "value": "b"}])
    (found,) = builder.client.batch_get_projects(names=[unique, "none"])["projects"]
    assert found == made
    assert found["arn"] == f"arn:aws:codebuild:us-east-1:000000000000:project/{unique}"
    assert (found["timeoutInMinutes"], found["queuedTimeoutInMinutes"]) == (60, 480)
    assert found["cache"] == {"type": "NO_CACHE"}
    assert found["encryptionKey"] == "arn:aws:kms:us-east-1:000000000000:alias/aws/s3"
    assert found["badge"] == {"badgeEnabled": False}
    assert found["environment"]["imagePullCredentialsType"] == "CODEBUILD"
    assert found["environment"]["privilegedMode"] is False


def test_project_is_updated_listed_and_deleted(builder, unique):
    builder.project(unique)
    updated = builder.client.update_project(name=unique, description="new")["project"]
    assert (updated["description"], updated["source"]["type"]) == ("new", "NO_SOURCE")
    assert unique in builder.client.list_projects(sortBy="CREATED_TIME")["projects"]
    builder.client.delete_project(name=unique)
    builder.client.delete_project(name=unique)
    gone = builder.client.batch_get_projects(names=[unique])
    assert gone["projectsNotFound"] == [unique]


def test_projects_that_cannot_be_are_refused(builder, unique):
    builder.project(unique)
    assert refusal(builder.project, name=unique) == {
        "Code": "ResourceAlreadyExistsException",
        "Message": (
            f"Project already exists: arn:aws:codebuild:us-east-1:000000000000:project/{unique}"
        ),
    }
    role = "arn:aws:iam::000000000000:role/none"
    error = refusal(builder.project, name=f"{unique}x", serviceRole=role)
    assert error == {
        "Code": "InvalidInputException",
        "Message": f"CodeBuild is not authorized to perform: sts:AssumeRole on {role}",
    }
    error = refusal(builder.project, name=f"{unique}x", source={"type": "NO_SOURCE"})
    assert error["Code"] == "InvalidInputException"
    unchecked = builder.aws("codebuild", parameter_validation=False)
    error = refusal(unchecked.update_project, name=unique, timeoutInMinutes=3)
    assert error["Code"] == "InvalidInputException"
    assert "'timeoutInMinutes' failed to satisfy constraint" in error["Message"]
    error = refusal(builder.client.update_project, name=f"{unique}x", description="x")
    assert error["Code"] == "ResourceNotFoundException"
    environment = {
        "type": "LINUX_CONTAINER",
        "image": IMAGE,
        "computeType": "BUILD_GENERAL1_SMALL",
        "certificate": f"{unique}/certificate.pem",
    }
    error = refusal(builder.project, name=f"{unique}x", environment=environment)
    assert error["Message"] == (
        "codebuild.CreateProject with environment.certificate is not emulated"
    )


def template(role: str, command: str, **more) -> str:
    project = {
        "ServiceRole": role,
        "Artifacts": {"Type": "NO_ARTIFACTS"},
        "Source": {
            "Type": "NO_SOURCE",
            "BuildSpec": f"version: 0.2\nphases: {{build: {{commands: ['{command}']}}}}",
        },
        "Environment": {
            "Type": "LINUX_CONTAINER",
            "Image": IMAGE,
            "ComputeType": "BUILD_GENERAL1_SMALL",
            "PrivilegedMode": "false",
            "EnvironmentVariables": [{"Name": "WHO", "Value": {"Ref": "AWS::StackName"}}],
        },
        "LogsConfig": {"CloudWatchLogs": {"Status": "ENABLED"}},
        **more,
    }
    group = {"Type": "TEST", "ExportConfig": {"ExportConfigType": "NO_EXPORT"}}
    return json.dumps(
        {
            "Resources": {
                "Project": {"Type": "AWS::CodeBuild::Project", "Properties": project},
                "Group": {"Type": "AWS::CodeBuild::ReportGroup", "Properties": group},
            },
            "Outputs": {
                "Name": {"Value": {"Ref": "Project"}},
                "Arn": {"Value": {"Fn::GetAtt": ["Project", "Arn"]}},
                "Group": {"Value": {"Ref": "Group"}},
            },
        }
    )


def test_stack_makes_updates_and_deletes_a_project(builder, aws, unique):
    stacks = aws("cloudformation")
    body = template(builder.role, "echo first $WHO", TimeoutInMinutes="15")
    stacks.create_stack(StackName=unique, TemplateBody=body)
    stacks.get_waiter("stack_create_complete").wait(StackName=unique, WaiterConfig={"Delay": 1})
    found = stacks.describe_stacks(StackName=unique)["Stacks"][0]["Outputs"]
    outputs = {item["OutputKey"]: item["OutputValue"] for item in found}
    name = outputs["Name"]
    assert outputs["Arn"].endswith(f":project/{name}")
    assert ":report-group/" in outputs["Group"]
    assert f"\nfirst {unique}\n" in builder.log(builder.run(name))
    (project,) = builder.client.batch_get_projects(names=[name])["projects"]
    assert project["timeoutInMinutes"] == 15

    stacks.update_stack(StackName=unique, TemplateBody=template(builder.role, "echo second"))
    stacks.get_waiter("stack_update_complete").wait(StackName=unique, WaiterConfig={"Delay": 1})
    (project,) = builder.client.batch_get_projects(names=[name])["projects"]
    assert project["timeoutInMinutes"] == 60
    assert "\nsecond\n" in builder.log(builder.run(name))

    stacks.delete_stack(StackName=unique)
    stacks.get_waiter("stack_delete_complete").wait(StackName=unique, WaiterConfig={"Delay": 1})
    assert builder.client.batch_get_projects(names=[name])["projectsNotFound"] == [name]
    groups = builder.client.batch_get_report_groups(reportGroupArns=[outputs["Group"]])
    assert groups["reportGroupsNotFound"] == [outputs["Group"]]


def test_stack_with_what_is_not_emulated_fails(builder, aws, unique):
    stacks = aws("cloudformation")
    body = template(builder.role, "true", Triggers={"Webhook": True})
    stacks.create_stack(StackName=unique, TemplateBody=body)
    waiter = stacks.get_waiter("stack_create_complete")
    with pytest.raises(WaiterError):
        waiter.wait(StackName=unique, WaiterConfig={"Delay": 1})
    reasons = [
        event.get("ResourceStatusReason", "")
        for event in stacks.describe_stack_events(StackName=unique)["StackEvents"]
    ]
    assert any("Triggers of AWS::CodeBuild::Project is not emulated" in text for text in reasons)
    stacks.delete_stack(StackName=unique)
