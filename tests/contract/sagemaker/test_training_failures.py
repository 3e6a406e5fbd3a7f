"""Training jobs fail as they fail on AWS."""

import os
import signal

import psutil
import pytest

from tests.contract.sagemaker.programs import FOREVER, IMAGE


@pytest.mark.parametrize(
    ("program", "code"), [("raise SystemExit(1)", 1), ("raise ValueError('no')", 1), ("exit(3)", 3)]
)
def test_program_that_fails_fails_the_job(run, request_for, program, code):
    job = run(request_for(program))
    assert job["TrainingJobStatus"] == job["SecondaryStatus"] == "Failed"
    reason = job["FailureReason"]
    assert reason.startswith(
        f'AlgorithmError: ExecuteUserScriptError:\nExitCode {code}\nErrorMessage ""\nCommand "'
    )
    assert reason.endswith(f'train.py --rate 0.1", exit code: {code}')


def test_traceback_is_in_the_log(run, request_for, log_lines, unique):
    run(request_for("raise ValueError('told to')"))
    assert "ValueError: told to" in log_lines(unique)


def test_failure_file_of_an_ordinary_container_is_the_reason(run, request_for):
    algorithm = {
        "TrainingImage": IMAGE,
        "TrainingInputMode": "File",
        "ContainerEntrypoint": ["sh", "-c", "echo no luck > /opt/ml/output/failure; exit 4"],
    }
    job = run(request_for(AlgorithmSpecification=algorithm))
    assert job["FailureReason"] == "AlgorithmError: no luck, exit code: 4"


def test_source_that_is_missing_fails_the_job(run, request_for):
    job = run(request_for(None))
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("AlgorithmError: framework error:")
    assert "404" in job["FailureReason"]


def test_requirements_that_are_not_installed_fail_the_job(aws, run, request_for, bucket, archive):
    request = request_for(None)
    source = archive({"train.py": "", "requirements.txt": "no-such-package==1.0\n"})
    aws("s3").put_object(Bucket=bucket, Key="source.tar.gz", Body=source)
    job = run(request)
    assert job["TrainingJobStatus"] == "Failed"
    assert "no-such-package==1.0" in job["FailureReason"]


def test_unknown_image_fails_the_job(run, request_for):
    image = "000000000000.dkr.ecr.us-east-1.amazonaws.com/mystery:1"
    algorithm = {"TrainingImage": image, "TrainingInputMode": "File"}
    job = run(request_for(AlgorithmSpecification=algorithm))
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith(
        f"ClientError: No local runtime stands in for the image {image}"
    )


def test_output_bucket_that_is_missing_fails_the_job(run, request_for, unique):
    output = {"S3OutputPath": f"s3://{unique}-missing/models"}
    job = run(request_for("", OutputDataConfig=output))
    assert job["TrainingJobStatus"] == "Failed"
    assert "NoSuchBucket" in job["FailureReason"]


def test_killed_program_fails_the_job(sagemaker, request_for, unique, pid_of, finished):
    sagemaker.create_training_job(**request_for(FOREVER))
    pid = pid_of(unique)
    assert psutil.pid_exists(pid)
    os.kill(pid, signal.SIGKILL)
    job = finished(unique)
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].endswith(", exit code: 137")


def test_killed_container_fails_the_job(sagemaker, request_for, unique, pid_of, finished):
    sagemaker.create_training_job(**request_for(FOREVER))
    os.kill(psutil.Process(pid_of(unique)).ppid(), signal.SIGKILL)
    job = finished(unique)
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: , exit code: 137"
