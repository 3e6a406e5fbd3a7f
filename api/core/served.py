"""Which model serves, asked of the endpoint itself: endpoint, configuration, model, package."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from api.core.deployment import Clients


@dataclass(frozen=True, slots=True)
class Served:
    """A model in service; `package` is empty for one that was never registered."""

    archive: str
    package: str = ""
    config: str = ""
    model: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Of its container: the model's code may read it."""


def config_of(clients: Clients, endpoint: str) -> str | None:
    """The configuration that the endpoint serves by now; None while there is no endpoint."""
    try:
        found = clients("sagemaker").describe_endpoint(EndpointName=endpoint)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationException":
            return None
        raise
    return str(found["EndpointConfigName"])


def served_by(clients: Clients, config: str) -> Served:
    """The model of a configuration's first variant."""
    sagemaker = clients("sagemaker")
    (variant, *_) = sagemaker.describe_endpoint_config(EndpointConfigName=config)[
        "ProductionVariants"
    ]
    model = sagemaker.describe_model(ModelName=variant["ModelName"])
    container: dict[str, Any] = model.get("PrimaryContainer") or model["Containers"][0]
    package = container.get("ModelPackageName", "")
    archive = _archive_of(sagemaker, package) if package else container["ModelDataUrl"]
    return Served(archive, package, config, variant["ModelName"], container.get("Environment", {}))


def _archive_of(sagemaker: Any, package: str) -> str:
    found = sagemaker.describe_model_package(ModelPackageName=package)
    return str(found["InferenceSpecification"]["Containers"][0]["ModelDataUrl"])
