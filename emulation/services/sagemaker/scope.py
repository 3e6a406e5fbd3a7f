"""Who asks: the account and region of a request, and what follows from them."""

from dataclasses import dataclass
from typing import Any

from localstack.aws.api import RequestContext
from localstack.aws.connect import connect_to

from emulation.services.sagemaker.store import STORES, SageMakerStore
from emulation.settings import settings


@dataclass(frozen=True, slots=True)
class Scope:
    """One account in one region."""

    account: str
    region: str
    partition: str = "aws"

    @classmethod
    def of(cls, context: RequestContext) -> "Scope":
        """The scope of a request."""
        return cls(context.account_id, context.region, context.partition)

    @property
    def store(self) -> SageMakerStore:
        """Its state."""
        return STORES[self.account][self.region]

    def arn(self, noun: str, name: str) -> str:
        """The ARN of a resource: `training-job`, `model`, `endpoint-config`, `endpoint`."""
        return f"arn:{self.partition}:sagemaker:{self.region}:{self.account}:{noun}/{name}"

    def client(self, service: str) -> Any:
        """A client of the gateway, as this account."""
        clients = connect_to(aws_access_key_id=self.account, region_name=self.region)
        return getattr(clients, service)

    def container_environment(self) -> dict[str, str]:
        """What every container knows of AWS: region, credentials, and the way to it."""
        return {
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCESS_KEY_ID": self.account,
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_ENDPOINT_URL": settings().endpoint_url,
        }
