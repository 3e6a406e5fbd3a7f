"""The training job: one for each state of data, code and settings, named after it.

SageMaker keeps a job's name for ever, so the name is where a later run finds the job again; what
failed is tried anew under the next number.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from botocore.exceptions import ClientError

from pipeline import aws
from pipeline.deploy import bundle
from pipeline.errors import JobFailedError, LateError
from pipeline.orchestration.features import PROCESSED
from pipeline.orchestration.logs import first_line, log_tail
from pipeline.orchestration.run import Run, Show, digest, listing
from pipeline.polling import polls

LOG_GROUP = "/aws/sagemaker/TrainingJobs"
GOING_ON = {"InProgress", "Stopping"}
PROGRAM = "models/flight_delay/train.py"
SCORES = ("auc", "pr_auc", "brier", "accuracy", "calibration")
PARTS = ("train", "test")
METRICS = (*SCORES, *(f"{part}_rows" for part in PARTS))
MODEL_DATA = "ModelDataUrl"
"""The serving stack's parameter that the trained model fills."""


@dataclass(frozen=True)
class Task:
    """What a model is trained on: the flights before a day; those from it on test it."""

    prefix: str
    test_from: date
    more: Mapping[str, object] = field(default_factory=dict)
    """Hyperparameters other than the usual ones."""


def train(run: Run, show: Show) -> str:
    """Train, unless this very training is done; tell its metrics."""
    found = train_on(run, Task(PROCESSED, run.test_from), show)
    run.deployer.known[MODEL_DATA] = found["ModelArtifacts"]["S3ModelArtifacts"]
    run.learned["training_job"] = found["TrainingJobName"]
    return metrics_of(found) or found["TrainingJobName"]


def train_on(run: Run, task: Task, show: Show) -> dict[str, Any]:
    """The completed training of a task, found or made."""
    source = bundle.build("TrainingSourceKey")
    bundle.upload(run.output("ArtifactsBucket"), source)
    found = _find(run, task, source.key) or _start(run, task, source.key, show)
    if found["TrainingJobStatus"] in GOING_ON:
        found = _wait(run, found["TrainingJobName"], show)
    return found


def metrics_of(job: Mapping[str, Any]) -> str:
    """A job's final metrics in a few words."""
    found = {item["MetricName"]: item["Value"] for item in job.get("FinalMetricDataList", ())}
    scores = [f"{name} {found[name]:.4f}" for name in SCORES if name in found]
    rows = [
        f"{found[f'{part}_rows']:,.0f} {part} rows" for part in PARTS if f"{part}_rows" in found
    ]
    return ", ".join([*scores, *rows])


def training_request(run: Run, task: Task, source_key: str, name: str) -> dict[str, Any]:
    """The request of CreateTrainingJob, in script mode."""
    artifacts, lake = run.output("ArtifactsBucket"), run.output("LakeBucket")
    tracking = run.settings.mlflow_tracking_uri
    return {
        "TrainingJobName": name,
        "AlgorithmSpecification": {
            "TrainingImage": run.output("ModelImageUri"),
            "TrainingInputMode": "File",
            "MetricDefinitions": [
                {"Name": metric, "Regex": rf"\b{metric}=([0-9.]+);"} for metric in METRICS
            ],
        },
        "RoleArn": run.output("SageMakerRoleArn"),
        "HyperParameters": hyperparameters(task, f"s3://{artifacts}/{source_key}", name),
        "InputDataConfig": [_channel("train", f"s3://{lake}/{task.prefix}")],
        "OutputDataConfig": {"S3OutputPath": f"s3://{artifacts}/models"},
        "ResourceConfig": {
            "InstanceType": run.settings.training_instance,
            "InstanceCount": 1,
            "VolumeSizeInGB": 10,
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        "Environment": {"MLFLOW_TRACKING_URI": tracking} if tracking else {},
        "Tags": [{"Key": "pipeline", "Value": run.settings.name}],
    }


def hyperparameters(task: Task, source: str, name: str) -> dict[str, str]:
    """What the script is called with; AWS's containers read every value as JSON."""
    values = {
        "sagemaker_program": PROGRAM,
        "sagemaker_submit_directory": source,
        "sagemaker_job_name": name,
        "sagemaker_region": aws.region(),
        "sagemaker_container_log_level": 20,
        "test_from": task.test_from.isoformat(),
        **task.more,
    }
    return {key: json.dumps(value) for key, value in values.items()}


def _channel(name: str, uri: str) -> dict[str, Any]:
    source = {"S3DataType": "S3Prefix", "S3Uri": uri, "S3DataDistributionType": "FullyReplicated"}
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}}


def _version(run: Run, task: Task, source_key: str) -> str:
    """A name for everything that the model depends on."""
    request = training_request(run, task, source_key, "")
    del request["Environment"]  # where a training is tracked does not change its model
    data = listing(run.output("LakeBucket"), task.prefix).digest
    return digest([data, json.dumps(request, sort_keys=True)])


def _find(run: Run, task: Task, source_key: str) -> dict[str, Any] | None:
    """The newest training of this state that is going on, or done with its model still there."""
    for job in _jobs(run, task, source_key):
        found = describe(job["TrainingJobName"])
        if found["TrainingJobStatus"] in GOING_ON or _has_model(found):
            return found
    return None


def _jobs(run: Run, task: Task, source_key: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = aws.client("sagemaker").list_training_jobs(
        NameContains=f"{run.settings.name}-{_version(run, task, source_key)}",
        SortBy="CreationTime",
        SortOrder="Descending",
        MaxResults=100,
    )["TrainingJobSummaries"]
    return found


def _has_model(job: Mapping[str, Any]) -> bool:
    if job["TrainingJobStatus"] != "Completed":
        return False
    bucket, key = split_uri(job["ModelArtifacts"]["S3ModelArtifacts"])
    try:
        aws.client("s3").head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        return False
    return True


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and key of an s3:// address."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def _start(run: Run, task: Task, source_key: str, show: Show) -> dict[str, Any]:
    attempt = len(_jobs(run, task, source_key)) + 1
    name = f"{run.settings.name}-{_version(run, task, source_key)}-{attempt}"
    show.say(f"starting {name}")
    aws.client("sagemaker").create_training_job(**training_request(run, task, source_key, name))
    return describe(name)


def describe(name: str) -> dict[str, Any]:
    """SageMaker's record of a training job."""
    found: dict[str, Any] = aws.client("sagemaker").describe_training_job(TrainingJobName=name)
    return found


def _wait(run: Run, name: str, show: Show) -> dict[str, Any]:
    for _ in polls(run.settings.stage_seconds):
        found = describe(name)
        if found["TrainingJobStatus"] == "Completed":
            return found
        if found["TrainingJobStatus"] not in GOING_ON:
            raise _failure(found)
        show.say(_spaced(found.get("SecondaryStatus", found["TrainingJobStatus"])))
    raise LateError(f"Training job {name} is not through after {run.settings.stage_seconds} s.")


def _spaced(status: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", status).lower()


def _failure(job: Mapping[str, Any]) -> JobFailedError:
    name = job["TrainingJobName"]
    reason = first_line(job.get("FailureReason", ""))
    sentence = f"Training job {name} ended {job['TrainingJobStatus']}: {reason}"
    return JobFailedError(sentence, log_tail=log_tail(LOG_GROUP, f"{name}/"))
