"""The role that a build works as: it must be there, in this account, and trust CodeBuild."""

import json
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import ClientError

from emulation.services.codebuild.errors import invalid_input, invalid_service_role
from emulation.services.scope import Scope

PRINCIPAL = "codebuild.amazonaws.com"


def check_role(scope: Scope, role: str) -> None:
    """Refuse a role that CodeBuild could not assume.

    Raises:
        CommonServiceException: InvalidInputException.
    """
    if not role.startswith("arn:"):
        raise invalid_input("Invalid service role")
    if role.split(":")[4] != scope.account:
        raise invalid_input(
            "Invalid service role: Service role account ID does not match caller's account"
        )
    try:
        found = scope.client("iam").get_role(RoleName=role.rsplit("/", 1)[-1])["Role"]
    except ClientError as error:
        raise invalid_service_role(role) from error
    if found["Arn"] != role or not _trusts(found["AssumeRolePolicyDocument"]):
        raise invalid_service_role(role)


def _trusts(document: str | dict[str, Any]) -> bool:
    policy = json.loads(unquote(document)) if isinstance(document, str) else document
    return any(
        statement.get("Effect") == "Allow" and PRINCIPAL in _services(statement)
        for statement in _many(policy.get("Statement", []))
    )


def _services(statement: dict[str, Any]) -> list[Any]:
    principal = statement.get("Principal", {})
    return _many(principal.get("Service", [])) if isinstance(principal, dict) else [PRINCIPAL]


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
