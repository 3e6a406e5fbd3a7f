"""Lambda: lets in a request whose bearer token is ours, to the routes that its scopes name.

API Gateway keeps an answer for minutes, by the token and for every route, so the policy speaks of
all that the token may do and not of the one request. Tokens are signed with a secret that issuer
and function share (HS256): a key pair would need a compiled library, which a bundle of plain files
cannot carry to another machine.
"""

import logging
from functools import cache
from typing import Any

import jwt

from pipeline import aws
from pipeline.handlers.settings import AuthorizationSettings

LOG = logging.getLogger()
LOG.setLevel(logging.INFO)

ALGORITHM = "HS256"
REQUIRED = ["exp", "iss", "aud", "sub"]
LEEWAY_SECONDS = 10
ROUTES = {
    "predict": ("POST/v1/predict",),
    "read": ("GET/v1/flights/*", "GET/v1/models", "GET/v1/metrics"),
}
"""By scope: methods and paths."""


class UnauthorizedError(Exception):
    """API Gateway answers 401 when a function fails with this one word."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """A policy for the bearer of the token.

    Raises:
        UnauthorizedError: there is none, or it is not ours, or no longer good.
    """
    settings = AuthorizationSettings()
    claims = verified(event.get("authorizationToken", ""), settings)
    scopes = str(claims.get("scope", "")).split()
    return {
        "principalId": claims["sub"],
        "policyDocument": policy(event["methodArn"], scopes),
        "context": {"scope": " ".join(scopes)},
    }


def verified(header: str, settings: AuthorizationSettings) -> dict[str, Any]:
    """The claims of a good token."""
    kind, _, token = header.partition(" ")
    if kind.lower() != "bearer":
        raise UnauthorizedError
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            secret(settings.secret_arn),
            algorithms=[ALGORITHM],
            audience=settings.audience,
            issuer=settings.issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": REQUIRED},
        )
    except jwt.InvalidTokenError as error:
        LOG.info("a token is refused: %s", error)
        raise UnauthorizedError from error
    return claims


@cache
def secret(arn: str) -> str:
    """What tokens are signed with, read once; after a rotation functions start anew."""
    found: str = aws.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
    return found


def policy(method_arn: str, scopes: list[str]) -> dict[str, Any]:
    """What the scopes allow in the stage; nothing is allowed where they name nothing."""
    api, stage = method_arn.split("/")[:2]
    allowed = [f"{api}/{stage}/{route}" for scope in scopes for route in ROUTES.get(scope, ())]
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Action": "execute-api:Invoke",
                "Effect": "Allow" if allowed else "Deny",
                "Resource": allowed or [f"{api}/{stage}/*"],
            }
        ],
    }
