"""The short way out for answers with many records: the general serializer takes longer to write
them than the engine to store or read them.
"""

import json
from base64 import b64encode
from datetime import datetime
from typing import Any

from localstack.aws.api import RequestContext
from localstack.http import Response

JSON = "application/x-amz-json-1.1"


def answer(context: RequestContext, content: dict[str, Any]) -> Response | dict[str, Any]:
    """The response of a caller who speaks JSON; for the others the content, as any answer."""
    headers = context.request.headers
    if context.request.mimetype != JSON or "cbor" in headers.get("Accept", ""):
        return content
    context.service_response = content
    body = json.dumps(content, default=plain, separators=(",", ":"))
    return Response(body, headers={"Content-Type": JSON, "x-amzn-RequestId": context.request_id})


def plain(value: bytes | datetime) -> str | float:
    """What JSON has no form for, as AWS writes it."""
    if isinstance(value, datetime):
        return value.timestamp()
    return b64encode(value).decode()
