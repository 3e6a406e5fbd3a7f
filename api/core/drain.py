"""Leaving without losing a request.

A load balancer sends requests until its health check fails, and uvicorn closes its port as soon as
it is told to end. So between the signal and that there is a while in which health checks fail, the
connections that are kept are closed one by one, and everything else is answered as always.
"""

import asyncio
import logging
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

import uvicorn

LOG = logging.getLogger(__name__)

Handler = Callable[[int, FrameType | None], Any]


class Drain:
    """Whether this process is leaving; `begun` is for those who would answer for ever."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.begun = asyncio.Event()

    @property
    def is_on(self) -> bool:
        """Whether it is leaving."""
        return self.begun.is_set()

    def watch(self) -> None:
        """Take SIGTERM from the server; only programs have signals, threads have none."""
        if threading.current_thread() is not threading.main_thread():
            return
        before = signal.getsignal(signal.SIGTERM)
        loop = asyncio.get_running_loop()
        if callable(before):
            signal.signal(
                signal.SIGTERM, lambda *_: loop.call_soon_threadsafe(self.begin, loop, before)
            )

    def begin(self, loop: asyncio.AbstractEventLoop, before: Handler) -> None:
        """Fail the health checks now, and end after a while; a second signal changes nothing."""
        if not self.is_on:
            LOG.info("draining: health checks fail from now on")
            self.begun.set()
            loop.call_later(self._seconds, _end, before)


def _end(before: Handler) -> None:
    server = getattr(before, "__self__", None)
    if isinstance(server, uvicorn.Server):
        # Its own handler would raise the signal again at the end, and the exit code be -15.
        server.should_exit = True
    else:
        before(signal.SIGTERM, None)
