"""What alarms do when their state changes: messages to SNS topics, calls of Lambda functions, and
of policies of Application Auto Scaling.

They are carried out one after the other in a thread of their own, so that neither evaluation nor a
request waits for them, and each leaves its outcome in the alarm's history. Everything else that AWS
can do (EC2, Auto Scaling groups, Systems Manager, incidents, investigations) is refused when the
alarm is put.
"""

import json
import logging
import queue
import re
import threading
import time
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from emulation.compute.metrics.alarm_states import ALARM, OK
from emulation.services.application_autoscaling.scaling import rang
from emulation.services.cloudwatch.errors import (
    constraint,
    invalid_value,
    not_emulated,
    validation_error,
)
from emulation.services.cloudwatch.messages import for_function, for_topic, subject
from emulation.services.cloudwatch.store import Alarm, HistoryItem, Members, store
from emulation.services.scope import Scope

LOG = logging.getLogger(__name__)

SCALING = re.compile(r"arn:[^:]+:autoscaling:[^:]*:[^:]*:scalingPolicy:[^:]+:resource/")
"""A policy of Application Auto Scaling; those of Auto Scaling name a group there."""

ARN = re.compile(r"arn:[^:]+:([^:]+):([^:]*):([^:]*):(.+)")
KINDS = ("OKActions", "AlarmActions", "InsufficientDataActions")
MOST = 5


def check(operation: str, request: Members) -> None:
    """Refuse actions that are none, and those that nobody carries out."""
    for kind in KINDS:
        given = request.get(kind) or []
        if len(given) > MOST:
            raise constraint(
                kind[0].lower() + kind[1:],
                given,
                f"Member must have length less than or equal to {MOST}",
            )
        if len(set(given)) < len(given):
            raise invalid_value(f"{kind} must not contain duplicate actions")
        for arn in given:
            check_arn(operation, arn)


def check_arn(operation: str, arn: str) -> None:
    """Refuse an action."""
    match = ARN.fullmatch(arn)
    if not match:
        raise validation_error(f"Invalid arn syntax: {arn}")
    if match[1] not in {"sns", "lambda"} and not SCALING.match(arn):
        raise not_emulated(operation, f"the action {arn}")


@dataclass(frozen=True, slots=True)
class Change:
    """A change of state whose actions are due: the alarm after and before it."""

    alarm: Alarm
    before: Alarm


def due(alarm: Alarm) -> list[str]:
    """The actions of an alarm's state."""
    kind = {ALARM: "AlarmActions", OK: "OKActions"}.get(alarm.state, "InsufficientDataActions")
    return list(alarm.request[kind]) if alarm.request["ActionsEnabled"] else []


class Actor:
    """Carries out actions in a thread that the first one starts."""

    def __init__(self) -> None:
        self._changes: queue.SimpleQueue[Change] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def act(self, change: Change) -> None:
        """Carry out the actions of a change, soon."""
        if not due(change.alarm):
            return
        self._changes.put(change)
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="alarm-actions", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            change = self._changes.get()
            for arn in due(change.alarm):
                carry_out(change, arn)


ACTOR = Actor()
"""The emulator's one actor."""


def carry_out(change: Change, arn: str) -> None:
    """Carry out one action, and note how it went."""
    alarm = change.alarm
    noted: Members = {
        "actionState": "Succeeded",
        "stateUpdateTimestamp": int(alarm.updated * 1000),
        "notificationResource": arn,
    }
    try:
        if told := tell(change, arn):
            noted["publishedMessage"] = told
    except (ClientError, BotoCoreError) as error:
        LOG.info("the action %s of the alarm %s has failed: %s", arn, alarm.name, error)
        noted |= {"actionState": "Failed", "error": str(error)}
    failed = noted["actionState"] == "Failed"
    summary = f"{'Failed to execute' if failed else 'Successfully executed'} action {arn}"
    store().happened(
        alarm,
        HistoryItem(alarm.name, alarm.composite, "Action", time.time(), summary, json.dumps(noted)),
    )


def tell(change: Change, arn: str) -> str:
    """Tell a topic, a function or a policy, as the account and in the region of the ARN; what."""
    match = ARN.fullmatch(arn)
    assert match is not None
    service, region, account, resource = match.groups()
    target = Scope(account, region)
    if service == "autoscaling":
        rang(arn, change.alarm.name)
        return ""
    if service == "sns":
        text = for_topic(change.alarm, change.before)
        mail = json.dumps({"default": text})
        target.client("sns").publish(TopicArn=arn, Subject=subject(change.alarm), Message=text)
        return mail
    event = json.dumps(for_function(change.alarm, change.before))
    name = resource.removeprefix("function:")
    target.client("lambda_").invoke(FunctionName=name, InvocationType="Event", Payload=event)
    return event
