"""Which leases a worker takes, so that workers share the shards evenly and the dead are replaced.

No worker trusts another's clock: a lease has expired when this worker, on its own clock, has not
seen its counter change for the fail-over time. Free leases are taken up to the worker's share; when
none is free, one is stolen from the worker that has most.
"""

import random
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from math import ceil

from pipeline.consumers.lease import Lease, ready
from pipeline.consumers.lease_table import LeaseLostError, LeaseTable

Clock = Callable[[], float]


class LeaseTaker:
    """Takes leases for one worker."""

    def __init__(
        self,
        table: LeaseTable,
        worker: str,
        failover: float,
        *,
        clock: Clock,
        chance: random.Random,
    ) -> None:
        self._table = table
        self._worker = worker
        self._failover = failover
        self._clock = clock
        self._chance = chance
        self._seen: dict[str, tuple[int, float]] = {}

    def take(self) -> list[Lease]:
        """Look at all leases, and take what is due to this worker."""
        leases = self._table.all()
        self._look(leases)
        wanted = choose(ready(leases), self._worker, self._expired(leases), self._chance)
        taken = [self._take(lease) for lease in wanted]
        return [lease for lease in taken if lease]

    def _look(self, leases: Sequence[Lease]) -> None:
        now = self._clock()
        before, self._seen = self._seen, {}
        for lease in leases:
            counter, since = before.get(lease.key, (lease.counter, now))
            self._seen[lease.key] = (lease.counter, since if counter == lease.counter else now)

    def _expired(self, leases: Sequence[Lease]) -> set[str]:
        """Those that nobody has, or whose owner has been silent for too long."""
        latest = self._clock() - self._failover
        silent = {key for key, (_, since) in self._seen.items() if since <= latest}
        return {lease.key for lease in leases if not lease.owner or lease.key in silent}

    def _take(self, lease: Lease) -> Lease | None:
        try:
            return self._table.change(lease, owner=self._worker, switches=lease.switches + 1)
        except LeaseLostError:
            # Another worker was faster, or the owner lives after all.
            return None


def choose(
    leases: Sequence[Lease], worker: str, free: Collection[str], chance: random.Random
) -> list[Lease]:
    """What a worker takes of the leases that have work, `free` being the keys that nobody holds."""
    held = Counter(lease.owner for lease in leases if lease.key not in free)
    share = ceil(len(leases) / len({worker, *held}))
    need = share - held[worker]
    if need <= 0:
        return []
    idle = [lease for lease in leases if lease.key in free]
    if idle:
        return chance.sample(idle, min(need, len(idle)))
    return _steal(leases, worker, held, share, chance)


def _steal(
    leases: Sequence[Lease], worker: str, held: Counter[str], share: int, chance: random.Random
) -> list[Lease]:
    """One lease, as long as that makes the shares more even; one at a time, or newcomers that
    cannot see each other would take too many.
    """
    others = {owner: count for owner, count in held.items() if owner != worker}
    if not others:
        return []
    busiest = max(sorted(others), key=others.__getitem__)
    if others[busiest] - held[worker] < 2:
        return []
    return [chance.choice([lease for lease in leases if lease.owner == busiest])]
