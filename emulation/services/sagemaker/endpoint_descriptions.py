"""Endpoints as DescribeEndpoint has them: what serves, and what a deployment is about to change."""

from emulation.services.sagemaker import capture, models, traffic
from emulation.services.sagemaker.scope import Scope
from emulation.services.sagemaker.store import Endpoint, Members, PendingDeployment, Variant


def describe(scope: Scope, endpoint: Endpoint) -> Members:
    """The endpoint; members that do not apply are absent."""
    optional = {
        "ProductionVariants": [describe_variant(variant) for variant in endpoint.variants],
        "DataCaptureConfig": describe_capture(scope, endpoint),
        "FailureReason": endpoint.failure_reason,
        "LastDeploymentConfig": endpoint.last_deployment,
        "PendingDeploymentSummary": endpoint.pending and describe_pending(endpoint.pending),
    }
    return {
        "EndpointName": endpoint.name,
        "EndpointArn": endpoint.arn,
        "EndpointConfigName": endpoint.config_name,
        "EndpointStatus": endpoint.status,
        "CreationTime": endpoint.created,
        "LastModifiedTime": endpoint.modified,
        **{member: value for member, value in optional.items() if value},
    }


def describe_variant(variant: Variant) -> Members:
    """A variant with its image, weight and servers."""
    image = models.container(variant.model)["Image"]
    counts = (variant.desired_count, len(variant.instances))
    weights = (variant.desired_weight, variant.weight)
    return {
        "VariantName": variant.name,
        "DeployedImages": [{"SpecifiedImage": image, "ResolutionTime": variant.resolved}],
        "CurrentWeight": variant.weight,
        "DesiredWeight": next(weight for weight in weights if weight is not None),
        "CurrentInstanceCount": variant.count,
        "DesiredInstanceCount": next(count for count in counts if count is not None),
        **({"VariantStatus": [variant.status]} if variant.status else {}),
    }


def describe_pending(pending: PendingDeployment) -> Members:
    """A deployment under way."""
    return {
        "EndpointConfigName": pending.config_name,
        "StartTime": pending.started,
        "ProductionVariants": [
            {**describe_variant(variant), "InstanceType": variant.instance_type}
            for variant in pending.variants
        ],
    }


def describe_capture(scope: Scope, endpoint: Endpoint) -> Members:
    """The data capture of what serves now."""
    config = next((variant.capture for variant in endpoint.variants if variant.capture), None)
    if config is None:
        return {}
    router = traffic.ACTIVE.get(traffic.key(scope, endpoint.name))
    serving = [item for one in (router.deployments if router else []) for item in one.serving]
    recorders = [item.recorder for item in serving if item.recorder is not None]
    return capture.summary(config, recorders)
