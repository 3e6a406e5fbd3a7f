"""Processing jobs that are found again: the name says what a job does, a number which attempt.

SageMaker keeps a name for ever, so what failed is tried anew under the next number.
"""

from collections.abc import Mapping
from typing import Any

from pipeline import aws
from pipeline.deploy import bundle
from pipeline.errors import JobFailedError, LateError
from pipeline.orchestration.logs import first_line, log_tail
from pipeline.orchestration.run import Run, Show
from pipeline.polling import polls

FOLDER = "/opt/ml/processing"
LOG_GROUP = "/aws/sagemaker/ProcessingJobs"
GOING_ON = {"InProgress", "Stopping"}


def source_of(run: Run, parameter: str) -> str:
    """Where a job's code lies; uploaded, unless it is there."""
    source = bundle.build(parameter)
    bundle.upload(run.output("ArtifactsBucket"), source)
    return f"s3://{run.output('ArtifactsBucket')}/{source.key}"


def entrypoint(module: str) -> list[str]:
    """What starts a module of the input `source` in AWS's scikit-learn container, with the job's
    arguments; each text may have 256 characters.
    """
    unpacked = f"mkdir -p {FOLDER}/code; cd {FOLDER}/code; tar -xzf ../input/source/*.tar.gz"
    return ["/bin/bash", "-c", f'set -e; {unpacked}; exec python3 -m {module} "$@"', module]


def input_of(name: str, uri: str) -> dict[str, Any]:
    """An input, in a folder of its name."""
    source = {"S3Uri": uri, "LocalPath": f"{FOLDER}/input/{name}", "S3DataType": "S3Prefix"}
    return {"InputName": name, "S3Input": {**source, "S3InputMode": "File"}}


def machine(run: Run) -> dict[str, Any]:
    """What every job of a pipeline has."""
    cluster = {"InstanceType": run.settings.training_instance, "InstanceCount": 1}
    return {
        "ProcessingResources": {"ClusterConfig": {**cluster, "VolumeSizeInGB": 10}},
        "StoppingCondition": {"MaxRuntimeInSeconds": 1800},
        "Tags": [{"Key": "pipeline", "Value": run.settings.name}],
    }


def run_job(request: Mapping[str, Any], seconds: float, show: Show) -> dict[str, Any]:
    """The completed job of a request, found or made.

    Raises:
        JobFailedError: it failed; with the end of its log.
    """
    attempts = _attempts(request["ProcessingJobName"])
    for name in attempts:
        if _describe(name)["ProcessingJobStatus"] in {"Completed", *GOING_ON}:
            return _wait(name, seconds, show)
    name = f"{request['ProcessingJobName']}-{len(attempts) + 1}"
    show.say(f"starting {name}")
    aws.client("sagemaker").create_processing_job(**{**request, "ProcessingJobName": name})
    return _wait(name, seconds, show)


def _attempts(name: str) -> list[str]:
    found = aws.client("sagemaker").list_processing_jobs(
        NameContains=f"{name}-", SortBy="CreationTime", SortOrder="Descending", MaxResults=100
    )["ProcessingJobSummaries"]
    return [job["ProcessingJobName"] for job in found]


def _describe(name: str) -> dict[str, Any]:
    found: dict[str, Any] = aws.client("sagemaker").describe_processing_job(ProcessingJobName=name)
    return found


def _wait(name: str, seconds: float, show: Show) -> dict[str, Any]:
    for _ in polls(seconds):
        found = _describe(name)
        status = found["ProcessingJobStatus"]
        if status == "Completed":
            return found
        if status not in GOING_ON:
            reason = first_line(found.get("FailureReason", ""))
            tail = log_tail(LOG_GROUP, f"{name}/")
            raise JobFailedError(f"Processing job {name} ended {status}: {reason}", log_tail=tail)
        show.say(f"{name} is {status}")
    raise LateError(f"Processing job {name} is not through after {seconds:.0f} s.")
