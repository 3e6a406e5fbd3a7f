"""What can be scaled: ECS services and variants of SageMaker endpoints, by their own operations."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from emulation.services.application_autoscaling.errors import validation
from emulation.services.scope import Scope


class Capacity(NamedTuple):
    """How many are wanted, and how many there are."""

    wanted: int
    there: int


class Space(NamedTuple):
    """A kind of thing that is scaled."""

    word: str
    """What an activity's description says is set."""
    form: str
    """What a resource's identifier has to be like, for people."""
    parts: Callable[[str], list[str] | None]
    read: Callable[[Scope, list[str]], Capacity | None]
    write: Callable[[Scope, list[str], int], None]
    absent: str
    """What is said of a resource that is not there."""
    role: str
    """The service-linked role."""


def service_parts(resource: str) -> list[str] | None:
    """`service/CLUSTER/NAME`."""
    parts = resource.split("/")
    return parts[1:] if len(parts) == 3 and parts[0] == "service" and all(parts) else None


def read_service(scope: Scope, parts: list[str]) -> Capacity | None:
    """A service's tasks."""
    cluster, name = parts
    try:
        found = scope.client("ecs").describe_services(cluster=cluster, services=[name])
    except ClientError:
        return None
    active = [item for item in found["services"] if item["status"] == "ACTIVE"]
    return Capacity(active[0]["desiredCount"], active[0]["runningCount"]) if active else None


def write_service(scope: Scope, parts: list[str], wanted: int) -> None:
    """UpdateService."""
    cluster, name = parts
    scope.client("ecs").update_service(cluster=cluster, service=name, desiredCount=wanted)


def variant_parts(resource: str) -> list[str] | None:
    """`endpoint/NAME/variant/VARIANT`."""
    parts = resource.split("/")
    fits = len(parts) == 4 and parts[0] == "endpoint" and parts[2] == "variant" and all(parts)
    return [parts[1], parts[3]] if fits else None


def read_variant(scope: Scope, parts: list[str]) -> Capacity | None:
    """A variant's instances."""
    try:
        found = scope.client("sagemaker").describe_endpoint(EndpointName=parts[0])
    except ClientError:
        return None
    for variant in found.get("ProductionVariants") or []:
        if variant["VariantName"] == parts[1]:
            there: int = variant.get("CurrentInstanceCount", 0)
            return Capacity(variant.get("DesiredInstanceCount") or there, there)
    return None


def write_variant(scope: Scope, parts: list[str], wanted: int) -> None:
    """UpdateEndpointWeightsAndCapacities."""
    change: Any = {"VariantName": parts[1], "DesiredInstanceCount": wanted}
    scope.client("sagemaker").update_endpoint_weights_and_capacities(
        EndpointName=parts[0], DesiredWeightsAndCapacities=[change]
    )


SPACES: Mapping[tuple[str, str], Space] = {
    ("ecs", "ecs:service:DesiredCount"): Space(
        "desired count",
        "service/CLUSTER/NAME",
        service_parts,
        read_service,
        write_service,
        "ECS service doesn't exist: {resource}",
        "ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_"
        "ECSService",
    ),
    ("sagemaker", "sagemaker:variant:DesiredInstanceCount"): Space(
        "desired instance count",
        "endpoint/NAME/variant/VARIANT",
        variant_parts,
        read_variant,
        write_variant,
        "Could not find endpoint or variant: {resource}",
        "sagemaker.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_"
        "SageMakerEndpoint",
    ),
}
OTHERS = (
    "elasticmapreduce",
    "ec2",
    "appstream",
    "dynamodb",
    "rds",
    "custom-resource",
    "comprehend",
    "lambda",
    "cassandra",
    "kafka",
    "elasticache",
    "neptune",
    "workspaces",
)
"""Namespaces whose resources nobody scales here."""


def space_of(operation: str, namespace: str, dimension: str) -> Space:
    """The kind of a namespace and a dimension.

    Raises:
        NotImplementedError: nobody scales it here.
        CommonServiceException: there is none.
    """
    found = SPACES.get((namespace, dimension))
    if found:
        return found
    if namespace in OTHERS or (namespace == "sagemaker" and dimension.startswith("sagemaker:")):
        raise NotImplementedError(
            f"application-autoscaling.{operation} with the scalable dimension {dimension} is not "
            "emulated"
        )
    raise validation("Unsupported service namespace, resource type or scalable dimension")


def parts_of(space: Space, resource: str) -> list[str]:
    """The parts of a resource's identifier.

    Raises:
        CommonServiceException: it is not of the kind's form.
    """
    parts = space.parts(resource)
    if parts is None:
        raise validation(
            f"Unsupported service namespace, resource type or scalable dimension: '{resource}' is "
            f"not of the form {space.form}"
        )
    return parts
