"""Trying again: with growing, random pauses, as long as the lease is held and nobody says stop."""

import logging
import random
import threading
from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError

from pipeline.consumers.holding import HeldLease
from pipeline.errors import StoppedError

LOG = logging.getLogger(__name__)
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 20.0


class Patience:
    """How one shard's work waits. `failed` is called at every failure."""

    def __init__(
        self,
        held: HeldLease,
        stop: threading.Event,
        failed: Callable[[], None],
        chance: random.Random,
    ) -> None:
        self._held = held
        self._stop = stop
        self._failed = failed
        self._chance = chance

    def insist[Answer](self, work: Callable[[], Answer]) -> Answer:
        """Do it until AWS lets it be done."""
        attempt = 0
        while True:
            try:
                return work()
            except (ClientError, BotoCoreError) as error:
                LOG.warning("%s: %s", self._held.lease.key, error)
            self.pause(attempt)
            attempt += 1

    def pause(self, attempt: int) -> None:
        """Wait after the failure of an attempt, the first being 0.

        Raises:
            StoppedError: the worker stops; the batch is left to the next owner.
            LeaseLostError: the shard is another worker's.
        """
        self._failed()
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(attempt, 10))
        if self._stop.wait(self._chance.uniform(longest / 2, longest)):
            raise StoppedError(f"{self._held.lease.key} is left in the middle of a batch")
        self._held.ensure()
