"""Who hears how an accepted event ended: the destination of its function, the dead-letter queue.

Records have the shape that AWS documents for asynchronous invocations.
"""

import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError
from localstack.aws.connect import connect_to
from localstack.services.lambda_.invocation.lambda_models import (
    EventInvokeConfig,
    FunctionVersion,
    InvocationResult,
)
from localstack.utils.aws.arns import parse_arn, sqs_queue_url_for_arn
from localstack.utils.aws.message_forwarding import send_event_to_target

from emulation.services.lambda_.queued_events import QueuedEvent

LOG = logging.getLogger(__name__)

NOT_SENT = (BotoCoreError, ClientError, OSError)
MAX_ERROR_MESSAGE_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended: AWS's word, and the last result when the function has run."""

    condition: str
    result: InvocationResult | None

    def payload(self) -> Any:
        """The function's answer."""
        if self.result is None:
            return None
        return json.loads(self.result.payload or b"null")


def record(event: QueuedEvent, version: FunctionVersion, outcome: Outcome) -> dict[str, Any]:
    """The invocation record that destinations get."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    told: dict[str, Any] = {
        "version": "1.0",
        "timestamp": now,
        "requestContext": {
            "requestId": event.request_id,
            "functionArn": f"{event.function_arn}:{event.qualifier or '$LATEST'}",
            "condition": outcome.condition,
            "approximateInvokeCount": event.runs,
        },
        "requestPayload": json.loads(event.payload),
    }
    if outcome.result is not None:
        told["responseContext"] = {
            "statusCode": 200,
            "executedVersion": outcome.result.executed_version or version.id.qualifier,
        }
        if outcome.result.is_error:
            told["responseContext"]["functionError"] = "Unhandled"
        told["responsePayload"] = outcome.payload()
    return told


def tell(
    event: QueuedEvent,
    version: FunctionVersion,
    settings: EventInvokeConfig | None,
    outcome: Outcome,
) -> None:
    """Send the record, if there is somebody to send it to. What cannot be sent is dropped, as on
    AWS, and told in the emulator's log.
    """
    success = outcome.condition == "Success"
    kind = "OnSuccess" if success else "OnFailure"
    destinations = (settings and settings.destination_config) or {}
    arn = (destinations.get(kind) or {}).get("Destination")
    if not arn:
        return
    word = "Success" if success else "Failure"
    try:
        if parse_arn(arn)["service"] == "s3":
            _put(arn, event, version, record(event, version, outcome))
            return
        send_event_to_target(
            target_arn=arn,
            event=record(event, version, outcome),
            role=version.config.role,
            source_arn=version.id.unqualified_arn(),
            source_service="lambda",
            events_source="lambda",
            events_detail_type=f"Lambda Function Invocation Result - {word}",
        )
    except NOT_SENT as error:
        LOG.warning("the destination %s of %s got nothing: %s", arn, event.function_arn, error)


def _put(arn: str, event: QueuedEvent, version: FunctionVersion, told: dict[str, Any]) -> None:
    now = datetime.now(UTC)
    name = version.id.function_name
    key = f"aws/lambda/async/{name}/{now:%Y/%m/%d}/{now:%Y-%m-%dT%H.%M.%S}-{uuid4()}"
    _clients(version, version.id.region).s3.put_object(
        Bucket=parse_arn(arn)["resource"], Key=key, Body=json.dumps(told).encode()
    )


def tell_dead_letters(event: QueuedEvent, version: FunctionVersion, outcome: Outcome) -> None:
    """Send the event itself, with what happened as attributes."""
    arn = version.config.dead_letter_arn
    if not arn:
        return
    attributes = {
        name: {"DataType": kind, "StringValue": value}
        for name, kind, value in (
            ("RequestID", "String", event.request_id),
            ("ErrorCode", "Number", "429" if outcome.result is None else "200"),
            ("ErrorMessage", "String", error_message(outcome)),
        )
    }
    target = parse_arn(arn)
    clients = _clients(version, target["region"])
    body = event.payload.decode()
    try:
        if target["service"] == "sqs":
            url = sqs_queue_url_for_arn(arn)
            clients.sqs.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=attributes)
        else:
            clients.sns.publish(TopicArn=arn, Message=body, MessageAttributes=attributes)
    except NOT_SENT as error:
        LOG.warning(
            "the dead-letter queue %s of %s got nothing: %s", arn, event.function_arn, error
        )


def error_message(outcome: Outcome) -> str:
    """The first KiB of it; an attribute cannot be empty."""
    payload = outcome.payload()
    message = payload.get("errorMessage") if isinstance(payload, dict) else None
    text = str(message or ("Rate Exceeded." if outcome.result is None else "Unknown"))
    return text.encode()[:MAX_ERROR_MESSAGE_BYTES].decode(errors="ignore")


def _clients(version: FunctionVersion, region: str) -> Any:
    return connect_to.with_assumed_role(
        role_arn=version.config.role, service_principal="lambda", region_name=region
    )
