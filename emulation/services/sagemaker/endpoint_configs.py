"""Endpoint configurations: which models, how many servers, which share of the traffic."""

from emulation.services.sagemaker import models, tags
from emulation.services.sagemaker.errors import (
    already_exists,
    could_not_find,
    not_emulated,
    validation_exception,
)
from emulation.services.sagemaker.listing import list_page
from emulation.services.sagemaker.scope import Scope
from emulation.services.sagemaker.store import EndpointConfig, Members

OPERATION = "CreateEndpointConfig"
NOUN = "endpoint configuration"

ECHOED = ("ProductionVariants", "DataCaptureConfig", "KmsKeyId", "ExecutionRoleArn", "VpcConfig")
ACCEPTED = {*ECHOED, "EndpointConfigName", "Tags"}
VARIANT_MEMBERS = {
    "VariantName",
    "ModelName",
    "InitialInstanceCount",
    "InstanceType",
    "InitialVariantWeight",
    "VolumeSizeInGB",
    "ModelDataDownloadTimeoutInSeconds",
    "ContainerStartupHealthCheckTimeoutInSeconds",
}


def create(scope: Scope, request: Members) -> Members:
    """Note a configuration."""
    name = request["EndpointConfigName"]
    arn = scope.arn("endpoint-config", name)
    refuse(request)
    if name in scope.store.endpoint_configs:
        raise already_exists(NOUN, arn)
    check_variants(scope, request["ProductionVariants"])
    scope.store.endpoint_configs[name] = EndpointConfig(name, arn, request)
    tags.set_tags(scope, arn, request.get("Tags", []))
    return {"EndpointConfigArn": arn}


def refuse(request: Members) -> None:
    """Name what would be accepted and ignored otherwise."""
    for member, value in request.items():
        if member not in ACCEPTED and value not in (False, [], {}, None):
            raise not_emulated(OPERATION, member)
    for variant in request["ProductionVariants"]:
        for member, value in variant.items():
            if member not in VARIANT_MEMBERS and value not in (False, None):
                raise not_emulated(OPERATION, f"ProductionVariants.{member}")


def check_variants(scope: Scope, variants: list[Members]) -> None:
    """Each variant has a name of its own, a model, instances, and together they have traffic."""
    names = [variant["VariantName"] for variant in variants]
    if len(set(names)) < len(names):
        raise validation_exception("Variant names must be unique within an endpoint configuration.")
    for variant in variants:
        for member in ("ModelName", "InstanceType", "InitialInstanceCount"):
            if member not in variant:
                raise validation_exception(
                    f"{member} is required for production variant {variant['VariantName']}."
                )
        models.find(scope, variant["ModelName"])
    if not any(weight(variant) for variant in variants):
        raise validation_exception("The sum of the variants' weights must be greater than zero.")


def weight(variant: Members) -> float:
    """A variant's share, in proportion to the others'."""
    return float(variant.get("InitialVariantWeight", 1.0))


def find(scope: Scope, name: str) -> EndpointConfig:
    """A configuration by its name."""
    config = scope.store.endpoint_configs.get(name)
    if config is None:
        raise could_not_find(NOUN, scope.arn("endpoint-config", name))
    return config


def describe(scope: Scope, name: str) -> Members:
    """The configuration as it was created."""
    config = find(scope, name)
    echoed = {member: config.request[member] for member in ECHOED if member in config.request}
    variants = [
        {"InitialVariantWeight": 1.0, **variant} for variant in echoed["ProductionVariants"]
    ]
    return {
        "EndpointConfigName": config.name,
        "EndpointConfigArn": config.arn,
        "CreationTime": config.created,
        "EnableNetworkIsolation": False,
        **echoed,
        "ProductionVariants": variants,
    }


def list_configs(scope: Scope, request: Members) -> Members:
    """A page of summaries."""
    summaries = [
        {
            "EndpointConfigName": config.name,
            "EndpointConfigArn": config.arn,
            "CreationTime": config.created,
        }
        for config in scope.store.endpoint_configs.values()
    ]
    page, more = list_page(request, summaries, "EndpointConfig", newest_first=True)
    return {"EndpointConfigs": page, **more}


def delete(scope: Scope, name: str) -> None:
    """Forget a configuration; endpoints that were made of it go on."""
    config = find(scope, name)
    del scope.store.endpoint_configs[name]
    tags.forget(scope, config.arn)
