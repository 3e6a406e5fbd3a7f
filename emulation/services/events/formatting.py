"""Events as rules and targets see them."""

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from emulation.services.events.inputs import Event

TIME = "%Y-%m-%dT%H:%M:%SZ"


def event_of(entry: Mapping[str, Any], account: str, region: str) -> Event:
    """The event that an entry of PutEvents is."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": entry["DetailType"],
        "source": entry["Source"],
        "account": account,
        "time": _time(entry.get("Time")),
        "region": region,
        "resources": list(entry.get("Resources") or []),
        "detail": json.loads(entry["Detail"]),
    }


def scheduled(rule_arn: str, account: str, region: str, moment: datetime) -> Event:
    """The event that a schedule makes."""
    entry = {
        "DetailType": "Scheduled Event",
        "Source": "aws.events",
        "Detail": "{}",
        "Resources": [rule_arn],
        "Time": moment,
    }
    return event_of(entry, account, region)


def moment_of(event: Mapping[str, Any]) -> datetime:
    """When an event happened."""
    return datetime.strptime(event["time"], TIME).replace(tzinfo=UTC)


def _time(given: Any) -> str:
    if isinstance(given, int | float):
        given = datetime.fromtimestamp(given, UTC)
    moment = given if isinstance(given, datetime) else datetime.now(UTC)
    return moment.astimezone(UTC).strftime(TIME)
