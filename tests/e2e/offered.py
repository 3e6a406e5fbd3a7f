"""Requests at a steady rate, each sent when it is due whether or not the others are answered, and
what became of every one.
"""

import asyncio
import logging
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector

from tests.e2e.front_door import FLIGHT

LOG = logging.getLogger(__name__)

PREDICTIONS = 20
"""One in so many asks for a prediction, the others whether the task lives."""
PATIENCE = ClientTimeout(total=60)


@dataclass
class Offered:
    """The answers in the order in which they came: status or error, and how many s it took."""

    url: str
    rate: int
    """Requests a second."""
    answers: list[tuple[str, float]] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    """How many s after its time each request was sent."""
    seconds: float = 0.0
    stopped: threading.Event = field(default_factory=threading.Event)

    async def offer(self) -> None:
        """Send until somebody says stop; then wait for every answer."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        connector = TCPConnector(limit=0)
        async with (
            ClientSession(self.url, connector=connector, timeout=PATIENCE) as session,
            asyncio.TaskGroup() as group,
        ):
            due = begun
            # Whoever is behind catches up before it stops: all that was due is offered.
            while not self.stopped.is_set() or due <= loop.time():
                await asyncio.sleep(due - loop.time())
                self.late.append(loop.time() - due)
                group.create_task(self._ask(session, len(self.late)))
                due = begun + len(self.late) / self.rate
            self.seconds = loop.time() - begun

    async def _ask(self, session: ClientSession, number: int) -> None:
        began = time.monotonic()
        asks = number % PREDICTIONS == 0
        method, path = ("POST", "/v1/predict") if asks else ("GET", "/v1/health/live")
        try:
            async with session.request(method, path, json=FLIGHT if asks else None) as answer:
                await answer.read()
                told = str(answer.status)
        except (ClientError, OSError, TimeoutError) as error:
            told = repr(error)
        self.answers.append((told, time.monotonic() - began))

    @property
    def told(self) -> Counter[str]:
        """How often each answer was given."""
        return Counter(told for told, _ in self.answers)

    def report(self) -> str:
        """Rate and latencies, in one line."""
        cut = statistics.quantiles([seconds for _, seconds in self.answers], n=100)
        late = statistics.quantiles(self.late, n=100)[98]
        return (
            f"{len(self.answers):,} requests in {self.seconds:.1f} s, "
            f"{len(self.answers) / self.seconds:.0f} a second: {dict(self.told)}; p50 "
            f"{1000 * cut[49]:.1f} ms, p99 {1000 * cut[98]:.1f} ms, p99 of delay in sending "
            f"{1000 * late:.1f} ms"
        )

    def assert_none_lost(self) -> None:
        """Every request that was due was sent, and was answered well."""
        assert len(self.answers) == len(self.late) >= self.rate * self.seconds
        assert set(self.told) == {"200"}, self.report()


@contextmanager
def offered(url: str, rate: int) -> Iterator[Offered]:
    """Requests all the while."""
    load = Offered(url, rate)
    thread = threading.Thread(target=lambda: asyncio.run(load.offer()))
    thread.start()
    try:
        yield load
    finally:
        load.stopped.set()
        thread.join()
        LOG.warning(load.report())
