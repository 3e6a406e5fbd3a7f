"""API Gateway's CloudFormation types that LocalStack has and we compute, by its plug-ins."""

from importlib import import_module
from typing import Any

THEIRS = "localstack.services.apigateway.resource_providers.aws_apigateway"
HERE = "emulation.services.apigateway"
MODULES = {
    "Account": "resources",
    "ApiKey": "plan_resources",
    "Deployment": "stage_resources",
    "GatewayResponse": "resources",
    "Method": "resources",
    "Model": "resources",
    "RequestValidator": "resources",
    "RestApi": "stage_resources",
    "Stage": "stage_resources",
    "UsagePlan": "plan_resources",
    "UsagePlanKey": "plan_resources",
}


def plugin(noun: str) -> Any:
    """LocalStack's plug-in of a type."""
    return getattr(
        import_module(f"{THEIRS}_{noun.lower()}_plugin"), f"ApiGateway{noun}ProviderPlugin"
    )


OVERRIDES = {plugin(noun): f"{HERE}.{MODULES[noun]}:{noun}Resource" for noun in MODULES}
