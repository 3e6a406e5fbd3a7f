"""One batch of a shard, until it is settled: processed, or given up and told to the failure
destination.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event

from localstack.services.lambda_.event_source_mapping.pollers.poller import (
    get_batch_item_failures,
)

from emulation.services.lambda_.batches import Record, payload
from emulation.services.lambda_.invoked import Invoked, NotInvoked

LOG = logging.getLogger(__name__)

FIRST_RETRY_SECONDS = 0.25
LAST_RETRY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Policy:
    """What a mapping does about failures; -1 means without end, as in the API."""

    max_retries: int
    max_age_seconds: int
    bisect: bool
    report_item_failures: bool


@dataclass(frozen=True, slots=True)
class Delivery:
    """Hands batches of one shard to the function."""

    policy: Policy
    invoke: Callable[[bytes], Invoked]
    stopped: Event
    settle: Callable[[str], None]
    """Takes the sequence number up to which everything is settled."""
    discard: Callable[[Sequence[Record], str, Invoked | None, int], None]
    """Takes the records that are given up, AWS's word for the reason, the last result and the
    number of attempts.
    """
    report: Callable[[str], None]
    """Takes the mapping's LastProcessingResult."""

    def deliver(self, batch: Sequence[Record], attempts: int = 0) -> bool:
        """Settle a batch; False when the mapping was stopped before."""
        while not self.stopped.is_set():
            batch = self._drop_expired(batch, attempts)
            if not batch:
                return True
            invoked = self._invoke(batch)
            if invoked is None:
                continue
            done = self._succeeded(batch, invoked)
            if done:
                self.settle(batch[done - 1].sequence_number)
                batch, attempts = batch[done:], 0
            if not batch:
                self.report("OK")
                return True
            self.report("PROBLEM: Function call failed")
            if self.policy.bisect and done:
                continue
            if self.policy.bisect and len(batch) > 1:
                middle = len(batch) // 2
                halves = (batch[:middle], batch[middle:])
                return all(self.deliver(half, attempts) for half in halves)
            attempts += 1
            if attempts > self.policy.max_retries >= 0:
                self._give_up(batch, "RetryAttemptsExhausted", invoked, attempts)
                return True
            self._pause(attempts)
        return False

    def _invoke(self, batch: Sequence[Record]) -> Invoked | None:
        """The function's result; None when there was none - it is being updated, is throttled, is
        gone - which is no attempt.
        """
        try:
            return self.invoke(payload(batch))
        except NotInvoked as error:
            LOG.warning("event source mapping cannot invoke its function: %s", error)
            self.report(f"PROBLEM: {error}")
            self._pause(2)
            return None

    def _succeeded(self, batch: Sequence[Record], invoked: Invoked) -> int:
        """How many leading records are processed."""
        if invoked.function_error:
            return 0
        if not self.policy.report_item_failures:
            return len(batch)
        numbers = [record.sequence_number for record in batch]
        failures = get_batch_item_failures(invoked.answer(), set(numbers))
        if failures is None:
            return 0
        return min((numbers.index(failure) for failure in failures), default=len(batch))

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
        self.discard(batch, reason, invoked, attempts)
        self.settle(batch[-1].sequence_number)

    def _pause(self, attempts: int) -> None:
        self.stopped.wait(min(FIRST_RETRY_SECONDS * 2**attempts, LAST_RETRY_SECONDS))
