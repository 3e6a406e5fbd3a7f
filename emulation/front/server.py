"""The gateway's server: uvicorn on the asked-for addresses only.

LocalStack's own (twisted) parses HTTP in Python, takes every body through a file, and binds every
interface. Plain HTTP on loopback: no certificate to make, and no way in from the network.
"""

import asyncio
import socket
from contextlib import AbstractContextManager, nullcontext

import uvicorn
import uvloop
from localstack import config
from localstack.runtime.server.core import RuntimeServer
from rolo.gateway import Gateway

from emulation.front.application import GatewayApplication
from emulation.front.ending import answer_to_the_end
from emulation.front.http2 import EitherProtocol

KEEP_ALIVE_SECONDS = 60
"""How long an idle connection is kept; clients keep theirs in a pool."""

END_SECONDS = 5
"""How long open answers may go on when the server ends."""


class Server(uvicorn.Server):
    """A server whose process decides itself what a signal means."""

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]
        """Leave the handlers of the process as they are."""
        return nullcontext()


class LocalRuntimeServer(RuntimeServer):
    """One server for all addresses of the gateway."""

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []
        self._gateway: Gateway | None = None
        self._server: Server | None = None

    def register(
        self,
        gateway: Gateway,
        listen: list[config.HostAndPort],
        ssl_creds: tuple[str, str] | None = None,
    ) -> None:
        """Take every address of `listen`; `ssl_creds` is not used."""
        answer_to_the_end(gateway)
        self._gateway = gateway
        self._sockets += [bound(address.host, address.port) for address in listen]

    def run(self) -> None:
        """Serve until `shutdown`."""
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        assert self._gateway is not None
        self._server = Server(
            uvicorn.Config(
                GatewayApplication(self._gateway),
                http=EitherProtocol,
                ws="wsproto",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=END_SECONDS,
            )
        )
        await self._server.serve(sockets=self._sockets)

    def shutdown(self) -> None:
        """End the server; may be called from any thread."""
        if self._server:
            self._server.should_exit = True


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens on an address; connections wait there until the server runs.

    Raises:
        SystemExit: somebody listens there already.
    """
    try:
        return socket.create_server((host, port), backlog=2048)
    except OSError as error:
        raise SystemExit(
            f"port {port} of {host} is taken: stop what listens there or choose another with --port"
        ) from error
