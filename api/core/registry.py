"""The registered versions of the model, with what each has measured, and the one that serves."""

from typing import Any

from api.core.clock import told
from api.core.deployment import Clients, Deployment
from api.core.served import Served, config_of, served_by
from api.errors import NotInServiceError

TRAINING_JOB, REASON = "training_job", "reason"


def read_registry(clients: Clients, deployment: Deployment, most: int) -> dict[str, Any]:
    """The newest versions, the newest first.

    Raises:
        NotInServiceError: there is no registry yet.
    """
    group = deployment.outputs.get("ModelPackageGroupName")
    if group is None:
        raise NotInServiceError("The model registry is not deployed: its stack is `training`.")
    endpoint = deployment.outputs.get("EndpointName")
    served = _served(clients, endpoint) if endpoint else None
    sagemaker = clients("sagemaker")
    listed = sagemaker.list_model_packages(
        ModelPackageGroupName=group,
        SortBy="CreationTime",
        SortOrder="Descending",
        MaxResults=most,
    )["ModelPackageSummaryList"]
    described = [
        sagemaker.describe_model_package(ModelPackageName=item["ModelPackageArn"])
        for item in listed
    ]
    return {
        "group": group,
        "in_service": _service(endpoint, served) if endpoint and served else None,
        "versions": [_version(item, served) for item in described],
    }


def _served(clients: Clients, endpoint: str) -> Served | None:
    config = config_of(clients, endpoint)
    return served_by(clients, config) if config else None


def _service(endpoint: str, served: Served) -> dict[str, Any]:
    return {
        "endpoint": endpoint,
        "config": served.config,
        "model": served.model,
        "package": served.package or None,
        "version": _number(served.package) if served.package else None,
        "model_data": served.archive,
    }


def _version(package: dict[str, Any], served: Served | None) -> dict[str, Any]:
    properties = package.get("CustomerMetadataProperties", {})
    numbers = {
        name: number for name, text in properties.items() if (number := _float(text)) is not None
    }
    (container, *_) = package["InferenceSpecification"]["Containers"]
    quality = package.get("ModelMetrics", {}).get("ModelQuality", {}).get("Statistics", {})
    arn = package["ModelPackageArn"]
    return {
        "version": _number(arn),
        "arn": arn,
        "approval": package["ModelApprovalStatus"],
        "approval_reason": package.get("ApprovalDescription"),
        "created_at": told(package["CreationTime"]),
        "in_service": served is not None and served.package == arn,
        "training_job": properties.get(TRAINING_JOB),
        "metrics": numbers,
        "properties": {
            name: text
            for name, text in properties.items()
            if name not in numbers and name != TRAINING_JOB
        },
        "model_data": container["ModelDataUrl"],
        "quality_report": quality.get("S3Uri"),
    }


def _number(arn: str) -> int:
    """SageMaker counts the versions of a group from 1."""
    return int(arn.rpartition("/")[2])


def _float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
