"""What the templates tell the handlers through their environment."""

import os
from dataclasses import dataclass, field


def _variable(name: str) -> str:
    return field(default_factory=lambda: os.environ[name])


@dataclass(frozen=True)
class IngestSettings:
    """Where events go, and what counts those that are none."""

    lake_bucket: str = _variable("LAKE_BUCKET")
    metric_namespace: str = _variable("METRIC_NAMESPACE")


@dataclass(frozen=True)
class AuthorizationSettings:
    """Which tokens are good."""

    secret_arn: str = _variable("TOKEN_SECRET_ARN")
    issuer: str = _variable("TOKEN_ISSUER")
    audience: str = _variable("TOKEN_AUDIENCE")
