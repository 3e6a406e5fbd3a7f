"""What tests of running processes share: a wait with a name and a deadline, and free ports."""

import socket
import time
from collections.abc import Callable
from contextlib import ExitStack


def wait_until(what: str, ready: Callable[[], object], seconds: float = 120, interval: float = 0.1):
    """The first true answer of `ready`; fails naming what never came."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := ready():
            return answer
        time.sleep(interval)
    raise AssertionError(f"waited {seconds} s in vain for {what}")


def free_ports(count: int) -> list[int]:
    """Ports that are free together."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
