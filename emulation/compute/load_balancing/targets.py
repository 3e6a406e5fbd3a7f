"""Targets as they are now: their health, their requests in flight, and which one is next."""

import hashlib
import random
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulation.compute.load_balancing.plan import Group, Health, Target

CHECKING = ("initial", "Elb.InitialHealthChecking", "Initial health checks in progress")


@dataclass(eq=False)
class LiveTarget:
    """A target that is registered, or drains."""

    group: Group
    target: Target
    state: str = CHECKING[0]
    reason: str = CHECKING[1]
    description: str = CHECKING[2]
    failures: int = 0
    successes: int = 0
    healthy_since: float = 0.0
    in_flight: set[Any] = field(default_factory=set)
    """What has to be cancelled when it is let go."""

    @property
    def name(self) -> tuple[str, str]:
        """Group and key."""
        return self.group.arn, self.target.key

    @property
    def drains(self) -> bool:
        """Whether it takes no more requests."""
        return self.target.draining_until is not None

    @property
    def token(self) -> str:
        """What a cookie names it by."""
        text = f"{self.group.arn} {self.target.key}"
        return hashlib.blake2b(text.encode(), digest_size=24).hexdigest()

    def told(self) -> Health:
        """Its health."""
        return Health(*self.name, self.state, self.reason, self.description)

    def is_warm(self, seconds: float) -> bool:
        """Whether a request in slow start may go to it: more and more of them may."""
        if not seconds:
            return True
        return random.random() < (time.time() - self.healthy_since) / seconds


@dataclass(eq=False)
class LiveGroup:
    """A group and its targets."""

    group: Group
    targets: dict[str, LiveTarget] = field(default_factory=dict)
    turn: int = 0
    requests: int = 0
    """Since they were last told."""

    def candidates(self) -> list[LiveTarget]:
        """Those that a request may go to; where none is healthy, all."""
        there = [target for target in self.targets.values() if not target.drains]
        healthy = [target for target in there if target.state in {"healthy", "unavailable"}]
        return healthy or there

    def healthy_count(self) -> int:
        """How many take requests without doubt."""
        return sum(not t.drains and t.state == "healthy" for t in self.targets.values())

    def unhealthy_count(self) -> int:
        """How many have failed their checks."""
        return sum(not t.drains and t.state == "unhealthy" for t in self.targets.values())

    def next(self, sticky: str = "") -> LiveTarget | None:
        """The target of a request; the one that a cookie names, while it is healthy."""
        candidates = self.candidates()
        if not candidates:
            return None
        for target in candidates if sticky else ():
            if target.token == sticky and target.state == "healthy":
                return target
        warm = [t for t in candidates if t.is_warm(self.group.slow_start)] or candidates
        return ALGORITHMS[self.group.algorithm](self, warm)


def round_robin(live: LiveGroup, candidates: list[LiveTarget]) -> LiveTarget:
    """One after the other."""
    live.turn += 1
    return candidates[live.turn % len(candidates)]


def least_outstanding(_: LiveGroup, candidates: list[LiveTarget]) -> LiveTarget:
    """One of those that have the least to do."""
    least = min(len(target.in_flight) for target in candidates)
    return random.choice([t for t in candidates if len(t.in_flight) == least])


ALGORITHMS: Mapping[str, Callable[[LiveGroup, list[LiveTarget]], LiveTarget]] = {
    "round_robin": round_robin,
    "least_outstanding_requests": least_outstanding,
    "weighted_random": lambda _, candidates: random.choice(candidates),
}


def merged(before: Mapping[str, LiveGroup], groups: Iterable[Group]) -> dict[str, LiveGroup]:
    """The groups of a new plan; targets that were there before go on as they are."""
    after = {}
    for group in groups:
        live = before.get(group.arn) or LiveGroup(group)
        live.group = group
        kept = live.targets
        live.targets = {}
        for target in group.targets:
            found = kept.get(target.key)
            if found is None or (found.drains and target.draining_until is None):
                # Registered anew: it begins anew, but what is in flight stays.
                found = LiveTarget(group, target, in_flight=found.in_flight if found else set())
            found.group, found.target = group, target
            live.targets[target.key] = found
        after[group.arn] = live
    return after
