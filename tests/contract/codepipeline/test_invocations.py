"""Functions get jobs and say how they end; state machines are followed."""

import json

import pytest

from tests.contract.codepipeline.declarations import action, approval
from tests.contract.lambda_.functions import ROLE, bundle
from tests.contract.refusals import refusal

JOBS = """
import boto3, json
client = boto3.client("codepipeline")

def handler(event, context):
    job = event["CodePipeline.job"]
    wish = json.loads(job["data"]["actionConfiguration"]["configuration"]["UserParameters"])
    if wish == "fail":
        client.put_job_failure_result(
            jobId=job["id"], failureDetails={"type": "JobFailed", "message": "as wished"}
        )
    elif wish == "twice" and "continuationToken" not in job["data"]:
        client.put_job_success_result(jobId=job["id"], continuationToken="once more")
    elif wish == "artifacts":
        place = job["data"]["inputArtifacts"][0]["location"]["s3Location"]
        target = job["data"]["outputArtifacts"][0]["location"]["s3Location"]
        keys = job["data"]["artifactCredentials"]
        s3 = boto3.client(
            "s3",
            aws_access_key_id=keys["accessKeyId"],
            aws_secret_access_key=keys["secretAccessKey"],
            aws_session_token=keys["sessionToken"],
        )
        body = s3.get_object(Bucket=place["bucketName"], Key=place["objectKey"])["Body"].read()
        s3.put_object(Bucket=target["bucketName"], Key=target["objectKey"], Body=body)
        client.put_job_success_result(jobId=job["id"], outputVariables={"size": str(len(body))})
    elif wish != "nothing":
        client.put_job_success_result(
            jobId=job["id"],
            outputVariables={"token": job["data"].get("continuationToken", "none")},
            executionDetails={"summary": "done", "percentComplete": 100},
        )
"""


@pytest.fixture(scope="module")
def function(aws):
    """A function that does with its job what the action wishes."""
    client, name = aws("lambda"), "codepipeline-jobs"
    client.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="main.handler",
        Role=ROLE,
        Code={"ZipFile": bundle({"main.py": JOBS})},
    )
    client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
    yield name
    client.delete_function(FunctionName=name)


def invoke(function, wish, **members):
    configuration = {"FunctionName": function, "UserParameters": json.dumps(wish)}
    return action("Call", "Invoke/Lambda", configuration, **members)


def test_function_succeeds_with_variables(pipeline, function):
    text = {"CustomData": "#{Job.token}"}
    made = pipeline(
        ("Call", invoke(function, "ok", namespace="Job")), ("Gate", approval(configuration=text))
    )
    made.asks()
    told = made.actions()
    assert told["Ask"]["input"]["resolvedConfiguration"] == {"CustomData": "none"}
    assert told["Call"]["output"]["executionResult"]["externalExecutionSummary"] == "done"
    assert made.latest("Call", "Call")["percentComplete"] == 100


def test_function_fails_its_action(pipeline, function):
    made = pipeline(("Call", invoke(function, "fail")))
    assert made.end() == "Failed"
    error = made.latest("Call", "Call")["errorDetails"]
    assert error == {"code": "JobFailed", "message": "as wished"}


def test_function_with_a_continuation_is_invoked_again(pipeline, function):
    made = pipeline(("Call", invoke(function, "twice", namespace="Job")))
    assert made.end() == "Succeeded"
    assert made.actions()["Call"]["output"]["outputVariables"] == {"token": "once more"}


def test_function_reads_and_writes_artifacts_with_the_jobs_credentials(
    aws, pipeline, function, versioned
):
    made = pipeline(("Call", invoke(function, "artifacts", takes=["Source"], makes=["Copy"])))
    assert made.end() == "Succeeded"
    output = made.actions()["Call"]["output"]
    place = output["outputArtifacts"][0]["s3location"]
    copied = aws("s3").get_object(Bucket=place["bucket"], Key=place["key"])["Body"].read()
    assert output["outputVariables"] == {"size": str(len(copied))}


def test_function_that_is_not_there_fails_the_action(pipeline):
    made = pipeline(("Call", invoke("nobody", "ok")))
    assert made.end() == "Failed"
    assert "nobody" in made.latest("Call", "Call")["errorDetails"]["message"]


def test_job_is_answered_once_and_by_its_identifier(codepipeline):
    unknown = {"jobId": "00000000-0000-0000-0000-000000000000"}
    assert refusal(codepipeline.put_job_success_result, **unknown)[0] == "JobNotFoundException"
    assert refusal(codepipeline.get_job_details, **unknown)[0] == "JobNotFoundException"
    assert refusal(codepipeline.acknowledge_job, **unknown, nonce="1")[0] == (
        "JobNotFoundException"
    )
    kind = {"category": "Invoke", "owner": "AWS", "provider": "Lambda", "version": "1"}
    assert refusal(codepipeline.poll_for_jobs, actionTypeId=kind)[0] == (
        "ActionTypeNotFoundException"
    )


@pytest.fixture
def machine(aws, unique):
    """`machine(state)`: the ARN of a state machine of one state."""
    client, made = aws("stepfunctions"), []

    def create(state):
        definition = {"StartAt": "Only", "States": {"Only": state}}
        arn = client.create_state_machine(
            name=f"{unique}-{len(made)}", definition=json.dumps(definition), roleArn=ROLE
        )["stateMachineArn"]
        made.append(arn)
        return arn

    yield create
    for arn in made:
        client.delete_state_machine(stateMachineArn=arn)


def test_state_machine_is_followed_to_its_end(aws, pipeline, machine):
    arn = machine({"Type": "Pass", "End": True})
    configuration = {
        "StateMachineArn": arn,
        "ExecutionNamePrefix": "from-pipeline",
        "Input": json.dumps({"a": 1}),
    }
    run = action(
        "Run", "Invoke/StepFunctions", configuration, takes=["Source"], makes=["Out"], namespace="M"
    )
    made = pipeline(("Run", run))
    assert made.end() == "Succeeded"
    variables = made.actions()["Run"]["output"]["outputVariables"]
    assert variables["StateMachineArn"] == arn
    told = aws("stepfunctions").describe_execution(executionArn=variables["ExecutionArn"])
    assert json.loads(told["input"]) == {"a": 1}
    assert told["name"].startswith("from-pipeline-")


def test_state_machine_that_fails_fails_the_action(pipeline, machine):
    arn = machine({"Type": "Fail", "Error": "Bad", "Cause": "because"})
    configuration = {
        "StateMachineArn": arn,
        "InputType": "FilePath",
        "Input": "template.json",
    }
    made = pipeline(("Run", action("Run", "Invoke/StepFunctions", configuration, takes=["Source"])))
    assert made.end() == "Failed"
    assert made.latest("Run", "Run")["errorDetails"]["message"] == "Bad: because"
