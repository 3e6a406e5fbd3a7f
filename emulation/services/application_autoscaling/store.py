"""Scalable targets: each is a document on disk, with its policies, scheduled actions, activities.

A target that is deregistered leaves its activities, as on AWS.
"""

import threading
import time
import uuid
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from emulation.services import documents
from emulation.services.scope import Scope
from emulation.settings import settings

Members = dict[str, Any]
"""A part of a request or an answer, as the API spells it."""

ACTIVITIES = 100
"""How many are remembered of a target; on AWS those of six weeks."""

LOCK = threading.RLock()


@dataclass
class Policy:
    """A scaling policy."""

    name: str
    identifier: str
    kind: str
    configuration: Members
    alarms: list[Members] = field(default_factory=list)
    """Names and ARNs of the alarms that were made for it."""
    created: float = field(default_factory=time.time)


@dataclass
class Cooldown:
    """What was done last, and until when less of the same is not done again."""

    until: float = 0.0
    capacity: int = 0


@dataclass
class Target:
    """What is scaled. Without `registered` only its activities are left."""

    namespace: str
    resource: str
    dimension: str
    account: str
    region: str
    partition: str
    least: int = 0
    most: int = 0
    role: str = ""
    registered: bool = True
    identifier: str = field(default_factory=lambda: uuid.uuid4().hex)
    created: float = field(default_factory=time.time)
    suspended: dict[str, bool] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    policies: dict[str, Policy] = field(default_factory=dict)
    scheduled: dict[str, Members] = field(default_factory=dict)
    activities: list[Members] = field(default_factory=list)
    """The latest first; times in s since 1970."""
    out: Cooldown = field(default_factory=Cooldown)
    into: Cooldown = field(default_factory=Cooldown)

    @property
    def scope(self) -> Scope:
        """Whose it is."""
        return Scope(self.account, self.region, self.partition)

    @property
    def place(self) -> tuple[str, str, str]:
        """Namespace, resource and dimension."""
        return self.namespace, self.resource, self.dimension

    @property
    def arn(self) -> str:
        """Its ARN."""
        return self.scope.arn("application-autoscaling", f"scalable-target/{self.identifier}")

    def arn_of(self, kind: str, name_of: str, identifier: str, name: str) -> str:
        """The ARN of a policy or a scheduled action."""
        resource = f"resource/{self.namespace}/{self.resource}"
        return self.scope.arn("autoscaling", f"{kind}:{identifier}:{resource}:{name_of}/{name}")

    def policy_arn(self, policy: Policy) -> str:
        """The ARN of a policy."""
        return self.arn_of("scalingPolicy", "policyName", policy.identifier, policy.name)

    def save(self) -> None:
        """Write it down."""
        documents.write(file_of(self), asdict(self))

    def began(self, description: str, cause: str) -> Members:
        """A new activity."""
        activity: Members = {
            "ActivityId": str(uuid.uuid4()),
            "Description": description,
            "Cause": cause,
            "StartTime": time.time(),
            "StatusCode": "Pending",
        }
        self.activities.insert(0, activity)
        del self.activities[ACTIVITIES:]
        return activity


_TARGETS: dict[tuple[str, str], dict[tuple[str, str, str], Target]] = {}


def targets(scope: Scope) -> dict[tuple[str, str, str], Target]:
    """The targets of an account and region, those that were deregistered among them."""
    return _TARGETS.setdefault((scope.account, scope.region), {})


def all_targets() -> list[Target]:
    """The registered targets of every account and region."""
    with LOCK:
        return [t for found in _TARGETS.values() for t in found.values() if t.registered]


def add(target: Target) -> None:
    """A new target, on disk."""
    # The next start finds by this folder that the service has something to go on with.
    settings().folder("services", "application-autoscaling")
    targets(target.scope)[target.place] = target
    target.save()


def file_of(target: Target) -> Path:
    """Where a target is written."""
    folder = settings().folder("application-autoscaling", target.account, target.region)
    return folder / f"{quote(' '.join(target.place), safe=' ')}.json"


def load() -> None:
    """The targets of the last run."""
    for path in sorted(settings().folder("application-autoscaling").glob("*/*/*.json")):
        kept = documents.read(path)
        kept["policies"] = {name: Policy(**item) for name, item in kept["policies"].items()}
        kept |= {name: Cooldown(**kept[name]) for name in ("out", "into")}
        target = Target(**kept)
        targets(target.scope)[target.place] = target
