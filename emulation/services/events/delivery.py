"""Deliveries to targets: tried until they succeed, cannot succeed, or have been tried long enough.

As on AWS, what may pass (throttling, a service's own failure) is tried again with growing pauses,
185 times and 24 hours at most if the target does not say otherwise; what will not (a target that is
gone, input that it refuses) goes to the dead-letter queue at once. A delivery that waits for its
next attempt is a file, and goes on after a restart.
"""

import logging
import random
import time
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import requests
from botocore.exceptions import BotoCoreError, ClientError
from localstack.utils.aws.arns import sqs_queue_url_for_arn

from emulation.services import documents
from emulation.services.events import inputs, targets
from emulation.services.events.clock import CLOCK
from emulation.services.events.clock import submit as in_background
from emulation.services.events.failures import Failure, failure_of
from emulation.services.metrics import METER, Metric, Source
from emulation.services.scope import Scope
from emulation.settings import settings

LOG = logging.getLogger(__name__)

DEFAULT_ATTEMPTS = 185
DEFAULT_AGE = 86_400
LONGEST_PAUSE = 900.0

FAILURES = (ClientError, BotoCoreError, requests.RequestException, inputs.InputError, ValueError)


@dataclass
class Delivery:
    """An event on its way to one target."""

    account: str
    region: str
    rule_arn: str
    rule_name: str
    target: dict[str, Any]
    event: inputs.Event
    identifier: str = field(default_factory=lambda: str(uuid.uuid4()))
    started: float = field(default_factory=time.time)
    retries: int = 0

    def send(self) -> None:
        """Call the target once.

        Raises:
            one of `FAILURES`: it was not delivered.
        """
        text = inputs.text_for(self.target, self.event, self.rule_arn, self.rule_name)
        call = targets.Call(self.target, text, self.identifier, self.event, self.rule_arn)
        targets.KINDS[targets.kind_name(call.arn)].send(call)

    @property
    def of_schedule(self) -> bool:
        """Whether EventBridge Scheduler sends it, and no rule."""
        return ":scheduler:" in self.rule_arn

    def next_moment(self) -> float:
        """When it would be tried again."""
        return time.time() + min(LONGEST_PAUSE, 2.0**self.retries) * random.uniform(0.5, 1.0)

    def exhausted(self, moment: float) -> str | None:
        """Which limit of the retry policy does not let it be tried then."""
        policy: Mapping[str, Any] = self.target.get("RetryPolicy") or {}
        if self.retries >= _given(policy, "MaximumRetryAttempts", DEFAULT_ATTEMPTS):
            return "MaximumRetryAttempts"
        if moment - self.started > _given(policy, "MaximumEventAgeInSeconds", DEFAULT_AGE):
            return "MaximumEventAgeInSeconds"
        return None


def _given(policy: Mapping[str, Any], name: str, default: int) -> int:
    value = policy.get(name)
    return default if value is None else int(value)


def submit(delivery: Delivery) -> None:
    """Deliver in the background."""
    in_background(partial(attempt, delivery))


def attempt(delivery: Delivery) -> None:
    """Try once, and say what is to become of it."""
    try:
        delivery.send()
    except FAILURES as error:
        _failed(delivery, failure_of(error))
    else:
        _count(delivery, "Invocations")
        _file(delivery).unlink(missing_ok=True)


def _failed(delivery: Delivery, failure: Failure) -> None:
    moment = delivery.next_moment()
    limit = delivery.exhausted(moment)
    if not failure.may_pass or limit:
        _give_up(delivery, failure, limit)
        return
    delivery.retries += 1
    documents.write(_file(delivery), asdict(delivery))
    _wait(delivery, moment)


def _wait(delivery: Delivery, moment: float) -> None:
    when = datetime.fromtimestamp(moment, UTC)
    CLOCK.at(delivery.identifier, when, partial(attempt, delivery))


def _give_up(delivery: Delivery, failure: Failure, limit: str | None) -> None:
    _count(delivery, "FailedInvocations")
    arn = (delivery.target.get("DeadLetterConfig") or {}).get("Arn")
    if arn:
        _to_dead_letters(delivery, _attributes(delivery, failure, limit), arn)
    else:
        LOG.info("an event of %s was not delivered: %s", delivery.rule_arn, failure.message)
    _file(delivery).unlink(missing_ok=True)


def _to_dead_letters(delivery: Delivery, attributes: dict[str, Any], arn: str) -> None:
    try:
        Scope(delivery.account, arn.split(":")[3]).client("sqs").send_message(
            QueueUrl=sqs_queue_url_for_arn(arn),
            MessageBody=delivery.target.get("Input") or inputs.dumped(delivery.event)
            if delivery.of_schedule
            else inputs.dumped(delivery.event),
            MessageAttributes=attributes,
        )
    except (ClientError, BotoCoreError) as error:
        LOG.warning("an event of %s is lost, %s: %s", delivery.rule_arn, arn, error)
        _count(delivery, "InvocationsFailedToBeSentToDlq")
    else:
        _count(delivery, "InvocationsSentToDlq")


def _attributes(delivery: Delivery, failure: Failure, limit: str | None) -> dict[str, Any]:
    sender = "SCHEDULE_ARN" if delivery.of_schedule else "RULE_ARN"
    told = {
        sender: delivery.rule_arn,
        "TARGET_ARN": delivery.target["Arn"],
        "ERROR_CODE": failure.code,
        "ERROR_MESSAGE": failure.message,
    }
    if failure.may_pass and limit:
        told["EXHAUSTED_RETRY_CONDITION"] = limit
        told["RETRY_ATTEMPTS"] = str(delivery.retries)
    return {
        name: {"DataType": "String", "StringValue": value or "-"} for name, value in told.items()
    }


def _count(delivery: Delivery, metric: str) -> None:
    if delivery.of_schedule:
        group = delivery.rule_arn.split("/")[1]
        namespace, dimension = "AWS/Scheduler", ("ScheduleGroup", group)
        metric = SCHEDULER_METRICS[metric]
    else:
        namespace, dimension = "AWS/Events", ("RuleName", delivery.rule_name)
    source = Source(delivery.account, delivery.region, namespace, (dimension,))
    METER.count(source, {Metric(metric, "Count"): 1.0})


SCHEDULER_METRICS = {
    "Invocations": "InvocationAttemptCount",
    "FailedInvocations": "InvocationDroppedCount",
    "InvocationsSentToDlq": "InvocationsSentToDeadLetterCount",
    "InvocationsFailedToBeSentToDlq": "InvocationsFailedToBeSentToDeadLetterCount",
}


def _file(delivery: Delivery) -> Path:
    return settings().folder("events", "waiting") / f"{delivery.identifier}.json"


def go_on() -> None:
    """Take up the deliveries that waited when the emulator ended."""
    for path in settings().folder("events", "waiting").glob("*.json"):
        delivery = Delivery(**documents.read(path))
        _wait(delivery, delivery.next_moment())
