"""What cannot be read is the sender's fault: 400 with the protocol's own code, as on AWS.

LocalStack answers 500, which SDKs try again. It also takes base64 that is none as far as it can be
read, `"!!!"` as empty data, and stores that.
"""

from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from botocore.model import OperationNotFoundError
from localstack.aws.api import CommonServiceException, RequestContext
from localstack.aws.handlers.service import ServiceExceptionSerializer
from localstack.aws.protocol import parser
from localstack.aws.protocol.serializer import create_serializer
from localstack.http import Request
from localstack.utils.patch import patch

CBOR = "application/x-amz-cbor"
LONGEST_MESSAGE = 300
"""The parser's message quotes the value, which may be megabytes."""

UNREADABLE = {"query": "MalformedInput", "ec2": "MalformedInput", "rest-xml": "InvalidArgument"}
"""By protocol; the others call it SerializationException."""

UNKNOWN_OPERATION = {
    "query": ("InvalidAction", 400),
    "ec2": ("InvalidAction", 400),
    "rest-xml": ("MethodNotAllowed", 405),
    "rest-json": ("UnknownOperationException", 404),
}
"""By protocol; the others answer UnknownOperationException with 400."""

NOT_WELL_FORMED = (
    "The XML you provided was not well-formed or did not validate against our published schema"
)


def apply() -> None:
    """Patch the running gateway; called once, before it serves."""
    patch(ServiceExceptionSerializer.create_exception_response)(refuse)
    # Not by `patch`: 500 records of a request come by here.
    parser.BaseJSONRequestParser._parse_blob = parse_blob


def parse_blob(
    _: Any, request: Request, __: Any, node: Any, ___: Mapping[str, Any] | None = None
) -> bytes:
    """A blob in JSON; whoever calls makes a parser's error of a ValueError."""
    if isinstance(node, bytes) and request.mimetype.startswith(CBOR):
        return bytes(node)
    return b64decode(node, validate=True)


def refuse(create: Any, serializer: Any, exception: Exception, context: RequestContext) -> Any:
    """Answer a request that could not be parsed."""
    refusal = refusal_of(exception, context)
    if refusal is None:
        return create(serializer, exception, context)
    context.service_exception = refusal
    # No operation is known; the serializer asks for one and reads nothing from it but the service.
    operation = context.service.operation_model(context.service.operation_names[0])
    return create_serializer(context.service, context.protocol).serialize_error_to_response(
        refusal, operation, context.request.headers, context.request_id
    )


def refusal_of(exception: Exception, context: RequestContext) -> CommonServiceException | None:
    """The refusal that an exception of the parser is, None where it is no fault of the sender."""
    if not isinstance(exception, parser.RequestParserError):
        return None
    cause = exception.__cause__
    if isinstance(exception, parser.OperationNotFoundParserError) or isinstance(
        cause, OperationNotFoundError
    ):
        return unknown_operation(context)
    if isinstance(exception, parser.UnknownParserError) and not isinstance(
        cause, ArithmeticError | RecursionError
    ):
        return None
    return unreadable(exception, context)


def unknown_operation(context: RequestContext) -> CommonServiceException:
    """AWS has no such operation."""
    protocol, values = context.protocol, context.request.values
    code, status = UNKNOWN_OPERATION.get(protocol, ("UnknownOperationException", 400))
    if code == "InvalidAction":
        message = f"Could not find operation {values['Action']} for version {values.get('Version')}"
    elif code == "MethodNotAllowed":
        message = "The specified method is not allowed against this resource."
    else:
        message = ""
    return CommonServiceException(code, message, status, sender_fault=True)


def unreadable(exception: Exception, context: RequestContext) -> CommonServiceException:
    """A body that is not of its format, or a value that is not of its type."""
    code = UNREADABLE.get(context.protocol, "SerializationException")
    message = str(exception)
    if "Missing Action" in message:
        code, message = "MissingAction", "Missing Action"
    elif isinstance(exception.__cause__, SyntaxError):
        # ElementTree's error of parsing is one.
        code, message = "MalformedXML", NOT_WELL_FORMED
    elif len(message) > LONGEST_MESSAGE:
        message = f"{message[:LONGEST_MESSAGE]}..."
    return CommonServiceException(code, message, 400, sender_fault=True)
