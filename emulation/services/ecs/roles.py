"""The roles of tasks: both must be there and trust tasks; the task's gives credentials."""

import json
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import ClientError

from emulation.compute.tasks.endpoints import Answer
from emulation.services.ecs.errors import no_role
from emulation.services.ecs.store import Members
from emulation.services.scope import Scope

PRINCIPAL = "ecs-tasks.amazonaws.com"
ROLE_SECONDS = 3600
RENEWED_BEFORE_SECONDS = 900


def check(scope: Scope, role: str | None) -> None:
    """Refuse a role that a task could not assume.

    Raises:
        CommonServiceException: ClientException.
    """
    if not role:
        return
    try:
        found = scope.client("iam").get_role(RoleName=role.rsplit("/", 1)[-1])["Role"]
    except ClientError as error:
        raise no_role(role) from error
    if not _trusts(found["AssumeRolePolicyDocument"]):
        raise no_role(role)


def _trusts(document: str | Members) -> bool:
    policy = json.loads(unquote(document)) if isinstance(document, str) else document
    return any(
        statement.get("Effect") == "Allow" and PRINCIPAL in _services(statement)
        for statement in _many(policy.get("Statement", []))
    )


def _services(statement: Members) -> list[Any]:
    principal = statement.get("Principal", {})
    return _many(principal.get("Service", [])) if isinstance(principal, dict) else [PRINCIPAL]


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


class RoleCredentials:
    """What the credentials endpoint answers: made when asked for, renewed in time."""

    def __init__(self, scope: Scope, role: str, session: str) -> None:
        self._scope = scope
        self._role = role if role.startswith("arn:") else arn_of(scope, role)
        self._session = session
        self._until = 0.0
        self._answer: Members = {}

    def answer(self, _: str) -> Answer:
        """The credentials, or what keeps STS from giving them."""
        if self._until - time.time() < RENEWED_BEFORE_SECONDS:
            try:
                self._renew()
            except ClientError as error:
                found = error.response["Error"]
                return 500, {"code": found["Code"], "message": found["Message"]}
        return 200, self._answer

    def _renew(self) -> None:
        given = self._scope.client("sts").assume_role(
            RoleArn=self._role, RoleSessionName=self._session, DurationSeconds=ROLE_SECONDS
        )["Credentials"]
        self._until = given["Expiration"].timestamp()
        self._answer = {
            "RoleArn": self._role,
            "AccessKeyId": given["AccessKeyId"],
            "SecretAccessKey": given["SecretAccessKey"],
            "Token": given["SessionToken"],
            "Expiration": f"{datetime.fromtimestamp(self._until, UTC):%Y-%m-%dT%H:%M:%SZ}",
        }


def arn_of(scope: Scope, role: str) -> str:
    """The ARN of a role that is given by its name."""
    return f"arn:{scope.partition}:iam::{scope.account}:role/{role}"
