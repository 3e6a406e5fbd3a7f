"""Entries of PutEvents: checked one by one, then put on their bus.

Sources that begin with `aws.` are the services' own; whoever comes from outside is refused them.
"""

import json
from typing import Any

from localstack.aws.api import RequestContext
from localstack.utils.aws.client_types import ServicePrincipal

from emulation.services.events import bus, errors
from emulation.services.events.formatting import event_of

MAX_ENTRIES = 10
MAX_BYTES = 262_144
REQUIRED = ("Source", "DetailType", "Detail")
NOT_SERVICES = (ServicePrincipal.states, ServicePrincipal.apigateway)
"""Principals that carry users' entries."""


def check_size(entries: list[dict[str, Any]]) -> None:
    """Refuse more than a request may carry: a time counts 14 bytes, texts their UTF-8."""
    total = sum(map(_size, entries))
    if total >= MAX_BYTES:
        raise errors.validation("Total size of the entries in the request is over the limit.")


def _size(entry: dict[str, Any]) -> int:
    texts = [entry.get(name) or "" for name in REQUIRED] + list(entry.get("Resources") or [])
    return sum(len(text.encode()) for text in texts) + (14 if entry.get("Time") else 0)


def put(context: RequestContext, entry: dict[str, Any]) -> dict[str, str]:
    """Put one entry on its bus and answer for it; a bus that is not there takes it in silence."""
    if refusal := _refusal(entry, own=is_service(context)):
        return refusal
    name = entry.get("EventBusName") or "default"
    account, region = context.account_id, context.region
    if name.startswith("arn:"):
        _, _, _, region, account, resource = name.split(":", 5)
        name = resource.partition("/")[2]
    event = event_of(entry, context.account_id, region)
    found = bus.find(account, region, name)
    if found is not None:
        bus.publish(found, event)
    return {"EventId": event["id"]}


def is_service(context: RequestContext) -> bool:
    """Whether a service of ours asks, for itself."""
    asked_by = context.internal_request_params
    return asked_by is not None and asked_by.get("service_principal") not in NOT_SERVICES


def _refusal(entry: dict[str, Any], *, own: bool) -> dict[str, str] | None:
    for name in REQUIRED:
        if not entry.get(name):
            return _failed(
                "InvalidArgument",
                f"Parameter {name} is not valid. Reason: {name} is a required argument.",
            )
    if entry["Source"].startswith("aws.") and not own:
        return _failed("NotAuthorizedForSourceException", "Not authorized for the source.")
    if not _is_object(entry["Detail"]):
        return _failed("MalformedDetail", "Detail is malformed.")
    return None


def _failed(code: str, message: str) -> dict[str, str]:
    return {"ErrorCode": code, "ErrorMessage": message}


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except json.JSONDecodeError:
        return False
