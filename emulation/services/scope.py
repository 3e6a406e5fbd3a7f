"""Who asks: the account and region of a request, and clients of the gateway as that account."""

from dataclasses import dataclass
from typing import Any, Self

from localstack.aws.api import RequestContext
from localstack.aws.connect import connect_to


@dataclass(frozen=True, slots=True)
class Scope:
    """One account in one region."""

    account: str
    region: str
    partition: str = "aws"

    @classmethod
    def of(cls, context: RequestContext) -> Self:
        """The scope of a request."""
        return cls(context.account_id, context.region, context.partition)

    def client(self, service: str) -> Any:
        """A client of the gateway, as this account."""
        clients = connect_to(aws_access_key_id=self.account, region_name=self.region)
        return getattr(clients, service)

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"
