"""What a bucket's lifecycle rules want of an object, and when: nothing here does it.

Days are counted from the moment at which the object was written, or ceased to be current, and
rounded up to the next midnight in UTC, as S3 does it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

WATERFALL = (
    "STANDARD",
    "STANDARD_IA",
    "INTELLIGENT_TIERING",
    "ONEZONE_IA",
    "GLACIER_IR",
    "GLACIER",
    "DEEP_ARCHIVE",
)
"""An object only goes down; of several classes that are due S3 takes the coldest."""
NOT_POSSIBLE = {("ONEZONE_IA", "GLACIER_IR")}
"""The one way down that there is not."""

SMALLEST = 128 * 1024
"""Smaller objects stay where they are, unless the rule itself speaks of sizes."""
VARIES = "varies_by_storage_class"
FOR_SMALL = {"GLACIER", "DEEP_ARCHIVE"}
"""With `VARIES` they go to these."""

DELETE, TRANSITION, HIDE = range(3)
"""What can be done to a version, the most thorough first: that one wins."""


@dataclass(frozen=True, slots=True)
class Version:
    """What rules look at: one version of an object, or a delete marker."""

    key: str
    written: datetime
    size: int = 0
    storage_class: str = "STANDARD"
    tags: Mapping[str, str] = field(default_factory=dict)
    marker: bool = False
    alone: bool = True
    """Whether its key has no other version."""
    since: datetime | None = None
    """When it ceased to be current; None: it is current."""
    newer: int = 0
    """How many versions ceased to be current after it."""
    versioned: bool = False
    """Whether its expiration only puts a delete marker on top."""


@dataclass(frozen=True, slots=True, order=True)
class Due:
    """Something that a rule wants: when, what, and the class to go to."""

    at: datetime
    action: int
    storage_class: str = ""
    rule: str = ""


def midnight(moment: datetime, days: int) -> datetime:
    """So many days after a moment, rounded up to the next midnight."""
    day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return day + timedelta(days=days + 1)


class Rule:
    """One enabled rule."""

    def __init__(self, rule: Mapping[str, Any]) -> None:
        self.id: str = rule["ID"]
        self._expiration: Mapping[str, Any] = rule.get("Expiration") or {}
        self._transitions: Sequence[Any] = rule.get("Transitions") or ()
        self._later: Mapping[str, Any] = rule.get("NoncurrentVersionExpiration") or {}
        self._later_transitions: Sequence[Any] = rule.get("NoncurrentVersionTransitions") or ()
        self._abort: Mapping[str, Any] = rule.get("AbortIncompleteMultipartUpload") or {}
        conditions = rule.get("Filter") or {}
        conditions = conditions.get("And") or conditions
        self._prefix: str = conditions.get("Prefix") or rule.get("Prefix") or ""
        tags = [*conditions.get("Tags", ()), *([conditions["Tag"]] if "Tag" in conditions else ())]
        self._tags = {tag["Key"]: tag["Value"] for tag in tags}
        self._above: int | None = conditions.get("ObjectSizeGreaterThan")
        self._below: int | None = conditions.get("ObjectSizeLessThan")

    @property
    def speaks_of_objects(self) -> bool:
        """Whether it does more than to end uploads in parts."""
        return bool(self._expiration or self._transitions or self._later or self._later_transitions)

    def matches(self, version: Version) -> bool:
        """Whether the rule speaks of this version; of delete markers only the key is known."""
        if not version.key.startswith(self._prefix):
            return False
        if version.marker:
            return not self._tags and self._above is None and self._below is None
        large = self._above is None or version.size > self._above
        small = self._below is None or version.size < self._below
        return large and small and self._tags.items() <= version.tags.items()

    def wants(self, version: Version, minimum: str) -> Iterator[Due]:
        """What the rule wants of a version that it matches."""
        if version.since is not None:
            yield from self._of_noncurrent(version, version.since, minimum)
        elif version.marker:
            yield from self._of_lone_marker(version)
        else:
            yield from self.expiration(version)
            for item in self._transitions:
                at = item.get("Date") or midnight(version.written, item.get("Days", 0))
                yield from self._transition(version, at, item["StorageClass"], minimum)

    def expiration(self, version: Version) -> Iterator[Due]:
        """When the rule ends a current version."""
        if at := self._age_reached(version):
            yield Due(at, HIDE if version.versioned else DELETE, "", self.id)

    def aborts(self, key: str, initiated: datetime) -> datetime | None:
        """When the rule ends an upload in parts that nobody completes."""
        days = self._abort.get("DaysAfterInitiation")
        return midnight(initiated, days) if days and key.startswith(self._prefix) else None

    def _of_noncurrent(self, version: Version, since: datetime, minimum: str) -> Iterator[Due]:
        days = self._later.get("NoncurrentDays")
        if days and version.newer >= (self._later.get("NewerNoncurrentVersions") or 0):
            yield Due(midnight(since, days), DELETE, "", self.id)
        if version.marker:
            return
        for item in self._later_transitions:
            if version.newer >= (item.get("NewerNoncurrentVersions") or 0):
                at = midnight(since, item.get("NoncurrentDays", 0))
                yield from self._transition(version, at, item["StorageClass"], minimum)

    def _of_lone_marker(self, version: Version) -> Iterator[Due]:
        """A delete marker that hides nothing goes by itself, or at the age of other objects."""
        if not version.alone:
            return
        at = self._age_reached(version)
        if self._expiration.get("ExpiredObjectDeleteMarker"):
            at = midnight(version.written, 0)
        if at:
            yield Due(at, DELETE, "", self.id)

    def _age_reached(self, version: Version) -> datetime | None:
        if days := self._expiration.get("Days"):
            return midnight(version.written, days)
        date: datetime | None = self._expiration.get("Date")
        return date

    def _transition(self, version: Version, at: datetime, to: str, minimum: str) -> Iterator[Due]:
        if may_go(version.storage_class, to) and self._is_large_enough(version, to, minimum):
            yield Due(at, TRANSITION, to, self.id)

    def _is_large_enough(self, version: Version, to: str, minimum: str) -> bool:
        if version.size >= SMALLEST or self._above is not None or self._below is not None:
            return True
        return minimum == VARIES and to in FOR_SMALL


def may_go(here: str, to: str) -> bool:
    """Whether a lifecycle leads from one storage class to another."""
    if here not in WATERFALL:
        here = "STANDARD"
    return WATERFALL.index(here) < WATERFALL.index(to) and (here, to) not in NOT_POSSIBLE


def enabled(rules: Sequence[Mapping[str, Any]] | None) -> list[Rule]:
    """The rules of a bucket that act."""
    return [Rule(rule) for rule in rules or () if rule["Status"] == "Enabled"]


def wanted(rules: Sequence[Rule], version: Version, minimum: str) -> list[Due]:
    """Everything that rules want of a version, now or later."""
    return [due for rule in rules if rule.matches(version) for due in rule.wants(version, minimum)]


def first(dues: Sequence[Due], now: datetime) -> Due | None:
    """What of it is done now; None: nothing is due."""
    ready = [due for due in dues if due.at <= now]
    if not ready:
        return None
    action = min(due.action for due in ready)
    same = [due for due in ready if due.action == action]
    return max(same, key=lambda due: WATERFALL.index(due.storage_class or "STANDARD"))
