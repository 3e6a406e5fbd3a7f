"""What functions and invocations may ask for: refused in AWS's words where AWS refuses, by name
where nothing here acts on it.
"""

import io
from collections.abc import Callable
from typing import Any

from botocore.model import OperationModel
from localstack.aws.api.lambda_ import InvalidParameterValueException

from emulation.services.lambda_ import errors, payload_checks

Request = dict[str, Any]

NOT_DONE = (
    "CapacityProviderConfig",
    "CodeSigningConfigArn",
    "DurableConfig",
    "FileSystemConfigs",
    "KMSKeyArn",
    "TenancyConfig",
)
"""Members of a function that nothing here acts on."""

LIMITS = {"Timeout": {"max": 900}}
"""What the model leaves out."""

RESERVED_VARIABLES = {
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
}


def check(operation: OperationModel, request: Request) -> None:
    """Refuse what LocalStack lets pass.

    Raises:
        NotImplementedError: naming what is missing.
    """
    if particular := CHECKS.get(operation.name):
        check_ranges(operation, request)
        particular(request)


def check_ranges(operation: OperationModel, request: Request) -> None:
    """Numbers and words outside of what botocore's model declares."""
    found = []
    members = operation.input_shape.members if operation.input_shape else {}
    for name, shape in members.items():
        value, rules = request.get(name), {**shape.metadata, **LIMITS.get(name, {})}
        place = f"at '{name[0].lower()}{name[1:]}' failed to satisfy constraint:"
        if isinstance(value, int) and value > rules.get("max", value):
            limit = f"Member must have value less than or equal to {rules['max']}"
            found.append(f"Value '{value}' {place} {limit}")
        elif isinstance(value, int) and value < rules.get("min", value):
            limit = f"Member must have value greater than or equal to {rules['min']}"
            found.append(f"Value '{value}' {place} {limit}")
        elif name in ("InvocationType", "LogType") and value not in (None, *rules["enum"]):
            allowed = ", ".join(rules["enum"])
            limit = f"Member must satisfy enum value set: [{allowed}]"
            found.append(f"Value '{value}' {place} {limit}")
    if found:
        raise errors.validation(found)


def check_function(request: Request) -> None:
    """A function that is created or changed."""
    for name in NOT_DONE:
        if request.get(name):
            raise NotImplementedError(f"lambda functions with {name} are not emulated")
    if (request.get("SnapStart") or {}).get("ApplyOn") == "PublishedVersions":
        raise NotImplementedError("lambda functions with SnapStart are not emulated")
    variables = (request.get("Environment") or {}).get("Variables") or {}
    if reserved := [name for name in variables if name in RESERVED_VARIABLES]:
        raise InvalidParameterValueException(
            "Lambda was unable to configure your environment variables because the environment "
            "variables you have provided contains reserved keys that are currently not supported "
            f"for modification. Reserved keys used in this request: {', '.join(reserved)}",
            Type="User",
        )


def check_invocation(request: Request) -> None:
    """An invocation; what was read of its payload can be read again."""
    payload_checks.check_client_context(request.get("ClientContext"))
    if given := request.get("Payload"):
        payload = given if isinstance(given, bytes) else given.read()
        request["Payload"] = io.BytesIO(payload)
        payload_checks.check_payload(payload)
    for name in ("DurableExecutionName", "TenantId"):
        if request.get(name):
            raise NotImplementedError(f"lambda invocations with {name} are not emulated")


def check_url(request: Request) -> None:
    """A function's URL."""
    if request.get("InvokeMode") == "RESPONSE_STREAM":
        raise NotImplementedError(
            "lambda function URLs with InvokeMode RESPONSE_STREAM are not emulated"
        )


def check_nothing_more(_: Request) -> None:
    """Its ranges are all."""


CHECKS: dict[str, Callable[[Request], None]] = {
    "CreateFunction": check_function,
    "UpdateFunctionConfiguration": check_function,
    "Invoke": check_invocation,
    "CreateFunctionUrlConfig": check_url,
    "UpdateFunctionUrlConfig": check_url,
    "PutFunctionConcurrency": check_nothing_more,
    "PutFunctionEventInvokeConfig": check_nothing_more,
    "UpdateFunctionEventInvokeConfig": check_nothing_more,
}
