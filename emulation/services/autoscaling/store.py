"""Groups: each is a document on disk before it is answered, with its instances and activities."""

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
"""How many are remembered; on AWS those of six weeks."""

LOCK = threading.RLock()


@dataclass
class Member:
    """An instance of a group."""

    instance_id: str
    zone: str
    instance_type: str
    template: Members
    """LaunchTemplateId, LaunchTemplateName and Version, the version as a number."""
    lifecycle: str = "Pending"
    health: str = "Healthy"
    protected: bool = False
    joined: float = field(default_factory=time.time)
    activity: str = ""
    """The activity that waits for it."""

    @property
    def counts(self) -> bool:
        """Whether it is one of those that the group wants."""
        return self.lifecycle in {"Pending", "InService"}


@dataclass
class Group:
    """An Auto Scaling group."""

    name: str
    account: str
    region: str
    partition: str
    request: Members
    """What it was created with, and changed to since."""
    identifier: str = field(default_factory=lambda: str(uuid.uuid4()))
    created: float = field(default_factory=time.time)
    members: dict[str, Member] = field(default_factory=dict)
    activities: list[Members] = field(default_factory=list)
    """The latest first; times in s since 1970."""
    tags: list[Members] = field(default_factory=list)
    deleting: bool = False

    @property
    def scope(self) -> Scope:
        """Whose it is."""
        return Scope(self.account, self.region, self.partition)

    @property
    def arn(self) -> str:
        """Its ARN."""
        return self.scope.arn(
            "autoscaling",
            f"autoScalingGroup:{self.identifier}:autoScalingGroupName/{self.name}",
        )

    @property
    def desired(self) -> int:
        """How many instances it wants."""
        return 0 if self.deleting else int(self.request["DesiredCapacity"])

    @property
    def is_kept(self) -> bool:
        """Whether it is a group still: what was launched for one may come after its deletion."""
        return groups(self.scope).get(self.name) is self

    def save(self) -> None:
        """Write it down, unless it is deleted."""
        if self.is_kept:
            documents.write(file_of(self.scope, self.name), asdict(self))

    def began(self, description: str, cause: str, details: Members) -> str:
        """A new activity."""
        activity = {
            "ActivityId": str(uuid.uuid4()),
            "AutoScalingGroupName": self.name,
            "Description": description,
            "Cause": cause,
            "StartTime": time.time(),
            "StatusCode": "InProgress",
            "Progress": 50,
            "Details": details,
        }
        self.activities.insert(0, activity)
        del self.activities[ACTIVITIES:]
        return str(activity["ActivityId"])

    def finished(self, activity_id: str, status: str = "Successful", message: str = "") -> None:
        """An activity's end."""
        for activity in self.activities:
            if activity["ActivityId"] == activity_id and "EndTime" not in activity:
                activity |= {"StatusCode": status, "Progress": 100, "EndTime": time.time()}
                if message:
                    activity["StatusMessage"] = message


_GROUPS: dict[tuple[str, str], dict[str, Group]] = {}


def groups(scope: Scope) -> dict[str, Group]:
    """The groups of an account and region, by name."""
    return _GROUPS.setdefault((scope.account, scope.region), {})


def all_groups() -> list[Group]:
    """The groups of every account and region."""
    with LOCK:
        return [group for found in _GROUPS.values() for group in found.values()]


def add(group: Group) -> None:
    """A new group, on disk."""
    settings().folder("services", "autoscaling")
    groups(group.scope)[group.name] = group
    group.save()


def remove(group: Group) -> None:
    """A group that is no more."""
    groups(group.scope).pop(group.name, None)
    file_of(group.scope, group.name).unlink(missing_ok=True)


def file_of(scope: Scope, name: str) -> Path:
    """Where a group is written; its name may hold a slash."""
    folder = settings().folder("autoscaling", scope.account, scope.region)
    return folder / f"{quote(name, safe='')}.json"


def load() -> None:
    """The groups of the last run."""
    for path in sorted(settings().folder("autoscaling").glob("*/*/*.json")):
        kept = documents.read(path)
        kept["members"] = {key: Member(**item) for key, item in kept["members"].items()}
        group = Group(**kept)
        groups(group.scope)[group.name] = group
