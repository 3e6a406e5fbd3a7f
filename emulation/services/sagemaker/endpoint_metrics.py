"""An endpoint's metrics, of each variant and of each configuration that a variant has run with.

An invocation pays for adding to a list; what it says is worked out and sent once a second.
"""

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from emulation.services.metrics import FLUSH_SECONDS, Metric, Source, data, put
from emulation.services.sagemaker.scope import Scope
from emulation.services.sagemaker.store import Variant

NAMESPACE = "AWS/SageMaker"

INVOCATIONS = Metric("Invocations", "None")
INVOCATIONS_PER_INSTANCE = Metric("InvocationsPerInstance", "None")
INVOCATION_4XX_ERRORS = Metric("Invocation4XXErrors", "None")
INVOCATION_5XX_ERRORS = Metric("Invocation5XXErrors", "None")
MODEL_ERRORS = Metric("InvocationModelErrors", "None")
MODEL_LATENCY = Metric("ModelLatency", "Microseconds")
OVERHEAD_LATENCY = Metric("OverheadLatency", "Microseconds")


class Invocation(NamedTuple):
    """The status that the model answered with, 0 when it did not, how long the model and the whole
    invocation took, in s, and how many instances its variant had.
    """

    status: int
    model_seconds: float
    seconds: float
    instances: int


class Tally:
    """Counts the invocations of one variant."""

    def __init__(self, scope: Scope, endpoint: str, variant: Variant) -> None:
        both = (("EndpointName", endpoint), ("VariantName", variant.name))
        # An alarm on the third dimension sees only the new servers of a deployment.
        dimensions = [both, (*both, ("EndpointConfigName", variant.config_name))]
        self._sources = [
            Source(scope.account, scope.region, NAMESPACE, each) for each in dimensions
        ]
        self._lock = threading.Lock()
        self._invocations: list[Invocation] = []
        self._sender: threading.Thread | None = None

    def count(self, invocation: Invocation) -> None:
        """One invocation."""
        with self._lock:
            self._invocations.append(invocation)
            if self._sender is None:
                self._sender = threading.Thread(
                    target=self._send, name="endpoint-metrics", daemon=True
                )
                self._sender.start()

    def _send(self) -> None:
        """Send once and end; the next invocation starts the next sender."""
        time.sleep(FLUSH_SECONDS)
        with self._lock:
            invocations, self._invocations = self._invocations, []
            self._sender = None
        metrics = counted(invocations)
        put(
            self._sources[0],
            [item for source in self._sources for item in data(source, metrics)],
        )


def counted(invocations: list[Invocation]) -> dict[Metric, Counter[float]]:
    """How often each metric had each value."""
    metrics: dict[Metric, Counter[float]] = defaultdict(Counter)
    for invocation in invocations:
        for metric, value in values(invocation):
            metrics[metric][value] += 1
    return metrics


def values(invocation: Invocation) -> Iterator[tuple[Metric, float]]:
    """What one invocation says; errors count 0 too, so that their average is a rate."""
    status, model_seconds, seconds, instances = invocation
    latency = round(model_seconds * 1e6)
    yield INVOCATIONS, 1
    yield INVOCATIONS_PER_INSTANCE, 1 / max(1, instances)
    yield INVOCATION_4XX_ERRORS, int(400 <= status < 500)
    yield INVOCATION_5XX_ERRORS, int(status >= 500 or status == 0)
    yield MODEL_ERRORS, int(status != 200)
    yield OVERHEAD_LATENCY, max(0, round(seconds * 1e6) - latency)
    if latency:
        yield MODEL_LATENCY, latency
