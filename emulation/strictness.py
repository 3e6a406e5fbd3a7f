"""Where LocalStack reports success for work that it did not do, made to refuse."""

from typing import Any

from botocore.exceptions import ClientError
from localstack.aws import skeleton
from localstack.aws.api import CommonServiceException, RequestContext
from localstack.aws.handlers import service as service_handlers
from localstack.aws.protocol.serializer import create_serializer
from localstack.services.cloudformation.resource_provider import (
    OperationStatus,
    ProgressEvent,
    ResourceProviderExecutor,
)
from localstack.utils.patch import patch

from emulation import deletion, passive_metadata, replacement, resource_support, rollback


def apply() -> None:
    """Patch the running gateway; called once, before it serves."""
    patch(ResourceProviderExecutor.execute_action)(execute_action_strictly)
    for module in (service_handlers, skeleton):
        module.get_service_availability_exception = not_emulated
    patch(service_handlers.ServiceRequestRouter.create_not_implemented_response)(refuse)
    passive_metadata.apply()
    resource_support.apply()
    rollback.apply()
    deletion.apply()
    replacement.apply()


def not_emulated(service: str, operation: str | None = None, _: Any = None) -> Any:
    """The refusal of a whole service or of one operation; LocalStack's would name a licence."""
    name = f"{service}.{operation}" if operation else f"The service {service}"
    refusal = CommonServiceException("InternalFailure", f"{name} is not emulated", 501)
    refusal.error_code = 4
    return refusal


def refuse(_: Any, __: Any, context: RequestContext) -> Any:
    """Answer an operation that nobody wrote."""
    serializer = create_serializer(context.service, context.protocol)
    return serializer.serialize_error_to_response(
        not_emulated(context.service.service_name, context.operation.name),
        context.operation,
        context.request.headers,
        context.request_id,
    )


def execute_action_strictly(
    execute_action: Any, executor: Any, provider: Any, payload: dict[str, Any]
) -> Any:
    """Act through a provider whose failed or unwritten updates fail."""
    return execute_action(executor, StrictUpdates(provider), payload)


class StrictUpdates:
    """A resource provider whose `update` fails its resource where LocalStack would report success.

    LocalStack answers `UPDATE_COMPLETE` and changes nothing when an update is not written, and
    also when it raised an error that reads like "not found".
    """

    def __init__(self, provider: Any) -> None:
        self._provider = provider

    def __getattr__(self, name: str) -> Any:
        return getattr(self._provider, name)

    def update(self, request: Any) -> Any:
        """The provider's own update, or the reason why there is none."""
        try:
            return self._provider.update(request)
        except NotImplementedError:
            reason = f"Updates of {request.resource_type} are not emulated"
        except ClientError as error:
            reason = str(error)
        return ProgressEvent(status=OperationStatus.FAILED, resource_model={}, message=reason)
