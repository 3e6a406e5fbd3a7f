"""CloudFormation's types for how a function is invoked - aliases with weights and provisioned
concurrency, settings of asynchronous invocations, URLs - with the updates that LocalStack's lack.
"""

from typing import Any

from localstack.services.cloudformation.resource_provider import OperationStatus, ProgressEvent
from localstack.services.lambda_.resource_providers.aws_lambda_eventinvokeconfig import (
    LambdaEventInvokeConfigProvider,
)
from localstack.services.lambda_.resource_providers.aws_lambda_url import LambdaUrlProvider
from localstack.services.lambda_.resource_providers.lambda_alias import LambdaAliasProvider
from localstack.utils.patch import patch

Model = dict[str, Any]

BEGUN = "begun"
"""In the context of an operation that takes several steps."""

URL_MEMBERS = ("AuthType", "Cors", "InvokeMode")
EVENT_MEMBERS = ("DestinationConfig", "MaximumEventAgeInSeconds", "MaximumRetryAttempts")


def apply() -> None:
    """Patch the types; called once, when Lambda is first used."""
    patch(LambdaAliasProvider.create)(create_alias)
    patch(LambdaAliasProvider.update)(update_alias)
    patch(LambdaEventInvokeConfigProvider.update)(update_event_settings)
    patch(LambdaUrlProvider.update)(update_url)


def create_alias(_: Any, __: Any, request: Any) -> ProgressEvent[Model]:
    """A new alias; done when what it provisions is ready."""
    model, client = request.desired_state, request.aws_client_factory.lambda_
    if BEGUN not in request.custom_context:
        made = client.create_alias(**_alias(model))
        model["Id"] = model["AliasArn"] = made["AliasArn"]
        _provision(client, model, {})
    return _progress(client, request, model)


def update_alias(_: Any, __: Any, request: Any) -> ProgressEvent[Model]:
    """The same alias, for another version or with other weights."""
    model, before = request.desired_state, request.previous_state
    client = request.aws_client_factory.lambda_
    if BEGUN not in request.custom_context:
        client.update_alias(**_alias(model))
        _provision(client, model, before)
    model |= {name: before[name] for name in ("Id", "AliasArn") if name in before}
    return _progress(client, request, model)


def update_event_settings(_: Any, __: Any, request: Any) -> ProgressEvent[Model]:
    """All of them: what a template no longer has is AWS's default again."""
    model, before = request.desired_state, request.previous_state
    given = {name: model[name] for name in EVENT_MEMBERS if name in model}
    where = {name: before[name] for name in ("FunctionName", "Qualifier")}
    request.aws_client_factory.lambda_.put_function_event_invoke_config(**where, **given)
    return _done({**model, "Id": before["Id"]})


def update_url(_: Any, __: Any, request: Any) -> ProgressEvent[Model]:
    """The same URL with other settings."""
    model, before = request.desired_state, request.previous_state
    qualifier = {"Qualifier": model["Qualifier"]} if model.get("Qualifier") else {}
    given = {"Cors": {}, **{name: model[name] for name in URL_MEMBERS if name in model}}
    request.aws_client_factory.lambda_.update_function_url_config(
        FunctionName=model["TargetFunctionArn"], **qualifier, **given
    )
    return _done({**before, **model})


def _alias(model: Model) -> Model:
    """The request that an alias means; CloudFormation lists weights, the API maps them."""
    weights = (model.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or []
    return {
        "FunctionName": model["FunctionName"],
        "Name": model["Name"],
        "FunctionVersion": model["FunctionVersion"],
        "Description": model.get("Description", ""),
        "RoutingConfig": {
            "AdditionalVersionWeights": {
                weight["FunctionVersion"]: float(weight["FunctionWeight"]) for weight in weights
            }
        },
    }


def _provision(client: Any, model: Model, before: Model) -> None:
    now, then = (
        model.get("ProvisionedConcurrencyConfig"),
        before.get("ProvisionedConcurrencyConfig"),
    )
    if now == then:
        return
    if now:
        count = int(now["ProvisionedConcurrentExecutions"])
        client.put_provisioned_concurrency_config(
            **_place(model), ProvisionedConcurrentExecutions=count
        )
    else:
        client.delete_provisioned_concurrency_config(**_place(model))


def _progress(client: Any, request: Any, model: Model) -> ProgressEvent[Model]:
    if not model.get("ProvisionedConcurrencyConfig"):
        return _done(model)
    state = client.get_provisioned_concurrency_config(**_place(model))
    if state["Status"] == "READY":
        return _done(model)
    if state["Status"] == "IN_PROGRESS":
        return ProgressEvent(
            status=OperationStatus.IN_PROGRESS,
            resource_model=model,
            custom_context={**request.custom_context, BEGUN: True},
        )
    return ProgressEvent(
        status=OperationStatus.FAILED,
        resource_model=model,
        message=f"Provisioned concurrency: {state.get('StatusReason', 'failed')}",
    )


def _place(model: Model) -> Model:
    return {"FunctionName": model["FunctionName"], "Qualifier": model["Name"]}


def _done(model: Model) -> ProgressEvent[Model]:
    return ProgressEvent(status=OperationStatus.SUCCESS, resource_model=model)
