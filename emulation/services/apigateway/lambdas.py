"""Lambda functions behind API Gateway: they are called only where their own policy, or a role,
lets the API call them, as on AWS. A missing AWS::Lambda::Permission shows here.
"""

import json
from typing import Any, NamedTuple

from localstack.services.apigateway.next_gen.execute_api.integrations.aws import (
    get_service_factory,
)
from localstack.services.lambda_.api_utils import function_locators_from_arn
from localstack.services.lambda_.invocation.models import lambda_stores
from localstack.utils.aws.arns import extract_region_from_arn
from localstack.utils.aws.client_types import ServicePrincipal

from emulation.services.apigateway.policies import Verdict, verdict

PRINCIPAL = "apigateway.amazonaws.com"


class Invoked(NamedTuple):
    """What a function answered, and whether it failed."""

    payload: Any
    failed: bool
    request_id: str | None


def invoke(function: str, source_arn: str, role: str | None, payload: bytes) -> Invoked:
    """Call a function and wait."""
    clients = get_service_factory(region_name=extract_region_from_arn(function), role_arn=role)
    client = clients.lambda_.request_metadata(
        service_principal=ServicePrincipal.apigateway, source_arn=source_arn
    )
    result = client.invoke(FunctionName=function, Payload=payload)
    body = result["Payload"].read()
    try:
        answer = json.loads(body)
    except ValueError:
        answer = body.decode(errors="replace")
    request_id = result["ResponseMetadata"].get("RequestId")
    return Invoked(answer, "FunctionError" in result, request_id)


def may_invoke(function: str, source_arn: str) -> bool:
    """Whether the function's policy lets API Gateway call it from there."""
    name, qualifier, account, region = function_locators_from_arn(function)
    found = lambda_stores[account][region].functions.get(name) if account and region else None
    if found is None:
        return False
    permission = found.permissions.get(qualifier or "$LATEST")
    if permission is None:
        return False
    policy = {"Statement": permission.policy.Statement}
    values = {"AWS:SourceArn": source_arn, "AWS:SourceAccount": source_arn.split(":")[4]}
    resource = function
    return verdict(policy, "lambda:InvokeFunction", resource, values, PRINCIPAL) is Verdict.ALLOWED
