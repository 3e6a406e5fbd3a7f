"""An endpoint's metrics, of each variant and of each configuration that a variant has run with."""

from emulation.compute.serving import Reply
from emulation.services.metrics import METER, Metric, Source
from emulation.services.sagemaker.scope import Scope
from emulation.services.sagemaker.store import Variant

NAMESPACE = "AWS/SageMaker"

INVOCATIONS = Metric("Invocations", "None")
INVOCATIONS_PER_INSTANCE = Metric("InvocationsPerInstance", "None")
INVOCATION_4XX_ERRORS = Metric("Invocation4XXErrors", "None")
INVOCATION_5XX_ERRORS = Metric("Invocation5XXErrors", "None")
MODEL_ERRORS = Metric("InvocationModelErrors", "None")
MODEL_LATENCY = Metric("ModelLatency", "Microseconds")
OVERHEAD_LATENCY = Metric("OverheadLatency", "Microseconds")


def count(scope: Scope, endpoint: str, variant: Variant, reply: Reply, seconds: float) -> None:
    """One invocation, answered after so many seconds; a reply with status 0 is none. Errors count
    0 too, so that their average is a rate.
    """
    latency = round(reply.seconds * 1e6)
    values: dict[Metric, float] = {
        INVOCATIONS: 1,
        INVOCATIONS_PER_INSTANCE: 1 / max(1, variant.count),
        INVOCATION_4XX_ERRORS: 400 <= reply.status < 500,
        INVOCATION_5XX_ERRORS: reply.status >= 500 or reply.status == 0,
        MODEL_ERRORS: reply.status != 200,
        OVERHEAD_LATENCY: max(0, round(seconds * 1e6) - latency),
    }
    if latency:
        values[MODEL_LATENCY] = latency
    for dimensions in dimensions_of(endpoint, variant):
        METER.count(Source(scope.account, scope.region, NAMESPACE, dimensions), values)


def dimensions_of(endpoint: str, variant: Variant) -> list[tuple[tuple[str, str], ...]]:
    """An alarm on the third dimension sees only the new servers of a deployment."""
    both = (("EndpointName", endpoint), ("VariantName", variant.name))
    return [both, (*both, ("EndpointConfigName", variant.config_name))]
