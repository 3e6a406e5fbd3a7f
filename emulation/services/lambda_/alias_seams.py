"""Where LocalStack's aliases differ from AWS: their weights cannot be updated, a version that is
missing is taken, and what an alias has provisioned is forgotten and not ended.
"""

from typing import Any

from localstack.aws.api import RequestContext
from localstack.aws.api.lambda_ import ResourceNotFoundException
from localstack.services.lambda_ import api_utils
from localstack.services.lambda_.invocation.lambda_models import AliasRoutingConfig, Function
from localstack.services.lambda_.invocation.lambda_service import LambdaService
from localstack.services.lambda_.invocation.models import lambda_stores
from localstack.services.lambda_.provider import LambdaProvider
from localstack.utils.patch import patch

from emulation.services.lambda_.services import lambda_provider, lambda_service

Weights = dict[str, float]


def apply() -> None:
    """Patch the running service; called once, when the executor is first loaded."""
    patch(LambdaProvider._create_routing_config_model)(take_what_was_checked)
    patch(LambdaService.get_lambda_version_manager)(know_aliases)


def before(context: RequestContext, request: dict[str, Any]) -> None:
    """What is checked or done before LocalStack's operation.

    Raises:
        ResourceNotFoundException: the version that an alias shall point to.
    """
    assert context.operation is not None
    act = {"UpdateAlias": check_update, "DeleteAlias": end_what_it_provisioned}.get(
        context.operation.name
    )
    if act is None:
        return
    account, region = api_utils.get_account_and_region(request["FunctionName"], context)
    name = api_utils.get_function_name(request["FunctionName"], context)
    function = lambda_stores[account][region].functions.get(name)
    if function and request["Name"] in function.aliases:
        act(function, request)


def check_update(function: Function, request: dict[str, Any]) -> None:
    """The versions are there, and the weights are as for a new alias."""
    qualifier = request.get("FunctionVersion") or function.aliases[request["Name"]].function_version
    version = function.versions.get(qualifier)
    if version is None:
        arn = function.latest().id.unqualified_arn()
        raise ResourceNotFoundException(f"Function not found: {arn}:{qualifier}", Type="User")
    weights = (request.get("RoutingConfig") or {}).get("AdditionalVersionWeights")
    if weights:
        lambda_provider()._create_routing_config_model(weights, version)


def take_what_was_checked(
    check: Any, provider: LambdaProvider, weights: Weights, version: Any = None
) -> AliasRoutingConfig:
    """UpdateAlias calls this without the version that its weights are checked against."""
    if version is None:
        return AliasRoutingConfig(version_weights=weights)
    return check(provider, weights, version)


def end_what_it_provisioned(function: Function, request: dict[str, Any]) -> None:
    """The processes too."""
    alias = function.aliases[request["Name"]]
    if alias.name in function.provisioned_concurrency_configs:
        arn = function.versions[alias.function_version].qualified_arn
        manager = lambda_service().get_lambda_version_manager(arn)
        manager.update_provisioned_concurrency_config(0)


def know_aliases(get: Any, service: LambdaService, function_arn: str) -> Any:
    """The deletion of an alias's provisioned concurrency asks with the alias's own ARN."""
    if function_arn not in service.lambda_running_versions:
        function_arn = version_arn(function_arn) or function_arn
    return get(service, function_arn)


def version_arn(function_arn: str) -> str | None:
    """The ARN of the version that an alias points to."""
    name, qualifier, account, region = api_utils.function_locators_from_arn(function_arn)
    function = lambda_stores[account][region].functions.get(name)
    alias = function and function.aliases.get(qualifier)
    if not alias:
        return None
    return api_utils.qualified_lambda_arn(name, alias.function_version, account, region)
