"""Events that our services send by themselves, as `aws.glue` or `aws.codepipeline` do on AWS.

Telling one costs its sender nothing: it is queued, and one thread takes it to the default bus of
its account and region. Where nobody has a rule, EventBridge is not even loaded. Delivery is best
effort, as it is on AWS, but an event of the emulator's own start waits for the rules of the last
run.
"""

import json
import logging
import queue
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from localstack.aws.connect import connect_to
from localstack.runtime.events import infra_ready
from localstack.services.plugins import SERVICE_PLUGINS, ServiceState

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ServiceEvent:
    """One event, as PutEvents takes it, and where it happened."""

    account: str
    region: str
    entry: dict[str, Any]


def put_event(
    account: str,
    region: str,
    source: str,
    detail_type: str,
    detail: Mapping[str, Any],
    resources: Sequence[str] = (),
) -> None:
    """Tell the default bus that something happened, now; never fails and never waits.

    `source` is the service's (`aws.glue`), `detail` what JSON can say; moments in it become texts.
    """
    try:
        text = json.dumps(detail, default=_plain)
    except (TypeError, ValueError) as error:
        LOG.warning("an event of %s is lost: %s", source, error)
        return
    entry = {
        "Source": source,
        "DetailType": detail_type,
        "Detail": text,
        "Resources": list(resources),
        "Time": datetime.now(UTC),
    }
    SENDER.put(ServiceEvent(account, region, entry))


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    raise TypeError(f"{type(value).__name__} is not JSON")


class Sender:
    """Takes events to their buses, one after the other, in a thread that the first one starts."""

    def __init__(self) -> None:
        self._events: queue.SimpleQueue[ServiceEvent] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def put(self, event: ServiceEvent) -> None:
        """Queue it, unless it is known already that nobody listens."""
        if infra_ready.is_set() and not listened(event.account, event.region):
            return
        self._events.put(event)
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._send, name="service-events", daemon=True
                )
                self._thread.start()

    def _send(self) -> None:
        infra_ready.wait()
        while True:
            event = self._events.get()
            if listened(event.account, event.region):
                send(event)


def listened(account: str, region: str) -> bool:
    """Whether the default bus has a rule."""
    if SERVICE_PLUGINS.get_states().get("events") is not ServiceState.RUNNING:
        return False
    from localstack.services.events.models import events_stores

    bus = events_stores[account][region].event_buses.get("default")
    return bus is not None and bool(bus.rules)


def send(event: ServiceEvent) -> None:
    """Put it on the bus as the service; users are refused such sources."""
    clients = connect_to(aws_access_key_id=event.account, region_name=event.region)
    try:
        clients.events.put_events(Entries=[event.entry])
    except (ClientError, BotoCoreError) as error:
        LOG.warning("an event of %s is lost: %s", event.entry["Source"], error)


SENDER = Sender()
"""The emulator's one sender."""
