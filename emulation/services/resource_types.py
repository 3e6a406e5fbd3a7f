"""What our CloudFormation resource types share: names, identifiers, the answers of a step."""

from typing import Any, ClassVar

from localstack.services.cloudformation import provider_utils
from localstack.services.cloudformation.resource_provider import (
    OperationStatus,
    ProgressEvent,
    ResourceProvider,
    ResourceRequest,
)

Model = dict[str, Any]


class ResourceType(ResourceProvider[Model]):
    """A resource type that calls the service's own operations, as any client would.

    Subclasses set `TYPE` and `IDENTIFIER` (the property that `Ref` gives) and write create, update
    and delete. CloudFormation calls a step again after `in_progress`, with the model and context of
    the last answer.
    """

    TYPE: ClassVar[str]
    IDENTIFIER: ClassVar[str]
    SCHEMA: ClassVar[dict[str, Any]]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if hasattr(cls, "IDENTIFIER"):
            cls.SCHEMA = {
                "typeName": cls.TYPE,
                "primaryIdentifier": [f"/properties/{cls.IDENTIFIER}"],
            }

    @staticmethod
    def default_name(request: ResourceRequest[Model]) -> str:
        """The physical name of a resource whose template names none."""
        return provider_utils.generate_default_name(
            stack_name=request.stack_name, logical_resource_id=request.logical_resource_id
        )

    @staticmethod
    def done(model: Model) -> ProgressEvent[Model]:
        """The step is finished; `Ref` and `GetAtt` read the model."""
        return ProgressEvent(status=OperationStatus.SUCCESS, resource_model=model)

    @staticmethod
    def in_progress(model: Model, **context: Any) -> ProgressEvent[Model]:
        """Call again; `context` is what the next call finds in `request.custom_context`."""
        return ProgressEvent(
            status=OperationStatus.IN_PROGRESS, resource_model=model, custom_context=context
        )

    @staticmethod
    def failed(model: Model, message: str) -> ProgressEvent[Model]:
        """The resource fails its stack with this reason."""
        return ProgressEvent(status=OperationStatus.FAILED, resource_model=model, message=message)
