"""What wakes the retraining, as one shape: an alarm's own call, its message by SNS, or the end of a
monitor's job.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Call:
    """Why somebody asks for a retraining; without an alarm it is only asked whether one is due."""

    alarm: str = ""
    reason: str = ""


def calls(event: dict[str, Any]) -> Iterator[Call]:
    """The calls of an event. An alarm that is over calls nobody."""
    if "alarmData" in event:
        state = event["alarmData"]["state"]
        if state["value"] == "ALARM":
            yield Call(event["alarmData"]["alarmName"], state.get("reason", ""))
    elif "Records" in event:
        messages = [json.loads(record["Sns"]["Message"]) for record in event["Records"]]
        for told in messages:
            if told["NewStateValue"] == "ALARM":
                yield Call(told["AlarmName"], told.get("NewStateReason", ""))
    else:
        yield Call()
