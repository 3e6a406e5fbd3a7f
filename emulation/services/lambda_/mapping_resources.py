"""AWS::Lambda::EventSourceMapping: every property is handed to the API, which acts on it or refuses
it; LocalStack's type forgets some, and does not put back what a template no longer has.
"""

from typing import Any

from botocore.model import Shape
from localstack.services.cloudformation.resource_provider import OperationStatus, ProgressEvent
from localstack.services.lambda_.resource_providers.aws_lambda_eventsourcemapping import (
    LambdaEventSourceMappingProvider,
)
from localstack.utils.patch import patch

Model = dict[str, Any]

DEFAULTS: Model = {
    "BisectBatchOnFunctionError": False,
    "DestinationConfig": {"OnFailure": {}},
    "Enabled": True,
    "FilterCriteria": {"Filters": []},
    "FunctionResponseTypes": [],
    "MaximumBatchingWindowInSeconds": 0,
    "MaximumRecordAgeInSeconds": -1,
    "MaximumRetryAttempts": -1,
    "MetricsConfig": {"Metrics": []},
    "ParallelizationFactor": 1,
    "TumblingWindowInSeconds": 0,
}

NAMES = {"KmsKeyArn": "KMSKeyArn"}
"""What CloudFormation calls otherwise than the API."""

READ_ONLY = ("Id", "EventSourceMappingArn")


def apply() -> None:
    """Patch the type; called once, when Lambda is first used."""
    patch(LambdaEventSourceMappingProvider.create)(create)
    patch(LambdaEventSourceMappingProvider.update)(update)


def create(_: Any, __: Any, request: Any) -> ProgressEvent[Model]:
    """A new mapping."""
    model, client = request.desired_state, request.aws_client_factory.lambda_
    given = _given(client, "CreateEventSourceMapping", {**model, "Tags": _tags(model) or None})
    made = client.create_event_source_mapping(**given)
    model |= {"Id": made["UUID"], "EventSourceMappingArn": made["EventSourceMappingArn"]}
    return ProgressEvent(status=OperationStatus.SUCCESS, resource_model=model)


def update(_: Any, __: Any, request: Any) -> ProgressEvent[Model]:
    """The same mapping with what changed, and with the defaults of what is gone."""
    model, before = request.desired_state, request.previous_state
    client = request.aws_client_factory.lambda_
    queue = ":sqs:" in model.get("EventSourceArn", "")
    defaults = {**DEFAULTS, "BatchSize": 10 if queue else 100}
    gone = {name: defaults[name] for name in (before.keys() & defaults.keys()) - model.keys()}
    given = _given(client, "UpdateEventSourceMapping", {**model, **gone})
    client.update_event_source_mapping(**{**given, "UUID": before["Id"]})
    _retag(client, before["EventSourceMappingArn"], _tags(before), _tags(model))
    model |= {name: before[name] for name in READ_ONLY}
    return ProgressEvent(status=OperationStatus.SUCCESS, resource_model=model)


def _given(client: Any, operation: str, model: Model) -> Model:
    """The request that a model means; what the API has no name for is refused by its client, but
    for what only a creation takes.
    """
    members = client.meta.service_model.operation_model(operation).input_shape.members
    created = client.meta.service_model.operation_model("CreateEventSourceMapping").input_shape
    given = {
        NAMES.get(name, name): value
        for name, value in model.items()
        if value is not None and name not in READ_ONLY
    }
    return {
        name: _typed(members[name], value) if name in members else value
        for name, value in given.items()
        if name in members or name not in created.members
    }


def _typed(shape: Shape, value: Any) -> Any:
    """A template's parameters are texts, whatever they are used for."""
    if not isinstance(value, str):
        return value
    match shape.type_name:
        case "integer":
            return int(value)
        case "boolean":
            return value.lower() == "true"
        case "timestamp":
            return float(value)
    return value


def _tags(model: Model) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in model.get("Tags") or []}


def _retag(client: Any, arn: str, then: dict[str, str], now: dict[str, str]) -> None:
    if gone := sorted(then.keys() - now.keys()):
        client.untag_resource(Resource=arn, TagKeys=gone)
    if now and now != then:
        client.tag_resource(Resource=arn, Tags=now)
