"""The metrics AWS/Lambda. LocalStack starts a thread and sends a request for every single
invocation, which under load are hundreds at a time.
"""

from localstack.services.lambda_.invocation.lambda_models import VersionIdentifier

from emulation.services.metrics import METER, Metric, Source

INVOCATIONS = Metric("Invocations", "Count")
ERRORS = Metric("Errors", "Count")
DURATION = Metric("Duration", "Milliseconds")


def count(version: VersionIdentifier, *, failed: bool, milliseconds: float) -> None:
    """One invocation."""
    METER.count(
        Source(
            version.account,
            version.region,
            "AWS/Lambda",
            (("FunctionName", version.function_name),),
        ),
        {INVOCATIONS: 1, ERRORS: failed, DURATION: round(milliseconds, 2)},
    )
