"""The account's settings in a region: the role that lets API Gateway write logs, and the limits."""

from typing import Any

from botocore.exceptions import ClientError
from localstack.services.apigateway.models import apigateway_stores

from emulation.services.apigateway.errors import bad_path, bad_request
from emulation.services.apigateway.metering import ACCOUNT_BURST, ACCOUNT_RATE
from emulation.services.scope import Scope

ROLE = "cloudwatchRoleArn"
PATHS = (f"/{ROLE}", "/features")
NO_TRUST = (
    "The role ARN does not have required permissions configured. Please grant trust permission for "
    "API Gateway and add the required role policy."
)


def account_of(scope: Scope) -> dict[str, Any]:
    """The settings; without a role until somebody sets one."""
    account: dict[str, Any] = apigateway_stores[scope.account][scope.region]._account
    if not account:
        account.update(
            throttleSettings={"burstLimit": int(ACCOUNT_BURST), "rateLimit": ACCOUNT_RATE},
            features=["UsagePlans"],
            apiKeyVersion="4",
        )
    return account


def patch(scope: Scope, operations: list[dict[str, Any]]) -> None:
    """UpdateAccount."""
    account = account_of(scope)
    for operation in operations:
        path, op, value = operation["path"], operation["op"], operation.get("value")
        if path not in PATHS:
            raise bad_path(path, op, PATHS)
        if path == f"/{ROLE}":
            set_role(scope, account, None if op == "remove" else value)


def set_role(scope: Scope, account: dict[str, Any], arn: str | None) -> None:
    """Set the role, or take it away."""
    if not arn:
        account.pop(ROLE, None)
        return
    try:
        role = scope.client("iam").get_role(RoleName=arn.rpartition("/")[2])["Role"]
    except ClientError as error:
        raise bad_request(NO_TRUST) from error
    if "apigateway.amazonaws.com" not in str(role["AssumeRolePolicyDocument"]):
        raise bad_request(NO_TRUST)
    account[ROLE] = arn
