"""A request to a target and its answer back, both as they come: nothing is held up to be whole."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable
from typing import Any

from aiohttp import (
    ClientConnectionError,
    ClientError,
    ClientPayloadError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
    web,
)
from aiohttp.client_exceptions import ClientConnectorError
from multidict import CIMultiDict
from yarl import URL

from emulation.compute.load_balancing import headers, stickiness
from emulation.compute.load_balancing.answers import page
from emulation.compute.load_balancing.exchange import Exchange
from emulation.compute.load_balancing.plan import Action
from emulation.compute.load_balancing.targets import LiveTarget

CONNECT_SECONDS = 10.0
"""A target that takes no connection for so long is answered for with 504."""

IDLE_CONNECTION_SECONDS = 4.0
"""Servers close connections that idle; uvicorn, the least patient of the usual ones, after 5 s."""

WHOLE_BYTES = 65536
"""Bodies up to here travel in one piece."""

LONGEST_LINE = 65536


class Passed(web.StreamResponse):
    """A target's answer: no header is made up for it."""

    async def _prepare_headers(self) -> None:
        names = set(self.headers)
        await super()._prepare_headers()
        for name in ("Content-Type", "Server"):
            if name not in names:
                self.headers.pop(name, None)


def session() -> ClientSession:
    """The one session to all targets."""
    return ClientSession(
        connector=TCPConnector(limit=0, keepalive_timeout=IDLE_CONNECTION_SECONDS),
        cookie_jar=DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        max_line_size=LONGEST_LINE,
        max_field_size=LONGEST_LINE,
    )


def url_of(target: LiveTarget, path: str) -> URL:
    """A target's address; the path stays as the client wrote it."""
    return URL(f"http://{target.target.address}:{target.target.port}{path}", encoded=True)


async def body_of(exchange: Exchange) -> Any:
    """What a request carries: the bytes of a small one, otherwise what comes, as it comes."""
    request = exchange.request
    if not request.can_read_body:
        return None
    length = request.content_length
    if length is not None and length <= WHOLE_BYTES:
        data = await request.content.read(-1)
        exchange.received = len(data)
        return data
    return counted(exchange)


async def counted(exchange: Exchange) -> AsyncIterator[bytes]:
    """A body in pieces."""
    async for piece in exchange.request.content.iter_any():
        exchange.received += len(piece)
        yield piece


async def forward(
    client: ClientSession, exchange: Exchange, action: Action, target: LiveTarget
) -> web.StreamResponse:
    """Pass a request on and its answer back; errors become the pages that ALB gives."""
    server = exchange.listener.server_header
    try:
        answer = await ask(client, exchange, target)
    except TimeoutError:
        exchange.connection_error = exchange.forwarded is None
        return page(504, server=server)
    except ClientConnectorError:
        exchange.connection_error = True
        return page(502, server=server)
    except (ClientError, OSError, ValueError):
        return page(502, server=server)
    async with answer:
        return await pass_back(exchange, action, target, answer)


async def ask(client: ClientSession, exchange: Exchange, target: LiveTarget) -> ClientResponse:
    """Send a request; the beginning of the answer.

    Raises:
        ClientError, OSError, ValueError: the target did not answer, or not in HTTP.
        TimeoutError: not in time.
    """
    request, balancer = exchange.request, exchange.balancer
    peer = peer_of(request)
    sent = headers.forwarded(request.headers, balancer, peer, exchange.listener.port)
    exchange.trace = sent[headers.TRACE]
    data = await body_of(exchange)
    exchange.forwarded = time.time()
    answer = await client.request(
        request.method,
        url_of(target, exchange.path),
        headers=sent,
        data=data,
        allow_redirects=False,
        timeout=ClientTimeout(
            total=None, sock_connect=CONNECT_SECONDS, sock_read=balancer.idle_seconds
        ),
    )
    exchange.answered = time.time()
    exchange.target_status = answer.status
    return answer


def peer_of(request: web.BaseRequest) -> tuple[str, int]:
    """Who asks."""
    peer = request.transport.get_extra_info("peername") if request.transport else None
    return (peer[0], peer[1]) if peer else (request.remote or "127.0.0.1", 0)


async def pass_back(
    exchange: Exchange, action: Action, target: LiveTarget, answer: ClientResponse
) -> web.StreamResponse:
    """Send an answer on as it comes; one that breaks off breaks off for the client too."""
    out: CIMultiDict[str] = headers.passed(answer.headers)
    out.update(exchange.listener.headers)
    stickiness.remember(out, action, target, answer)
    response = Passed(status=answer.status, reason=answer.reason, headers=out)
    request = exchange.request
    length = answer.content_length
    try:
        if length is not None and length <= WHOLE_BYTES:
            data = await answer.read()
            await response.prepare(request)
            await response.write_eof(data)
        else:
            await response.prepare(request)
            async for piece in answer.content.iter_any():
                await response.write(piece)
            await response.write_eof()
    except (ClientPayloadError, ClientConnectionError, TimeoutError):
        if not response.prepared:
            return page(502, server=exchange.listener.server_header)
        if request.transport:
            request.transport.abort()
    exchange.sent = response.body_length
    return response


async def until_let_go(
    exchange: Exchange, target: LiveTarget, work: Awaitable[web.StreamResponse]
) -> web.StreamResponse:
    """The work on a request; cut off with 502 when its target's time to drain is over."""
    task = asyncio.current_task()
    assert task is not None
    exchange.let_go = task.cancel
    target.in_flight.add(exchange)
    try:
        return await work
    except asyncio.CancelledError:
        if not exchange.cut:
            raise
        task.uncancel()
        request = exchange.request
        if request.writer.output_size and request.transport:
            request.transport.abort()
        return page(502, server=exchange.listener.server_header)
    finally:
        target.in_flight.discard(exchange)
