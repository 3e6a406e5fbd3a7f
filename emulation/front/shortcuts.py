"""Hot operations that need not go through the gateway's chain of handlers.

A service registers a shortcut for the requests that it sees most; whatever is unusual in a request
(how it is signed, encoded or asked for) or wrong with it goes the long way, which answers all. What
the chain gives is kept: account and region of the caller, the request log, a request's id.
"""

import logging
import re
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, NamedTuple
from uuid import uuid4

from localstack.aws.accounts import get_account_id_from_access_key_id
from localstack.aws.handlers.region import DefaultRegionRewriterStrategy

LOG = logging.getLogger("localstack.request.aws")

Headers = list[tuple[bytes, bytes]]

UNUSUAL = {b"origin", b"content-encoding", b"x-localstack-data"}
"""Browsers, packed bodies, the gateway's own calls."""

_CREDENTIAL = re.compile(rb"AWS4-HMAC-SHA256 Credential=([^/]+)/[^/]+/([^/]+)/[^/]+/aws4_request")


class Caller(NamedTuple):
    """Who asks, and where."""

    account: str
    region: str


class Reply(NamedTuple):
    """A success."""

    headers: Headers
    body: bytes


class Operation(NamedTuple):
    """A hot operation: `answer` gives the body of a success, or None for the long way round."""

    service: str
    name: str
    answer: Callable[[Caller, bytes], bytes | None]


_TARGETS: dict[tuple[bytes, bytes], Operation] = {}


def register(content_type: str, target: str, operation: Operation) -> None:
    """Take the requests of a target in X-Amz-Target and of a content type the short way."""
    _TARGETS[target.encode(), content_type.encode()] = operation


def shortcut(scope: Any) -> Callable[[bytes], Reply | None] | None:
    """The short way of a request, if it has one."""
    headers = dict(scope["headers"])
    content_type = headers.get(b"content-type", b"")
    operation = _TARGETS.get((headers.get(b"x-amz-target", b""), content_type))
    # The log of bodies is written by the gateway.
    if operation is None or not UNUSUAL.isdisjoint(headers) or LOG.isEnabledFor(logging.DEBUG):
        return None
    found = _CREDENTIAL.match(headers.get(b"authorization", b""))
    caller = found and _caller(*found.groups())
    if caller is None or scope["query_string"] or scope["method"] != "POST":
        return None
    return partial(_reply, operation, caller, content_type)


def _reply(operation: Operation, caller: Caller, content_type: bytes, body: bytes) -> Reply | None:
    answer = operation.answer(caller, body)
    if answer is None:
        return None
    LOG.info("AWS %s.%s => %s", operation.service, operation.name, 200)
    headers = [
        (b"content-type", content_type),
        (b"content-length", b"%d" % len(answer)),
        (b"x-amzn-requestid", str(uuid4()).encode()),
    ]
    return Reply(headers, answer)


@lru_cache(maxsize=1024)
def _caller(access_key: bytes, region: bytes) -> Caller | None:
    """The caller of a credential; None for a region that the gateway would rewrite."""
    asked = region.decode("latin1")
    if asked not in DefaultRegionRewriterStrategy().available_regions:
        return None
    return Caller(get_account_id_from_access_key_id(access_key.decode("latin1")), asked)
