"""Subscription filters: a group's events, as they come, to a function or a stream.

What arrives is AWS's envelope as gzip: one for each log stream's events.
"""

import gzip
import itertools
import json
import time
import uuid
from base64 import b64encode
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from emulation.compute.logs.group_file import Event
from emulation.services.events.failures import failure_of
from emulation.services.logs import errors, followers, store
from emulation.services.logs.groups import BAD_TOKEN, LIMIT, NAMES, refuse
from emulation.services.logs.metric_filters import ready
from emulation.services.logs.reading import event_id, pattern
from emulation.services.logs.store import Members
from emulation.services.paging import page
from emulation.services.scope import Scope

KIND = "subscription_filters"
MAX_FILTERS = 2
MAX_BYTES = 750_000
"""Messages of one envelope: base64 and Kinesis's 1 MiB leave no more, were they not to shrink."""

NEEDS_ROLE = {"kinesis", "firehose"}
UNREACHED = {
    "lambda": "Could not execute the lambda function. Make sure you have given CloudWatch Logs "
    "permission to execute your function.",
    "kinesis": "Could not deliver test message to specified Kinesis stream. Check if the given "
    "kinesis stream is in ACTIVE state.",
    "firehose": "Could not deliver test message to specified Firehose stream. Check if the given "
    "Firehose stream is in ACTIVE state.",
}


def put(scope: Scope, request: Members) -> None:
    """PutSubscriptionFilter; a stream gets a first message as a test, as from AWS."""
    refuse(
        request,
        "PutSubscriptionFilter",
        *("applyOnTransformedLogs", "fieldSelectionCriteria", "emitSystemFields"),
    )
    file = store.find(scope, request["logGroupName"])
    pattern(request["filterPattern"])
    vendor = _vendor(request)
    name = request["filterName"]
    present = file.settings().get(KIND) or {}
    if name not in present and len(present) >= MAX_FILTERS:
        raise errors.limit_exceeded()
    _reach(vendor, request["destinationArn"])
    record = {
        "filterName": name,
        "logGroupName": request["logGroupName"],
        "filterPattern": request["filterPattern"],
        "destinationArn": request["destinationArn"],
        "distribution": request.get("distribution") or "ByLogStream",
        "applyOnTransformedLogs": False,
        "creationTime": int(time.time() * 1000),
    }
    if request.get("roleArn"):
        record["roleArn"] = request["roleArn"]
    followers.put(file, KIND, name, record)


def _vendor(request: Members) -> str:
    arn = request["destinationArn"]
    vendor = str(arn.split(":")[2]) if arn.count(":") >= 5 else ""
    if vendor == "logs":
        raise NotImplementedError("logs.PutSubscriptionFilter with a destination is not emulated")
    if vendor not in UNREACHED:
        raise errors.invalid(
            f"PutSubscriptionFilter operation cannot work with destinationArn for vendor {vendor}"
        )
    if vendor in NEEDS_ROLE and not request.get("roleArn"):
        raise errors.invalid(f"destinationArn for vendor {vendor} cannot be used without roleArn")
    if vendor == "lambda" and request.get("roleArn"):
        raise errors.invalid("destinationArn for vendor lambda cannot be used with roleArn")
    return vendor


def _reach(vendor: str, arn: str) -> None:
    """See that the destination is there."""
    try:
        if vendor == "lambda":
            _client(arn, "lambda_").get_function(FunctionName=arn)
        else:
            _deliver(vendor, arn, _envelope(CONTROL), "control")
    except (ClientError, BotoCoreError) as error:
        raise errors.invalid(UNREACHED[vendor]) from error


CONTROL: Members = {
    "messageType": "CONTROL_MESSAGE",
    "owner": "CloudwatchLogs",
    "logGroup": "",
    "logStream": "",
    "subscriptionFilters": [],
    "logEvents": [
        {
            "id": "",
            "timestamp": 0,
            "message": "CWL CONTROL MESSAGE: Checking health of destination.",
        }
    ],
}


def _envelope(content: Members) -> bytes:
    return gzip.compress(json.dumps(content, separators=(",", ":")).encode())


def _client(arn: str, service: str) -> Any:
    _, _, _, region, account, _ = arn.split(":", 5)
    return Scope(account, region).client(service)


def _deliver(vendor: str, arn: str, data: bytes, key: str) -> None:
    name = arn.rpartition("/")[2]
    if vendor == "lambda":
        payload = json.dumps({"awslogs": {"data": b64encode(data).decode()}}).encode()
        client = _client(arn, "lambda_")
        client.invoke(FunctionName=arn, InvocationType="Event", Payload=payload)
    elif vendor == "kinesis":
        _client(arn, vendor).put_record(StreamName=name, Data=data, PartitionKey=key[:256])
    else:
        _client(arn, vendor).put_record(DeliveryStreamName=name, Record={"Data": data})


def describe(scope: Scope, request: Members) -> Members:
    """DescribeSubscriptionFilters of a group."""
    records = store.find(scope, request["logGroupName"]).settings().get(KIND) or {}
    prefix = request.get("filterNamePrefix") or ""
    wanted = [record for name, record in sorted(records.items()) if name.startswith(prefix)]
    found, token = page(request, wanted, errors.invalid(BAD_TOKEN), size=LIMIT, names=NAMES)
    return {"subscriptionFilters": found, **token}


def delete(scope: Scope, request: Members) -> None:
    """DeleteSubscriptionFilter."""
    file = store.find(scope, request["logGroupName"])
    if not followers.remove(file, KIND, request["filterName"]):
        raise errors.not_found("The specified subscription filter does not exist.")


def give(scope: Scope, group: str, record: Any, events: list[Event]) -> bool:
    """Deliver what fits; False when the destination must be asked again."""
    fits = ready(record["filterPattern"]).find
    fitting = [event for event in events if fits(event.message) is not None]
    vendor, arn = record["destinationArn"].split(":")[2], record["destinationArn"]
    fitting.sort(key=lambda event: event.stream)
    try:
        for stream, of_stream in itertools.groupby(fitting, key=lambda event: event.stream):
            key = stream if record["distribution"] == "ByLogStream" else str(uuid.uuid4())
            for part in _parts(list(of_stream)):
                content = _data(scope, group, record["filterName"], part)
                _deliver(vendor, arn, _envelope(content), key)
    except (ClientError, BotoCoreError) as error:
        # A function or stream that is gone gets what it missed when it is there again.
        failure = failure_of(error)
        return not failure.may_pass and failure.code != "NO_RESOURCE"
    return True


def _parts(events: list[Event]) -> list[list[Event]]:
    """As many events together as an envelope holds."""
    parts: list[list[Event]] = []
    size = MAX_BYTES
    for event in events:
        length = len(event.message.encode()) + 120
        if size + length > MAX_BYTES:
            parts.append([])
            size = 0
        parts[-1].append(event)
        size += length
    return parts


def _data(scope: Scope, group: str, name: str, events: list[Event]) -> Members:
    return {
        "messageType": "DATA_MESSAGE",
        "owner": scope.account,
        "logGroup": group,
        "logStream": events[0].stream,
        "subscriptionFilters": [name],
        "logEvents": [
            {"id": event_id(event), "timestamp": event.time, "message": event.message}
            for event in events
        ],
    }


followers.KINDS[KIND] = give
