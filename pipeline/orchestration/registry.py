"""Trained models as versions of one group: each with its metrics and where it comes from.

A training is registered once, whoever asks how often: its version is found by the training job that
it names. Versions have no names of their own and no tags.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pipeline import aws
from pipeline.orchestration.run import Run

Status = Literal["Approved", "PendingManualApproval", "Rejected"]

TRAINING_JOB = "training_job"
LONGEST_VALUE = 256
UNTAKEN = re.compile(r"[^\w\s.:/=+\-@]+")
"""SageMaker takes no longer value of a version's properties, no empty one, and no other signs."""

JSON, CSV = "application/json", "text/csv"


@dataclass(frozen=True)
class Version:
    """A registered model."""

    arn: str
    archive: str
    status: str
    properties: Mapping[str, str]

    @property
    def number(self) -> int:
        """Counted by SageMaker, from 1."""
        return int(self.arn.rpartition("/")[2])


def versions(group: str) -> Iterator[Version]:
    """The versions of a group, the newest first."""
    sagemaker = aws.client("sagemaker")
    pages = sagemaker.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName=group, SortBy="CreationTime", SortOrder="Descending"
    )
    for page in pages:
        for item in page["ModelPackageSummaryList"]:
            yield read(item["ModelPackageArn"])


def read(arn: str) -> Version:
    """A version as it is now."""
    found = aws.client("sagemaker").describe_model_package(ModelPackageName=arn)
    (container,) = found["InferenceSpecification"]["Containers"]
    properties = found.get("CustomerMetadataProperties", {})
    return Version(arn, container["ModelDataUrl"], found["ModelApprovalStatus"], properties)


def find(group: str, training_job: str) -> Version | None:
    """The version of a training."""
    same = (item for item in versions(group) if item.properties.get(TRAINING_JOB) == training_job)
    return next(same, None)


def register(
    run: Run,
    job: Mapping[str, Any],
    status: Status,
    properties: Mapping[str, str],
    report: str = "",
) -> Version:
    """The version of a completed training; made, unless it is registered already."""
    group = run.output("ModelPackageGroupName")
    if found := find(group, job["TrainingJobName"]):
        return found
    request = package_request(run, job, status, properties, report)
    return read(aws.client("sagemaker").create_model_package(**request)["ModelPackageArn"])


def package_request(
    run: Run, job: Mapping[str, Any], status: Status, properties: Mapping[str, str], report: str
) -> dict[str, Any]:
    """The request of CreateModelPackage; `report` is where the gate's report lies."""
    statistics = {"Statistics": {"ContentType": JSON, "S3Uri": report}}
    metrics = {"ModelMetrics": {"ModelQuality": statistics}} if report else {}
    name = job["TrainingJobName"]
    told = {TRAINING_JOB: name, "data": _data(job), **numbers(job), **properties}
    return {
        "ModelPackageGroupName": run.output("ModelPackageGroupName"),
        "ModelPackageDescription": f"Trained by {name}.",
        "InferenceSpecification": {
            "Containers": [
                {
                    "Image": run.output("ModelImageUri"),
                    "ModelDataUrl": job["ModelArtifacts"]["S3ModelArtifacts"],
                }
            ],
            "SupportedContentTypes": [JSON, CSV],
            "SupportedResponseMIMETypes": [JSON, CSV],
            "SupportedRealtimeInferenceInstanceTypes": [run.settings.training_instance],
        },
        "ModelApprovalStatus": status,
        "CustomerMetadataProperties": {
            key: text for key, value in told.items() if (text := property_of(value))
        },
        **metrics,
    }


def property_of(text: str) -> str:
    """A text as SageMaker takes it for a property."""
    return UNTAKEN.sub("", text)[:LONGEST_VALUE].strip()


def numbers(job: Mapping[str, Any]) -> dict[str, str]:
    """What the training measured."""
    found = job.get("FinalMetricDataList", ())
    return {item["MetricName"]: f"{item['Value']:.6g}" for item in found}


def _data(job: Mapping[str, Any]) -> str:
    channels = job.get("InputDataConfig", ())
    return str(channels[0]["DataSource"]["S3DataSource"]["S3Uri"]) if channels else ""


def approve(version: Version, why: str) -> None:
    """Say that a version may serve."""
    aws.client("sagemaker").update_model_package(
        ModelPackageArn=version.arn, ModelApprovalStatus="Approved", ApprovalDescription=why[:1024]
    )
