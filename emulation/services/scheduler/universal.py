"""Universal targets: `arn:aws:scheduler:::aws-sdk:glue:startJobRun`, any operation that changes
something, with the schedule's input as its members.

Services go by their SDK's names, and members may begin with a capital whatever the API spells.
"""

from typing import Any

import botocore.session
from botocore import xform_name
from botocore.exceptions import UnknownServiceError

from emulation.services.scheduler import errors
from emulation.services.scope import Scope
from emulation.settings import SERVICES

PREFIX = ":scheduler:::aws-sdk:"
ALIASES = {
    "cloudwatchlogs": "logs",
    "eventbridge": "events",
    "redshiftdata": "redshift-data",
    "sfn": "stepfunctions",
}
CLIENTS = {"lambda": "lambda_"}
READING = (
    "get",
    "describe",
    "list",
    "poll",
    "receive",
    "search",
    "scan",
    "query",
    "select",
    "batchGet",
)


def is_universal(arn: str) -> bool:
    """Whether the ARN names an operation."""
    return PREFIX in arn


def parts(arn: str) -> tuple[str, str]:
    """Service and operation, as botocore calls them.

    Raises:
        CommonServiceException: there is no such operation, or it only reads.
        NotImplementedError: the service is not here.
    """
    service, _, action = arn.split(PREFIX)[1].partition(":")
    name = ALIASES.get(service, service)
    try:
        model = botocore.session.get_session().get_service_model(name)
    except UnknownServiceError as error:
        raise errors.validation(f"Provided Arn is not in correct format: {arn}") from error
    operations = {operation.lower(): operation for operation in model.operation_names}
    operation = operations.get(action.lower())
    if operation is None or action[:1].isupper() or action.startswith(READING):
        raise errors.validation(f"{action} is not a supported API action of {service}.")
    if name not in SERVICES:
        raise NotImplementedError(f"scheduler: a target of {service} is not emulated")
    return name, operation


def call(scope: Scope, arn: str, given: Any) -> None:
    """Call the operation."""
    service, operation = parts(arn)
    client = scope.client(CLIENTS.get(service, service.replace("-", "_")))
    shape = client.meta.service_model.operation_model(operation).input_shape
    getattr(client, xform_name(operation))(**(_spelled(shape, given) if shape else {}))


def _spelled(shape: Any, value: Any) -> Any:
    """Members as the API spells them."""
    if shape.type_name == "structure" and isinstance(value, dict):
        names = {name.lower(): name for name in shape.members}
        return {
            names.get(key.lower(), key): _spelled(shape.members[names[key.lower()]], item)
            if key.lower() in names
            else item
            for key, item in value.items()
        }
    if shape.type_name == "list" and isinstance(value, list):
        return [_spelled(shape.member, item) for item in value]
    if shape.type_name == "map" and isinstance(value, dict):
        return {key: _spelled(shape.value, item) for key, item in value.items()}
    return value
