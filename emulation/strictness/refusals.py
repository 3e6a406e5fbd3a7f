"""What nobody here computes is refused by its name; LocalStack's sentence would name a licence."""

from typing import Any

from localstack.aws import skeleton
from localstack.aws.api import CommonServiceException, RequestContext
from localstack.aws.handlers import service
from localstack.aws.protocol.serializer import create_serializer
from localstack.utils.patch import patch


def apply() -> None:
    """Patch the running gateway; called once, before it serves."""
    for module in (service, skeleton):
        module.get_service_availability_exception = not_emulated
    patch(service.ServiceRequestRouter.create_not_implemented_response)(refuse)


def not_emulated(service_name: str, operation: str | None = None, _: Any = None) -> Any:
    """The refusal of a whole service or of one operation."""
    name = f"{service_name}.{operation}" if operation else f"The service {service_name}"
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
