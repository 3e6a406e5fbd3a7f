"""Load balancers by their names, on the gateway's port: each request goes on to a listener's port.

The name says nothing of a listener: the one of port 80 is meant, or else the one of the lowest
port. Bodies pass as they come, and web sockets pass.
"""

import asyncio
from typing import Any

from aiohttp import (
    ClientError,
    ClientSession,
    ClientTimeout,
    ClientWebSocketResponse,
    DummyCookieJar,
    TCPConnector,
    WSMsgType,
    WSServerHandshakeError,
)
from multidict import CIMultiDict
from yarl import URL

from emulation.compute.load_balancing.headers import OF_A_CONNECTION
from emulation.compute.load_balancing.sockets import HANDSHAKE
from emulation.front import hosts
from emulation.services.elbv2 import ports
from emulation.services.elbv2.store import Listener, all_balancers

ENDING = ".elb.localhost"
USUAL_PORT = 80
IDLE_CONNECTION_SECONDS = 50.0
"""Shorter than the idle timeout that a load balancer has if nobody changes it."""

LONGEST_LINE = 65536


class GatewayDoor:
    """An ASGI application that leads to the proxy."""

    def __init__(self) -> None:
        self._session: ClientSession | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass one request on."""
        host = hosts.host_of(scope).decode("latin1")
        listener = listener_of(host)
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send, listener)
        elif listener is None:
            await plain(send, 404, f"No load balancer with a listener has the name {host}")
        else:
            await self._request(scope, receive, send, listener)

    @property
    def session(self) -> ClientSession:
        """The gateway's connections to the proxy."""
        if self._session is None:
            self._session = ClientSession(
                connector=TCPConnector(limit=0, keepalive_timeout=IDLE_CONNECTION_SECONDS),
                cookie_jar=DummyCookieJar(),
                auto_decompress=False,
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
                max_line_size=LONGEST_LINE,
                max_field_size=LONGEST_LINE,
                timeout=ClientTimeout(total=None),
            )
        return self._session

    async def _request(self, scope: Any, receive: Any, send: Any, listener: Listener) -> None:
        """One exchange, which ends when the client leaves."""
        begun, read = asyncio.Event(), asyncio.Event()
        exchange = asyncio.ensure_future(
            self._exchange(scope, await whole_or_parts(receive, read), send, listener, begun)
        )
        gone = asyncio.ensure_future(left(receive, read))
        try:
            await asyncio.wait({exchange, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not exchange.done():
                exchange.cancel()
                return
            exchange.result()
        except (ClientError, OSError) as error:
            # An answer that has begun breaks off: the server closes what is not complete.
            if not begun.is_set():
                await plain(send, 502, f"The load balancers' proxy does not answer: {error}")
        finally:
            gone.cancel()

    async def _exchange(
        self, scope: Any, data: Any, send: Any, listener: Listener, begun: asyncio.Event
    ) -> None:
        async with self.session.request(
            scope["method"],
            URL(address(scope, listener), encoded=True),
            headers=headers_of(scope),
            data=data,
            allow_redirects=False,
        ) as answer:
            told = [
                (name.lower(), value)
                for name, value in answer.raw_headers
                if name.lower() not in OWN
            ]
            begun.set()
            await send({"type": "http.response.start", "status": answer.status, "headers": told})
            async for piece in answer.content.iter_any():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})

    async def _socket(self, scope: Any, receive: Any, send: Any, listener: Listener | None) -> None:
        await receive()
        if listener is None:
            await send({"type": "websocket.close", "code": 1011})
            return
        sent = headers_of(scope)
        for name in [name for name in sent if name.lower().startswith(HANDSHAKE)]:
            sent.popall(name, None)
        try:
            behind = await self.session.ws_connect(
                URL(address(scope, listener), encoded=True),
                headers=sent,
                protocols=scope.get("subprotocols") or (),
                max_msg_size=0,
            )
        except (WSServerHandshakeError, ClientError, OSError):
            await send({"type": "websocket.close", "code": 1011})
            return
        async with behind:
            await send({"type": "websocket.accept", "subprotocol": behind.protocol})
            back = asyncio.create_task(told_back(behind, send))
            await passed_on(behind, receive)
            await behind.close()
            await back


CONNECTION = {name.encode() for name in OF_A_CONNECTION}
OWN = CONNECTION | {b"date"}
"""What the gateway's server says itself."""


def listener_of(host: str) -> Listener | None:
    """The listener that a name leads to."""
    for balancer in all_balancers():
        if balancer.host == host:
            found = sorted(balancer.listeners.values(), key=lambda listener: listener.port)
            usual = [listener for listener in found if listener.port == USUAL_PORT]
            return next(iter([*usual, *found]), None)
    return None


def address(scope: Any, listener: Listener) -> str:
    """Where the proxy takes a request; the path as the client wrote it."""
    query = f"?{scope['query_string'].decode('latin1')}" if scope["query_string"] else ""
    path = (scope.get("raw_path") or scope["path"].encode()).decode("latin1")
    return f"http://{ports.ADDRESS}:{listener.local_port}{path}{query}"


def headers_of(scope: Any) -> CIMultiDict[str]:
    """The headers that go on."""
    return CIMultiDict(
        (name.decode("latin1"), value.decode("utf-8", "surrogateescape"))
        for name, value in scope["headers"]
        if name not in CONNECTION
    )


async def whole_or_parts(receive: Any, read: asyncio.Event) -> Any:
    """A request's body: nothing, bytes, or pieces as they come; `read` tells that it was read."""
    first = await receive()
    if first.get("more_body"):
        return parts(first, receive, read)
    read.set()
    return first.get("body") or None


async def parts(first: Any, receive: Any, read: asyncio.Event) -> Any:
    """A body in pieces.

    Raises:
        OSError: the client has left.
    """
    message = first
    while message["type"] != "http.disconnect":
        yield message.get("body", b"")
        if not message.get("more_body"):
            read.set()
            return
        message = await receive()
    raise ConnectionResetError("the client has left")


async def left(receive: Any, read: asyncio.Event) -> None:
    """Wait until the client leaves."""
    await read.wait()
    while (await receive())["type"] != "http.disconnect":
        continue


async def plain(send: Any, status: int, text: str) -> None:
    """An answer of the gateway itself."""
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(text.encode()))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})


async def told_back(behind: ClientWebSocketResponse, send: Any) -> None:
    """What a target says, until it closes."""
    async for message in behind:
        if message.type is WSMsgType.TEXT:
            await send({"type": "websocket.send", "text": message.data})
        elif message.type is WSMsgType.BINARY:
            await send({"type": "websocket.send", "bytes": message.data})
    await send({"type": "websocket.close", "code": behind.close_code or 1000})


async def passed_on(behind: ClientWebSocketResponse, receive: Any) -> None:
    """What a client says, until it leaves."""
    while (message := await receive())["type"] == "websocket.receive":
        if message.get("text") is not None:
            await behind.send_str(message["text"])
        else:
            await behind.send_bytes(message["bytes"])


def open_door() -> None:
    """Serve the names of load balancers on the gateway."""
    hosts.register(ENDING, GatewayDoor())
