"""Whether to retrain: rules over what is known, and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pipeline.contracts.monitoring import RETRAINING_CHECKS
from pipeline.handlers.monitor.alarms import Call
from pipeline.handlers.monitor.settings import RetrainingSettings

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Known:
    """What a decision rests on."""

    service: Record
    """`service.json`: the model in service."""
    latest: Record
    """`latest.json`: the window that was looked at last."""
    retrainings: Sequence[Record]
    """Those before, oldest first."""
    in_flight: Sequence[str]
    """Executions of the delivery that are not through."""
    now: datetime


@dataclass(frozen=True)
class Decision:
    """Whether, and why."""

    starts: bool
    sentence: str


def decide(call: Call, known: Known, settings: RetrainingSettings) -> Decision:
    """Start a retraining or say why not."""
    reason = reason_of(call, known, settings)
    if not reason:
        return Decision(starts=False, sentence="nothing asks for a retraining")
    if refusal := refusal_of(known, settings):
        return Decision(starts=False, sentence=f"{reason}, but {refusal}")
    return Decision(starts=True, sentence=reason)


def reason_of(call: Call, known: Known, settings: RetrainingSettings) -> str:
    """Why a retraining is asked for; "" when it is not."""
    age = (until_of(known) - last_until(known)).days
    if call.alarm:
        broken = [
            f"{item['check']}: {item['sentence']}"
            for item in known.latest["violations"]
            if item["check"] in RETRAINING_CHECKS
        ]
        return f"{call.alarm}: {'; '.join(broken) or call.reason}"
    if 0 < settings.new_data_days <= age:
        return f"new data: {age} days of flights since the last retraining"
    return ""


def refusal_of(known: Known, settings: RetrainingSettings) -> str:
    """What speaks against it now."""
    answered, serves = known.latest["model_version"], known.service["model_version"]
    if answered != serves:
        return f"it is about version {answered}, and version {serves} is in service"
    if known.in_flight:
        return f"execution {known.in_flight[0]} of the delivery is in flight"
    age = (until_of(known) - last_until(known)).days
    if age < settings.cooldown_days:
        return f"the last one saw the flights until {age} days before: {settings.cooldown_days} ask"
    return waiting_of(known, settings)


def waiting_of(known: Known, settings: RetrainingSettings) -> str:
    """The cool-down by the clock on the wall."""
    if not known.retrainings:
        return ""
    began = instant(known.retrainings[-1]["at"])
    if known.now - began < timedelta(minutes=settings.cooldown_minutes):
        return f"the last one began at {began:%H:%M:%S}, within {settings.cooldown_minutes} minutes"
    return ""


def until_of(known: Known) -> date:
    """The first day after the window that the decision is about."""
    return date.fromisoformat(known.latest["until"])


def last_until(known: Known) -> date:
    """The first day that the last retraining, or the model in service, has not seen."""
    ends = [known.service["tested_until"], *(record["until"] for record in known.retrainings)]
    return max(date.fromisoformat(end) for end in ends)


def instant(text: str) -> datetime:
    """An instant of a record."""
    return datetime.fromisoformat(text).astimezone(UTC)
