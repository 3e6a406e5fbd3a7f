"""One attempt at an accepted event, and what follows from it: a destination, a dead-letter queue,
or another attempt, with AWS's waits.
"""

import logging
import time
from dataclasses import dataclass
from typing import Any

from localstack import config
from localstack.aws.api import ServiceException
from localstack.aws.api.lambda_ import (
    InvocationType,
    ResourceNotFoundException,
    TooManyRequestsException,
)
from localstack.services.lambda_.invocation.event_manager import LambdaEventManager
from localstack.services.lambda_.invocation.lambda_models import (
    EventInvokeConfig,
    Function,
    FunctionVersion,
    Invocation,
    InvocationResult,
)
from localstack.services.lambda_.invocation.models import lambda_stores
from localstack.utils.aws.arns import parse_arn
from localstack.utils.xray.trace_header import TraceHeader

from emulation.services.lambda_ import event_outcomes
from emulation.services.lambda_.event_outcomes import Outcome
from emulation.services.lambda_.event_queue import EventQueue
from emulation.services.lambda_.queued_events import QueuedEvent
from emulation.services.lambda_.services import lambda_service

LOG = logging.getLogger(__name__)

MAX_RETRIES = 2
MAX_AGE_SECONDS = 6 * 60 * 60
LONGEST_BACKOFF_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Target:
    """The function behind an event, as it is now."""

    function: Function
    version: FunctionVersion
    settings: EventInvokeConfig | None

    @property
    def max_retries(self) -> int:
        """After an error of the function."""
        given = self.settings and self.settings.maximum_retry_attempts
        return MAX_RETRIES if given is None else given

    @property
    def max_age_seconds(self) -> int:
        """Past which an event is given up."""
        return (self.settings and self.settings.maximum_event_age_in_seconds) or MAX_AGE_SECONDS


def find(event: QueuedEvent) -> Target | None:
    """None when the function or the version is gone."""
    where = parse_arn(event.function_arn)
    store = lambda_stores[where["account"]][where["region"]]
    function = store.functions.get(where["resource"].partition(":")[2])
    if function is None:
        return None
    qualifier = event.qualifier or "$LATEST"
    alias = function.aliases.get(qualifier)
    version = function.versions.get(alias.function_version if alias else qualifier)
    if version is None:
        return None
    return Target(function, version, function.event_invoke_configs.get(qualifier))


def attempt(event: QueuedEvent) -> float | None:
    """Run the function for an event; when it is due again, None when it is done with."""
    target = find(event)
    if target is None:
        return _gone(event)
    if time.time() - event.accepted > target.max_age_seconds:
        return _give_up(event, target, "EventAgeExceeded", None)
    try:
        result = _invoke(event)
    except ResourceNotFoundException:
        return _gone(event)
    except TooManyRequestsException:
        if target.function.reserved_concurrent_executions == 0:
            return _give_up(event, target, "ZeroReservedConcurrency", None)
        return _refused(event, target)
    except ServiceException as error:
        LOG.info("%s of %s was not run: %s", event.request_id, event.function_arn, error)
        return _refused(event, target)
    event.runs += 1
    event.refusals = 0
    if result.is_error:
        return _failed(event, target, result)
    event_outcomes.tell(event, target.version, target.settings, Outcome("Success", result))
    return None


def _gone(event: QueuedEvent) -> float | None:
    LOG.info("%s of %s is dropped: no such function", event.request_id, event.function_arn)
    return None


def _invoke(event: QueuedEvent) -> InvocationResult:
    where = parse_arn(event.function_arn)
    result = lambda_service().invoke(
        function_name=where["resource"].partition(":")[2],
        qualifier=event.qualifier,
        region=where["region"],
        account_id=where["account"],
        invocation_type=InvocationType.RequestResponse,
        client_context=event.client_context,
        request_id=event.request_id,
        payload=event.payload,
        trace_context={"aws_trace_header": TraceHeader.from_header_str(event.trace)},
    )
    assert result is not None
    return result


def _failed(event: QueuedEvent, target: Target, result: InvocationResult) -> float | None:
    """The function's own failure: a minute later again, and two minutes after that."""
    if event.runs > target.max_retries:
        return _give_up(event, target, "RetriesExhausted", result)
    due = time.time() + event.runs * config.LAMBDA_RETRY_BASE_DELAY_SECONDS
    if due - event.accepted > target.max_age_seconds:
        return _give_up(event, target, "EventAgeExceeded", result)
    return due


def _refused(event: QueuedEvent, target: Target) -> float | None:
    """Lambda itself did not run it: again after a second, two, four ... five minutes."""
    due = time.time() + min(2**event.refusals, LONGEST_BACKOFF_SECONDS)
    event.refusals += 1
    if due - event.accepted > target.max_age_seconds:
        return _give_up(event, target, "EventAgeExceeded", None)
    return due


def _give_up(
    event: QueuedEvent, target: Target, condition: str, result: InvocationResult | None
) -> float | None:
    outcome = Outcome(condition, result)
    event_outcomes.tell(event, target.version, target.settings, outcome)
    event_outcomes.tell_dead_letters(event, target.version, outcome)
    return None


QUEUE = EventQueue(attempt)
"""The emulator's one."""


class EventManager(LambdaEventManager):
    """LocalStack's seam: one for each version, and one queue for all of them."""

    def start(self) -> None:
        """The version can be invoked."""
        QUEUE.load(self.version_manager.function_version.id.unqualified_arn())

    def enqueue_event(self, invocation: Invocation) -> None:
        """Keep the event before it is answered."""
        trace: Any = invocation.trace_context.get("aws_trace_header") or TraceHeader()
        identity = self.version_manager.function_version.id
        unqualified = identity.unqualified_arn()
        QUEUE.accept(
            QueuedEvent(
                request_id=invocation.request_id,
                function_arn=unqualified,
                qualifier=invocation.invoked_arn.removeprefix(unqualified).removeprefix(":")
                or None,
                payload=invocation.payload,
                client_context=invocation.client_context,
                trace=trace.ensure_root_exists().to_header_str(),
                accepted=time.time(),
            )
        )

    def stop_for_update(self) -> None:
        """Events outlive a version: each finds its function when it runs."""

    def stop(self) -> None:
        """Events of a deleted function are dropped when they are due."""
