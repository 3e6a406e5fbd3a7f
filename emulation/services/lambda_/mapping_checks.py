"""What an event source mapping may ask for: refused in AWS's words where AWS refuses, by name where
nothing here acts on it.
"""

import json
from collections.abc import Mapping
from typing import Any

from localstack.aws.api import RequestContext
from localstack.aws.api.lambda_ import InvalidParameterValueException, ResourceNotFoundException
from localstack.config import SERVICE_PROVIDER_CONFIG
from localstack.services.lambda_.provider_utils import get_function_version_from_arn
from localstack.utils.aws.arns import InvalidArnException, parse_arn

from emulation.compute.streams.errors import StreamMissing
from emulation.services.kinesis.constraints import check as check_constraints
from emulation.services.lambda_.kinesis_source import KinesisSource

Request = Mapping[str, Any]

STREAMS = {"kinesis", "dynamodb"}
SOURCES = {*STREAMS, "sqs"}

NOT_DONE: dict[str, set[str]] = {
    "kinesis": set(),
    "LocalStack's kinesis": {
        "BisectBatchOnFunctionError",
        "MetricsConfig",
        "TumblingWindowInSeconds",
    },
    "sqs": {"MetricsConfig", "ScalingConfig"},
    "dynamodb": {"BisectBatchOnFunctionError", "MetricsConfig", "TumblingWindowInSeconds"},
}
"""By source, what would be kept and not acted on."""

NEVER_DONE = {"KMSKeyArn", "LoggingConfig", "ProvisionedPollerConfig"}

DESTINATIONS = {"sqs", "sns", "s3"}


def check(context: RequestContext, request: dict[str, Any]) -> None:
    """Refuse what LocalStack lets pass. For an update, `request` is the mapping as it would be.

    Raises:
        NotImplementedError: naming what is missing.
    """
    check_constraints(context.operation, request)
    source = _source(request)
    poller = source if source != "kinesis" or streams_are_ours() else "LocalStack's kinesis"
    for name in sorted(NEVER_DONE | NOT_DONE.get(poller, set())):
        if request.get(name):
            raise NotImplementedError(
                f"lambda event source mappings of {poller} with {name} are not emulated"
            )
    _check_function(context, request)
    if source in STREAMS:
        _check_reading(request)
        _check_destination(request)
    if source == "kinesis":
        _check_filters(request)
        _check_windows(request)


def _source(request: Request) -> str:
    """The service of the event source; LocalStack refuses a mapping without one."""
    try:
        source = str(parse_arn(request.get("EventSourceArn") or "")["service"])
    except InvalidArnException:
        source = "kafka" if request.get("SelfManagedEventSource") else ""
    if source and source not in SOURCES:
        raise NotImplementedError(f"lambda event source mappings of {source} are not emulated")
    return source


def _check_function(context: RequestContext, request: Request) -> None:
    """LocalStack answers 500 when the version or alias does not exist."""
    named = request.get("FunctionName") or request["FunctionArn"]
    if not named.startswith("arn:"):
        place = f"arn:{context.partition}:lambda:{context.region}:{context.account_id}:function:"
        named = place + named.rpartition("function:")[2]
    try:
        get_function_version_from_arn(named)
    except ResourceNotFoundException:
        raise _invalid("Function does not exist") from None


def _check_reading(request: Request) -> None:
    age = request.get("MaximumRecordAgeInSeconds")
    if age is not None and 0 <= age < 60:
        raise _invalid(
            "MaximumRecordAgeInSeconds must be either -1 (forever) or between 60 and 604800 "
            "(inclusive)"
        )
    at_timestamp = request.get("StartingPosition") == "AT_TIMESTAMP"
    if at_timestamp and request.get("StartingPositionTimestamp") is None:
        raise _invalid("Need to specify a timestamp")


def _check_destination(request: Request) -> None:
    """A queue or topic in order takes no message without a group, which no mapping gives."""
    config = (request.get("DestinationConfig") or {}).get("OnFailure") or {}
    destination = config.get("Destination")
    if not destination:
        return
    kind = destination.split(":")[2] if destination.count(":") >= 5 else ""
    if kind not in DESTINATIONS or destination.endswith(".fifo"):
        raise _invalid(
            "The provided destination config DestinationConfig(onSuccess=null, "
            f"onFailure=OnFailure(destination={destination})) is invalid."
        )


def _check_filters(request: Request) -> None:
    """Data of a record is JSON to a filter, so a pattern of text for it matches nothing."""
    for item in (request.get("FilterCriteria") or {}).get("Filters") or []:
        try:
            pattern = json.loads(item.get("Pattern") or "null")
        except ValueError:
            pattern = None
        if not isinstance(pattern, dict) or not isinstance(pattern.get("data", {}), dict):
            raise _invalid("Invalid filter pattern definition.")


def _check_windows(request: Request) -> None:
    if request.get("TumblingWindowInSeconds") and (request.get("ParallelizationFactor") or 1) > 1:
        raise NotImplementedError(
            "lambda event source mappings with TumblingWindowInSeconds and a ParallelizationFactor "
            "above 1 are not emulated"
        )


def check_stream(source_arn: str) -> None:
    """Refuse a stream, or a consumer of one, that does not exist."""
    try:
        KinesisSource(source_arn).stream()
    except (StreamMissing, ValueError):
        raise _invalid(f"Stream not found: {source_arn}") from None


def streams_are_ours() -> bool:
    """Is Kinesis served by our engine? The user may have chosen LocalStack's."""
    return bool(SERVICE_PROVIDER_CONFIG.get_provider("kinesis") == "terrarium")


def _invalid(message: str) -> InvalidParameterValueException:
    return InvalidParameterValueException(message, Type="User")
