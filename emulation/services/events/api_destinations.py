"""Calls of API destinations: an HTTP request with the connection's authorization."""

import json
from collections.abc import Mapping
from typing import Any

import requests
from localstack.services.events.api_destination import add_api_destination_authorization
from localstack.utils.aws.arns import parse_arn
from localstack.utils.aws.message_forwarding import add_target_http_parameters

from emulation.services.scope import Scope

SECONDS = 5
"""AWS gives a destination so long to answer."""
HEADERS = {
    "User-Agent": "Amazon/EventBridge/ApiDestinations",
    "Content-Type": "application/json; charset=utf-8",
    "Range": "bytes=0-1048575",
    "Accept-Encoding": "gzip,deflate",
    "Connection": "close",
}


def to_api_destination(arn: str, target: Mapping[str, Any], text: str) -> None:
    """Send a text.

    Raises:
        requests.RequestException: no answer, or one that is no success.
    """
    place = parse_arn(arn)
    events = Scope(place["account"], place["region"]).client("events")
    destination = events.describe_api_destination(Name=place["resource"].split("/")[1])
    body, headers = json.loads(text), dict(HEADERS)
    url = add_api_destination_authorization(destination, headers, body)
    if parameters := target.get("HttpParameters"):
        url = add_target_http_parameters(dict(parameters), url, headers, body)
    answer = requests.request(
        destination["HttpMethod"], url, data=json.dumps(body), headers=headers, timeout=SECONDS
    )
    answer.raise_for_status()
