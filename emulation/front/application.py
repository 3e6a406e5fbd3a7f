"""The gateway as an ASGI application: hot operations at once, all others in a thread.

A request reaches a thread when its body is there as a whole, and an answer of known length leaves
the thread in one piece: a hop between the loop and a thread costs as much as a small request.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import IO, Any, NamedTuple

from localstack import config
from rolo.asgi import populate_wsgi_environment
from rolo.gateway import Gateway
from rolo.gateway.asgi import AsgiGateway
from rolo.gateway.wsgi import WsgiGateway

from emulation.front.bodies import ON_LEAVE, AnswerBody, Disconnected, whole_body
from emulation.front.hosts import host_application
from emulation.front.shortcuts import Headers, Reply, reply, shortcut


class Answer(NamedTuple):
    """An answer whose beginning is read."""

    status: int
    headers: Headers
    start: bytes
    body: AnswerBody


class GatewayApplication:
    """Serves a gateway; one loop, many threads."""

    def __init__(self, gateway: Gateway) -> None:
        self._wsgi = WsgiGateway(gateway)
        self._threads = ThreadPoolExecutor(config.GATEWAY_WORKER_COUNT, "gateway")
        self._websockets = AsgiGateway(gateway, asyncio.get_running_loop())

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if other := host_application(scope):
            await other(scope, receive, send)
            return
        if scope["type"] != "http":
            await self._websockets(scope, receive, send)
            return
        try:
            body = await whole_body(receive)
        except Disconnected:
            return
        short = await self._shortly(scope, body)
        if short is None:
            await self._pass_on(scope, body, receive, send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": short.headers})
        await send({"type": "http.response.body", "body": short.body})

    async def _shortly(self, scope: Any, body: BytesIO | IO[bytes]) -> Reply | None:
        found = shortcut(scope)
        if not found or not isinstance(body, BytesIO):
            return None
        if not found[0].in_thread:
            return reply(*found, body.getvalue())
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, reply, *found, body.getvalue())

    async def _pass_on(self, scope: Any, body: IO[bytes], receive: Any, send: Any) -> None:
        loop = asyncio.get_running_loop()
        answer = await loop.run_in_executor(self._threads, self._answer, scope, body)
        await send(
            {
                "type": "http.response.start",
                "status": answer.status,
                "headers": answer.headers,
            }
        )
        more = not answer.body.is_read
        await send({"type": "http.response.body", "body": answer.start, "more_body": more})
        if more:
            await self._send_rest(answer.body, receive, send)

    def _answer(self, scope: Any, body: IO[bytes]) -> Answer:
        """The gateway's answer; runs in a thread."""
        environ: dict[str, Any] = {}
        populate_wsgi_environment(environ, scope)
        on_leave: list[Callable[[], None]] = []
        environ |= {"wsgi.input": body, "wsgi.input_terminated": True, ON_LEAVE: on_leave}
        begun: list[tuple[str, list[tuple[str, str]]]] = []
        parts = self._wsgi(environ, lambda status, headers, *_: begun.append((status, headers)))
        status, named = begun[0]
        headers = [(name.encode("latin1"), value.encode("latin1")) for name, value in named]
        known = any(name.lower() == b"content-length" for name, _ in headers)
        answered = AnswerBody(parts, known_length=known, on_leave=on_leave)
        # Where the length is not known, somebody may wait for the headers alone.
        return Answer(int(status[:3]), headers, answered.read() if known else b"", answered)

    async def _send_rest(self, body: AnswerBody, receive: Any, send: Any) -> None:
        loop = asyncio.get_running_loop()
        gone = asyncio.ensure_future(receive())
        gone.add_done_callback(lambda _: body.leave())
        try:
            while not body.is_read and not gone.done():
                piece = await loop.run_in_executor(self._threads, body.read)
                await send(
                    {"type": "http.response.body", "body": piece, "more_body": not body.is_read}
                )
        finally:
            gone.cancel()
            if not body.is_read:
                await loop.run_in_executor(self._threads, body.close)
