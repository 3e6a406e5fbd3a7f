"""Training jobs: they compute, they are refused as AWS refuses them, they fail as they fail."""

import io
import json
import os
import signal
import tarfile
import time

import psutil
import pytest
from botocore.exceptions import ClientError

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
LOGS = "/aws/sagemaker/TrainingJobs"

TRAIN = """
import json, os, sys
from pathlib import Path
print("arguments", sys.argv[1:])
print("channel", sorted(str(p.relative_to(os.environ["SM_CHANNEL_TRAIN"])) for p in
    Path(os.environ["SM_CHANNEL_TRAIN"]).rglob("*") if p.is_file()))
print("asked", os.environ["ASKED"], os.environ["TRAINING_JOB_NAME"], os.environ["SM_HP_RATE"])
print("loss=0.5", flush=True)
print("loss=0.25", file=sys.stderr, flush=True)
Path(os.environ["SM_MODEL_DIR"], "model.json").write_text(json.dumps({"w": 1}))
Path(os.environ["SM_OUTPUT_DATA_DIR"], "report.txt").write_text("fine")
"""

FOREVER = """
import os, signal, sys, time
from pathlib import Path
def save(*_):
    Path(os.environ["SM_MODEL_DIR"], "saved").touch()
    sys.exit(0)
signal.signal(signal.SIGTERM, save)
print("pid", os.getpid(), flush=True)
time.sleep(600)
"""


def trust(service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def sagemaker(aws):
    return aws("sagemaker")


@pytest.fixture
def role(aws, unique):
    iam = aws("iam")
    created = iam.create_role(
        RoleName=unique, AssumeRolePolicyDocument=trust("sagemaker.amazonaws.com")
    )
    yield created["Role"]["Arn"]
    iam.delete_role(RoleName=unique)


@pytest.fixture
def request_for(aws, bucket, role, unique, archive):
    """A valid CreateTrainingJob request for a program."""
    s3 = aws("s3")

    def build(program: str | None = TRAIN, **changes):
        s3.put_object(Bucket=bucket, Key="data/2013/a.csv", Body=b"1,2\n")
        if program is not None:
            source = archive({"train.py": program})
            s3.put_object(Bucket=bucket, Key="source.tar.gz", Body=source)
        return {
            "TrainingJobName": unique,
            "RoleArn": role,
            "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
            "HyperParameters": {
                "sagemaker_program": '"train.py"',
                "sagemaker_submit_directory": f'"s3://{bucket}/source.tar.gz"',
                "rate": "0.1",
            },
            "InputDataConfig": [channel(f"s3://{bucket}/data")],
            "OutputDataConfig": {"S3OutputPath": f"s3://{bucket}/models"},
            "ResourceConfig": {
                "InstanceType": "ml.m5.large",
                "InstanceCount": 1,
                "VolumeSizeInGB": 1,
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": 600},
            **changes,
        }

    return build


def channel(uri: str, **changes):
    source = {"S3DataType": "S3Prefix", "S3Uri": uri, "S3DataDistributionType": "FullyReplicated"}
    return {"ChannelName": "train", "DataSource": {"S3DataSource": source | changes}}


@pytest.fixture
def finished(sagemaker, waiting):
    """The description of a job once it has ended."""

    def wait(name):
        def ended():
            job = sagemaker.describe_training_job(TrainingJobName=name)
            return job if job["TrainingJobStatus"] in {"Completed", "Failed", "Stopped"} else None

        return waiting(f"training job {name} to end", ended, 120)

    return wait


@pytest.fixture
def run(sagemaker, finished):
    def create_and_wait(request):
        sagemaker.create_training_job(**request)
        return finished(request["TrainingJobName"])

    return create_and_wait


@pytest.fixture
def log_lines(aws):
    logs = aws("logs")

    def read(name):
        streams = logs.describe_log_streams(
            logGroupName=LOGS, logStreamNamePrefix=f"{name}/algo-1-"
        )
        stream = streams["logStreams"][0]["logStreamName"]
        events = logs.get_log_events(logGroupName=LOGS, logStreamName=stream, startFromHead=True)
        return [event["message"] for event in events["events"]]

    return read


@pytest.fixture
def pid_of(aws, waiting, log_lines):
    """The process number that the program printed."""

    def wait(name):
        def printed():
            try:
                lines = log_lines(name)
            except (ClientError, IndexError):
                return None
            return next((line for line in lines if line.startswith("pid ")), None)

        return int(waiting("the program to start", printed, 60).split()[1])

    return wait


def refusal(call, **request):
    with pytest.raises(ClientError) as refused:
        call(**request)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


def test_script_mode_job_completes(aws, run, request_for, unique, bucket, log_lines):
    metrics = [{"Name": "loss", "Regex": "loss=([0-9.]+)"}]
    algorithm = {"TrainingImage": IMAGE, "TrainingInputMode": "File", "MetricDefinitions": metrics}
    job = run(request_for(AlgorithmSpecification=algorithm, Environment={"ASKED": "yes"}))
    assert job["TrainingJobStatus"] == job["SecondaryStatus"] == "Completed", job
    lines = log_lines(unique)
    assert "arguments ['--rate', '0.1']" in lines
    assert "channel ['2013/a.csv']" in lines
    assert f"asked yes {unique} 0.1" in lines
    assert job["FinalMetricDataList"][0]["Value"] == 0.25
    assert [step["Status"] for step in job["SecondaryStatusTransitions"]] == [
        "Starting",
        "Downloading",
        "Training",
        "Uploading",
        "Completed",
    ]
    assert "FailureReason" not in job
    assert "VpcConfig" not in job
    key = f"models/{unique}/output"
    assert job["ModelArtifacts"]["S3ModelArtifacts"] == f"s3://{bucket}/{key}/model.tar.gz"
    assert packed(aws, bucket, f"{key}/model.tar.gz") == ["model.json"]
    assert packed(aws, bucket, f"{key}/output.tar.gz") == ["report.txt"]


def packed(aws, bucket, key):
    body = aws("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body)) as tar:
        return tar.getnames()


def test_metrics_reach_cloudwatch(aws, run, request_for, unique, waiting):
    metrics = [{"Name": "loss", "Regex": "loss=([0-9.]+)"}]
    algorithm = {"TrainingImage": IMAGE, "TrainingInputMode": "File", "MetricDefinitions": metrics}
    run(request_for(AlgorithmSpecification=algorithm, Environment={"ASKED": ""}))
    now = time.time()

    def points():
        return aws("cloudwatch").get_metric_statistics(
            Namespace="/aws/sagemaker/TrainingJobs",
            MetricName="loss",
            Dimensions=[{"Name": "TrainingJobName", "Value": unique}],
            StartTime=now - 600,
            EndTime=now + 600,
            Period=3600,
            Statistics=["Minimum", "SampleCount"],
        )["Datapoints"]

    found = waiting("the metric", points)
    assert sum(point["SampleCount"] for point in found) == 2
    assert min(point["Minimum"] for point in found) == 0.25


def test_ordinary_container_runs_its_entrypoint_in_opt_ml(run, request_for, log_lines, unique):
    algorithm = {
        "TrainingImage": IMAGE,
        "TrainingInputMode": "File",
        "ContainerEntrypoint": ["sh", "-c"],
        "ContainerArguments": ["cat /opt/ml/input/config/hyperparameters.json; which python"],
    }
    job = run(request_for(None, AlgorithmSpecification=algorithm, HyperParameters={"k": "v"}))
    assert job["TrainingJobStatus"] == "Completed", job
    assert '{"k": "v"}' in " ".join(log_lines(unique))


def test_credentials_of_the_job_reach_s3(run, request_for, log_lines, unique, bucket):
    program = (
        "import boto3, sys; s3 = boto3.client('s3')\n"
        f"print('read', s3.get_object(Bucket='{bucket}', Key='data/2013/a.csv')['Body'].read())"
    )
    assert run(request_for(program))["TrainingJobStatus"] == "Completed"
    assert "read b'1,2\\n'" in log_lines(unique)


def test_manifest_names_the_files(aws, run, request_for, log_lines, unique, bucket):
    manifest = json.dumps([{"prefix": f"s3://{bucket}/data/"}, "2013/a.csv"])
    aws("s3").put_object(Bucket=bucket, Key="manifest.json", Body=manifest)
    source = channel(f"s3://{bucket}/manifest.json", S3DataType="ManifestFile")
    job = run(request_for(InputDataConfig=[source], Environment={"ASKED": ""}))
    assert job["TrainingJobStatus"] == "Completed", job
    assert "channel ['2013/a.csv']" in log_lines(unique)


def test_checkpoints_are_restored_and_kept(aws, run, request_for, bucket):
    program = (
        "from pathlib import Path; folder = Path('/opt/ml/checkpoints')\n"
        "(folder / 'two').write_text((folder / 'one').read_text() + ', two')"
    )
    aws("s3").put_object(Bucket=bucket, Key="checkpoints/one", Body=b"one")
    job = run(request_for(program, CheckpointConfig={"S3Uri": f"s3://{bucket}/checkpoints"}))
    assert job["TrainingJobStatus"] == "Completed", job
    body = aws("s3").get_object(Bucket=bucket, Key="checkpoints/two")["Body"].read()
    assert body == b"one, two"


def test_list_and_tags(sagemaker, run, request_for, unique):
    tag = {"Key": "team", "Value": "ml"}
    job = run(request_for("", Tags=[tag]))
    listed = sagemaker.list_training_jobs(NameContains=unique, StatusEquals="Completed")
    assert [item["TrainingJobName"] for item in listed["TrainingJobSummaries"]] == [unique]
    arn = job["TrainingJobArn"]
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "stage", "Value": "test"}])
    sagemaker.delete_tags(ResourceArn=arn, TagKeys=["team"])
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "stage", "Value": "test"}]


def test_stop_lets_the_program_save_its_model(
    aws, sagemaker, finished, request_for, unique, bucket, pid_of
):
    sagemaker.create_training_job(**request_for(FOREVER))
    pid_of(unique)
    sagemaker.stop_training_job(TrainingJobName=unique)
    job = finished(unique)
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "Stopped")
    assert packed(aws, bucket, f"models/{unique}/output/model.tar.gz") == ["saved"]
    assert refusal(sagemaker.stop_training_job, TrainingJobName=unique) == (
        "ValidationException",
        "The request was rejected because the training job is in status Stopped.",
    )


def test_job_past_its_time_is_stopped(run, request_for):
    job = run(request_for(FOREVER, StoppingCondition={"MaxRuntimeInSeconds": 3}))
    assert job["TrainingJobStatus"] == "Stopped"
    assert job["SecondaryStatus"] == "MaxRuntimeExceeded"


def test_name_is_used_once(sagemaker, run, request_for, unique):
    request = request_for("")
    arn = run(request)["TrainingJobArn"]
    assert refusal(sagemaker.create_training_job, **request) == (
        "ResourceInUse",
        "Training job names must be unique within an AWS account and region, and a training job"
        f" with this name already exists ({arn})",
    )


def test_channel_without_objects_is_refused(sagemaker, request_for, bucket, role):
    request = request_for(InputDataConfig=[channel(f"s3://{bucket}/nothing/here")])
    assert refusal(sagemaker.create_training_job, **request) == (
        "ValidationException",
        f'No S3 objects found under S3 URL "s3://{bucket}/nothing/here" given in input data'
        " source. Please ensure that the bucket exists in the selected region (us-east-1), that"
        f' objects exist under that S3 prefix, and that the role "{role}" has "s3:ListBucket"'
        f' permissions on bucket "{bucket}".',
    )


def test_role_that_is_missing_is_refused(sagemaker, request_for):
    arn = "arn:aws:iam::000000000000:role/nobody"
    assert refusal(sagemaker.create_training_job, **request_for(RoleArn=arn)) == (
        "ValidationException",
        f"Could not assume role {arn}. Please ensure that the role exists and allows principal"
        " 'sagemaker.amazonaws.com' to assume the role.",
    )


def test_role_that_does_not_trust_sagemaker_is_refused(aws, sagemaker, request_for, role, unique):
    aws("iam").update_assume_role_policy(
        RoleName=unique, PolicyDocument=trust("lambda.amazonaws.com")
    )
    code, message = refusal(sagemaker.create_training_job, **request_for())
    assert code == "ValidationException"
    assert message.startswith(f"Could not assume role {role}.")


def test_role_of_another_account_is_refused(sagemaker, request_for):
    request = request_for(RoleArn="arn:aws:iam::999999999999:role/theirs")
    assert refusal(sagemaker.create_training_job, **request) == (
        "AccessDeniedException",
        "Cross-account pass role is not allowed.",
    )


def test_constraints_of_the_api_are_checked(sagemaker, request_for):
    code, message = refusal(
        sagemaker.create_training_job, **request_for(TrainingJobName="not_a_name")
    )
    assert code == "ValidationException"
    assert message.startswith(
        "1 validation error detected: Value 'not_a_name' at 'trainingJobName' failed to satisfy"
        " constraint: Member must satisfy regular expression pattern: "
    )


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"EnableNetworkIsolation": True}, "EnableNetworkIsolation"),
        (
            {
                "ResourceConfig": {
                    "InstanceType": "ml.m5.large",
                    "InstanceCount": 2,
                    "VolumeSizeInGB": 1,
                }
            },
            "more than one instance (ResourceConfig.InstanceCount)",
        ),
        (
            {"AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "Pipe"}},
            "input mode Pipe",
        ),
        (
            {
                "DebugRuleConfigurations": [
                    {"RuleConfigurationName": "r", "RuleEvaluatorImage": "i"}
                ]
            },
            "DebugRuleConfigurations",
        ),
    ],
)
def test_what_is_not_computed_is_refused_by_name(sagemaker, request_for, changes, what):
    with pytest.raises(ClientError) as refused:
        sagemaker.create_training_job(**request_for(**changes))
    response = refused.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 501
    message = f"sagemaker.CreateTrainingJob with {what} is not emulated"
    assert response["Error"]["Message"] == message


def test_unknown_job_is_not_found(sagemaker, unique):
    expected = ("ValidationException", "Requested resource not found.")
    assert refusal(sagemaker.describe_training_job, TrainingJobName=unique) == expected
    assert refusal(sagemaker.stop_training_job, TrainingJobName=unique) == expected


def test_operation_that_nobody_wrote_is_refused_by_name(sagemaker):
    with pytest.raises(ClientError) as refused:
        sagemaker.list_notebook_instances()
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "ListNotebookInstances" in refused.value.response["Error"]["Message"]


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
