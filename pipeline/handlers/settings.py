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


@dataclass(frozen=True)
class RenewalSettings:
    """Which warehouse is renewed from which lake."""

    workgroup: str = _variable("WORKGROUP")
    database: str = _variable("DATABASE")
    secret_arn: str = _variable("SECRET_ARN")
    copy_role_arn: str = _variable("COPY_ROLE_ARN")
    lake_bucket: str = _variable("LAKE_BUCKET")
    endpoint: str = _variable("ENDPOINT")
    data_set_arn: str = _variable("DATA_SET_ARN")
    """What QuickSight keeps a copy of; empty without QuickSight."""
