"""Clusters with their steps: each is a document on disk before anybody is told of a change."""

import secrets
import string
import threading
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from emulation.compute.once import once
from emulation.services import documents
from emulation.services.scope import Scope
from emulation.settings import settings

Members = dict[str, Any]
"""A part of a request or an answer, as the API spells it."""

LOCK = threading.RLock()
"""Held while something is read and changed, never while another service is called."""

ENDING = ("TERMINATING", "TERMINATED", "TERMINATED_WITH_ERRORS")
ENDED = ENDING[1:]
UNDER_WAY = ("RUNNING", "CANCEL_PENDING")
"""The states of a step that has begun and not ended."""
CHARACTERS = string.digits + string.ascii_uppercase


def new_identifier(prefix: str) -> str:
    """`j-`, `s-` or `ig-` and thirteen characters."""
    return prefix + "".join(secrets.choice(CHARACTERS) for _ in range(13))


def moment(seconds: float) -> datetime:
    """A time as answers have it."""
    return datetime.fromtimestamp(seconds, UTC)


@dataclass
class Step:
    """A step; times in s since 1970."""

    identifier: str
    members: Members
    """Its configuration, as AddJobFlowSteps takes it."""
    state: str = "PENDING"
    message: str = ""
    failure: Members = field(default_factory=dict)
    role: str = ""
    created: float = field(default_factory=time.time)
    started: float | None = None
    ended: float | None = None

    @property
    def action(self) -> str:
        """What becomes of the cluster when it fails."""
        action = str(self.members.get("ActionOnFailure") or "TERMINATE_CLUSTER")
        return "TERMINATE_CLUSTER" if action == "TERMINATE_JOB_FLOW" else action


@dataclass
class Cluster:
    """A cluster, the records of its machines, and its steps, the latest last."""

    account: str
    region: str
    partition: str
    identifier: str
    members: Members
    """What RunJobFlow was told, and what has been changed since."""
    groups: list[Members]
    """Its instance groups: id, role, type, market, count, and the ids of their machines."""
    state: str = "STARTING"
    code: str = ""
    message: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    created: float = field(default_factory=time.time)
    ready: float | None = None
    ended: float | None = None
    idle_since: float | None = None

    @property
    def scope(self) -> Scope:
        """Whose it is."""
        return Scope(self.account, self.region, self.partition)

    @property
    def arn(self) -> str:
        """Its ARN."""
        return self.scope.arn("elasticmapreduce", f"cluster/{self.identifier}")

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.members["Name"])

    @property
    def kept(self) -> bool:
        """Whether it stays when it has no steps."""
        return bool(self.members["Instances"].get("KeepJobFlowAliveWhenNoSteps"))

    @property
    def is_protected(self) -> bool:
        """Whether it may not be terminated."""
        return bool(self.members["Instances"].get("TerminationProtected"))

    @property
    def master(self) -> str:
        """The id of its first machine."""
        found = next(group for group in self.groups if group["role"] == "MASTER")
        return str(found["instances"][0])

    def folder(self) -> Path:
        """What is its machine's own: home, programs, the folders of its steps."""
        return settings().folder("emr", "machines", self.identifier)

    def step(self, identifier: str) -> Step | None:
        """A step by its id."""
        return next((step for step in self.steps if step.identifier == identifier), None)

    def save(self) -> None:
        """Write it down."""
        path = clusters_folder() / self.account / self.region / f"{self.identifier}.json"
        documents.write(path, asdict(self))


def clusters_folder() -> Path:
    """The documents of all clusters."""
    return settings().folder("emr", "clusters")


@once
def all_clusters() -> dict[str, Cluster]:
    """All clusters by their id, oldest first."""
    found = [_cluster(documents.read(path)) for path in clusters_folder().glob("*/*/*.json")]
    return {one.identifier: one for one in sorted(found, key=lambda one: one.created)}


def _cluster(document: Members) -> Cluster:
    steps = [Step(**step) for step in document.pop("steps")]
    return Cluster(steps=steps, **document)


def clusters_of(scope: Scope) -> list[Cluster]:
    """The clusters of an account in a region, oldest first."""
    with LOCK:
        return [
            one
            for one in all_clusters().values()
            if (one.account, one.region) == (scope.account, scope.region)
        ]
