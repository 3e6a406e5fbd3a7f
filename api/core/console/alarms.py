"""The pipeline's alarms in CloudWatch, those that ring first."""

from typing import Any

from api.core.clock import told
from api.core.deployment import Clients

URGENCY = {"ALARM": 0, "INSUFFICIENT_DATA": 1, "OK": 2}


def read_alarms(clients: Clients, name: str) -> list[dict[str, Any]]:
    """Alarms whose names begin with the pipeline's."""
    pages = (
        clients("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNamePrefix=f"{name}-")
    )
    alarms = [
        {
            "name": alarm["AlarmName"].removeprefix(f"{name}-"),
            "state": alarm["StateValue"],
            "reason": alarm.get("StateReason", ""),
            "description": alarm.get("AlarmDescription", ""),
            "since": told(
                alarm.get("StateTransitionedTimestamp") or alarm["StateUpdatedTimestamp"]
            ),
        }
        for page in pages
        for alarm in (*page.get("MetricAlarms", ()), *page.get("CompositeAlarms", ()))
    ]
    return sorted(alarms, key=lambda alarm: (URGENCY.get(alarm["state"], 1), alarm["name"]))
