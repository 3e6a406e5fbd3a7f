"""The settings of a stage: per method, and its access log. What they promise happens or is refused.

LocalStack takes a method's path only with its slashes written `~1`, and loses the others.
"""

import re
from typing import Any

from moto.apigateway.models import Stage

from emulation.services.apigateway.errors import bad_request, not_emulated

SETTING = re.compile(
    r"/(?P<path>.+)/(?P<method>[A-Z]+|\*)/(?P<name>(?:metrics|logging|throttling|caching)/\w+)"
)
WHOLE_METHOD = re.compile(r"/(?P<path>.+)/(?P<method>[A-Z]+|\*)")
LEVELS = ("OFF", "ERROR", "INFO")
NO_ROLE = "CloudWatch Logs role ARN must be set in account settings to enable logging"
LOG_GROUP = re.compile(r"arn:[\w-]+:logs:[\w-]+:\d{12}:log-group:.+")
FIREHOSE = re.compile(r"arn:[\w-]+:firehose:[\w-]+:\d{12}:deliverystream/.+")
REFUSED = {
    "/cacheClusterEnabled": "caching of a stage (cacheClusterEnabled)",
    "/tracingEnabled": "tracing of a stage (tracingEnabled)",
}


def refuse_creation(request: Any) -> None:
    """What a new stage may not ask for."""
    for path, what in REFUSED.items():
        if request.get(path[1:]):
            raise not_emulated(what)


def check(operation: dict[str, Any], *, may_log: bool) -> None:
    """Refuse an operation of UpdateStage that would change nothing, or that AWS refuses."""
    path, value = operation["path"], str(operation.get("value"))
    if path in REFUSED and value.lower() == "true":
        raise not_emulated(REFUSED[path])
    if path == "/clientCertificateId" and operation["op"] != "remove":
        raise not_emulated("clientCertificateId of a stage")
    if path.startswith("/accessLogSettings/") and operation["op"] != "remove":
        check_access_log(path, value, may_log=may_log)
    if path.endswith("/logging/loglevel"):
        if value not in LEVELS:
            raise bad_request(
                f"Invalid logging level specified: {value}. Must be one of: [OFF, ERROR, INFO]"
            )
        if value != "OFF" and not may_log:
            raise bad_request(NO_ROLE)


def check_access_log(path: str, value: str, *, may_log: bool) -> None:
    """A log group that can be written, a format of one line that names its request."""
    if not may_log:
        raise bad_request(NO_ROLE)
    if path.endswith("/destinationArn"):
        if FIREHOSE.fullmatch(value):
            raise not_emulated("an access log to Firehose")
        if not LOG_GROUP.fullmatch(value):
            raise bad_request("Invalid ARN specified in the request")
    if path.endswith("/format"):
        if "\n" in value.rstrip("\n"):
            raise bad_request(
                "Access Log format must be single line, new line character is allowed only at end "
                "of the format"
            )
        if "$context.requestId" not in value and "$context.extendedRequestId" not in value:
            raise bad_request(
                "Access Log format must include $context.requestId or $context.extendedRequestId"
            )


def change(stage: Stage, operation: dict[str, Any]) -> bool:
    """Change a method's setting; False where the operation is of something else."""
    path, op = operation["path"], operation["op"]
    if found := SETTING.fullmatch(path):
        if stage._method_settings_translations(found["name"]) is None:
            return False
        if op == "remove":
            raise bad_request(f"Invalid patch path '{path}' specified for op 'remove'.")
        check_number(found["name"], operation["value"])
        stage._patch_method_setting(key_of(found), found["name"], operation["value"])
        return True
    if op == "remove" and (found := WHOLE_METHOD.fullmatch(path)):
        if stage.method_settings.pop(key_of(found), None) is None:
            raise bad_request(
                f"Cannot remove method setting {path.strip('/')} because there is no method "
                "setting for this method "
            )
        return True
    return False


def key_of(found: re.Match[str]) -> str:
    """The name of a method among the settings: `*/*`, `~1v1~1predict/POST`."""
    path = found["path"]
    if path == "*":
        return f"*/{found['method']}"
    return f"~1{path.replace('~1', '/').strip('/').replace('/', '~1')}/{found['method']}"


def check_number(name: str, value: str) -> None:
    """Limits are numbers."""
    if name.startswith("throttling/") and not re.fullmatch(r"-?\d+(\.\d+)?", str(value)):
        raise bad_request(f"Invalid value for {name}: {value}")
