"""One request on its way: what became of it, for the metrics and the access log."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiohttp import web

from emulation.compute.load_balancing.plan import Balancer, Listener, Traffic
from emulation.compute.load_balancing.targets import LiveTarget

CLIENT_LEFT = 460


@dataclass(eq=False)
class Exchange:
    """A request, the rule that it met, and the target that it went to."""

    request: web.BaseRequest
    balancer: Balancer
    listener: Listener
    path: str = "/"
    """With its query, as the client wrote it."""
    began: float = field(default_factory=time.time)
    priority: int | None = None
    rules: int = 0
    action: str = "-"
    trace: str = "-"
    location: str = "-"
    target: LiveTarget | None = None
    forwarded: float | None = None
    answered: float | None = None
    target_status: int | None = None
    status: int = 0
    received: int = 0
    sent: int = 0
    connection_error: bool = False
    let_go: Callable[[], object] = lambda: None
    cut: bool = False
    """Whether its target was let go while it was in flight."""

    def end(self) -> None:
        """Its target is let go: do not wait for it any longer."""
        self.cut = True
        self.let_go()

    @property
    def by_target(self) -> bool:
        """Whether the answer is the target's."""
        return self.target_status is not None and self.status == self.target_status

    def line(self) -> str:
        """Its line in the access log; the format is that of the user guide of ALBs."""
        request, target = self.request, self.target
        ended = time.time()
        times = [-1.0, -1.0, -1.0]
        if self.forwarded is not None and self.answered is not None:
            times = [
                self.forwarded - self.began,
                self.answered - self.forwarded,
                ended - self.answered,
            ]
        peer = request.transport.get_extra_info("peername") if request.transport else None
        client = f"{peer[0]}:{peer[1]}" if peer else f"{request.remote or '-'}:0"
        function = target is not None and target.group.is_function
        where = (
            "-" if target is None or function else f"{target.target.address}:{target.target.port}"
        )
        status = "-" if self.target_status is None else str(self.target_status)
        host = request.headers.get("Host", "-")
        version = f"HTTP/{request.version.major}.{request.version.minor}"
        url = f"http://{host.partition(':')[0]}:{self.listener.port}{self.path}"
        fields = [
            "http",
            stamp(ended),
            self.balancer.dimension,
            client,
            where,
            *(f"{value:.3f}" if value >= 0 else "-1" for value in times),
            str(self.status),
            status,
            str(self.received),
            str(self.sent),
            f'"{request.method} {url} {version}"',
            f'"{request.headers.get("User-Agent", "-")}"',
            "-",
            "-",
            target.group.arn if target else "-",
            f'"{self.trace}"',
            f'"{host.partition(":")[0]}"',
            '"-"',
            "-1" if self.action == "-" else str(self.priority or 0),
            stamp(self.began),
            f'"{self.action}"',
            f'"{self.location}"',
            '"-"',
            f'"{where}"',
            f'"{status}"',
            '"-"',
            '"-"',
            "TID_-",
        ]
        return " ".join(fields)


def stamp(seconds: float) -> str:
    """A time as the log has it."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


Place = tuple[str, str, str]
"""A load balancer, a group and a zone."""


class Meter:
    """Counts exchanges; what was counted is taken once a second."""

    def __init__(self) -> None:
        self._counts: dict[Place, dict[str, Counter[str]]] = {}

    def add(self, place: Place, metric: str, value: float = 1.0) -> None:
        """One value of a metric; of three digits, so that many requests are few numbers."""
        metrics = self._counts.setdefault(place, defaultdict(Counter))
        metrics[metric][f"{value:.3g}"] += 1

    def take(self) -> list[Traffic]:
        """What was counted since the last time."""
        counts, self._counts = self._counts, {}
        return [
            Traffic(*place, {metric: dict(values) for metric, values in metrics.items()})
            for place, metrics in counts.items()
        ]

    def count(self, exchange: Exchange) -> None:
        """What one exchange was."""
        balancer, target = exchange.balancer, exchange.target
        whole = (balancer.dimension, "", balancer.zone)
        self.add(whole, "ProcessedBytes", exchange.received + exchange.sent)
        if exchange.rules > 1:
            self.add(whole, "RuleEvaluations", exchange.rules - 1)
        if exchange.action in OWN_ACTIONS:
            self.add(whole, OWN_ACTIONS[exchange.action])
        if target is None:
            if exchange.action != "forward":
                self.add(whole, "RequestCount")
            self._count_own(exchange, whole)
            return
        place = (balancer.dimension, target.group.dimension, target.target.zone or balancer.zone)
        self.add(place, "RequestCount")
        if exchange.connection_error:
            self.add(place, "TargetConnectionErrorCount")
        if exchange.by_target:
            self.add(place, f"HTTPCode_Target_{exchange.status // 100}XX_Count")
            if exchange.answered is not None and exchange.forwarded is not None:
                self.add(place, "TargetResponseTime", exchange.answered - exchange.forwarded)
        else:
            self._count_own(exchange, whole)

    def _count_own(self, exchange: Exchange, whole: Place) -> None:
        status = exchange.status
        self.add(whole, f"HTTPCode_ELB_{status // 100}XX_Count")
        if status in {500, 502, 503, 504}:
            self.add(whole, f"HTTPCode_ELB_{status}_Count")


OWN_ACTIONS = {"redirect": "HTTP_Redirect_Count", "fixed-response": "HTTP_Fixed_Response_Count"}
