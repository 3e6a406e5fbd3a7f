"""The role that a job works as: it must be there, and trust the service."""

import json
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import ClientError

from emulation.services.scope import Scope

PRINCIPAL = "emr-serverless.amazonaws.com"


def assumable(scope: Scope, arn: str, principal: str = PRINCIPAL) -> bool:
    """Whether a service could assume a role."""
    try:
        role = scope.client("iam").get_role(RoleName=arn.rsplit("/", 1)[-1])["Role"]
    except ClientError:
        return False
    document = role["AssumeRolePolicyDocument"]
    policy = json.loads(unquote(document)) if isinstance(document, str) else document
    return role["Arn"] == arn and any(
        statement.get("Effect") == "Allow" and {principal, "*"} & set(_services(statement))
        for statement in _many(policy.get("Statement", []))
    )


def _services(statement: dict[str, Any]) -> list[Any]:
    principal = statement.get("Principal", {})
    return _many(principal.get("Service", [])) if isinstance(principal, dict) else ["*"]


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
