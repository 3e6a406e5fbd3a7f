"""The only place that builds AWS clients: region, endpoint, retries, time-outs.

`AWS_ENDPOINT` is the one switch. Empty or unset, boto3's own chain decides (AWS itself, or what
`AWS_ENDPOINT_URL` names, which is how code inside Lambda, Glue and SageMaker follows without a
setting of ours). The environment is read here and not through pydantic, because this module travels
in the Lambda bundle, where only the standard library and boto3 exist.
"""

import os
import threading
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

DEFAULT_REGION = "us-east-1"
PLACEHOLDER = "test"
"""Credentials for an endpoint of the user's own, which asks for a signature and not for an account.
"""

_BUILDING = threading.Lock()


def endpoint_url() -> str | None:
    """The address that stands in for AWS; None is AWS itself."""
    return os.environ.get("AWS_ENDPOINT") or os.environ.get("AWS_ENDPOINT_URL") or None


def region() -> str:
    """The region of the environment or of the profile, as everywhere in AWS."""
    return _session().region_name or DEFAULT_REGION


def client(service: str) -> Any:
    """A client of a service, built once; clients may be shared by threads, sessions may not."""
    with _BUILDING:
        return _client(service)


def forget_clients() -> None:
    """Read the environment again: for programs that change it, such as tests."""
    with _BUILDING:
        _client.cache_clear()
        _session.cache_clear()


@cache
def _session() -> boto3.session.Session:
    chosen = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    return boto3.session.Session(region_name=chosen)


@cache
def _client(service: str) -> Any:
    return _session().client(  # type: ignore[call-overload]
        service,
        region_name=_session().region_name or DEFAULT_REGION,
        config=_config(),
        **_where(),
    )


def _where() -> dict[str, str]:
    """Endpoint and credentials, when the user names an endpoint."""
    if not os.environ.get("AWS_ENDPOINT"):
        return {}
    return {
        "endpoint_url": os.environ["AWS_ENDPOINT"],
        "aws_access_key_id": os.environ.get("AWS_ACCESS_KEY_ID") or PLACEHOLDER,
        "aws_secret_access_key": os.environ.get("AWS_SECRET_ACCESS_KEY") or PLACEHOLDER,
    }


def _config() -> Config:
    # `bucket.localhost` does not resolve everywhere, so a named endpoint is addressed by path.
    style: Any = {"addressing_style": "path"} if endpoint_url() else {}
    return Config(
        retries={"mode": "standard", "max_attempts": 4},
        connect_timeout=5,
        # InvokeEndpoint and Invoke answer within 60 s.
        read_timeout=70,
        max_pool_connections=32,
        tcp_keepalive=True,
        s3=style,
    )
