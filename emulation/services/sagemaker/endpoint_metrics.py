"""An endpoint's metrics, of each variant."""

from emulation.compute.serving import Reply
from emulation.services.metrics import METER, Metric, Source
from emulation.services.sagemaker.scope import Scope

INVOCATIONS = Metric("Invocations", "None")
INVOCATION_4XX_ERRORS = Metric("Invocation4XXErrors", "None")
INVOCATION_5XX_ERRORS = Metric("Invocation5XXErrors", "None")
MODEL_ERRORS = Metric("InvocationModelErrors", "None")
MODEL_LATENCY = Metric("ModelLatency", "Microseconds")
OVERHEAD_LATENCY = Metric("OverheadLatency", "Microseconds")


def count(scope: Scope, endpoint: str, variant: str, reply: Reply, seconds: float) -> None:
    """One invocation, answered after so many seconds; a reply with status 0 is none. Errors count
    0 too, so that their average is a rate.
    """
    dimensions = (("EndpointName", endpoint), ("VariantName", variant))
    latency = round(reply.seconds * 1e6)
    METER.count(
        Source(scope.account, scope.region, "AWS/SageMaker", dimensions),
        {
            INVOCATIONS: 1,
            INVOCATION_4XX_ERRORS: 400 <= reply.status < 500,
            INVOCATION_5XX_ERRORS: reply.status >= 500 or reply.status == 0,
            MODEL_ERRORS: reply.status != 200,
            MODEL_LATENCY: latency,
            OVERHEAD_LATENCY: max(0, round(seconds * 1e6) - latency),
        },
    )
