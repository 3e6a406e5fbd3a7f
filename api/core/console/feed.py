"""Server-sent events: one reader for all who watch, and none when nobody does.

What is sent is state, not history: each topic has its newest value and a number that grows with
every change. Who comes back with the id of the last event gets only the topics that have changed
since; who reads slowly skips what was replaced meanwhile, so nothing is queued for anybody.
"""

import asyncio
import json
import logging
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

LOG = logging.getLogger(__name__)

RETRY_MILLISECONDS = 1000
"""Who is let go, or cut off, finds this API's successor behind the load balancer."""
HEARTBEAT_SECONDS = 15.0
"""Proxies cut connections on which nothing is said; load balancers of AWS after 60 s."""

Read = Callable[[], Mapping[str, Any]]


class Feed:
    """Topics and those who watch them; it lives in one event loop."""

    def __init__(
        self, read: Read, pace_seconds: float, heartbeat: float = HEARTBEAT_SECONDS
    ) -> None:
        self._read = read
        self._pace_seconds = pace_seconds
        self._heartbeat = heartbeat
        self._boot = uuid.uuid4().hex[:8]
        self._number = 0
        self._topics: dict[str, tuple[int, str]] = {}
        self._news: asyncio.Event | None = None
        self._reader: asyncio.Task[None] | None = None
        self._closed = False
        self.watchers = 0

    async def watch(self, last_id: str = "") -> AsyncIterator[str]:
        """The events of one who watches, as text, until this feed closes."""
        self.watchers += 1
        try:
            self._begin()
            yield f"retry: {RETRY_MILLISECONDS}\n\n"
            seen = self._seen(last_id)
            while not self._over():
                news = self._waiting()
                due = sorted(
                    (number, name, text)
                    for name, (number, text) in self._topics.items()
                    if number > seen
                )
                for number, name, text in due:
                    seen = number
                    yield f"event: {name}\nid: {self._boot}-{number}\ndata: {text}\n\n"
                if not due and not await self._heard(news):
                    yield ": still here\n\n"
        finally:
            self.watchers -= 1

    def close(self) -> None:
        """Everybody who watches is let go."""
        self._closed = True
        if self._news is not None:
            self._news.set()

    def _over(self) -> bool:
        # A reader that died is not hidden by heartbeats: who watches comes back and starts another.
        return self._closed or self._reader is None or self._reader.done()

    def _waiting(self) -> asyncio.Event:
        if self._news is None or self._news.is_set():
            self._news = asyncio.Event()
        return self._news

    async def _heard(self, news: asyncio.Event) -> bool:
        try:
            await asyncio.wait_for(news.wait(), self._heartbeat)
        except TimeoutError:
            return False
        return True

    def _seen(self, last_id: str) -> int:
        boot, _, number = last_id.partition("-")
        return int(number) if boot == self._boot and number.isdecimal() else 0

    def _begin(self) -> None:
        if self._reader is None or self._reader.done():
            self._reader = asyncio.create_task(self._keep_reading())
            self._reader.add_done_callback(self._ended)

    async def _keep_reading(self) -> None:
        while self.watchers and not self._closed:
            self._publish(await asyncio.to_thread(self._read))
            await asyncio.sleep(self._pace_seconds)
        # What is known now is old when somebody comes again.
        self._topics.clear()

    def _publish(self, told: Mapping[str, Any]) -> None:
        for name, value in told.items():
            text = json.dumps(value, separators=(",", ":"), default=str)
            if self._topics.get(name, (0, ""))[1] != text:
                self._number += 1
                self._topics[name] = (self._number, text)
        if self._news is not None:
            self._news.set()

    def _ended(self, reader: asyncio.Task[None]) -> None:
        if not reader.cancelled() and (error := reader.exception()) is not None:
            LOG.error("the reader of the console ended", exc_info=error)
        if self._news is not None:
            self._news.set()
