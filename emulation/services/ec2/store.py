"""Instances and launch templates: each is a document on disk before it is answered."""

import secrets
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from emulation.compute.instances.machine import Machine
from emulation.compute.instances.metadata import MetadataServer
from emulation.services import documents
from emulation.services.scope import Scope
from emulation.settings import settings

Members = dict[str, Any]
"""A part of a request or an answer, as the API spells it."""

CODES = {
    "pending": 0,
    "running": 16,
    "shutting-down": 32,
    "terminated": 48,
    "stopping": 64,
    "stopped": 80,
}
FORGOTTEN_AFTER_SECONDS = 3600
"""A terminated instance is described for so long, as on AWS."""


def new_id(prefix: str) -> str:
    """An identifier of EC2's form."""
    return f"{prefix}-{secrets.token_hex(9)[:17]}"


@dataclass
class Instance:
    """An instance: what it was launched with and how it is."""

    instance_id: str
    account: str
    region: str
    partition: str
    reservation_id: str
    launch_index: int
    launch: Members
    """The members of RunInstances, those of the launch template among them."""
    architecture: str
    network: Members
    """SubnetId, VpcId, AvailabilityZone, PrivateIpAddress, and the Groups."""
    profile: Members | None
    """Arn, Id and RoleArn of the instance profile."""
    metadata: Members
    """MetadataOptions, as the API describes them."""
    tags: dict[str, str] = field(default_factory=dict)
    state: str = "pending"
    launched: float = field(default_factory=time.time)
    terminated: float | None = None
    reason: tuple[str, str] | None = None
    """Code and message of the last change of the state that nobody undid."""
    transition: str = ""

    @property
    def scope(self) -> Scope:
        """Whose it is."""
        return Scope(self.account, self.region, self.partition)

    @property
    def folder(self) -> Path:
        """Where it lives."""
        return region_folder(self.scope) / self.instance_id

    def enter(
        self, state: str, reason: tuple[str, str] | None = None, transition: str = ""
    ) -> None:
        """The next state, on disk."""
        self.state = state
        self.reason = reason
        self.transition = transition
        if state == "terminated":
            self.terminated = time.time()
        self.save()

    def save(self) -> None:
        """Write it down."""
        documents.write(self.folder / "instance.json", asdict(self))


@dataclass
class Live:
    """An instance with what runs for it in this process."""

    instance: Instance
    machine: Machine | None = None
    imds: MetadataServer | None = None
    lock: threading.RLock = field(default_factory=threading.RLock)
    restarting: bool = False
    """Rebooted: when it ends it begins again."""
    credentials: Members | None = None


Listener = Callable[[Instance], None]

_INSTANCES: dict[tuple[str, str], dict[str, Live]] = {}
LISTENERS: list[Listener] = []
"""Told whenever an instance has another state."""

STORE_LOCK = threading.RLock()


def instances(scope: Scope) -> dict[str, Live]:
    """The instances of an account and region, those long terminated forgotten."""
    with STORE_LOCK:
        found = _INSTANCES.setdefault((scope.account, scope.region), {})
        end = time.time() - FORGOTTEN_AFTER_SECONDS
        for live in list(found.values()):
            if (live.instance.terminated or end) < end:
                forget(live)
        return found


def all_instances() -> list[Live]:
    """The instances of every account and region."""
    with STORE_LOCK:
        return [live for found in _INSTANCES.values() for live in found.values()]


def forget(live: Live) -> None:
    """Drop a terminated instance and its folder."""
    instance = live.instance
    _INSTANCES[instance.account, instance.region].pop(instance.instance_id, None)
    shutil.rmtree(instance.folder, ignore_errors=True)


def tell(instance: Instance) -> None:
    """Tell the listeners of a new state."""
    for listener in LISTENERS:
        listener(instance)


def region_folder(scope: Scope) -> Path:
    """Where the state of an account and region is."""
    return settings().folder("ec2", scope.account, scope.region)


def load_instances() -> list[Live]:
    """The instances of the last run, into the store."""
    loaded = []
    for path in sorted(settings().folder("ec2").glob("*/*/i-*/instance.json")):
        instance = Instance(**documents.read(path))
        instance.reason = (instance.reason[0], instance.reason[1]) if instance.reason else None
        live = Live(instance)
        key = (instance.account, instance.region)
        _INSTANCES.setdefault(key, {})[instance.instance_id] = live
        loaded.append(live)
    return loaded


@dataclass
class Template:
    """A launch template with its versions."""

    template_id: str
    name: str
    created: float
    created_by: str
    versions: dict[int, Members]
    """By number: VersionDescription, CreateTime, LaunchTemplateData."""
    default: int = 1
    latest: int = 1
    tags: dict[str, str] = field(default_factory=dict)


_TEMPLATES: dict[tuple[str, str], dict[str, Template]] = {}


def templates(scope: Scope) -> dict[str, Template]:
    """The launch templates of an account and region, by id."""
    with STORE_LOCK:
        key = (scope.account, scope.region)
        if key not in _TEMPLATES:
            kept = documents.read(_templates_file(scope)) or []
            _TEMPLATES[key] = {item["template_id"]: _template(item) for item in kept}
        return _TEMPLATES[key]


def save_templates(scope: Scope) -> None:
    """Write them down."""
    documents.write(
        _templates_file(scope), [asdict(template) for template in templates(scope).values()]
    )


def _templates_file(scope: Scope) -> Path:
    return region_folder(scope) / "launch-templates.json"


def _template(item: Members) -> Template:
    # JSON has no numbers as names.
    versions = {int(number): version for number, version in item["versions"].items()}
    return Template(**{**item, "versions": versions})
