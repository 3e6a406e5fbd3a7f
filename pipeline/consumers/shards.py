"""The stream's shards as leases: one for each, and resharding followed.

Every worker does this, as often as it likes: a lease that is there stays as it is.
"""

import logging
from typing import Any

from pipeline.consumers.lease import Lease
from pipeline.consumers.lease_table import LeaseTable

LOG = logging.getLogger(__name__)


class Shards:
    """The shards of one stream. `kinesis` is a client."""

    def __init__(self, kinesis: Any, stream: str, table: LeaseTable) -> None:
        self._kinesis = kinesis
        self._stream = stream
        self._table = table

    def follow(self) -> None:
        """Add leases for new shards, remove those of shards whose records are long gone."""
        listed = self._listed()
        leases = {lease.key: lease for lease in self._table.all()}
        # Parents have the lower numbers: they stand in the table before their children do.
        for shard_id in sorted(listed.keys() - leases.keys()):
            if self._table.create(Lease(shard_id, parents=_parents(listed[shard_id], listed))):
                LOG.info("%s is new", shard_id)
        self._forget(listed, leases)

    def is_listed(self, shard_id: str) -> bool:
        """Whether the stream still knows a shard."""
        return shard_id in self._listed()

    def _listed(self) -> dict[str, dict[str, Any]]:
        pages = self._kinesis.get_paginator("list_shards").paginate(StreamName=self._stream)
        return {shard["ShardId"]: shard for page in pages for shard in page["Shards"]}

    def _forget(self, listed: dict[str, Any], leases: dict[str, Lease]) -> None:
        """A child that has not begun looks for its parents' ends: they stay until it has."""
        awaited = {key for lease in leases.values() if not lease.begun for key in lease.parents}
        for lease in leases.values():
            if lease.ended and lease.key not in listed and lease.key not in awaited:
                self._table.delete(lease)


def _parents(shard: dict[str, Any], listed: dict[str, Any]) -> tuple[str, ...]:
    """One after a split, two after a merge; a parent that is not listed any more has no records."""
    named = (shard.get("ParentShardId"), shard.get("AdjacentParentShardId"))
    return tuple(sorted(key for key in named if key and key in listed))
