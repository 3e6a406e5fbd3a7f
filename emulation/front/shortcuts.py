"""Hot operations that need not go through the gateway's chain of handlers.

A service registers a shortcut for the requests that it sees most; whatever is unusual in a request
(how it is signed, encoded or asked for) or wrong with it goes the long way, which answers all. What
the chain gives is kept: account and region of the caller, the request log, a request's id.
"""

import logging
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import uuid4

from localstack.aws.accounts import get_account_id_from_access_key_id
from localstack.aws.handlers.region import DefaultRegionRewriterStrategy

LOG = logging.getLogger("localstack.request.aws")

Headers = list[tuple[bytes, bytes]]

UNUSUAL = {b"origin", b"content-encoding", b"x-localstack-data"}
"""Browsers, packed bodies, the gateway's own calls."""

_CREDENTIAL = re.compile(rb"AWS4-HMAC-SHA256 Credential=([^/]+)/[^/]+/([^/]+)/([^/]+)/aws4_request")


class Caller(NamedTuple):
    """Who asks, and where."""

    account: str
    region: str


class Reply(NamedTuple):
    """A success."""

    headers: Headers
    body: bytes


class Shortcut(NamedTuple):
    """A hot operation that fits a request: `answer` takes the caller and the body, and gives None
    when the request has to go the long way after all, having changed nothing.
    """

    service: str
    operation: str
    answer: Callable[[Caller, bytes], Reply | None]
    in_thread: bool = False
    """Whether it takes too long for the loop, on which everybody waits."""


Matcher = Callable[[Any, Mapping[bytes, bytes]], Shortcut | None]
"""Takes the ASGI scope and the headers of a request."""

_MATCHERS: dict[bytes, Matcher] = {}


def register(service: str, matcher: Matcher) -> None:
    """Take the requests of a service that a matcher knows the short way."""
    _MATCHERS[service.encode()] = matcher


def shortcut(scope: Any) -> tuple[Shortcut, Caller] | None:
    """The short way of a request, if it has one."""
    headers = dict(scope["headers"])
    found = _CREDENTIAL.match(headers.get(b"authorization", b""))
    matcher = found and _MATCHERS.get(found[3])
    # Who debugs wants to see bodies, which the gateway logs.
    if not found or not matcher or LOG.isEnabledFor(logging.DEBUG):
        return None
    caller = _caller(found[1], found[2]) if UNUSUAL.isdisjoint(headers) else None
    matched = caller and matcher(scope, headers)
    return (matched, caller) if matched and caller else None


def reply(found: Shortcut, caller: Caller, body: bytes) -> Reply | None:
    """The whole reply of the short way, told in the log; None for the long way."""
    answered = found.answer(caller, body)
    if answered:
        LOG.info("AWS %s.%s => %s", found.service, found.operation, 200)
    return answered


def by_target(
    service: str, content_type: str, answers: Mapping[str, Callable[[Caller, bytes], bytes | None]]
) -> Matcher:
    """Matches the operations of a JSON protocol by their target in X-Amz-Target."""
    shortcuts = {
        target.encode(): Shortcut(service, target.partition(".")[2], _typed(content_type, answer))
        for target, answer in answers.items()
    }

    def match(scope: Any, headers: Mapping[bytes, bytes]) -> Shortcut | None:
        usual = scope["method"] == "POST" and not scope["query_string"]
        if not usual or headers.get(b"content-type") != content_type.encode():
            return None
        return shortcuts.get(headers.get(b"x-amz-target", b""))

    return match


def _typed(
    content_type: str, answer: Callable[[Caller, bytes], bytes | None]
) -> Callable[[Caller, bytes], Reply | None]:
    def typed(caller: Caller, body: bytes) -> Reply | None:
        written = answer(caller, body)
        if written is None:
            return None
        headers = [
            (b"content-type", content_type.encode()),
            (b"content-length", b"%d" % len(written)),
            (b"x-amzn-requestid", str(uuid4()).encode()),
        ]
        return Reply(headers, written)

    return typed


@lru_cache(maxsize=1024)
def _caller(access_key: bytes, region: bytes) -> Caller | None:
    """The caller of a credential; None for a region that the gateway would rewrite."""
    asked = region.decode("latin1")
    if asked not in DefaultRegionRewriterStrategy().available_regions:
        return None
    return Caller(get_account_id_from_access_key_id(access_key.decode("latin1")), asked)
