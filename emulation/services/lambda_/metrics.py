"""The metrics AWS/Lambda. LocalStack starts a thread and sends a request for every single
invocation, which under load are hundreds at a time.
"""

from localstack.services.lambda_.invocation.lambda_models import VersionIdentifier

from emulation.services.metrics import METER, Metric, Source

INVOCATIONS = Metric("Invocations", "Count")
ERRORS = Metric("Errors", "Count")
DURATION = Metric("Duration", "Milliseconds")
THROTTLES = Metric("Throttles", "Count")


def count(version: VersionIdentifier, *, failed: bool, milliseconds: float) -> None:
    """One invocation."""
    METER.count(
        _source(version),
        {INVOCATIONS: 1, ERRORS: failed, DURATION: round(milliseconds, 2), THROTTLES: 0},
    )


def count_throttle(version: VersionIdentifier) -> None:
    """One invocation that may not run now; AWS counts it as none."""
    METER.count(_source(version), {THROTTLES: 1})


def _source(version: VersionIdentifier) -> Source:
    dimensions = (("FunctionName", version.function_name),)
    return Source(version.account, version.region, "AWS/Lambda", dimensions)
