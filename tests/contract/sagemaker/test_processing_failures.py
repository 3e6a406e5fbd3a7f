"""Processing jobs fail and are refused as on AWS."""

import os
import signal

import pytest
from botocore.exceptions import ClientError

from tests.contract.sagemaker.processing import (
    IMAGE,
    ended,
    keys,
    log_lines,
    resources,
    s3_input,
    s3_output,
)

UNKNOWN = "000000000000.dkr.ecr.us-east-1.amazonaws.com/mystery:1"


@pytest.fixture
def sagemaker(aws):
    return aws("sagemaker")


@pytest.fixture
def request_for(bucket, role, unique):
    """A valid CreateProcessingJob request for a line of shell."""

    def build(line="true", **changes):
        return {
            "ProcessingJobName": unique,
            "RoleArn": role,
            "AppSpecification": {"ImageUri": IMAGE, "ContainerEntrypoint": ["sh", "-c", line]},
            "ProcessingOutputConfig": {"Outputs": [s3_output("o", f"s3://{bucket}/o", "out")]},
            "ProcessingResources": resources(),
            **changes,
        }

    return build


@pytest.fixture
def run(sagemaker, waiting):
    def create_and_wait(request):
        sagemaker.create_processing_job(**request)
        return ended(sagemaker, waiting, request["ProcessingJobName"])

    return create_and_wait


def test_exit_code_and_message_are_kept_and_nothing_is_uploaded(aws, run, request_for, bucket):
    line = "echo 1 > /opt/ml/processing/out/x; echo half > /opt/ml/output/message; exit 7"
    job = run(request_for(line))
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: , exit code: 7"
    assert job["ExitMessage"] == "half"
    assert keys(aws("s3"), bucket, "o") == []


def test_killed_program_fails_the_job(aws, sagemaker, request_for, unique, waiting):
    sagemaker.create_processing_job(**request_for("echo pid $$; sleep 600"))

    def printed():
        try:
            lines = log_lines(aws("logs"), unique)
        except (ClientError, ValueError):
            return None
        return next((line for line in lines if line.startswith("pid ")), None)

    os.kill(int(waiting("the program to start", printed, 60).split()[1]), signal.SIGKILL)
    job = ended(sagemaker, waiting, unique)
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: , exit code: 137"


def test_unknown_image_fails_the_job(run, request_for):
    job = run(request_for(AppSpecification={"ImageUri": UNKNOWN}))
    assert job["FailureReason"].startswith(
        f"ClientError: No local runtime stands in for the image {UNKNOWN}"
    )
    assert "ProcessingStartTime" not in job


def test_input_without_objects_fails_the_job(run, request_for, bucket):
    data = s3_input("data", f"s3://{bucket}/nothing", "data")
    job = run(request_for(ProcessingInputs=[data]))
    assert job["FailureReason"] == (
        f"ClientError: Failed to download data. No objects at s3://{bucket}/nothing"
    )


def test_output_bucket_that_is_missing_fails_the_job(run, request_for, unique):
    output = s3_output("o", f"s3://{unique}-missing/o", "out")
    line = "echo 1 > /opt/ml/processing/out/x"
    job = run(request_for(line, ProcessingOutputConfig={"Outputs": [output]}))
    assert job["ProcessingJobStatus"] == "Failed"
    assert "NoSuchBucket" in job["FailureReason"]


def refusal(sagemaker, request):
    with pytest.raises(ClientError) as caught:
        sagemaker.create_processing_job(**request)
    return caught.value.response


def test_name_is_used_once(sagemaker, request_for, run, unique):
    job = run(request_for())
    error = refusal(sagemaker, request_for())["Error"]
    assert error == {
        "Code": "ResourceInUse",
        "Message": "Job name must be unique within an AWS account and region, and a job with this"
        f" name already exists ({job['ProcessingJobArn']})",
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"ProcessingInputs": [s3_input("a", "s3://b/c", "x", LocalPath="/tmp/x")]},
            "LocalPath must begin with /opt/ml/processing/",
        ),
        (
            {"ProcessingInputs": [s3_input("a", "s3://b/c", "../../x")]},
            "LocalPath must begin with /opt/ml/processing/",
        ),
        (
            {"ProcessingInputs": [s3_input(n, "s3://b/c", "x") for n in ("a", "b")]},
            "Input local paths must be unique",
        ),
        ({"ProcessingJobName": "no_good"}, "1 validation error detected: Value 'no_good'"),
        ({"RoleArn": "arn:aws:iam::000000000000:role/missing"}, "Could not assume role"),
    ],
)
def test_request_is_refused(sagemaker, request_for, changes, message):
    error = refusal(sagemaker, request_for(**changes))["Error"]
    assert error["Code"] == "ValidationException"
    assert message in error["Message"]


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"ProcessingResources": resources(2)}, "more than one instance"),
        (
            {"ProcessingInputs": [s3_input("a", "s3://b/c", "x", S3InputMode="Pipe")]},
            "S3InputMode Pipe",
        ),
        ({"NetworkConfig": {"EnableNetworkIsolation": True}}, "EnableNetworkIsolation"),
    ],
)
def test_what_is_not_emulated_is_named(sagemaker, request_for, changes, what):
    answer = refusal(sagemaker, request_for(**changes))
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert what in answer["Error"]["Message"]
