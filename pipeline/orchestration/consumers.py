"""The consumers as the operator sees them: who reads which shard, how far behind, what is scored.

Nobody is asked but AWS: the lease table says who and where, the stream how old the next record is.
"""

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from rich.markup import escape
from rich.table import Table

from pipeline import aws
from pipeline.consumers.lease import TRIM_HORIZON, Lease, ready
from pipeline.consumers.lease_table import LeaseTable
from pipeline.contracts import events
from pipeline.errors import LateError
from pipeline.orchestration.display import console
from pipeline.orchestration.raw import LINES, RawCount, identity
from pipeline.orchestration.run import Run, Show, listing, read_state, write_state
from pipeline.polling import polls
from pipeline.producers import tables

STATE, PREDICTIONS, UNSCORED = "scored", "predictions/", "unscored/"


@dataclass(frozen=True)
class Scored:
    """What was counted, and in which state of the lake."""

    version: str
    days: int
    expected: int
    scored: int
    refused: int

    def told(self) -> str:
        """The count in words; what came before the stream's retention cannot be scored any more."""
        left = self.expected - self.scored - self.refused
        refused = f", {self.refused:,} refused by the model" if self.refused else ""
        forgotten = f", {left:,} are not in the stream any more" if left else ""
        return f"{self.scored:,} of {self.expected:,} flights scored{refused}{forgotten}"


def score(run: Run, show: Show) -> str:
    """Wait until the workers have scored every planned flight, and count."""
    version = _version(run)
    known = read_state(run, STATE)
    if known and known["days"] >= run.days and known["version"] == version:
        return Scored(**known).told()
    expected = set(planned_identities(run.days))
    predictions = RawCount(run.output("LakeBucket"), PREDICTIONS)
    refused = RawCount(run.output("LakeBucket"), UNSCORED)
    _wait(run, expected, (predictions, refused), show)
    found = Scored(
        _version(run),
        run.days,
        len(expected),
        len(expected & predictions.distinct),
        len(expected & refused.distinct - predictions.distinct),
    )
    write_state(run, STATE, asdict(found))
    return found.told()


def planned_identities(days: int) -> Iterator[int]:
    """Of the planned events of these days."""
    for day in tables.days(days):
        for row in tables.flights().rows(day):
            flight = events.flight_id(
                flight_date=day.isoformat(),
                carrier=row["carrier"],
                flight=int(row["flight"]),
                origin=row["origin"],
            )
            yield identity(events.event_id(flight, events.PLANNED).encode())


def _wait(run: Run, expected: set[int], counts: tuple[RawCount, ...], show: Show) -> None:
    """Until every flight is accounted for, or the workers are through with all that there is."""
    there = 0
    for _ in polls(run.settings.stage_seconds):
        # Asked before the count: a batch is written before its checkpoint is.
        through = caught_up(run)
        for count in counts:
            count.refresh()
        there = len(expected & set().union(*(count.distinct for count in counts)))
        show.count(there, len(expected))
        if through or there == len(expected):
            return
    raise LateError(
        f"{len(expected) - there:,} of {len(expected):,} flights have no prediction after"
        f" {run.settings.stage_seconds} s: see `python -m pipeline consumers status`."
    )


def _version(run: Run) -> str:
    bucket = run.output("LakeBucket")
    # The API writes its own predictions beside these, in objects of another kind.
    return listing(bucket, PREDICTIONS, LINES).digest + listing(bucket, UNSCORED, LINES).digest


def leases(run: Run) -> list[Lease]:
    """Every lease, in the order of the shards."""
    table = LeaseTable(aws.client("dynamodb"), run.output("LeaseTableName"))
    return sorted(table.all(), key=lambda lease: lease.key)


def caught_up(run: Run) -> bool:
    """Whether the workers have processed every record of the stream."""
    found = leases(run)
    return bool(found) and all(lease.ended or behind(run, lease) == 0 for lease in found)


def behind(run: Run, lease: Lease) -> float:
    """Seconds since the first record arrived that is not processed; 0 when there is none."""
    kinesis = aws.client("kinesis")
    where = {"ShardIteratorType": TRIM_HORIZON}
    if lease.begun:
        where = {
            "ShardIteratorType": "AFTER_SEQUENCE_NUMBER",
            "StartingSequenceNumber": lease.checkpoint,
        }
    iterator = kinesis.get_shard_iterator(
        StreamName=run.output("EventStreamName"), ShardId=lease.key, **where
    )["ShardIterator"]
    answer = kinesis.get_records(ShardIterator=iterator, Limit=1)
    if answer["Records"]:
        arrived: float = answer["Records"][0]["ApproximateArrivalTimestamp"].timestamp()
        return max(time.time() - arrived, 0.001)
    # A stretch without records may lie between a checkpoint and the next of them.
    return float(answer["MillisBehindLatest"]) / 1000


def show_consumers(run: Run) -> None:
    """The table of `consumers status`."""
    found = leases(run)
    working = {lease.key for lease in ready(found)}
    table = Table("shard", "state", "worker", "behind")
    for lease in found:
        late = "" if lease.ended else f"{behind(run, lease):,.1f} s"
        state = _state(lease, working)
        table.add_row(*map(escape, (lease.key, state, lease.owner, late)))
    console.print(table)
    in_service, wanted = workers(run)
    refused = len(listing(run.output("LakeBucket"), UNSCORED).sizes)
    console.print(f"{in_service} of {wanted} instances in service")
    if refused:
        console.print(f"{refused} objects under {UNSCORED}: flights that the model refused")


def _state(lease: Lease, working: set[str]) -> str:
    if lease.ended:
        return "ended"
    if lease.key not in working:
        return "waits for its parents"
    return "read" if lease.owner else "free"


def workers(run: Run) -> tuple[int, int]:
    """Instances of the group in service, and how many there should be."""
    groups = aws.client("autoscaling").describe_auto_scaling_groups(
        AutoScalingGroupNames=[run.output("WorkerGroupName")]
    )["AutoScalingGroups"]
    states = [instance["LifecycleState"] for group in groups for instance in group["Instances"]]
    return states.count("InService"), sum(group["DesiredCapacity"] for group in groups)
