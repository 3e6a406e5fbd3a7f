"""Rules on a schedule: each has its next time with the clock while it is on.

Times that passed while the emulator was off are not made up for.
"""

from datetime import UTC, datetime
from functools import partial

from localstack.services.events.models import Rule

from emulation.services.events import bus
from emulation.services.events.clock import CLOCK
from emulation.services.events.formatting import scheduled
from emulation.services.events.schedules import parse

STARTS = "_schedule_start"
"""Where a rule keeps the time from which its rate is counted."""


def start_of(rule: Rule) -> datetime:
    """From when a rate counts: the rule's last change."""
    found: datetime = rule.__dict__.setdefault(STARTS, datetime.now(UTC))
    return found


def plan(rule: Rule) -> None:
    """Set the rule's next time, or none."""
    if not rule.schedule_expression or rule.state == bus.DISABLED:
        CLOCK.cancel(rule.arn)
        return
    moment = parse(rule.schedule_expression).after(datetime.now(UTC), start_of(rule))
    if moment is None:
        CLOCK.cancel(rule.arn)
    else:
        CLOCK.at(rule.arn, moment, partial(_ring, rule, moment))


def forget(rule: Rule) -> None:
    """The rule is gone."""
    CLOCK.cancel(rule.arn)


def _ring(rule: Rule, moment: datetime) -> None:
    plan(rule)
    bus.invoke(rule, scheduled(rule.arn, rule.account_id, rule.region, moment))


def plan_all() -> None:
    """Go on with the rules of the last run."""
    for rule in bus.scheduled_rules():
        plan(rule)
