"""What the data plane is told: every listener, rule and target, whole, each time something changes.

A plan is one JSON line. The proxy compares it with the one before, so that a target keeps its
health and its requests in flight while everything around it changes.
"""

from msgspec import Struct, field


class Check(Struct, frozen=True):
    """How targets are checked; times in seconds."""

    enabled: bool = True
    path: str = "/"
    port: int | None = None
    """None is the port that a target takes its requests at."""
    interval: float = 30.0
    timeout: float = 5.0
    healthy: int = 5
    unhealthy: int = 2
    codes: str = "200"
    """`200`, `200,202` or `200-299`."""


class Stickiness(Struct, frozen=True):
    """Whether a client stays with its target, for how long, and by whose cookie."""

    kind: str = ""
    """`lb_cookie`, `app_cookie`, or nothing."""
    seconds: int = 86400
    cookie: str = ""


class Target(Struct, frozen=True):
    """Where requests go; of a function, `address` is its ARN."""

    id: str
    address: str
    port: int = 0
    zone: str = ""
    draining_until: float | None = None
    """In s since 1970; None while it is registered."""

    @property
    def key(self) -> str:
        """What tells it from the others of its group."""
        return f"{self.id}:{self.port}"


class Group(Struct, frozen=True):
    """A target group that a listener forwards to."""

    arn: str
    dimension: str
    """`targetgroup/NAME/ID`."""
    targets: list[Target]
    is_function: bool = False
    check: Check = Check()
    algorithm: str = "round_robin"
    stickiness: Stickiness = Stickiness()
    slow_start: float = 0.0
    several_values: bool = False
    """Whether a function's event has its headers as lists."""


class Condition(Struct, frozen=True):
    """What a rule asks of a request; one of the values has to fit."""

    field: str
    values: list[str] = []
    regular: list[str] = []
    """Regular expressions, beside the values."""
    name: str = ""
    """Of a header."""
    pairs: list[tuple[str | None, str]] = []
    """Of a query."""


class Share(Struct, frozen=True):
    """A target group and its weight."""

    group: str
    weight: int = 1


class Action(Struct, frozen=True):
    """What happens with a request: one of `forward`, `redirect`, `fixed-response`."""

    kind: str
    shares: list[Share] = []
    sticky_seconds: int | None = None
    status: int = 200
    content_type: str = ""
    body: str = ""
    location: str = ""
    """Of a redirect, with `#{host}` and the like in it."""


class Rule(Struct, frozen=True):
    """Conditions, all of which have to be met, and an action."""

    priority: int | None
    """None of the default."""
    action: Action
    conditions: list[Condition] = []


class Listener(Struct, frozen=True):
    """A port that requests come to."""

    arn: str
    port: int
    local_port: int
    rules: list[Rule]
    """By priority, the default last."""
    server_header: bool = True
    """Whether answers say whose they are."""
    headers: dict[str, str] = {}
    """That are added to every answer."""


class Balancer(Struct, frozen=True):
    """A load balancer and its attributes."""

    arn: str
    account: str
    region: str
    dimension: str
    """`app/NAME/ID`."""
    zone: str
    listeners: list[Listener]
    idle_seconds: float = 60.0
    drops_invalid_headers: bool = False
    forwarded_for: str = "append"
    """Or `preserve`, or `remove`."""
    forwarded_port: bool = False
    """Whether the client's port stands with its address."""
    log: str = ""
    """The file that access is logged in."""


class Plan(Struct, frozen=True):
    """Everything."""

    number: int
    gateway: str
    """Where functions are invoked."""
    balancers: list[Balancer] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)


class Health(Struct, frozen=True):
    """How a target is, in AWS's words."""

    group: str
    key: str
    state: str
    reason: str = ""
    description: str = ""


class Traffic(Struct, frozen=True):
    """What was counted since the last report, of one load balancer and one place behind it."""

    balancer: str
    group: str
    """The group's dimension; empty of what concerns the load balancer only."""
    zone: str
    values: dict[str, dict[str, int]]
    """By metric: how often each value was seen."""


class Report(Struct, frozen=True):
    """What the proxy tells; one JSON line."""

    applied: int | None = None
    """The number of a plan that is in effect."""
    refused: dict[str, str] = {}
    """With `applied`: listeners whose port could not be had, and why."""
    health: list[Health] = []
    drained: list[tuple[str, str]] = []
    """Targets, by group and key, that are let go."""
    traffic: list[Traffic] = []
