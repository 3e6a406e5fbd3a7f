"""Which servers an endpoint's invocations go to: one fleet a variant, two while a deployment shifts
traffic from the old (blue) to the new (green).

Who invokes is known to its fleet before the lock is free again. So a fleet that has lost its
traffic knows everybody it still has to answer, and no invocation is lost when it ends.
"""

import random
import threading
from bisect import bisect
from itertools import accumulate
from typing import NamedTuple

from emulation.services.sagemaker.deployments import Deployment, ServingVariant
from emulation.services.sagemaker.scope import Scope


class Share(NamedTuple):
    """A deployment and its part of the traffic, from 0 to 1."""

    deployment: Deployment
    part: float


class NoVariantError(Exception):
    """The caller asks for a variant that does not serve."""


class Router:
    """Where the invocations of one endpoint go."""

    def __init__(self, deployment: Deployment) -> None:
        self._lock = threading.Lock()
        self._shares: tuple[Share, ...] = ()
        self._serving: list[ServingVariant] = []
        self._sums: list[float] = []
        self.route(Share(deployment, 1.0))

    @property
    def shares(self) -> tuple[Share, ...]:
        """Where traffic goes now."""
        return self._shares

    @property
    def deployments(self) -> list[Deployment]:
        """All that have traffic."""
        return [share.deployment for share in self._shares]

    def route(self, *shares: Share) -> None:
        """Traffic goes there from now on."""
        with self._lock:
            self._shares = tuple(share for share in shares if share.part)
            self._weigh()

    def weigh_again(self) -> None:
        """Variants' weights have changed."""
        with self._lock:
            self._weigh()

    def _weigh(self) -> None:
        weighed = [
            (serving, part * serving.variant.weight / deployment.weight)
            for deployment, part in self._shares
            for serving in deployment.serving
        ]
        self._serving = [serving for serving, _ in weighed]
        self._sums = list(accumulate(weight for _, weight in weighed))

    def enter(self, variant: str | None = None) -> ServingVariant:
        """Who answers the next invocation, by weight or by name: its fleet expects it until
        `leave`.

        Raises:
            NoVariantError: there is no variant of that name.
        """
        with self._lock:
            serving = self._choose() if variant is None else self._named(variant)
            serving.fleet.expect()
            return serving

    @staticmethod
    def leave(serving: ServingVariant) -> None:
        """The invocation has its answer."""
        serving.fleet.expect_no_more()

    def _choose(self) -> ServingVariant:
        place = bisect(self._sums, random.random() * self._sums[-1])
        return self._serving[min(place, len(self._serving) - 1)]

    def _named(self, name: str) -> ServingVariant:
        candidates = [
            (serving, share.part)
            for share in self._shares
            for serving in share.deployment.serving
            if serving.variant.name == name
        ]
        if not candidates:
            raise NoVariantError(name)
        serving, parts = zip(*candidates, strict=True)
        chosen: ServingVariant = random.choices(serving, parts)[0]
        return chosen


Key = tuple[str, str, str]
ACTIVE: dict[Key, Router] = {}
"""What serves now, by account, region and endpoint."""
_CHANGED = threading.Condition()
RESTART_SECONDS = 60.0


def key(scope: Scope, endpoint: str) -> Key:
    """An endpoint's place in `ACTIVE`."""
    return scope.account, scope.region, endpoint


def begin(scope: Scope, endpoint: str, deployment: Deployment) -> None:
    """An endpoint serves from now on."""
    with _CHANGED:
        ACTIVE[key(scope, endpoint)] = Router(deployment)
        _CHANGED.notify_all()


def end(scope: Scope, endpoint: str) -> list[Deployment]:
    """No more traffic; what served until now."""
    with _CHANGED:
        router = ACTIVE.pop(key(scope, endpoint), None)
        _CHANGED.notify_all()
    return router.deployments if router else []


def active(scope: Scope, endpoint: str) -> Router | None:
    """What serves an endpoint; after a restart of the emulator this waits for its servers."""
    router = ACTIVE.get(key(scope, endpoint))
    if router is None and is_restarting(scope, endpoint):
        with _CHANGED:
            _CHANGED.wait_for(lambda: not is_restarting(scope, endpoint), RESTART_SECONDS)
        router = ACTIVE.get(key(scope, endpoint))
    return router


def is_restarting(scope: Scope, endpoint: str) -> bool:
    """Whether the endpoint was in service when the emulator ended, and is not yet again."""
    found = scope.store.endpoints.get(endpoint)
    restarting = found is not None and found.status == "SystemUpdating"
    return restarting and key(scope, endpoint) not in ACTIVE
