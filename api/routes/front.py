"""What every request passes: it gets an id, is refused when it is too long or one too many, is
counted, and leaves one line in the log.
"""

import hashlib
import logging
import re
import time
import uuid
from http import HTTPStatus

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.core.counters import Counters
from api.core.drain import Drain
from api.core.request_log import FIELDS, REQUEST_ID
from api.routes.problems import problem
from api.settings import ApiSettings

LOG = logging.getLogger("api.requests")

SANE_ID = re.compile(r"[A-Za-z0-9._:/=+@-]{1,128}")
WITH_BODY = {"POST", "PUT", "PATCH"}
UNLIMITED = ("/v1/health", "/health", "/v1/events", "/events", "/pages/")
"""Health must be told while all places are taken, and who watches does not take one for ever."""

RETRY_SECONDS = 1


class TooLongError(Exception):
    """The body is longer than it may be."""


class Exchange:
    """A request and what became of it."""

    def __init__(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        self.id = given if SANE_ID.fullmatch(given) else uuid.uuid4().hex
        self.agent = headers.get("user-agent", "")
        self.scope = scope
        self.status = HTTPStatus.INTERNAL_SERVER_ERROR.value
        self.bytes_in = 0
        self.bytes_out = 0
        self._started = time.perf_counter()

    @property
    def milliseconds(self) -> float:
        """How long it has taken."""
        return round((time.perf_counter() - self._started) * 1000, 3)

    @property
    def route(self) -> str:
        """The route as it was declared: paths have no end, and neither have methods."""
        path = getattr(self.scope.get("route"), "path", "")
        known = path and self.status != HTTPStatus.METHOD_NOT_ALLOWED
        return f"{self.scope['method']} {path}" if known else "unmatched"

    def log(self) -> None:
        """One line."""
        fields = {
            "method": self.scope["method"],
            "path": self.scope["path"],
            "route": self.route,
            "status": self.status,
            "milliseconds": self.milliseconds,
            "bytes_in": self.bytes_in,
            "bytes_out": self.bytes_out,
            "client": (self.scope.get("client") or ("",))[0],
            "user_agent": self.agent,
        }
        LOG.info("request", extra={FIELDS: fields})


class Front:
    """The middleware."""

    def __init__(
        self, app: ASGIApp, settings: ApiSettings, counters: Counters, drain: Drain
    ) -> None:
        self._app = app
        self._settings = settings
        self._counters = counters
        self._drain = drain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = Exchange(scope)
        scope.setdefault("state", {})["request_id"] = exchange.id
        token = REQUEST_ID.set(exchange.id)
        try:
            await self._admit(exchange, receive, self._sending(exchange, send))
        finally:
            self._counters.note(exchange.route, exchange.status, exchange.milliseconds)
            exchange.log()
            REQUEST_ID.reset(token)

    def _sending(self, exchange: Exchange, send: Send) -> Send:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                exchange.status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = exchange.id
                if self._drain.is_on:
                    # Who keeps the connection would ask a port that is closed by then.
                    headers["Connection"] = "close"
            exchange.bytes_out += len(message.get("body", b""))
            await send(message)

        return sending

    async def _admit(self, exchange: Exchange, receive: Receive, send: Send) -> None:
        if exchange.scope["path"].startswith(UNLIMITED):
            await self._read(exchange, receive, send)
            return
        if self._counters.under_way >= self._settings.max_concurrent:
            self._counters.refused += 1
            await self._refuse_one_too_many(exchange, receive, send)
            return
        self._counters.under_way += 1
        try:
            await self._read(exchange, receive, send)
        finally:
            self._counters.under_way -= 1

    async def _refuse_one_too_many(self, exchange: Exchange, receive: Receive, send: Send) -> None:
        sentence = f"{self._settings.max_concurrent} requests are being answered: ask again soon."
        headers = {"Retry-After": str(RETRY_SECONDS)}
        answer = problem(
            Request(exchange.scope), HTTPStatus.SERVICE_UNAVAILABLE, sentence, headers=headers
        )
        await answer(exchange.scope, receive, send)

    async def _read(self, exchange: Exchange, receive: Receive, send: Send) -> None:
        """The whole body first: what is too long reaches nobody."""
        scope = exchange.scope
        if scope["method"] not in WITH_BODY:
            await self._app(scope, receive, send)
            return
        try:
            body = await self._body(exchange, receive)
        except TooLongError:
            sentence = f"The body is longer than {self._settings.max_body_bytes} bytes."
            # The rest of it is not read, so the connection is of no further use.
            headers = {"Connection": "close"}
            answer = problem(
                Request(scope), HTTPStatus.CONTENT_TOO_LARGE, sentence, headers=headers
            )
            await answer(scope, receive, send)
            return
        scope["state"]["body_digest"] = hashlib.sha256(body).hexdigest()
        await self._app(scope, _again(body, receive), send)

    async def _body(self, exchange: Exchange, receive: Receive) -> bytes:
        said = Headers(scope=exchange.scope).get("content-length", "")
        if said.isdecimal() and int(said) > self._settings.max_body_bytes:
            raise TooLongError
        parts = bytearray()
        while True:
            message = await receive()
            parts += message.get("body", b"")
            exchange.bytes_in = len(parts)
            if len(parts) > self._settings.max_body_bytes:
                raise TooLongError
            if not message.get("more_body", False):
                return bytes(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """The body once more, and then whatever else comes."""
    told = False

    async def receiving() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receiving
