"""Who asks SageMaker, and what follows from it."""

from emulation.services import scope
from emulation.services.sagemaker.store import STORES, SageMakerStore
from emulation.settings import settings


class Scope(scope.Scope):
    """One account in one region, as SageMaker sees it."""

    __slots__ = ()

    @property
    def store(self) -> SageMakerStore:
        """Its state."""
        return STORES[self.account][self.region]

    def arn(self, noun: str, name: str) -> str:
        """The ARN of a resource: `training-job`, `model`, `endpoint-config`, `endpoint`."""
        return super().arn("sagemaker", f"{noun}/{name}")

    def container_environment(self) -> dict[str, str]:
        """What every container knows of AWS: region, credentials, and the way to it."""
        return {
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCESS_KEY_ID": self.account,
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_ENDPOINT_URL": settings().endpoint_url,
        }
