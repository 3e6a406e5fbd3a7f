"""A lease: which worker reads a shard, and how far it is; one item of the lease table.

The columns are those of the Kinesis Client Library's lease table, with their meaning there, so that
its tools and its people can read ours. `pendingCheckpoint` is its word for the end of a batch that
was begun: the batch from the checkpoint to there has its name in S3 already, and whoever takes the
lease over does just that batch again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

TRIM_HORIZON, SHARD_END = "TRIM_HORIZON", "SHARD_END"
"""Checkpoints before the first record of a shard, and after the last of a closed one."""

Item = dict[str, Any]


@dataclass(frozen=True)
class Lease:
    """`key` is the shard; `owner` and `pending` are empty when there is none; `counter` grows with
    every write, and its standing still is how others see that the owner is dead.
    """

    key: str
    owner: str = ""
    counter: int = 0
    checkpoint: str = TRIM_HORIZON
    pending: str = ""
    switches: int = 0
    parents: tuple[str, ...] = ()

    @property
    def ended(self) -> bool:
        """Every record of the shard is processed, and there will be no other."""
        return self.checkpoint == SHARD_END

    @property
    def begun(self) -> bool:
        """Some record of the shard is processed."""
        return self.checkpoint != TRIM_HORIZON


def is_after(sequence: str, checkpoint: str) -> bool:
    """Whether a record lies behind a checkpoint; sequence numbers are numbers of many digits."""
    return checkpoint == TRIM_HORIZON or int(sequence) > int(checkpoint)


def ready(leases: Iterable[Lease]) -> list[Lease]:
    """The leases that have work: a child begins only when all of its parents are at their end, or
    the events of one flight could be processed in the wrong order.
    """
    by_key = {lease.key: lease for lease in leases}

    def parents_ended(lease: Lease) -> bool:
        return all(key in by_key and by_key[key].ended for key in lease.parents)

    return [
        lease
        for lease in by_key.values()
        if not lease.ended and (lease.begun or parents_ended(lease))
    ]


def to_item(lease: Lease) -> Item:
    """As DynamoDB holds it; what is not there has no column."""
    item: Item = {
        "leaseKey": {"S": lease.key},
        "leaseCounter": {"N": str(lease.counter)},
        "checkpoint": {"S": lease.checkpoint},
        "checkpointSubSequenceNumber": {"N": "0"},
        "ownerSwitchesSinceCheckpoint": {"N": str(lease.switches)},
    }
    if lease.owner:
        item["leaseOwner"] = {"S": lease.owner}
    if lease.pending:
        item["pendingCheckpoint"] = {"S": lease.pending}
        item["pendingCheckpointSubSequenceNumber"] = {"N": "0"}
    if lease.parents:
        item["parentShardId"] = {"SS": list(lease.parents)}
    return item


def from_item(item: Mapping[str, Any]) -> Lease:
    """The lease of an item."""
    return Lease(
        key=item["leaseKey"]["S"],
        owner=item.get("leaseOwner", {}).get("S", ""),
        counter=int(item["leaseCounter"]["N"]),
        checkpoint=item["checkpoint"]["S"],
        pending=item.get("pendingCheckpoint", {}).get("S", ""),
        switches=int(item["ownerSwitchesSinceCheckpoint"]["N"]),
        parents=tuple(sorted(item.get("parentShardId", {}).get("SS", ()))),
    )
