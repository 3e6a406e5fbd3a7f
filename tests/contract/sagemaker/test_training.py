"""Training jobs compute: programs, channels, checkpoints, metrics."""

import json
import time

from tests.contract.refusals import refusal
from tests.contract.sagemaker.programs import FOREVER, IMAGE
from tests.contract.sagemaker.training import channel, packed


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
