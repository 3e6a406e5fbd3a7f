"""UpdateEndpointWeightsAndCapacities: variants of an endpoint in service get more or fewer servers,
or another part of the traffic.
"""

from localstack.runtime.events import infra_stopping

from emulation.services.sagemaker import traffic
from emulation.services.sagemaker.deployments import ServingVariant
from emulation.services.sagemaker.endpoint_events import enter, tell_deployment
from emulation.services.sagemaker.errors import not_emulated, validation_exception
from emulation.services.sagemaker.launching import DeploymentError, grow, instance_names
from emulation.services.sagemaker.rollout import EmulatorEndsError
from emulation.services.sagemaker.scope import Scope
from emulation.services.sagemaker.store import Endpoint, Members, Variant

OPERATION = "UpdateEndpointWeightsAndCapacities"


def check(endpoint: Endpoint, wanted: list[Members]) -> None:
    """Refuse variants that are not there, and weights that would leave no traffic.

    Raises:
        CommonServiceException: ValidationException.
    """
    weights = {variant.name: variant.weight for variant in endpoint.variants}
    for item in wanted:
        name = item["VariantName"]
        if "ServerlessUpdateConfig" in item:
            raise not_emulated(OPERATION, "ServerlessUpdateConfig")
        if name not in weights:
            raise validation_exception(
                f'Variant "{name}" was not found in endpoint "{endpoint.arn}".'
            )
        if item.get("DesiredInstanceCount") == 0:
            raise validation_exception(
                f"DesiredInstanceCount of variant {name} must be at least 1."
            )
        weights[name] = item.get("DesiredWeight", weights[name])
    if not sum(weights.values()):
        raise validation_exception("The sum of the variants' weights must be greater than zero.")


def begin(scope: Scope, endpoint: Endpoint, wanted: list[Members]) -> None:
    """Note what is wanted; DescribeEndpoint shows it from now on."""
    variants = {variant.name: variant for variant in endpoint.variants}
    for item in wanted:
        variant = variants[item["VariantName"]]
        variant.desired_weight = item.get("DesiredWeight")
        variant.desired_count = item.get("DesiredInstanceCount")
        if variant.desired_count not in {None, variant.count}:
            way = "out" if variant.desired_count > variant.count else "in"
            variant.enter(
                "Updating", f"Scaling {way} desired instance count to {variant.desired_count}."
            )
    enter(scope, endpoint, "Updating")
    tell_deployment(scope, endpoint)


def apply(scope: Scope, endpoint: Endpoint) -> None:
    """More servers first, then the weights, then fewer servers: there are never too few."""
    router = traffic.ACTIVE[traffic.key(scope, endpoint.name)]
    serving = [item for one in router.deployments for item in one.serving]
    try:
        for item in serving:
            scale_out(scope, endpoint, item)
    except DeploymentError as error:
        undo(scope, endpoint, serving, str(error))
        return
    for item in serving:
        settle(item.variant)
    router.weigh_again()
    for item in serving:
        scale_in(item)
    forget(endpoint.variants)
    enter(scope, endpoint, "InService")


def undo(scope: Scope, endpoint: Endpoint, serving: list[ServingVariant], reason: str) -> None:
    """Servers did not come up: everything is as it was, unless they ended with the emulator."""
    if infra_stopping.is_set():
        raise EmulatorEndsError
    enter(scope, endpoint, "RollingBack", reason)
    forget(endpoint.variants)
    for item in serving:
        scale_in(item)
    enter(scope, endpoint, "InService", reason)


def scale_out(scope: Scope, endpoint: Endpoint, serving: ServingVariant) -> None:
    """Start the servers that are missing."""
    missing = (serving.variant.desired_count or 0) - len(serving.instances)
    if missing > 0:
        grow(scope, endpoint.name, serving, instance_names(missing))


def settle(variant: Variant) -> None:
    """What was wanted is so."""
    if variant.desired_weight is not None:
        variant.weight = variant.desired_weight


def scale_in(serving: ServingVariant) -> None:
    """End the servers that are too many, the newest first."""
    variant = serving.variant
    names = list(serving.instances)
    wanted = variant.desired_count or variant.count
    serving.shrink(names[wanted:])
    variant.instances = names[:wanted]
    variant.count = len(variant.instances)


def forget(variants: list[Variant]) -> None:
    """Nothing is under way any more."""
    for variant in variants:
        variant.desired_count = variant.desired_weight = variant.status = None
