"""Rules that start builds and pipelines, with what their input says."""

import json

from tests.contract.codebuild.conftest import IMAGE, TRUST
from tests.contract.codepipeline.declarations import approval, declaration
from tests.contract.events.conftest import ROLE


def test_rule_starts_a_build_with_its_input(rule, put, aws, waiting, unique):
    role = aws("iam").create_role(RoleName=unique, AssumeRolePolicyDocument=json.dumps(TRUST))[
        "Role"
    ]["Arn"]
    codebuild = aws("codebuild")
    arn = codebuild.create_project(
        name=unique,
        source={
            "type": "NO_SOURCE",
            "buildspec": "version: 0.2\nphases: {build: {commands: [true]}}",
        },
        artifacts={"type": "NO_ARTIFACTS"},
        environment={
            "type": "LINUX_CONTAINER",
            "image": IMAGE,
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        serviceRole=role,
    )["project"]["arn"]
    template = {
        "InputPathsMap": {"day": "$.detail.day"},
        "InputTemplate": '{"environmentVariablesOverride": [{"name": "DAY", "value": <day>}]}',
    }
    rule({"source": [unique]}, Arn=arn, RoleArn=ROLE, InputTransformer=template)
    put({"day": "monday"})
    (identifier,) = waiting(
        "the build", lambda: codebuild.list_builds_for_project(projectName=unique)["ids"]
    )

    def ended():
        (build,) = codebuild.batch_get_builds(ids=[identifier])["builds"]
        return build if build["buildComplete"] else None

    build = waiting("its end", ended)
    variables = build["environment"]["environmentVariables"]
    assert [(v["name"], v["value"]) for v in variables] == [("DAY", "monday")]
    codebuild.delete_project(name=unique)


def test_rule_starts_a_pipeline_with_its_variables(rule, put, aws, waiting, unique, bucket):
    codepipeline = aws("codepipeline")
    aws("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    codepipeline.create_pipeline(
        pipeline=declaration(
            unique,
            bucket,
            ("Gate", approval()),
            variables=[{"name": "reason", "defaultValue": "none"}],
        )
    )
    arn = f"arn:aws:codepipeline:us-east-1:000000000000:{unique}"
    template = {
        "InputPathsMap": {"why": "$.detail.why"},
        "InputTemplate": '{"variables": [{"name": "reason", "value": "<why>"}]}',
    }
    name = rule({"source": [unique]}, Arn=arn, RoleArn=ROLE, InputTransformer=template)
    put({"why": "drift"})

    def reasons():
        listed = codepipeline.list_pipeline_executions(pipelineName=unique)
        found = [
            codepipeline.get_pipeline_execution(
                pipelineName=unique, pipelineExecutionId=summary["pipelineExecutionId"]
            )["pipelineExecution"]
            for summary in listed["pipelineExecutionSummaries"]
        ]
        return [v["resolvedValue"] for run in found for v in run.get("variables", [])]

    waiting("the execution", lambda: "drift" in reasons())
    told = aws("events").describe_rule(Name=name)
    newest = codepipeline.list_pipeline_executions(pipelineName=unique)
    trigger = newest["pipelineExecutionSummaries"][0]["trigger"]
    assert trigger == {"triggerType": "CloudWatchEvent", "triggerDetail": told["Arn"]}
    codepipeline.delete_pipeline(name=unique)
