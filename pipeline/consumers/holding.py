"""Leases that this worker holds, and the thread that keeps them.

A lease is held as long as it was renewed within the fail-over time: nobody else can have counted
that long since, because the counting begins when the renewal is seen, and that is later.
"""

import logging
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from pipeline.consumers.lease import SHARD_END, Lease
from pipeline.consumers.lease_table import LeaseLostError, LeaseTable
from pipeline.consumers.taking import Clock

LOG = logging.getLogger(__name__)
RENEWERS = 8
"""A request that hangs keeps only its own lease from being renewed."""


class HeldLease:
    """One lease in this worker's hands; written by its reader and by the renewer.

    Every write may raise `LeaseLostError`; after that the shard is another worker's.
    """

    def __init__(self, table: LeaseTable, lease: Lease, failover: float, clock: Clock) -> None:
        self._table = table
        self._lease = lease
        self._failover = failover
        self._clock = clock
        self._lock = threading.Lock()
        self._renewed_at = clock()
        self._lost = False

    @property
    def lease(self) -> Lease:
        """As it was written last."""
        return self._lease

    @property
    def held(self) -> bool:
        """Whether it certainly still is ours."""
        return not self._lost and self._clock() - self._renewed_at < self._failover

    def ensure(self) -> None:
        """Raise unless it is held: to be asked before anything is written for the shard."""
        if not self.held:
            raise LeaseLostError(f"the lease of {self._lease.key} is not held any more")

    def renew(self) -> None:
        """Show that this worker lives."""
        self._write()

    def prepare(self, until: str) -> None:
        """Say where the batch ends that is going to be processed."""
        self._write(pending=until)

    def checkpoint(self, at: str) -> None:
        """Everything up to there is done."""
        self._write(checkpoint=at, pending="", switches=0)

    def end(self) -> None:
        """Everything is done, and nobody needs to hold it any more."""
        self._write(checkpoint=SHARD_END, pending="", switches=0, owner="")
        self._lost = True

    def release(self) -> None:
        """Leave it to the others."""
        self._write(owner="")
        self._lost = True

    def _write(self, **changes: Any) -> None:
        with self._lock:
            self.ensure()
            now = self._clock()
            try:
                self._lease = self._table.change(self._lease, **changes)
            except LeaseLostError:
                self._lost = True
                raise
            self._renewed_at = now


class Renewer:
    """A thread that renews every held lease three times in the fail-over time."""

    def __init__(self, failover: float) -> None:
        self._pause = failover / 3
        self._held: dict[str, HeldLease] = {}
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._pool = ThreadPoolExecutor(RENEWERS, thread_name_prefix="renew")
        self._thread = threading.Thread(target=self._run, name="renewer", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Renew nothing any more."""
        self._done.set()
        self._thread.join()
        self._pool.shutdown(cancel_futures=True)

    def keep(self, held: HeldLease) -> None:
        """Renew this one too."""
        with self._lock:
            self._held[held.lease.key] = held

    def forget(self, held: HeldLease) -> None:
        """Its reader is gone."""
        with self._lock:
            self._held.pop(held.lease.key, None)

    def renew_all(self) -> None:
        """Renew what is held, at the same time."""
        with self._lock:
            held = [item for item in self._held.values() if item.held]
        list(self._pool.map(_renew, held))

    def _run(self) -> None:
        while not self._done.wait(self._pause):
            self.renew_all()


def _renew(held: HeldLease) -> None:
    try:
        held.renew()
    except LeaseLostError as error:
        LOG.warning("%s", error)
    except (ClientError, BotoCoreError) as error:
        # Tried again at the next turn; if that lasts, the lease ends by itself.
        LOG.warning("cannot renew the lease of %s: %s", held.lease.key, error)


def release_all(held: Iterable[HeldLease]) -> None:
    """Hand back what is held, so that others need not wait for the fail-over time."""
    for item in held:
        if not item.held:
            continue
        try:
            item.release()
        except (LeaseLostError, ClientError, BotoCoreError) as error:
            LOG.warning("cannot release the lease of %s: %s", item.lease.key, error)
