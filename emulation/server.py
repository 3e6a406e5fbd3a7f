"""LocalStack's twisted server, on the asked-for address only: its own binds every interface of the machine."""

from typing import Any

from localstack import config
from localstack.runtime.server.twisted import TwistedRuntimeServer
from rolo.gateway import Gateway
from rolo.serving.twisted import TwistedGateway
from twisted.internet import endpoints, reactor


class LocalRuntimeServer(TwistedRuntimeServer):
    """Plain HTTP on loopback: no certificate is made at start, and nothing on the network reaches code execution."""

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
