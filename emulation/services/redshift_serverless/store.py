"""The namespaces and workgroups of an account in a region: plain data that survives a restart."""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from localstack.aws.api import RequestContext
from localstack.services.stores import AccountRegionBundle, BaseStore, LocalAttribute

Members = dict[str, Any]
"""A part of a request or an answer, as the API spells it."""


def now() -> datetime:
    """The one clock of this service."""
    return datetime.now(UTC)


def new_id() -> str:
    """A resource's id."""
    return str(uuid.uuid4())


@dataclass
class Namespace:
    """The database side: its data lies in the warehouse under its id."""

    name: str
    arn: str
    id: str
    database: str
    admin: str
    settings: Members = field(default_factory=dict)
    secret_arn: str | None = None
    created: datetime = field(default_factory=now)


@dataclass
class Workgroup:
    """The compute side: what statements are sent to."""

    name: str
    arn: str
    id: str
    namespace: str
    settings: Members = field(default_factory=dict)
    created: datetime = field(default_factory=now)


class ServerlessStore(BaseStore):
    """The records of one account in one region."""

    namespaces: dict[str, Namespace] = LocalAttribute(default=dict)
    workgroups: dict[str, Workgroup] = LocalAttribute(default=dict)
    tags: dict[str, dict[str, str]] = LocalAttribute(default=dict)


STORES: AccountRegionBundle[ServerlessStore] = AccountRegionBundle(
    "redshift-serverless", ServerlessStore, validate=False
)


def store_of(context: RequestContext) -> ServerlessStore:
    """The records that a request means."""
    return STORES[context.account_id][context.region]


def arn_of(context: RequestContext, noun: str, id_: str) -> str:
    """The ARN of a resource, which holds its id and not its name."""
    place = f"{context.region}:{context.account_id}"
    return f"arn:{context.partition}:redshift-serverless:{place}:{noun}/{id_}"
