"""An event on a bus: which rules take it, and what becomes of it then.

Rules are asked in the caller's thread; targets are called in the background.
"""

from collections.abc import Iterator
from typing import Any

from localstack.services.events.models import Archive, EventBus, Rule, events_stores

from emulation.services.events import delivery, targets
from emulation.services.events.inputs import Event
from emulation.services.events.patterns import compiled
from emulation.services.metrics import METER, Metric, Source

DISABLED = "DISABLED"


def find(account: str, region: str, name: str) -> EventBus | None:
    """A bus, None where there is none."""
    return events_stores[account][region].event_buses.get(name)


def publish(bus: EventBus, event: Event, came_by: tuple[str, ...] = ()) -> None:
    """Give an event to every rule that takes it; `came_by` are the buses that passed it on."""
    for rule in list(bus.rules.values()):
        if takes(rule, event):
            invoke(rule, event, (*came_by, bus.arn))


def replay(bus: EventBus, event: Event, name: str, only: set[str]) -> None:
    """Give an archived event to the rules again, or to some of them; archives do not take it."""
    asked = {**event, "replay-name": name}
    for rule in list(bus.rules.values()):
        if (not only or rule.arn in only) and takes(rule, asked):
            invoke(rule, asked, (bus.arn,))


def takes(rule: Rule, event: Event) -> bool:
    """Whether a rule is on and its pattern fits."""
    return (
        rule.state != DISABLED
        and bool(rule.event_pattern)
        and compiled(rule.event_pattern).matches(event)
    )


def invoke(rule: Rule, event: Event, came_by: tuple[str, ...] = ()) -> None:
    """Send an event to all targets of a rule."""
    source = Source(rule.account_id, rule.region, "AWS/Events", (("RuleName", rule.name),))
    METER.count(source, {Metric("TriggeredRules", "Count"): 1.0})
    for target in list(rule.targets.values()):
        _to_target(rule, target, event, came_by)


def _to_target(rule: Rule, target: dict[str, Any], event: Event, came_by: tuple[str, ...]) -> None:
    kind = targets.kind_name(target["Arn"])
    if kind == targets.ARCHIVE:
        archive(target["Arn"], event)
    elif kind == targets.BUS:
        forward(target["Arn"], event, came_by)
    else:
        delivery.submit(
            delivery.Delivery(
                rule.account_id, rule.region, rule.arn, rule.name, dict(target), event
            )
        )


def forward(arn: str, event: Event, came_by: tuple[str, ...]) -> None:
    """Put an event on another bus, as it is; one that is not there drops it, as on AWS."""
    _, _, _, region, account, resource = arn.split(":", 5)
    bus = find(account, region, resource.partition("/")[2])
    if bus is not None and bus.arn not in came_by:
        publish(bus, event, came_by)


def archive(arn: str, event: Event) -> None:
    """Keep an event."""
    found = _archive(arn)
    if found is not None:
        found.events[event["id"]] = event
        found.size_bytes += len(str(event))


def _archive(arn: str) -> Archive | None:
    _, _, _, region, account, resource = arn.split(":", 5)
    return events_stores[account][region].archives.get(resource.partition("/")[2])


def scheduled_rules() -> Iterator[Rule]:
    """Every rule with a schedule, of all accounts and regions."""
    for _, _, store in events_stores.iter_stores():
        for bus in list(store.event_buses.values()):
            yield from (rule for rule in list(bus.rules.values()) if rule.schedule_expression)
