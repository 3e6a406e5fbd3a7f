"""LocalStack's CloudFormation types of Lambda, made honest: what they leave out is done or fails
the resource, and a property that a template no longer has goes back to AWS's default.
"""

import dataclasses
from typing import Any

from localstack.services.cloudformation.resource_provider import OperationStatus, ProgressEvent
from localstack.services.lambda_.resource_providers.aws_lambda_function import (
    LambdaFunctionProvider,
)
from localstack.utils.patch import patch

from emulation.services.lambda_ import mapping_resources

Model = dict[str, Any]

FUNCTION_DEFAULTS: Model = {
    "Description": "",
    "Environment": {"Variables": {}},
    "Layers": [],
    "MemorySize": 128,
    "Timeout": 3,
    "TracingConfig": {"Mode": "PassThrough"},
}

NOT_DONE = {
    "CapacityProviderConfig",
    "CodeSigningConfigArn",
    "DurableConfig",
    "FileSystemConfigs",
    "KmsKeyArn",
    "RecursiveLoop",
    "RuntimeManagementConfig",
    "SnapStart",
    "TenancyConfig",
}
"""Properties of a function that nothing here acts on."""

NOT_REMOVED = {"DeadLetterConfig", "LoggingConfig", "VpcConfig"}
"""Properties of a function that can be changed, but not taken away."""


def apply() -> None:
    """Patch the types; called once, when Lambda is first used."""
    patch(LambdaFunctionProvider.create)(create_function)
    patch(LambdaFunctionProvider.update)(update_function)
    mapping_resources.apply()


def create_function(create: Any, provider: Any, request: Any) -> Any:
    """LocalStack's creation, then what it leaves out."""
    if refusal := _refusal(request.desired_state):
        return _failed(request.desired_state, refusal)
    done = create(provider, request)
    if done.status is OperationStatus.SUCCESS:
        _complete(request.aws_client_factory.lambda_, done.resource_model, {})
    return done


def update_function(update: Any, provider: Any, request: Any) -> Any:
    """LocalStack's update, of what changed and of what is gone."""
    model, before = request.desired_state, request.previous_state
    removed = sorted(NOT_REMOVED & (before.keys() - model.keys()))
    refusal = _refusal(model) or (removed and f"Removing {removed[0]} is not emulated")
    if refusal:
        return _failed(before, refusal)
    done = update(provider, _with_defaults(request, FUNCTION_DEFAULTS))
    if done.status is OperationStatus.SUCCESS:
        done.resource_model = {
            "Arn": before["Arn"],
            "FunctionName": before["FunctionName"],
            **model,
        }
        _complete(request.aws_client_factory.lambda_, done.resource_model, before)
    return done


def _with_defaults(request: Any, defaults: Model) -> Any:
    gone = request.previous_state.keys() & defaults.keys() - request.desired_state.keys()
    restored = {name: defaults[name] for name in gone}
    return dataclasses.replace(request, desired_state={**request.desired_state, **restored})


def _refusal(model: Model) -> str | None:
    ignored = sorted(NOT_DONE & model.keys())
    return f"{ignored[0]} of AWS::Lambda::Function is not emulated" if ignored else None


def _failed(model: Model, reason: str) -> ProgressEvent[Model]:
    return ProgressEvent(status=OperationStatus.FAILED, resource_model=model, message=reason)


def _complete(client: Any, model: Model, before: Model) -> None:
    """What LocalStack's type leaves out: storage, reserved concurrency, and tags that changed."""
    name = model["FunctionName"]
    storage = model.get("EphemeralStorage")
    if storage and storage != before.get("EphemeralStorage"):
        size = {"Size": int(storage["Size"])}
        client.update_function_configuration(FunctionName=name, EphemeralStorage=size)
        client.get_waiter("function_updated_v2").wait(FunctionName=name)
    reserved = model.get("ReservedConcurrentExecutions")
    if reserved is not None:
        client.put_function_concurrency(
            FunctionName=name, ReservedConcurrentExecutions=int(reserved)
        )
    elif before.get("ReservedConcurrentExecutions") is not None:
        client.delete_function_concurrency(FunctionName=name)
    _tag(client, model, before)


def _tag(client: Any, model: Model, before: Model) -> None:
    now, then = (
        {tag["Key"]: tag["Value"] for tag in state.get("Tags") or []} for state in (model, before)
    )
    if gone := sorted(then.keys() - now.keys()):
        client.untag_resource(Resource=model["Arn"], TagKeys=gone)
    if before and now != then and now:
        client.tag_resource(Resource=model["Arn"], Tags=now)
