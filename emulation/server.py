"""LocalStack's twisted server, on the asked-for address only: its own binds every interface."""

from localstack import config
from localstack.runtime.server.twisted import TwistedRuntimeServer
from rolo.gateway import Gateway
from rolo.serving.twisted import TwistedGateway
from twisted.internet import reactor
from twisted.internet.error import CannotListenError


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
            try:
                reactor.listenTCP(address.port, TwistedGateway(gateway), interface=address.host)
            except CannotListenError as error:
                raise SystemExit(
                    f"port {address.port} of {address.host} is taken: "
                    "stop what listens there or choose another with --port"
                ) from error
