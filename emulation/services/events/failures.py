"""Why a target was not reached, in the codes of EventBridge's dead letters; whether it may pass."""

from dataclasses import dataclass
from typing import Any

import requests
from botocore.exceptions import BotoCoreError, ClientError

from emulation.services.events.inputs import InputError


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed attempt."""

    code: str
    message: str
    may_pass: bool


WORDS = (
    (("Throttl", "TooManyRequests", "Slow"), "THROTTLING", True),
    (("LimitExceeded",), "RESOURCE_LIMIT_EXCEEDED", True),
    (("AccessDenied", "NotAuthorized", "Forbidden"), "NO_PERMISSIONS", False),
    (
        ("NotFound", "NonExistent", "DoesNotExist", "NoSuch", "Invalid ARN"),
        "NO_RESOURCE",
        False,
    ),
    (("AlreadyExists",), "RESOURCE_ALREADY_EXISTS", False),
)
"""What a service's error code may contain, what EventBridge calls it, and whether it may pass."""


def failure_of(error: Exception) -> Failure:
    """Judge what an attempt raised."""
    match error:
        case ClientError():
            return _of_answer(error)
        case InputError():
            return Failure("INVALID_JSON", str(error), may_pass=False)
        case requests.HTTPError() if error.response is not None:
            status = error.response.status_code
            return Failure("ERROR_FROM_TARGET", str(error), status == 429 or status >= 500)
        case requests.RequestException():
            return Failure("CONNECTION_FAILURE", str(error), may_pass=True)
        case BotoCoreError():
            # A parameter that botocore refuses is refused again.
            told = type(error).__name__
            return Failure("SDK_CLIENT_ERROR", str(error), may_pass="Connect" in told)
    return Failure("INVALID_PARAMETER", str(error), may_pass=False)


def _of_answer(error: ClientError) -> Failure:
    answer: Any = error.response
    code, message = answer["Error"]["Code"], answer["Error"].get("Message", "")
    status = answer["ResponseMetadata"]["HTTPStatusCode"]
    for words, name, may_pass in WORDS:
        if any(word in code for word in words):
            return Failure(name, message, may_pass)
    if status == 501:
        return Failure("SDK_CLIENT_ERROR", message, may_pass=False)
    if status >= 500:
        return Failure("INTERNAL_ERROR", message, may_pass=True)
    return Failure("INVALID_PARAMETER", message, may_pass=False)
