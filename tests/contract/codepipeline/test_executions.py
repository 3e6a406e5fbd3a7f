"""An execution goes through its stages with real artifacts, and tells what happened."""

import pytest

from tests.contract.codepipeline.declarations import action, approval, source
from tests.contract.refusals import refusal


def deploy(bucket, **members):
    configuration = {"BucketName": bucket, "Extract": "true", "ObjectKey": "site"}
    return action("Put", "Deploy/S3", configuration, takes=["Source"], **members)


def test_created_pipeline_runs_at_once_and_deploys_its_source(aws, pipeline, versioned):
    made = pipeline(("Deploy", deploy(versioned)))
    assert made.end() == "Succeeded"
    (execution,) = made.executions()
    assert execution["trigger"]["triggerType"] == "CreatePipeline"
    version = aws("s3").head_object(Bucket=versioned, Key="source.zip")["VersionId"]
    assert execution["sourceRevisions"][0]["revisionId"] == version
    found = aws("s3").get_object(Bucket=versioned, Key="site/template.json")
    assert b"AWS::SSM::Parameter" in found["Body"].read()


def test_artifact_is_a_copy_under_shortened_names(aws, pipeline, versioned):
    made = pipeline(("Gate", approval()))
    made.asks()
    (artifact,) = made.actions()["Get"]["output"]["outputArtifacts"]
    place = artifact["s3location"]
    assert place["key"].rpartition("/")[0] == f"{made.name[:20]}/Source"
    s3 = aws("s3")
    copied = s3.get_object(Bucket=place["bucket"], Key=place["key"])["Body"].read()
    assert copied == s3.get_object(Bucket=versioned, Key="source.zip")["Body"].read()


def test_source_gives_its_variables(aws, pipeline, versioned):
    first = source(versioned, namespace="From")
    text = "#{From.BucketName}/#{From.ObjectKey} #{codepipeline.PipelineExecutionId}"
    made = pipeline(("Gate", approval(configuration={"CustomData": text})), source=first)
    made.asks()
    told = made.actions()["Ask"]["input"]
    assert told["configuration"] == {"CustomData": text}
    assert told["resolvedConfiguration"] == {"CustomData": f"{versioned}/source.zip {made.first()}"}


def test_variables_have_defaults_that_a_start_overrides(pipeline):
    text = "#{variables.who} #{variables.what}"
    made = pipeline(
        ("Gate", approval(configuration={"CustomData": text})),
        variables=[{"name": "who", "defaultValue": "all"}, {"name": "what", "defaultValue": "it"}],
    )
    token = made.asks()
    made.answer(token)
    made.end()
    started = made.start(variables=[{"name": "who", "value": "me"}])
    made.asks(of=started)
    assert made.actions(started)["Ask"]["input"]["resolvedConfiguration"]["CustomData"] == "me it"
    assert made.execution(started)["variables"] == [
        {"name": "who", "resolvedValue": "me"},
        {"name": "what", "resolvedValue": "it"},
    ]


def test_start_with_a_variable_that_is_not_declared_is_refused(pipeline):
    made = pipeline(("Gate", approval()))
    code, message = refusal(made.start, variables=[{"name": "who", "value": "me"}])
    assert code == "ValidationException"
    assert "'who' is not declared" in message


def test_same_request_token_starts_once(pipeline):
    made = pipeline(("Gate", approval()))
    first = made.start(clientRequestToken="again")
    assert made.start(clientRequestToken="again") == first
    assert len(made.executions()) == 2


def test_start_with_an_earlier_version_of_the_source(aws, pipeline, versioned):
    s3 = aws("s3")
    before = s3.head_object(Bucket=versioned, Key="source.zip")["VersionId"]
    s3.put_object(Bucket=versioned, Key="source.zip", Body=b"newer")
    made = pipeline(("Gate", approval()))
    revision = {"revisionType": "S3_OBJECT_VERSION_ID", "revisionValue": before}
    started = made.start(sourceRevisions=[{"actionName": "Get", **revision}])
    made.waiting("the source", lambda: made.execution(started)["artifactRevisions"])
    (found,) = made.execution(started)["artifactRevisions"]
    assert (found["name"], found["revisionId"]) == ("Source", before)


def test_start_with_another_key_needs_the_sources_consent(aws, pipeline, versioned):
    aws("s3").put_object(Bucket=versioned, Key="other.zip", Body=b"other")
    revision = {"revisionType": "S3_OBJECT_KEY", "revisionValue": "other.zip"}
    wanted = [{"actionName": "Get", **revision}]
    code, _ = refusal(pipeline(("Gate", approval())).start, sourceRevisions=wanted)
    assert code == "ValidationException"
    allowed = source(versioned, configuration={"AllowOverrideForS3ObjectKey": "true"})
    made = pipeline(("Gate", approval()), source=allowed)
    started = made.start(sourceRevisions=wanted)
    made.waiting("the source", lambda: made.execution(started)["artifactRevisions"])
    variables = made.actions(started)["Get"]["output"]["outputVariables"]
    assert variables["ObjectKey"] == "other.zip"


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        ({"S3ObjectKey": "missing.zip"}, "The object with key 'missing.zip' does not exist"),
        ({"S3Bucket": "no-such-bucket-here"}, "does not exist in the bucket 'no-such-bucket-here'"),
    ],
)
def test_missing_source_fails_the_execution(pipeline, versioned, configuration, expected):
    made = pipeline(("Gate", approval()), source=source(versioned, configuration=configuration))
    assert made.end() == "Failed"
    failed = made.actions()["Get"]
    assert failed["status"] == "Failed"
    assert expected in failed["output"]["executionResult"]["errorDetails"]["message"]
    assert made.stage("Source")["latestExecution"]["status"] == "Failed"
    assert "latestExecution" not in made.stage("Gate")


def test_source_without_versions_fails_the_execution(pipeline, aws, versioned):
    aws("s3").put_bucket_versioning(
        Bucket=versioned, VersioningConfiguration={"Status": "Suspended"}
    )
    aws("s3").put_object(Bucket=versioned, Key="source.zip", Body=b"")
    made = pipeline(("Gate", approval()))
    assert made.end() == "Failed"
    message = made.latest("Source", "Get")["errorDetails"]["message"]
    assert "versioning must be enabled" in message


def test_variable_without_a_value_fails_its_action(pipeline):
    made = pipeline(
        ("Gate", approval(configuration={"CustomData": "#{variables.who}"})),
        variables=[{"name": "who"}],
    )
    assert made.end() == "Failed"
    assert "variables.who" in made.latest("Gate")["errorDetails"]["message"]


def test_actions_of_one_order_run_together_and_the_next_after_them(pipeline):
    stage = (
        approval("Left"),
        approval("Right"),
        approval("Last", runOrder=2),
    )
    made = pipeline(("Gate", *stage))
    left, right = made.asks(name="Left"), made.asks(name="Right")
    made.answer(left, name="Left")
    made.waiting("Left", lambda: made.latest("Gate", "Left")["status"] == "Succeeded")
    assert made.latest("Gate", "Last") == {}
    made.answer(right, name="Right")
    made.answer(made.asks(name="Last"), name="Last")
    assert made.end() == "Succeeded"


def test_executions_and_actions_are_listed_in_pages(codepipeline, pipeline):
    made = pipeline(("Gate", approval()), executionMode="PARALLEL")
    started = [made.first(), made.start(), made.start()]
    made.waiting("the sources", lambda: len(all_actions(codepipeline, made.name)) == 6)
    pages = codepipeline.get_paginator("list_pipeline_executions").paginate(
        pipelineName=made.name, PaginationConfig={"PageSize": 2}
    )
    sizes = [len(page["pipelineExecutionSummaries"]) for page in pages]
    assert sizes == [2, 1]
    assert [item["pipelineExecutionId"] for item in made.executions()] == started[::-1]
    code, _ = refusal(
        codepipeline.list_pipeline_executions, pipelineName=made.name, nextToken="made up"
    )
    assert code == "InvalidNextTokenException"


def all_actions(codepipeline, name):
    return codepipeline.list_action_executions(pipelineName=name)["actionExecutionDetails"]
