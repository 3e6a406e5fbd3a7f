"""A listener: its port, its connections, and what becomes of a request that comes by it."""

import asyncio
import time
from typing import Any, Protocol

from aiohttp import ClientError, ClientSession, web
from aiohttp.http_exceptions import LineTooLong
from aiohttp.web_protocol import RequestHandler

from emulation.compute.load_balancing import forwarding, functions, headers, sockets, stickiness
from emulation.compute.load_balancing.answers import fixed, page, redirect
from emulation.compute.load_balancing.conditions import Asked, choose
from emulation.compute.load_balancing.exchange import CLIENT_LEFT, Exchange
from emulation.compute.load_balancing.plan import Action, Balancer, Listener
from emulation.compute.load_balancing.targets import LiveGroup, LiveTarget

ADDRESS = "127.0.0.1"
LONGEST_LINE = 16384
"""Of a request line and of one header."""

LONG_PATH = "bytearray(b'/"
"""How the parser's message quotes a path; of a header it quotes bytes."""

CLOSE_SECONDS = 5.0
TOO_MANY_STATIONS = 463
TRACE_REFUSED = 405


class House(Protocol):
    """What a door needs of the proxy that it belongs to."""

    groups: dict[str, LiveGroup]
    client: ClientSession
    gateway: str

    def ended(self, exchange: Exchange) -> None:
        """Count an exchange and log it."""


class Connection(RequestHandler):
    """A client's connection; what is no HTTP is answered as ALB does."""

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The page of a request that could not be read or carried out."""
        if request.writer.output_size > 0:
            raise ConnectionError("the answer has begun already")
        too_long = isinstance(exc, LineTooLong) and LONG_PATH in str(message)
        return page(414 if too_long else status, closes=True)


class Server(web.Server):
    """Makes connections."""

    keepalive_timeout = 60.0

    def __call__(self) -> RequestHandler:
        """A connection."""
        assert self._loop is not None
        return Connection(
            self,
            loop=self._loop,
            keepalive_timeout=self.keepalive_timeout,
            max_line_size=LONGEST_LINE,
            max_field_size=LONGEST_LINE,
            auto_decompress=False,
        )


class Door:
    """One listener that is open."""

    def __init__(self, house: House, balancer: Balancer, listener: Listener) -> None:
        self._house = house
        self._server = Server(self._handle, handler_cancellation=True)
        self._listening: asyncio.Server | None = None
        self._ending: asyncio.Task[None] | None = None
        self.change(balancer, listener)

    def change(self, balancer: Balancer, listener: Listener) -> None:
        """Serve by other rules from the next request on."""
        self.balancer, self.listener = balancer, listener
        self._server.keepalive_timeout = balancer.idle_seconds

    async def open(self) -> None:
        """Listen.

        Raises:
            OSError: the port cannot be had.
        """
        loop = asyncio.get_running_loop()
        self._listening = await loop.create_server(
            self._server, ADDRESS, self.listener.local_port, backlog=2048, reuse_address=True
        )

    def close(self) -> None:
        """Take no more connections; what goes on may end."""
        if self._listening:
            self._listening.close()
        self._server.pre_shutdown()
        self._ending = asyncio.create_task(self._server.shutdown(CLOSE_SECONDS))

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        exchange = Exchange(request, self.balancer, self.listener)
        try:
            answer = await self._answer(exchange)
            exchange.status = answer.status
            if not answer.prepared:
                answer.headers.update(self.listener.headers)
            if not exchange.sent:
                exchange.sent = len(getattr(answer, "body", b"") or b"")
            return answer
        except asyncio.CancelledError:
            exchange.status = CLIENT_LEFT
            raise
        finally:
            self._house.ended(exchange)

    async def _answer(self, exchange: Exchange) -> web.StreamResponse:
        request, server = exchange.request, self.listener.server_header
        exchange.path = path_of(request.raw_path)
        if "Host" not in request.headers or not exchange.path:
            return page(400, server=server, closes=True)
        if request.method == "TRACE":
            return page(TRACE_REFUSED, server=server)
        if headers.too_many_forwarded(request.headers):
            return page(TOO_MANY_STATIONS, server=server)
        if request.headers.get("Expect", "").lower() == "100-continue" and request.transport:
            request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        asked = asked_of(exchange)
        rule, exchange.rules = choose(self.listener.rules, asked)
        exchange.priority, exchange.action = rule.priority, rule.action.kind
        if rule.action.kind == "forward":
            return await self._forward(exchange, rule.action)
        exchange.trace = headers.traced(request.headers.getall(headers.TRACE, ()))
        if rule.action.kind == "fixed-response":
            return fixed(rule.action, server=server)
        answer = redirect(rule.action, place_of(request, asked, self.listener), server=server)
        exchange.location = answer.headers["Location"]
        return answer

    async def _forward(self, exchange: Exchange, action: Action) -> web.StreamResponse:
        house, request = self._house, exchange.request
        given = stickiness.cookies(request.headers)
        arn = stickiness.choose_group(action, given, house.groups)
        live = house.groups[arn] if arn else None
        target = live.next(stickiness.sticky_target(live, given)) if live else None
        if live is None or target is None:
            return page(503, server=exchange.listener.server_header)
        live.requests += 1
        exchange.target = target
        work: Any
        if live.group.is_function:
            work = self._invoke(exchange, action, target)
        elif sockets.is_handshake(request):
            work = sockets.tunnel(house.client, exchange, target)
        else:
            work = forwarding.forward(house.client, exchange, action, target)
        return await forwarding.until_let_go(exchange, target, work)

    async def _invoke(
        self, exchange: Exchange, action: Action, target: LiveTarget
    ) -> web.StreamResponse:
        house, request, balancer = self._house, exchange.request, exchange.balancer
        body = await request.content.read(-1) if request.can_read_body else b""
        exchange.received = len(body)
        if len(body) > functions.MOST_BYTES:
            return page(413, server=exchange.listener.server_header)
        peer = forwarding.peer_of(request)
        sent = headers.forwarded(request.headers, balancer, peer, exchange.listener.port)
        exchange.trace = sent[headers.TRACE]
        told = functions.event(target.group, request.method, exchange.path, sent, body)
        exchange.forwarded = time.time()
        try:
            arn = target.target.address
            returned = await functions.invoke(house.client, house.gateway, balancer, arn, told)
            answer = functions.answer_of(target.group, returned)
        except (functions.BadAnswer, ClientError, OSError):
            return page(502, server=exchange.listener.server_header)
        except TimeoutError:
            return page(504, server=exchange.listener.server_header)
        exchange.answered, exchange.target_status = time.time(), answer.status
        stickiness.remember(answer.headers, action, target, None)
        return answer


def path_of(asked: str) -> str:
    """The path of a request's first line, which may be a whole URL; nothing where there is none."""
    if not asked.startswith("/") and "://" in asked:
        _, mark, path = asked.partition("://")[2].partition("/")
        return mark + path or "/"
    return asked if asked.startswith("/") else ""


def asked_of(exchange: Exchange) -> Asked:
    """What rules look at."""
    request = exchange.request
    path, _, query = exchange.path.partition("?")
    named: dict[str, list[str]] = {}
    for name, value in request.headers.items():
        named.setdefault(name.lower(), []).append(value)
    host = request.headers["Host"].rpartition(":")
    plain = host[0] if host[0] and host[2].isdigit() else request.headers["Host"]
    source = forwarding.peer_of(request)[0]
    return Asked(plain.lower(), path, query, request.method, source, named)


def place_of(request: web.BaseRequest, asked: Asked, listener: Listener) -> dict[str, str]:
    """What `#{...}` stands for in a redirect.

    The port is the one that the client came by: on AWS that is the listener's, here it may be the
    gateway's or another.
    """
    port = request.headers["Host"].rpartition(":")[2]
    return {
        "protocol": "http",
        "host": asked.host,
        "port": port if port.isdigit() else str(listener.port),
        "path": asked.path.removeprefix("/"),
        "query": asked.query,
    }
