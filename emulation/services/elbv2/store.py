"""Load balancers and target groups: each is a document on disk before it is answered.

A load balancer's document holds its listeners, and a listener its rules: they live and die
together. What their parts are is what the API describes; `Members` are as it spells them.
"""

import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from emulation.services import documents
from emulation.services.scope import Scope
from emulation.settings import settings

Members = dict[str, Any]
"""A part of a request or an answer, as the API spells it."""

LOCK = threading.RLock()


def new_id() -> str:
    """An identifier as ARNs have it."""
    return secrets.token_hex(8)


@dataclass
class Rule:
    """A rule of a listener; `priority` is None of its default."""

    arn: str
    priority: int | None
    conditions: list[Members]
    actions: list[Members]
    tags: dict[str, str] = field(default_factory=dict)


@dataclass
class Listener:
    """A listener, and the local port that it is reached at."""

    arn: str
    port: int
    protocol: str
    local_port: int
    default: Rule
    rules: dict[str, Rule] = field(default_factory=dict)
    """Those beside the default, by ARN."""
    attributes: dict[str, str] = field(default_factory=dict)
    """Those that were changed."""
    tags: dict[str, str] = field(default_factory=dict)

    def ordered(self) -> list[Rule]:
        """By priority, the default last."""
        return [*sorted(self.rules.values(), key=lambda rule: rule.priority or 0), self.default]


@dataclass
class LoadBalancer:
    """A load balancer."""

    name: str
    account: str
    region: str
    partition: str
    identifier: str
    number: int
    """In its DNS name."""
    scheme: str
    vpc: str
    subnets: list[Members]
    """SubnetId and ZoneName of each."""
    security_groups: list[str]
    created: float = field(default_factory=time.time)
    attributes: dict[str, str] = field(default_factory=dict)
    """Those that were changed."""
    tags: dict[str, str] = field(default_factory=dict)
    listeners: dict[str, Listener] = field(default_factory=dict)

    @property
    def scope(self) -> Scope:
        """Whose it is."""
        return Scope(self.account, self.region, self.partition)

    @property
    def full_name(self) -> str:
        """As metrics name it."""
        return f"app/{self.name}/{self.identifier}"

    @property
    def arn(self) -> str:
        """Its ARN."""
        return self.scope.arn("elasticloadbalancing", f"loadbalancer/{self.full_name}")

    @property
    def host(self) -> str:
        """The name that it is reached by, without a port."""
        internal = "internal-" if self.scheme == "internal" else ""
        return f"{internal}{self.name}-{self.number}.{self.region}.elb.localhost".lower()

    def save(self) -> None:
        """Write it down."""
        documents.write(file_of("load-balancers", self.scope, self.name), asdict(self))


@dataclass
class Target:
    """A target that is registered, or drains until `draining_until` (in s since 1970)."""

    id: str
    port: int | None
    zone: str = ""
    draining_until: float | None = None

    @property
    def key(self) -> str:
        """What tells it from the others of its group."""
        return f"{self.id}:{self.port or 0}"


@dataclass
class TargetGroup:
    """A target group."""

    name: str
    account: str
    region: str
    partition: str
    identifier: str
    settings: Members
    """TargetType, Protocol, Port, VpcId, the health check and so on, as the API describes them."""
    attributes: dict[str, str] = field(default_factory=dict)
    """Those that were changed."""
    tags: dict[str, str] = field(default_factory=dict)
    targets: dict[str, Target] = field(default_factory=dict)

    @property
    def scope(self) -> Scope:
        """Whose it is."""
        return Scope(self.account, self.region, self.partition)

    @property
    def full_name(self) -> str:
        """As metrics name it."""
        return f"targetgroup/{self.name}/{self.identifier}"

    @property
    def arn(self) -> str:
        """Its ARN."""
        return self.scope.arn("elasticloadbalancing", self.full_name)

    @property
    def kind(self) -> str:
        """What its targets are: `instance`, `ip` or `lambda`."""
        return str(self.settings["TargetType"])

    def save(self) -> None:
        """Write it down."""
        documents.write(file_of("target-groups", self.scope, self.name), asdict(self))


_BALANCERS: dict[tuple[str, str], dict[str, LoadBalancer]] = {}
_GROUPS: dict[tuple[str, str], dict[str, TargetGroup]] = {}


def balancers(scope: Scope) -> dict[str, LoadBalancer]:
    """The load balancers of an account and region, by name."""
    return _BALANCERS.setdefault((scope.account, scope.region), {})


def groups(scope: Scope) -> dict[str, TargetGroup]:
    """The target groups of an account and region, by name."""
    return _GROUPS.setdefault((scope.account, scope.region), {})


def all_balancers() -> list[LoadBalancer]:
    """Those of every account and region."""
    return [item for found in list(_BALANCERS.values()) for item in list(found.values())]


def all_groups() -> list[TargetGroup]:
    """Those of every account and region."""
    return [item for found in list(_GROUPS.values()) for item in list(found.values())]


def listeners(scope: Scope) -> Iterator[tuple[LoadBalancer, Listener]]:
    """Every listener with its load balancer."""
    for balancer in list(balancers(scope).values()):
        for listener in list(balancer.listeners.values()):
            yield balancer, listener


def forwards_to(actions: list[Members]) -> set[str]:
    """The ARNs of the target groups that actions name."""
    return {
        share["TargetGroupArn"]
        for action in actions
        if action["Type"] == "forward"
        for share in action["ForwardConfig"]["TargetGroups"]
    }


def users_of(scope: Scope, arn: str) -> list[str]:
    """The ARNs of the load balancers that forward to a target group."""
    return [
        balancer.arn
        for balancer in list(balancers(scope).values())
        if any(
            arn in forwards_to(rule.actions)
            for listener in balancer.listeners.values()
            for rule in listener.ordered()
        )
    ]


def add(thing: LoadBalancer | TargetGroup) -> None:
    """Something new, on disk."""
    # The next start finds by this folder that the service has something to go on with.
    settings().folder("services", "elbv2")
    if isinstance(thing, LoadBalancer):
        balancers(thing.scope)[thing.name] = thing
    else:
        groups(thing.scope)[thing.name] = thing
    thing.save()


def remove(thing: LoadBalancer | TargetGroup) -> None:
    """Something that is no more."""
    if isinstance(thing, LoadBalancer):
        balancers(thing.scope).pop(thing.name, None)
        file_of("load-balancers", thing.scope, thing.name).unlink(missing_ok=True)
    else:
        groups(thing.scope).pop(thing.name, None)
        file_of("target-groups", thing.scope, thing.name).unlink(missing_ok=True)


def file_of(noun: str, scope: Scope, name: str) -> Path:
    """Where something is written."""
    return settings().folder("elbv2", noun, scope.account, scope.region) / f"{name}.json"


def load() -> None:
    """What the last run had."""
    for path in sorted(settings().folder("elbv2", "load-balancers").glob("*/*/*.json")):
        balancer = LoadBalancer(**documents.read(path))
        balancer.listeners = {arn: _listener(kept) for arn, kept in _raw(balancer.listeners)}
        balancers(balancer.scope)[balancer.name] = balancer
    for path in sorted(settings().folder("elbv2", "target-groups").glob("*/*/*.json")):
        group = TargetGroup(**documents.read(path))
        group.targets = {key: Target(**kept) for key, kept in _raw(group.targets)}
        groups(group.scope)[group.name] = group


def _raw(kept: Any) -> list[tuple[str, Members]]:
    """Parts as they were read, before they are what the class says."""
    return list(kept.items())


def _listener(kept: Members) -> Listener:
    kept["default"] = Rule(**kept["default"])
    kept["rules"] = {arn: Rule(**rule) for arn, rule in kept["rules"].items()}
    return Listener(**kept)
