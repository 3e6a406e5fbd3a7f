"""A change of an alarm's state: kept, noted in its history, told to EventBridge, acted upon, and
passed on to the composite alarms that look at it.
"""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from emulation.services.cloudwatch.actions import ACTOR, Change
from emulation.services.cloudwatch.messages import configuration, for_bus, moment, state_of
from emulation.services.cloudwatch.store import LOCK, Alarm, HistoryItem, Members, is_kept, store
from emulation.services.service_events import put_event

Changed = Callable[[Alarm, Alarm], None]
"""Called with an alarm as it is and as it was."""

LISTENERS: list[Changed] = []
"""Composite alarms listen here; they change alarms themselves."""


def change_state(alarm: Alarm, state: str, reason: str, reason_data: str | None) -> None:
    """Give an alarm another state."""
    with LOCK:
        if alarm.state == state or not is_kept(alarm):
            return
        before = replace(alarm)
        alarm.state, alarm.reason, alarm.reason_data = state, reason, reason_data
        alarm.updated = alarm.transitioned = time.time()
        keep(alarm)
        note_change(alarm, before)
        after = replace(alarm)
    for listener in LISTENERS:
        listener(after, before)


def act(alarm: Alarm, before: Alarm) -> None:
    """Tell EventBridge, and carry out the actions of the new state."""
    tell_bus(alarm, before)
    ACTOR.act(Change(alarm, before))


def tell_bus(alarm: Alarm, before: Alarm) -> None:
    """The event of a change of state."""
    detail = for_bus(alarm, before)
    put_event(
        alarm.account,
        alarm.region,
        "aws.cloudwatch",
        "CloudWatch Alarm State Change",
        detail,
        [alarm.arn],
    )


def keep(alarm: Alarm) -> None:
    """Write an alarm down."""
    store().alarms.put(alarm.scope, alarm.name, alarm)


def note(alarm: Alarm, kind: str, summary: str, data: Members) -> None:
    """Write something into an alarm's history."""
    text = json.dumps(data, default=str)
    item = HistoryItem(alarm.name, alarm.composite, kind, time.time(), summary, text)
    store().happened(alarm, item)


def note_change(alarm: Alarm, before: Alarm) -> None:
    """The history of a change of state."""
    states = {"oldState": old_or_new(before), "newState": old_or_new(alarm)}
    summary = f"Alarm updated from {before.state} to {alarm.state}"
    note(alarm, "StateUpdate", summary, {"version": "1.0", **states})


def old_or_new(alarm: Alarm) -> Members:
    """A state as the history has it."""
    data: dict[str, Any] = {"stateValue": alarm.state, "stateReason": alarm.reason}
    return data | ({"stateReasonData": json.loads(alarm.reason_data)} if alarm.reason_data else {})


CONFIGURED = {"create": "created", "update": "updated", "delete": "deleted"}


def note_configuration(alarm: Alarm, operation: str) -> None:
    """The history, and the event, of an alarm that is put or deleted."""
    done = CONFIGURED[operation]
    data = {
        "version": "1.0",
        "type": operation.capitalize(),
        f"{done}Alarm": {"alarmArn": alarm.arn, "stateValue": alarm.state, **alarm.request},
    }
    note(alarm, "ConfigurationUpdate", f'Alarm "{alarm.name}" {done}', data)
    detail = {
        "alarmName": alarm.name,
        "operation": operation,
        "state": state_of(alarm),
        "configuration": {
            **configuration(alarm),
            "alarmName": alarm.name,
            "actionsEnabled": alarm.request["ActionsEnabled"],
            "timestamp": moment(alarm.configured),
            "okActions": alarm.request["OKActions"],
            "alarmActions": alarm.request["AlarmActions"],
            "insufficientDataActions": alarm.request["InsufficientDataActions"],
        },
    }
    put_event(
        alarm.account,
        alarm.region,
        "aws.cloudwatch",
        "CloudWatch Alarm Configuration Change",
        detail,
        [alarm.arn],
    )
