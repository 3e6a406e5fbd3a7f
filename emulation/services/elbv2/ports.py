"""The local port of a listener: its own where that can be had, otherwise a free one. It is kept."""

import socket

from emulation.compute.processes import free_port
from emulation.services.elbv2.store import all_balancers

ADDRESS = "127.0.0.1"


def local_port(port: int) -> int:
    """A port on this machine for a listener."""
    return port if port not in taken() and is_free(port) else other_port()


def other_port() -> int:
    """A port that nobody has."""
    while (chosen := free_port()) in taken():
        continue
    return chosen


def taken() -> set[int]:
    """The ports that listeners have, whether or not the proxy has them now."""
    return {
        listener.local_port
        for balancer in all_balancers()
        for listener in balancer.listeners.values()
    }


def is_free(port: int) -> bool:
    """Whether a port can be listened on; low ones need rights that we may not have."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError:
            return False
    return True
