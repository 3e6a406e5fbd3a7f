"""The role that SageMaker works as: it must be there, in this account, and trust SageMaker."""

import json
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import ClientError

from emulation.services.sagemaker.errors import cross_account_role, role_not_assumable
from emulation.services.sagemaker.scope import Scope

PRINCIPAL = "sagemaker.amazonaws.com"


def check_role(scope: Scope, arn: str) -> None:
    """Refuse a role that SageMaker could not assume.

    Raises:
        CommonServiceException: it is missing, of another account, or trusts somebody else.
    """
    if arn.split(":")[4] != scope.account:
        raise cross_account_role()
    try:
        role = scope.client("iam").get_role(RoleName=arn.rsplit("/", 1)[-1])["Role"]
    except ClientError as error:
        raise role_not_assumable(arn) from error
    if role["Arn"] != arn or not trusts_sagemaker(role["AssumeRolePolicyDocument"]):
        raise role_not_assumable(arn)


def trusts_sagemaker(document: str | dict[str, Any]) -> bool:
    """Whether a trust policy lets SageMaker in."""
    policy = json.loads(unquote(document)) if isinstance(document, str) else document
    return any(
        statement.get("Effect") == "Allow" and PRINCIPAL in _services(statement)
        for statement in _many(policy.get("Statement", []))
    )


def _services(statement: dict[str, Any]) -> list[str]:
    principal = statement.get("Principal", {})
    return _many(principal.get("Service", [])) if isinstance(principal, dict) else [PRINCIPAL]


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
