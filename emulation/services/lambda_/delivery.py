"""One batch of a lane, until it is settled: processed, or given up and told to the failure
destination.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event

from emulation.services.lambda_ import mapping_metrics as metrics
from emulation.services.lambda_.batches import MAX_PAYLOAD_BYTES, Record
from emulation.services.lambda_.exchange import Exchange
from emulation.services.lambda_.invoked import Invoked, NotInvoked
from emulation.services.lambda_.mapping_metrics import MappingMetrics
from emulation.services.lambda_.windows import WindowedExchange

LOG = logging.getLogger(__name__)

FIRST_RETRY_SECONDS = 0.25
LAST_RETRY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Policy:
    """What a mapping does about failures; -1 means without end, as in the API."""

    max_retries: int
    max_age_seconds: int
    bisect: bool


@dataclass(frozen=True, slots=True)
class Delivery:
    """Hands batches of one lane to the function."""

    policy: Policy
    invoke: Callable[[bytes], Invoked]
    stopped: Event
    settle: Callable[[Sequence[Record]], None]
    """Takes records that are done with."""
    discard: Callable[[Sequence[Record], str, Invoked | None, int], None]
    """Takes the records that are given up, AWS's word for the reason, the last result and the
    number of attempts.
    """
    report: Callable[[str], None]
    """Takes the mapping's LastProcessingResult."""
    metrics: MappingMetrics

    def deliver(self, exchange: Exchange, batch: Sequence[Record], attempts: int = 0) -> bool:
        """Settle a batch; False when the mapping was stopped before."""
        while not self.stopped.is_set():
            batch = self._drop_expired(batch, attempts)
            if not batch:
                return True
            event = exchange.event(batch)
            if len(event) > MAX_PAYLOAD_BYTES:
                self._give_up(batch, "RecordSizeExceeded", None, attempts)
                return True
            invoked = self._invoke(event, batch)
            if invoked is None:
                continue
            done = exchange.processed(batch, invoked)
            if done:
                self.settle(batch[:done])
                batch, attempts = batch[done:], 0
            if not batch:
                self.report("OK")
                return True
            self._failed(len(batch))
            if self.policy.bisect and done:
                continue
            if self.policy.bisect and len(batch) > 1:
                middle = len(batch) // 2
                halves = (batch[:middle], batch[middle:])
                return all(self.deliver(exchange, half, attempts) for half in halves)
            attempts += 1
            if attempts > self.policy.max_retries >= 0:
                self._give_up(batch, "RetryAttemptsExhausted", invoked, attempts)
                return True
            self._pause(attempts)
        return False

    def conclude(self, exchange: WindowedExchange, *, early: bool) -> bool:
        """Settle the last invocation of a window; False when the mapping was stopped before."""
        attempts = 0
        while not self.stopped.is_set():
            invoked = self._invoke(exchange.final_event(early=early), [])
            if invoked is None:
                continue
            attempts += 1
            accepted = exchange.accepts(invoked)
            if accepted or attempts > self.policy.max_retries >= 0:
                exchange.end(early=early)
                self.settle([])
                self.report("OK" if accepted else "PROBLEM: Function call failed")
                return True
            self._failed(0)
            self._pause(attempts)
        return False

    def _failed(self, events: int) -> None:
        self.report("PROBLEM: Function call failed")
        self.metrics.events(metrics.FAILED, events)

    def _invoke(self, event: bytes, batch: Sequence[Record]) -> Invoked | None:
        """The result; None when the function was not run, which is no attempt."""
        handed = time.time()
        try:
            invoked = self.invoke(event)
        except NotInvoked as error:
            LOG.warning("an event source mapping cannot invoke its function: %s", error)
            self.report(f"PROBLEM: {error}")
            self._pause(2)
            return None
        self.metrics.invoked(batch, handed)
        return invoked

    def _drop_expired(self, batch: Sequence[Record], attempts: int) -> Sequence[Record]:
        if self.policy.max_age_seconds < 0:
            return batch
        oldest = time.time() - self.policy.max_age_seconds
        expired = [record for record in batch if record.arrived < oldest]
        if expired:
            self._give_up(expired, "RecordAgeExceeded", None, attempts)
        return batch[len(expired) :]

    def _give_up(
        self, batch: Sequence[Record], reason: str, invoked: Invoked | None, attempts: int
    ) -> None:
        self.metrics.events(metrics.DROPPED, len(batch))
        self.discard(batch, reason, invoked, attempts)
        self.settle(batch)

    def _pause(self, attempts: int) -> None:
        self.stopped.wait(min(FIRST_RETRY_SECONDS * 2**attempts, LAST_RETRY_SECONDS))
