"""LocalStack's twisted server, on the asked-for address only: its own binds every interface."""

from typing import Any

from localstack import config
from localstack.runtime.server.twisted import TwistedRuntimeServer
from rolo.gateway import Gateway
from rolo.serving.twisted import TwistedGateway
from twisted.internet import endpoints, reactor


class LocalRuntimeServer(TwistedRuntimeServer):
    """Plain HTTP on loopback: no certificate to make, and no way in from the network."""

    def register(
        self,
        gateway: Gateway,
        listen: list[config.HostAndPort],
        ssl_creds: tuple[str, str] | None = None,
    ) -> None:
        """Listen on every address of `listen`; `ssl_creds` is not used."""
        for address in listen:
            listening: Any = endpoints.TCP4ServerEndpoint(
                reactor, address.port, interface=address.host
            ).listen(TwistedGateway(gateway))
            listening.addErrback(lambda failure: failure.raiseException())
