"""HTTP/2 without TLS, for clients that speak it from their first byte.

AWS's Java SDK asks Kinesis so, and with it the Kinesis Client Library; uvicorn speaks HTTP/1 only.
The protocol is h2's work; here its events become ASGI's messages and back.
"""

import asyncio
import logging
from contextlib import suppress
from typing import Any
from urllib.parse import unquote

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RemoteSettingsChanged,
    RequestReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.exceptions import ProtocolError
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LOG = logging.getLogger(__name__)

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
"""What a client begins with (RFC 9113, section 3.4)."""

OF_HTTP_1 = {b"connection", b"keep-alive", b"transfer-encoding", b"upgrade"}
"""Headers that HTTP/2 forbids."""

GONE = {"type": "http.disconnect"}


class EitherProtocol(HttpToolsProtocol):
    """uvicorn's own HTTP/1 unless the client begins with the preface of HTTP/2."""

    _begun: bytes | None = b""

    def data_received(self, data: bytes) -> None:
        """Decide by the first bytes, which may come in pieces."""
        if self._begun is None:
            super().data_received(data)
            return
        self._begun += data
        if len(self._begun) < len(PREFACE) and PREFACE.startswith(self._begun):
            return
        begun, self._begun = self._begun, None
        if begun.startswith(PREFACE):
            self._hand_over(begun)
        else:
            super().data_received(begun)

    def _hand_over(self, begun: bytes) -> None:
        self.connections.discard(self)
        self._unset_keepalive_if_required()
        protocol = Http2Protocol(self.app, self.server_state)
        self.transport.set_protocol(protocol)
        protocol.connection_made(self.transport)
        protocol.data_received(begun)


class Http2Protocol(asyncio.Protocol):
    """One connection, of many exchanges at once."""

    def __init__(self, app: Any, server_state: Any) -> None:
        self._app = app
        self._state = server_state
        self._exchanges: dict[int, Exchange] = {}
        self._ending = False
        self.http = H2Connection(H2Configuration(client_side=False, header_encoding=None))
        self.writable = asyncio.Event()
        self.writable.set()

    def connection_made(self, transport: Any) -> None:
        """Say what we can."""
        self.transport = transport
        self._state.connections.add(self)
        self.http.initiate_connection()
        self.flush()

    def data_received(self, data: bytes) -> None:
        """Take what the client says."""
        try:
            for event in self.http.receive_data(data):
                self._take(event)
        except ProtocolError as error:
            LOG.debug("a client broke HTTP/2: %s", error)
            self._ending = True
        self.flush()
        self._close_if_idle()

    def _take(self, event: Event) -> None:
        if isinstance(event, RequestReceived):
            self._begin(event)
        elif isinstance(event, DataReceived):
            if event.flow_controlled_length:
                self.http.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            self._tell(event.stream_id, event.data or b"", more=event.stream_ended is None)
        elif isinstance(event, StreamEnded):
            self._tell(event.stream_id, b"", more=False)
        elif isinstance(event, StreamReset):
            self._lose(event.stream_id)
        elif isinstance(event, ConnectionTerminated):
            self._ending = True
        elif isinstance(event, WindowUpdated | RemoteSettingsChanged):
            for exchange in self._exchanges.values():
                exchange.window.set()

    def _begin(self, event: RequestReceived) -> None:
        exchange = Exchange(self, event.stream_id)
        self._exchanges[event.stream_id] = exchange
        task = asyncio.get_running_loop().create_task(self._answer(exchange, event))
        self._state.tasks.add(task)
        task.add_done_callback(self._state.tasks.discard)

    async def _answer(self, exchange: "Exchange", event: RequestReceived) -> None:
        scope = self._scope(event)
        try:
            await self._app(scope, exchange.receive, exchange.send)
        finally:
            self._exchanges.pop(exchange.stream_id, None)
            exchange.end()
            self.flush()
            self._close_if_idle()

    def _scope(self, event: RequestReceived) -> dict[str, Any]:
        given = [(bytes(name), bytes(value)) for name, value in event.headers or ()]
        pseudo = {name: value for name, value in given if name.startswith(b":")}
        headers = [(name, value) for name, value in given if not name.startswith(b":")]
        if authority := pseudo.get(b":authority"):
            headers = [(b"host", authority), *(each for each in headers if each[0] != b"host")]
        raw_path, _, query = pseudo.get(b":path", b"/").partition(b"?")
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "2",
            "method": pseudo.get(b":method", b"GET").decode("ascii"),
            "scheme": "http",
            "path": unquote(raw_path.decode("latin1")),
            "raw_path": raw_path,
            "query_string": query,
            "root_path": "",
            "headers": headers,
            "server": self.transport.get_extra_info("sockname")[:2],
            "client": self.transport.get_extra_info("peername")[:2],
            "state": {},
        }

    def _tell(self, stream_id: int, data: bytes, *, more: bool) -> None:
        if exchange := self._exchanges.get(stream_id):
            exchange.take(data, more=more)

    def _lose(self, stream_id: int) -> None:
        if exchange := self._exchanges.get(stream_id):
            exchange.lose()

    def flush(self) -> None:
        """Send what h2 has to say."""
        if (data := self.http.data_to_send()) and not self.transport.is_closing():
            self.transport.write(data)

    def _close_if_idle(self) -> None:
        if self._ending and not self._exchanges:
            self.transport.close()

    def shutdown(self) -> None:
        """The server ends: no new exchanges; uvicorn waits for those under way."""
        self._ending = True
        self.http.close_connection()
        self.flush()
        self._close_if_idle()

    def pause_writing(self) -> None:
        """The client reads slower than we send."""
        self.writable.clear()

    def resume_writing(self) -> None:
        """It has read."""
        self.writable.set()

    def connection_lost(self, error: Exception | None) -> None:
        """The client went away."""
        self._state.connections.discard(self)
        self.writable.set()
        for exchange in list(self._exchanges.values()):
            exchange.lose()


class Exchange:
    """A request and its answer, as ASGI's `receive` and `send`."""

    def __init__(self, connection: Http2Protocol, stream_id: int) -> None:
        self.stream_id = stream_id
        self._received: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._whole = False
        self.window = asyncio.Event()
        self._connection = connection
        self._lost = False
        self._ended = False

    def take(self, data: bytes, *, more: bool) -> None:
        """A part of the request's body; after the last there is none, whoever tells its end."""
        if not self._whole:
            self._whole = not more
            self._received.put_nowait({"type": "http.request", "body": data, "more_body": more})

    async def receive(self) -> dict[str, Any]:
        """The next part of the request, or that the client is gone."""
        return GONE if self._lost and self._received.empty() else await self._received.get()

    async def send(self, message: dict[str, Any]) -> None:
        """A part of the answer; nobody hears it when the client is gone."""
        try:
            if message["type"] == "http.response.start":
                self._send_headers(message)
            else:
                await self._send_body(message.get("body", b""))
                if not message.get("more_body") and not self._lost:
                    self._connection.http.end_stream(self.stream_id)
                    self._ended = True
            self._connection.flush()
        except ProtocolError as error:
            LOG.debug("an answer was cut off: %s", error)
            self.lose()

    def _send_headers(self, message: dict[str, Any]) -> None:
        named = [(name.lower(), value) for name, value in message.get("headers", ())]
        headers = [(name, value) for name, value in named if name not in OF_HTTP_1]
        if not self._lost:
            status = str(message["status"]).encode()
            self._connection.http.send_headers(self.stream_id, [(b":status", status), *headers])

    async def _send_body(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            await self._connection.writable.wait()
            self.window.clear()
            if self._lost:
                return
            if size := self._room(len(rest)):
                self._connection.http.send_data(self.stream_id, bytes(rest[:size]))
                self._connection.flush()
                rest = rest[size:]
            else:
                await self.window.wait()

    def _room(self, wanted: int) -> int:
        """How much the client takes now."""
        http = self._connection.http
        window = http.local_flow_control_window(self.stream_id)
        return max(min(wanted, window, http.max_outbound_frame_size), 0)

    def lose(self) -> None:
        """The client is gone, or wants no more of it."""
        self._lost = True
        self.window.set()
        self._received.put_nowait(GONE)

    def end(self) -> None:
        """The application is done; an answer that is not whole is told to be none."""
        if not (self._ended or self._lost):
            with suppress(ProtocolError):
                self._connection.http.reset_stream(self.stream_id, ErrorCodes.INTERNAL_ERROR)
