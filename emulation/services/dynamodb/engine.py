"""Requests on their way to the engine and back: whose they are, ARNs, and AWS's words.

DynamoDB Local names every table `arn:aws:dynamodb:ddblocal:000000000000:table/...` and says some
things in words of its own; AWS's stand in their place here.
"""

import json
import re
from binascii import crc32
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.http import Response

from emulation.compute.dynamodb import Answer, DynamoDbEngine, EngineFailedError
from emulation.services.dynamodb.errors import internal_server_error
from emulation.settings import settings, system_environment

Members = dict[str, Any]

LOCAL_REGION = b'"awsRegion":"ddblocal"'
LOCAL = "arn:aws:dynamodb:ddblocal:000000000000:"
TABLE_OPERATIONS = {"DescribeTable", "DeleteTable", "UpdateTable", "UpdateTimeToLive"} | {
    "DescribeTimeToLive"
}
NO_SUCH_TABLE = "Cannot do operations on a non-existent table"
TAKEN = "Cannot create preexisting table"
KEY_MISSING = "One of the required keys was not given a value"


ENGINE = DynamoDbEngine(lambda: settings().folder("dynamodb"), system_environment)
"""The emulator's one engine; it starts with its first request."""


def forward(context: RequestContext, request: Members | None = None) -> Answer:
    """The engine's answer, with the account's and region's ARNs.

    `request` is sent in the place of what came. The answer may be an error.
    """
    body = context.request.get_data() if request is None else json.dumps(request).encode()
    prefix = context.service.metadata["targetPrefix"]
    try:
        answer = ENGINE.call(
            f"{prefix}.{context.operation.name}",
            body.replace(arn_prefix(context).encode(), LOCAL.encode()),
            account=context.account_id,
            region=context.region,
        )
    except EngineFailedError as error:
        raise internal_server_error(str(error)) from error
    return Answer(answer.status, made_ours(context, answer.body))


def made_ours(context: RequestContext, body: bytes) -> bytes:
    """What the engine says, of the caller's account and region."""
    ours = body.replace(LOCAL.encode(), arn_prefix(context).encode())
    return ours.replace(LOCAL_REGION, f'"awsRegion":"{context.region}"'.encode())


def arn_prefix(context: RequestContext) -> str:
    """How the ARNs of a region begin."""
    return f"arn:{context.partition}:dynamodb:{context.region}:{context.account_id}:"


def pass_on(context: RequestContext) -> Response:
    """Answer with what the engine says."""
    return response(context, forward(context))


def response(context: RequestContext, answer: Answer) -> Response:
    """The engine's answer as the gateway's, with the checksum that SDKs verify."""
    body = answer.body if answer.status == 200 else corrected(context, answer.body)
    headers = {
        "Content-Type": "application/x-amz-json-1.0",
        "x-amz-crc32": str(crc32(body)),
        "x-amzn-RequestId": context.request_id or "",
    }
    return Response(body, status=answer.status, headers=headers)


def members(context: RequestContext, answer: Answer) -> Members:
    """What a successful answer says.

    Raises:
        CommonServiceException: the engine refused.
    """
    said: Members = json.loads(
        answer.body if answer.status == 200 else corrected(context, answer.body)
    )
    if answer.status != 200:
        raise CommonServiceException(
            said["__type"].rpartition("#")[2],
            message_of(said),
            answer.status,
            sender_fault=answer.status < 500,
        )
    return said


def message_of(error: Members) -> str:
    """DynamoDB spells it both ways."""
    return str(error.get("message") or error.get("Message") or "")


def corrected(context: RequestContext, body: bytes) -> bytes:
    """An error in AWS's words where the engine has others."""
    try:
        error: Members = json.loads(body)
    except ValueError:
        return body
    words = aws_words(context, message_of(error))
    if words is not None:
        error.pop("Message", None)
        error["message"] = words
    return json.dumps(error).encode()


def aws_words(context: RequestContext, message: str) -> str | None:
    """AWS's sentence, None where the engine's is AWS's."""
    request = context.service_request or {}
    name = re.sub(r"^arn:.*:table/", "", str(request.get("TableName", "")))
    if message == NO_SUCH_TABLE:
        if context.operation.name in TABLE_OPERATIONS:
            return f"Requested resource not found: Table: {name} not found"
        return "Requested resource not found"
    if message == KEY_MISSING and context.operation.name != "PutItem":
        return "The provided key element does not match the schema"
    if message == TAKEN:
        return f"Table already exists: {name}"
    return None
