"""What ECS knows: each cluster, task definition, service and task is a document on disk, written
before it is answered.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from emulation.services import documents
from emulation.services.scope import Scope
from emulation.settings import settings

Members = dict[str, Any]
"""A part of a request or an answer, as the API spells it; times in s since 1970."""

LOCK = threading.RLock()

EVENTS = 100
"""How many events a service remembers, as on AWS."""


@dataclass(kw_only=True)
class Owned:
    """Something of an account and region."""

    account: str
    region: str
    partition: str = "aws"
    tags: list[Members] = field(default_factory=list)

    @property
    def scope(self) -> Scope:
        """Whose it is."""
        return Scope(self.account, self.region, self.partition)


@dataclass(kw_only=True)
class Cluster(Owned):
    """A cluster."""

    name: str
    settings: list[Members]
    configuration: Members = field(default_factory=dict)
    capacity_providers: list[str] = field(default_factory=list)
    strategy: list[Members] = field(default_factory=list)
    status: str = "ACTIVE"

    @property
    def key(self) -> str:
        """What it is filed under."""
        return self.name

    @property
    def arn(self) -> str:
        """Its ARN."""
        return self.scope.arn("ecs", f"cluster/{self.name}")


@dataclass(kw_only=True)
class Definition(Owned):
    """One revision of a task definition."""

    family: str
    revision: int
    members: Members
    """As the API tells it."""

    @property
    def key(self) -> str:
        """What it is filed under."""
        return f"{self.family}:{self.revision}"

    @property
    def arn(self) -> str:
        """Its ARN."""
        return self.scope.arn("ecs", f"task-definition/{self.family}:{self.revision}")

    @property
    def status(self) -> str:
        """ACTIVE, INACTIVE or DELETE_IN_PROGRESS."""
        return str(self.members["status"])


@dataclass(kw_only=True)
class Task(Owned):
    """A task."""

    identifier: str
    cluster: str
    members: Members
    """As the API tells it."""
    service: str = ""
    """The name of the service that has started it."""
    deployment: str = ""
    load_balancers: list[Members] = field(default_factory=list)
    running_since: float = 0.0
    token: str = ""
    """What the client calls its request, so that it may send it again."""
    asked: str = ""
    """What the request was, in short."""
    counted: bool = False
    """Whether its service knows how it has ended."""
    unfit: bool = False
    """Whether its service knows that it fails its health checks."""

    @property
    def key(self) -> str:
        """What it is filed under."""
        return f"{self.cluster}/{self.identifier}"

    @property
    def arn(self) -> str:
        """Its ARN."""
        return self.scope.arn("ecs", f"task/{self.cluster}/{self.identifier}")

    @property
    def status(self) -> str:
        """Where it is."""
        return str(self.members["lastStatus"])

    @property
    def is_over(self) -> bool:
        """Whether it has stopped."""
        return self.status == "STOPPED"

    @property
    def is_wanted(self) -> bool:
        """Whether it should run."""
        return bool(self.members["desiredStatus"] == "RUNNING")


@dataclass(kw_only=True)
class Service(Owned):
    """A service."""

    name: str
    cluster: str
    members: Members
    """What it was created with, and changed to since."""
    status: str = "ACTIVE"
    deployments: list[Members] = field(default_factory=list)
    """As the API tells them, the primary first."""
    history: list[Members] = field(default_factory=list)
    """Service deployments with what they deploy, the latest first."""
    stable: str = ""
    """The last deployment that was completed."""
    events: list[Members] = field(default_factory=list)
    steady: bool = False
    """Whether it was told that it has reached a steady state, since the last change."""
    created: float = field(default_factory=time.time)
    ended: float = 0.0

    @property
    def key(self) -> str:
        """What it is filed under."""
        return f"{self.cluster}/{self.name}"

    @property
    def arn(self) -> str:
        """Its ARN."""
        return self.scope.arn("ecs", f"service/{self.cluster}/{self.name}")

    @property
    def desired(self) -> int:
        """How many tasks it wants."""
        return int(self.members["desiredCount"])

    def deployment(self, identifier: str) -> Members | None:
        """One of its deployments."""
        return next((one for one in self.deployments if one["id"] == identifier), None)


class Shelf[Item: (Cluster, Definition, Task, Service)]:
    """All documents of one kind."""

    def __init__(self, kind: str, make: Callable[..., Item]) -> None:
        self._kind = kind
        self._make: Callable[..., Item] = make
        self._items: dict[tuple[str, str], dict[str, Item]] = {}

    def of(self, scope: Scope) -> dict[str, Item]:
        """Those of an account and region, by their keys."""
        return self._items.setdefault((scope.account, scope.region), {})

    def everywhere(self) -> list[Item]:
        """Those of every account and region."""
        return [item for items in list(self._items.values()) for item in list(items.values())]

    def save(self, item: Item) -> None:
        """Keep it, and write it down."""
        # A folder of that name makes the emulator load this service when it starts.
        settings().folder("services", "ecs")
        self.of(item.scope)[item.key] = item
        documents.write(self._file(item), asdict(item))

    def remove(self, item: Item) -> None:
        """Forget it."""
        self.of(item.scope).pop(item.key, None)
        self._file(item).unlink(missing_ok=True)

    def load(self) -> None:
        """Those of the last run."""
        for path in sorted(settings().folder("ecs", self._kind).glob("*/*/*.json")):
            item = self._make(**documents.read(path))
            self.of(item.scope)[item.key] = item

    def _file(self, item: Item) -> Path:
        folder = settings().folder("ecs", self._kind, item.account, item.region)
        return folder / f"{quote(item.key, safe=':')}.json"


CLUSTERS = Shelf("clusters", Cluster)
DEFINITIONS = Shelf("definitions", Definition)
TASKS = Shelf("tasks", Task)
SERVICES = Shelf("services", Service)


def load() -> None:
    """Everything of the last run."""
    for shelf in (CLUSTERS, DEFINITIONS, TASKS, SERVICES):
        shelf.load()


def tasks_in(cluster: Cluster) -> list[Task]:
    """The tasks of a cluster, the first first."""
    return [task for task in TASKS.of(cluster.scope).values() if task.cluster == cluster.name]


def tasks_of(service: Service) -> list[Task]:
    """The tasks that a service has started, the first first."""
    return [
        task
        for task in TASKS.of(service.scope).values()
        if (task.cluster, task.service) == (service.cluster, service.name)
    ]


def services_in(cluster: Cluster) -> list[Service]:
    """The services of a cluster."""
    found = SERVICES.of(cluster.scope).values()
    return [service for service in found if service.cluster == cluster.name]
