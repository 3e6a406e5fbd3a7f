"""Which model serves, asked of the endpoint itself: what it serves is the champion.

Neither the newest training nor the newest approved version is: one may have lost, the other may
have been rolled back.
"""

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from pipeline import aws
from pipeline.errors import LateError
from pipeline.polling import polls

RESTING = {"InService", "Failed", "OutOfService", "UpdateRollbackFailed"}
NOT_THERE = "Could not find endpoint"


@dataclass(frozen=True)
class Served:
    """The model behind an endpoint; `package` is empty for one that was never registered."""

    archive: str
    package: str = ""

    @property
    def version(self) -> int:
        """The package's number; 0 where there is none."""
        return int(self.package.rpartition("/")[2]) if self.package else 0


def served(endpoint: str, seconds: float) -> Served | None:
    """The model that serves when the endpoint rests; None while there is no endpoint.

    Raises:
        LateError: the endpoint is still being changed.
    """
    for _ in polls(seconds):
        found = _describe(endpoint)
        if found is None:
            return None
        if found["EndpointStatus"] in RESTING:
            return _model_of(found["EndpointConfigName"])
    raise LateError(f"Endpoint {endpoint} is still being changed after {seconds:.0f} s.")


def _describe(endpoint: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = aws.client("sagemaker").describe_endpoint(EndpointName=endpoint)
    except ClientError as error:
        if NOT_THERE not in error.response["Error"]["Message"]:
            raise
        return None
    return found


def _model_of(config: str) -> Served:
    sagemaker = aws.client("sagemaker")
    variants = sagemaker.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"]
    model = sagemaker.describe_model(ModelName=variants[0]["ModelName"])
    container = model["PrimaryContainer"]
    if package := container.get("ModelPackageName"):
        return Served(archive_of(package), package)
    return Served(container["ModelDataUrl"])


def archive_of(package: str) -> str:
    """The archive that a registered version holds."""
    found = aws.client("sagemaker").describe_model_package(ModelPackageName=package)
    return str(found["InferenceSpecification"]["Containers"][0]["ModelDataUrl"])
