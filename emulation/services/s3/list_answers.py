"""The short way out for lists of objects: to write a thousand of them takes the general serializer
longer than all the rest of the request. It still writes what stands around them.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

from localstack.aws.api import RequestContext
from localstack.aws.protocol.serializer import create_serializer
from localstack.http import Response

END = b"</ListBucketResult>"


def response(context: RequestContext, listed: dict[str, Any]) -> Response:
    """The response of ListObjects or ListObjectsV2; the order of elements says nothing in it."""
    context.service_response = listed
    around = {name: value for name, value in listed.items() if name != "Contents"}
    serializer = create_serializer(context.service, context.protocol)
    written = serializer.serialize_to_response(
        around, context.operation, context.request.headers, context.request_id
    )
    contents = "".join(map(content, listed.get("Contents", []))).encode()
    written.set_data(written.data.rpartition(END)[0] + contents + END)
    return written


def content(item: dict[str, Any]) -> str:
    """One object of a list."""
    return f"<Contents>{''.join(elements(item))}</Contents>"


def elements(item: dict[str, Any]) -> Iterator[str]:
    """The members of a structure, as elements."""
    for name, value in item.items():
        if value is None:
            continue
        if isinstance(value, datetime):
            text = f"{value:%Y-%m-%dT%H:%M:%S}.000Z"
        elif isinstance(value, bool):
            text = str(value).lower()
        elif isinstance(value, dict):
            text = "".join(elements(value))
        else:
            # Of lists there are only the algorithms of checksums, at most one of them.
            text = escape(str(value[0] if isinstance(value, list) else value))
        yield f"<{name}>{text}</{name}>"
