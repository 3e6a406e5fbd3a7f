"""Events into the stream, and proof that the lake holds every one of them exactly once.

The proof is a count: the identities of all lines of the lake against those of the data. What it
found is left in AWS with the state of the lake that it was found in, so that a later run need not
read the lake again unless something has changed.
"""

import time
from dataclasses import asdict, dataclass

from pipeline.contracts.poison import GIVEN_UP, POISON
from pipeline.errors import LateError
from pipeline.orchestration.raw import RawCount, identity
from pipeline.orchestration.run import Run, Show, listing, read_state, write_state
from pipeline.polling import polls
from pipeline.producers import tables
from pipeline.producers.backfill import Progress, expected_events, send
from pipeline.producers.timeline import timeline

STATE = "raw"
QUIET_SECONDS = 180
"""When no event has come for so long, none will."""


@dataclass(frozen=True)
class Landed:
    """What was counted, and in which state of the lake."""

    version: str
    days: int
    expected: int
    events: int
    repeated: int

    def told(self) -> str:
        """The count in words."""
        twice = f"{self.repeated:,} twice" if self.repeated else "none twice"
        return f"all {self.expected:,} events, {twice}"


def landed(run: Run) -> Landed | None:
    """The count of an earlier run for these days, if the lake is as it was then."""
    state = read_state(run, STATE)
    if not state or state["days"] < run.days:
        return None
    if listing(run.output("LakeBucket"), "raw/").digest != state["version"]:
        return None
    return Landed(**state)


def produce(run: Run, show: Show) -> str:
    """Tell the events of these days as far as they are not told yet."""
    show.say("counting the events")
    total = expected_events(run.days)
    started = time.monotonic()
    sent = tell(run, run.days, 0, lambda done: show.count(done, total))
    if not sent:
        return f"all {total:,} events are told already"
    return f"{sent:,} events sent, {sent / (time.monotonic() - started):,.0f} a second"


def tell(run: Run, days: int, speed: float, progress: Progress) -> int:
    """Send events to the stream of this pipeline; how many were sent."""
    return send(
        run.output("EventStreamName"),
        days,
        state_bucket=run.output("ArtifactsBucket"),
        speed=speed,
        progress=progress,
    )


def land(run: Run, show: Show) -> str:
    """Wait until the lake holds every event, and count them all."""
    if found := landed(run):
        return found.told()
    show.say("counting what is expected")
    expected = {identity(event["event_id"].encode()) for event in timeline(tables.days(run.days))}
    lake = RawCount(run.output("LakeBucket"))
    _wait(run, lake, expected, show)
    found = Landed(
        lake.version, run.days, len(expected), lake.events, lake.events - len(lake.distinct)
    )
    write_state(run, STATE, asdict(found))
    return found.told()


def _wait(run: Run, lake: RawCount, expected: set[int], show: Show) -> None:
    newest, moved = -1, time.monotonic()
    for _ in polls(run.settings.stage_seconds):
        lake.refresh()
        there = len(expected & lake.distinct)
        show.count(there, len(expected))
        if there == len(expected):
            return
        if there > newest:
            newest, moved = there, time.monotonic()
        elif time.monotonic() - moved > QUIET_SECONDS:
            break
    raise LateError(
        f"{len(expected) - newest:,} of {len(expected):,} events are not in"
        f" s3://{run.output('LakeBucket')}/raw/ and none has come for a while; {_set_aside(run)}",
    )


def _set_aside(run: Run) -> str:
    """What lies where the function and its mapping put what they could not take."""
    waiting = [
        len(listing(run.output("LakeBucket"), prefix).sizes) for prefix in (POISON, GIVEN_UP)
    ]
    return "{} records are set aside, {} batches were given up".format(*waiting)
