"""Processing jobs read S3, run a program, and write S3."""

import json

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

PROGRAM = """
import json, os, sys
from pathlib import Path
root = Path("/opt/ml/processing")
config = json.loads(Path("/opt/ml/config/processingjobconfig.json").read_text())
told = {
    "arguments": sys.argv[1:],
    "asked": os.environ["ASKED"],
    "job": config["ProcessingJobName"],
    "hosts": json.loads(Path("/opt/ml/config/resourceconfig.json").read_text())["hosts"],
    "files": sorted(str(p.relative_to(root)) for p in (root / "data").rglob("*") if p.is_file()),
}
(root / "out/deep").mkdir()
(root / "out/deep/told.json").write_text(json.dumps(told))
Path("/opt/ml/output/message").write_text("all is well")
print("counted", len(told["files"]), flush=True)
"""

WAITS = """
import os, pathlib, signal, sys, time
out = pathlib.Path("/opt/ml/processing/out")
(out / "first.txt").write_text("1")
def save(*_):
    (out / "saved.txt").write_text("2")
    sys.exit(0)
signal.signal(signal.SIGTERM, save)
print("pid", os.getpid(), flush=True)
time.sleep(600)
"""


@pytest.fixture
def sagemaker(aws):
    return aws("sagemaker")


@pytest.fixture
def request_for(aws, bucket, role, unique):
    """A valid CreateProcessingJob request for a program."""

    def build(program=PROGRAM, mode="EndOfJob", **changes):
        s3 = aws("s3")
        s3.put_object(Bucket=bucket, Key="code/main.py", Body=program.encode())
        s3.put_object(Bucket=bucket, Key="data/a/1.csv", Body=b"1,2\n")
        s3.put_object(Bucket=bucket, Key="data/2.csv", Body=b"3,4\n")
        code = s3_input("code", f"s3://{bucket}/code/main.py", "input/code")
        data = s3_input("data", f"s3://{bucket}/data", "data")
        out = s3_output("out", f"s3://{bucket}/results", "out", mode)
        return {
            "ProcessingJobName": unique,
            "RoleArn": role,
            "AppSpecification": {
                "ImageUri": IMAGE,
                "ContainerEntrypoint": ["python3", "/opt/ml/processing/input/code/main.py"],
                "ContainerArguments": ["--rate", "0.5"],
            },
            "Environment": {"ASKED": "for"},
            "ProcessingInputs": [code, data],
            "ProcessingOutputConfig": {"Outputs": [out]},
            "ProcessingResources": resources(),
            "StoppingCondition": {"MaxRuntimeInSeconds": 600},
            **changes,
        }

    return build


@pytest.fixture
def run(sagemaker, waiting):
    def create_and_wait(request):
        sagemaker.create_processing_job(**request)
        return ended(sagemaker, waiting, request["ProcessingJobName"])

    return create_and_wait


def test_job_runs_program_between_inputs_and_outputs(aws, sagemaker, request_for, run, bucket):
    request = request_for(Tags=[{"Key": "team", "Value": "x"}])
    job = run(request)
    name = job["ProcessingJobName"]
    assert (job["ProcessingJobStatus"], job["ExitMessage"]) == ("Completed", "all is well")
    for member in ("ProcessingInputs", "AppSpecification", "Environment", "RoleArn"):
        assert job[member] == request[member]
    assert job["CreationTime"] <= job["ProcessingStartTime"] <= job["ProcessingEndTime"]
    body = aws("s3").get_object(Bucket=bucket, Key="results/deep/told.json")["Body"].read()
    assert json.loads(body) == {
        "arguments": ["--rate", "0.5"],
        "asked": "for",
        "job": name,
        "hosts": ["algo-1"],
        "files": ["data/2.csv", "data/a/1.csv"],
    }
    assert "counted 2" in log_lines(aws("logs"), name)
    tags = sagemaker.list_tags(ResourceArn=job["ProcessingJobArn"])["Tags"]
    assert tags == [{"Key": "team", "Value": "x"}]


def test_manifest_names_the_objects(aws, request_for, run, bucket):
    request = request_for()
    manifest = [{"prefix": f"s3://{bucket}/data/"}, "a/1.csv"]
    aws("s3").put_object(Bucket=bucket, Key="m.json", Body=json.dumps(manifest).encode())
    request["ProcessingInputs"][1] = s3_input(
        "data", f"s3://{bucket}/m.json", "data", S3DataType="ManifestFile"
    )
    assert run(request)["ProcessingJobStatus"] == "Completed"
    body = aws("s3").get_object(Bucket=bucket, Key="results/deep/told.json")["Body"].read()
    assert json.loads(body)["files"] == ["data/a/1.csv"]


def test_continuous_output_leaves_before_the_end(
    aws, sagemaker, request_for, bucket, unique, waiting
):
    s3 = aws("s3")
    sagemaker.create_processing_job(**request_for(WAITS, mode="Continuous"))
    waiting("the first file", lambda: "results/first.txt" in keys(s3, bucket, "results"), 60)
    job = sagemaker.describe_processing_job(ProcessingJobName=unique)
    assert job["ProcessingJobStatus"] == "InProgress"
    with pytest.raises(ClientError, match="status InProgress"):
        sagemaker.delete_processing_job(ProcessingJobName=unique)
    sagemaker.stop_processing_job(ProcessingJobName=unique)
    job = ended(sagemaker, waiting, unique)
    assert job["ProcessingJobStatus"] == "Stopped"
    assert "results/saved.txt" in keys(s3, bucket, "results")
    with pytest.raises(ClientError, match="status Stopped"):
        sagemaker.stop_processing_job(ProcessingJobName=unique)


def test_time_limit_stops_the_job(request_for, run):
    job = run(request_for(WAITS, StoppingCondition={"MaxRuntimeInSeconds": 1}))
    assert job["ProcessingJobStatus"] == "Stopped"


def test_jobs_are_listed_newest_first_and_deleted(sagemaker, request_for, run, unique):
    for suffix in ("a", "b"):
        run(request_for("", ProcessingJobName=f"{unique}{suffix}"))
    page = sagemaker.list_processing_jobs(NameContains=unique, MaxResults=1)
    (first,) = page["ProcessingJobSummaries"]
    assert (first["ProcessingJobName"], first["ProcessingJobStatus"]) == (f"{unique}b", "Completed")
    rest = sagemaker.list_processing_jobs(NameContains=unique, NextToken=page["NextToken"])
    assert [job["ProcessingJobName"] for job in rest["ProcessingJobSummaries"]] == [f"{unique}a"]
    sagemaker.delete_processing_job(ProcessingJobName=f"{unique}a")
    with pytest.raises(ClientError) as refusal:
        sagemaker.describe_processing_job(ProcessingJobName=f"{unique}a")
    assert refusal.value.response["Error"] == {
        "Code": "ValidationException",
        "Message": f"Could not find requested job with name: {unique}a",
    }
