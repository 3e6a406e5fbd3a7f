"""What a service needs next: how many tasks to start, and which to stop. Numbers only.

A rolling deployment has at most `maximumPercent` of the desired tasks at work and at least
`minimumHealthyPercent` of them fit; an old task goes when a new one has taken its place, or when it
has to make room. A task that fails its health checks may just be busy: it too stays until another
has taken its place, unless there is no room for one.
"""

from dataclasses import dataclass, field
from math import ceil, floor

from emulation.services.ecs.fitness import Verdict


@dataclass(frozen=True, slots=True)
class Member:
    """A task that is to run."""

    name: str
    new: bool
    """Whether it is of the primary deployment."""
    verdict: Verdict
    started: float
    """When it was made: the youngest goes first."""


@dataclass(slots=True)
class Plan:
    """What is to be done now."""

    start: int = 0
    stop: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a service wants."""

    desired: int
    minimum_percent: int = 100
    maximum_percent: int = 200

    @property
    def least(self) -> int:
        """How many stay fit."""
        return ceil(self.desired * self.minimum_percent / 100)

    @property
    def most(self) -> int:
        """How many may be at work."""
        return floor(self.desired * self.maximum_percent / 100)


def plan(members: list[Member], bounds: Bounds) -> Plan:
    """The next step."""
    new = [member for member in members if member.new and member.verdict != "unfit"]
    unfit = [member for member in members if member.new and member.verdict == "unfit"]
    old = [member for member in members if not member.new]
    missing = max(0, bounds.desired - len(new))
    room = max(0, bounds.most - len(members)) if old or unfit else missing
    made = Plan(start=min(missing, room))
    made.stop += names(first_to_go(new)[: max(0, len(new) - bounds.desired)])
    fit = sum(member.verdict == "fit" for member in members)
    replaced = sum(member.verdict == "fit" for member in new)
    unreplaced = max(0, bounds.desired - replaced)
    in_the_way = missing - made.start
    given_up = names(unfit[: max(len(unfit) - unreplaced, in_the_way, 0)])
    made.stop += given_up
    superfluous = len(old) - unreplaced
    in_the_way -= len(given_up)
    spare = fit - bounds.least
    for member in first_to_go(old)[: max(superfluous, in_the_way, 0)]:
        if member.verdict == "fit":
            if spare <= 0:
                break
            spare -= 1
        made.stop.append(member.name)
    return made


def first_to_go(members: list[Member]) -> list[Member]:
    """What does not work yet, then the youngest."""
    return sorted(members, key=lambda member: (member.verdict == "fit", -member.started))


def names(members: list[Member]) -> list[str]:
    """Their names."""
    return [member.name for member in members]
