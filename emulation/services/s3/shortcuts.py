"""The short way of HeadObject, GetObject and PutObject of one small, plain object.

It is the provider that answers; what is left out is the general way from HTTP to its arguments and
back. A request with a header, a query or a host that is not expected goes the long way, as does
one that anything is wrong with.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from io import BytesIO
from typing import Any

from localstack.aws.api import RequestContext
from localstack.aws.api.core import ServiceException
from localstack.aws.spec import load_service
from localstack.http import Request
from localstack.utils.aws.arns import get_partition

from emulation.front.shortcuts import Caller, Reply, Shortcut, register

LARGEST = 1024 * 1024
"""Larger objects are sent as they are read; in bytes."""

PATH = re.compile(r"/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(.+)", re.DOTALL)
HOST = re.compile(rb"(localhost|127\.0\.0\.1)(:\d+)?")

MARKS = {b"", b"x-id=HeadObject", b"x-id=GetObject", b"x-id=PutObject"}
"""Queries that say nothing that the method does not say."""

SILENT = {
    *(b"host", b"connection", b"expect", b"content-length", b"accept", b"accept-encoding"),
    *(b"authorization", b"x-amz-date", b"x-amz-content-sha256", b"x-amz-security-token"),
    *(b"user-agent", b"x-amz-user-agent", b"amz-sdk-invocation-id", b"amz-sdk-request"),
}
"""Headers that are no argument of an operation."""

PLAIN = {
    *("ChecksumMode", "ContentType", "CacheControl", "ContentDisposition", "ContentLanguage"),
    *("ChecksumAlgorithm", "ChecksumCRC32", "ChecksumCRC32C", "ChecksumCRC64NVME"),
    *("ChecksumSHA1", "ChecksumSHA256"),
}
"""Arguments that come in a header, and are a text."""

META = b"x-amz-meta-"


class HotOperation:
    """An operation on objects: its arguments from headers, and its answer in headers."""

    def __init__(self, name: str, method: Callable[[RequestContext, Any], Any]) -> None:
        self.name = name
        self._method = method
        self._service = load_service("s3")
        self._operation = self._service.operation_model(name)
        takes: dict[str, Any] = self._operation.input_shape.members
        gives: dict[str, Any] = self._operation.output_shape.members
        self._arguments = {
            takes[member].serialization["name"].lower().encode(): member
            for member in PLAIN & takes.keys()
        }
        self._metadata = "Metadata" in takes
        self._answered = {
            member: shape.serialization["name"]
            for member, shape in gives.items()
            if shape.serialization.get("location") in {"header", "headers"}
        }

    def arguments(self, headers: Mapping[bytes, bytes]) -> dict[str, Any] | None:
        """What the headers say; None when one of them is not expected."""
        found: dict[str, Any] = {}
        for name, value in headers.items():
            if not value.isascii():
                return None
            if member := self._arguments.get(name):
                found[member] = value.decode()
            elif name.startswith(META) and self._metadata:
                found.setdefault("Metadata", {})[name[len(META) :].decode()] = value.decode()
            elif name not in SILENT:
                return None
        return found

    def answer(
        self, method: str, arguments: dict[str, Any], caller: Caller, body: bytes
    ) -> Reply | None:
        """The reply, or None for the long way."""
        if method == "PUT":
            arguments |= {"Body": BytesIO(body), "ContentLength": len(body)}
        context = self._context(method, caller, arguments)
        try:
            answered = self._method(context, arguments)
        except (ServiceException, NotImplementedError):
            return None
        content = small_content(answered)
        if content is None:
            return None
        ids = (b"x-amz-request-id", context.request_id.encode())
        size = (b"content-length", str(answered.get("ContentLength", 0)).encode())
        return Reply([*self._headers(answered), size, ids], content)

    def _context(self, method: str, caller: Caller, arguments: dict[str, Any]) -> RequestContext:
        """What the provider wants to know beside the arguments."""
        path = f"/{arguments['Bucket']}/{arguments['Key']}"
        context = RequestContext(Request(method, path, remote_addr="127.0.0.1"))
        context.account_id, context.region = caller
        context.partition = get_partition(caller.region)
        context.service, context.operation = self._service, self._operation
        context.protocol = "rest-xml"
        context.service_request = arguments
        return context

    def _headers(self, answered: Mapping[str, Any]) -> Iterator[tuple[bytes, bytes]]:
        for member, value in answered.items():
            name = self._answered.get(member)
            if name is None or member == "ContentLength" or value is None:
                continue
            if member == "Metadata":
                for key, text in value.items():
                    yield META + key.encode(), text.encode()
            else:
                yield name.encode(), written(value).encode()


def small_content(answered: Mapping[str, Any]) -> bytes | None:
    """The object's bytes, or None when they are many."""
    body = answered.get("Body")
    if not body:
        return b""
    try:
        return body.read() if int(answered["ContentLength"]) <= LARGEST else None
    finally:
        body.close()


def written(value: Any) -> str:
    """A value as it stands in a header."""
    if isinstance(value, datetime):
        return format_datetime(value.astimezone(UTC), usegmt=True)
    return str(value).lower() if isinstance(value, bool) else str(value)


def install(provider: Any) -> None:
    """Take the hot operations the short way from now on."""
    operations = {
        "HEAD": HotOperation("HeadObject", provider.head_object),
        "GET": HotOperation("GetObject", provider.get_object),
        "PUT": HotOperation("PutObject", provider.put_object),
    }

    def match(scope: Any, headers: Mapping[bytes, bytes]) -> Shortcut | None:
        operation = operations.get(scope["method"])
        place = PATH.fullmatch(scope["path"])
        if not operation or not place or not is_plain(scope, headers):
            return None
        arguments = operation.arguments(headers)
        if arguments is None:
            return None
        arguments |= {"Bucket": place[1], "Key": place[2]}
        answer = partial(operation.answer, scope["method"], arguments)
        return Shortcut("s3", operation.name, answer, in_thread=True)

    register("s3", match)


def is_plain(scope: Any, headers: Mapping[bytes, bytes]) -> bool:
    """Whether the host is ours, nothing is asked in the query, and the body is as it seems."""
    return bool(
        HOST.fullmatch(headers.get(b"host", b""))
        and scope["query_string"] in MARKS
        and not headers.get(b"x-amz-content-sha256", b"").startswith(b"STREAMING")
        and int(headers.get(b"content-length", b"0")) <= LARGEST
    )
