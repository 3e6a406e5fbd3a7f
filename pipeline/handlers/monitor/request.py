"""The request of a monitor's job."""

from typing import Any

from pipeline.contracts.monitoring import Window, report_prefix
from pipeline.handlers.monitor.settings import MonitorSettings

FOLDER = "/opt/ml/processing"
COMMAND = (
    f"set -e; mkdir -p {FOLDER}/code; cd {FOLDER}/code; tar -xzf ../input/source/*.tar.gz;"
    ' exec python3 -m models.monitoring.job "$@"'
)
MAX_SECONDS = 1800


def job_name(endpoint: str, window: Window, attempt: int) -> str:
    """The same window makes the same name: SageMaker gives it once."""
    return f"{endpoint[:36]}-monitor-{window.name}-{attempt}"


def job_request(settings: MonitorSettings, window: Window, name: str) -> dict[str, Any]:
    """The request of CreateProcessingJob."""
    report = f"s3://{settings.lake_bucket}/{report_prefix(settings.endpoint, window)}"
    return {
        "ProcessingJobName": name,
        "ProcessingInputs": [_source(settings.source_uri)],
        "ProcessingOutputConfig": {"Outputs": [_output(report.rstrip("/"))]},
        "ProcessingResources": {
            "ClusterConfig": {
                "InstanceCount": 1,
                "InstanceType": settings.instance_type,
                "VolumeSizeInGB": 10,
            }
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": MAX_SECONDS},
        "AppSpecification": {
            "ImageUri": settings.image_uri,
            "ContainerEntrypoint": ["/bin/bash", "-c", COMMAND, "monitor"],
            "ContainerArguments": arguments(settings, window),
        },
        "RoleArn": settings.role_arn,
    }


def arguments(settings: MonitorSettings, window: Window) -> list[str]:
    """What the program is called with."""
    values = {
        "--lake-bucket": settings.lake_bucket,
        "--endpoint": settings.endpoint,
        "--window": window.name,
        "--output": f"{FOLDER}/output",
    }
    return [item for pair in values.items() for item in pair]


def _source(uri: str) -> dict[str, Any]:
    place = {"S3Uri": uri, "LocalPath": f"{FOLDER}/input/source", "S3DataType": "S3Prefix"}
    return {"InputName": "source", "S3Input": {**place, "S3InputMode": "File"}}


def _output(uri: str) -> dict[str, Any]:
    place = {"S3Uri": uri, "LocalPath": f"{FOLDER}/output", "S3UploadMode": "EndOfJob"}
    return {"OutputName": "report", "S3Output": place}
