"""Web sockets through a load balancer: messages, pings and the closing pass both ways."""

import asyncio
import time
from typing import Any

from aiohttp import (
    ClientError,
    ClientSession,
    ClientWebSocketResponse,
    ClientWSTimeout,
    WSMsgType,
    WSServerHandshakeError,
    web,
)

from emulation.compute.load_balancing import headers
from emulation.compute.load_balancing.answers import page
from emulation.compute.load_balancing.exchange import Exchange
from emulation.compute.load_balancing.forwarding import peer_of, url_of
from emulation.compute.load_balancing.targets import LiveTarget

CLOSE_SECONDS = 5.0
HANDSHAKE = "sec-websocket-"


def is_handshake(request: web.BaseRequest) -> bool:
    """Whether a request asks for a web socket."""
    return request.method == "GET" and request.headers.get("Upgrade", "").lower() == "websocket"


async def tunnel(
    client: ClientSession, exchange: Exchange, target: LiveTarget
) -> web.StreamResponse:
    """Open a web socket to a target and join the client's to it."""
    server = exchange.listener.server_header
    try:
        behind = await connect(client, exchange, target)
    except WSServerHandshakeError as error:
        exchange.answered, exchange.target_status = time.time(), error.status
        return page(error.status, server=server)
    except TimeoutError:
        return page(504, server=server)
    except (ClientError, OSError):
        exchange.connection_error = True
        return page(502, server=server)
    exchange.answered, exchange.target_status = time.time(), 101
    chosen = [behind.protocol] if behind.protocol else []
    front = web.WebSocketResponse(
        autoping=False, autoclose=False, protocols=chosen, compress=False, max_msg_size=0
    )
    async with behind:
        await front.prepare(exchange.request)
        await both_ways(front, behind, exchange.balancer.idle_seconds)
    return front


async def connect(
    client: ClientSession, exchange: Exchange, target: LiveTarget
) -> ClientWebSocketResponse:
    """The target's side of a web socket.

    Raises:
        WSServerHandshakeError: it answers something else.
        ClientError, OSError, TimeoutError: it does not answer.
    """
    request, balancer = exchange.request, exchange.balancer
    sent = headers.forwarded(request.headers, balancer, peer_of(request), exchange.listener.port)
    exchange.trace = sent[headers.TRACE]
    for name in [name for name in sent if name.lower().startswith(HANDSHAKE)]:
        sent.popall(name, None)
    asked = request.headers.get("Sec-WebSocket-Protocol", "")
    exchange.forwarded = time.time()
    async with asyncio.timeout(balancer.idle_seconds):
        return await client.ws_connect(
            url_of(target, exchange.path),
            headers=sent,
            protocols=[name.strip() for name in asked.split(",") if name.strip()],
            autoping=False,
            autoclose=False,
            max_msg_size=0,
            timeout=ClientWSTimeout(ws_close=CLOSE_SECONDS),
        )


async def both_ways(
    front: web.WebSocketResponse, behind: ClientWebSocketResponse, idle_seconds: float
) -> None:
    """Pass messages until one side closes or neither says anything for the idle time."""
    idle = asyncio.timeout(idle_seconds)
    try:
        async with idle, asyncio.TaskGroup() as tasks:
            loop = asyncio.get_running_loop()

            def heard() -> None:
                idle.reschedule(loop.time() + idle_seconds)

            tasks.create_task(pass_on(front, behind, heard))
            tasks.create_task(pass_on(behind, front, heard))
    except TimeoutError:
        await front.close(code=1001)


async def pass_on(source: Any, sink: Any, heard: Any) -> None:
    """One direction, until its source closes."""
    send = {
        WSMsgType.TEXT: sink.send_str,
        WSMsgType.BINARY: sink.send_bytes,
        WSMsgType.PING: sink.ping,
        WSMsgType.PONG: sink.pong,
    }
    while (message := await source.receive()).type in send:
        heard()
        try:
            await send[message.type](message.data)
        except ConnectionError:
            break
    code = message.data if message.type is WSMsgType.CLOSE else source.close_code or 1006
    await sink.close(code=code if code not in {1005, 1006} else 1000, message=closing(message))


def closing(message: Any) -> bytes:
    """The reason that a closing gives."""
    return str(message.extra or "").encode() if message.type is WSMsgType.CLOSE else b""
