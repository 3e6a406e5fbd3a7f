"""Functions as targets: a request becomes ALB's event, and what the function returns an answer."""

import base64
import binascii
import json
from typing import Any

from aiohttp import ClientSession, ClientTimeout, web
from multidict import CIMultiDict

from emulation.compute.load_balancing.answers import Own
from emulation.compute.load_balancing.plan import Balancer, Group
from emulation.compute.load_balancing.targets import LiveTarget

MOST_BYTES = 1_000_000
"""Of a request's body, and of what the function returns."""

LONGEST_SECONDS = 900.0
TEXTS = ("text/", "application/json", "application/javascript", "application/xml")
HEALTH_AGENT = "ELB-HealthChecker/2.0"


class BadAnswer(Exception):
    """What a function returned is no answer, or it failed: 502."""


def plain(headers: CIMultiDict[str]) -> bool:
    """Whether a body is told as text."""
    kind = headers.get("Content-Type", "text/plain").lower()
    return kind.startswith(TEXTS) and "Content-Encoding" not in headers


def event(
    group: Group, method: str, path: str, headers: CIMultiDict[str], body: bytes
) -> dict[str, Any]:
    """ALB's event, as the user guide has it; path and query stay encoded."""
    place, _, query = path.partition("?")
    pairs = [part.partition("=")[::2] for part in query.split("&") if part]
    named = [(name.lower(), value) for name, value in headers.items()]
    is_text = plain(headers)
    told: dict[str, Any] = {
        "requestContext": {"elb": {"targetGroupArn": group.arn}},
        "httpMethod": method,
        "path": place,
    }
    if group.several_values:
        told["multiValueQueryStringParameters"] = lists(pairs)
        told["multiValueHeaders"] = lists(named)
    else:
        told["queryStringParameters"] = dict(pairs)
        told["headers"] = dict(named)
    told["body"] = body.decode(errors="replace") if is_text else base64.b64encode(body).decode()
    told["isBase64Encoded"] = not is_text and bool(body)
    return told


def lists(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    """Every value of each name."""
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


async def invoke(
    session: ClientSession, gateway: str, balancer: Balancer, arn: str, told: dict[str, Any]
) -> Any:
    """What a function returns.

    Raises:
        BadAnswer: it failed, or could not be invoked.
        aiohttp.ClientError: the gateway does not answer.
    """
    # The gateway reads the account from the key and checks no signature.
    scope = f"{balancer.account}/20200101/{balancer.region}/lambda/aws4_request"
    signed = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"
    address = f"{gateway}/2015-03-31/functions/{arn.replace(':', '%3A')}/invocations"
    async with session.post(
        address,
        data=json.dumps(told).encode(),
        headers={"Authorization": signed, "Content-Type": "application/json"},
        timeout=ClientTimeout(total=LONGEST_SECONDS),
    ) as answer:
        body = await answer.read()
        if answer.status != 200 or "X-Amz-Function-Error" in answer.headers:
            raise BadAnswer(body.decode(errors="replace"))
    try:
        return json.loads(body)
    except ValueError as error:
        raise BadAnswer(str(error)) from error


def answer_of(group: Group, returned: Any) -> web.Response:
    """The answer that a function means.

    Raises:
        BadAnswer: it is none.
    """
    try:
        status = int(returned["statusCode"])
        body = returned.get("body") or ""
        data = base64.b64decode(body) if returned.get("isBase64Encoded") else body.encode()
        headers: CIMultiDict[str] = CIMultiDict()
        if group.several_values:
            for name, values in (returned.get("multiValueHeaders") or {}).items():
                headers.extend((name, str(value)) for value in values)
        else:
            headers.extend((n, str(v)) for n, v in (returned.get("headers") or {}).items())
    except (TypeError, KeyError, ValueError, AttributeError, binascii.Error) as error:
        raise BadAnswer(str(error)) from error
    if len(data) > MOST_BYTES or not 100 <= status <= 599:
        raise BadAnswer("the answer is too large, or its status is none")
    headers.popall("Content-Length", None)
    described = str(returned.get("statusDescription") or "")
    reason = described.partition(" ")[2] or None
    return Own(status=status, reason=reason, headers=headers, body=data)


async def check(session: ClientSession, gateway: str, balancer: Balancer, live: LiveTarget) -> int:
    """The status of a function's health check.

    Raises:
        ValueError: it is no answer.
        aiohttp.ClientError: the gateway does not answer.
    """
    headers = CIMultiDict({"user-agent": HEALTH_AGENT})
    told = event(live.group, "GET", live.group.check.path, headers, b"")
    try:
        returned = await invoke(session, gateway, balancer, live.target.address, told)
        return answer_of(live.group, returned).status
    except BadAnswer as error:
        raise ValueError(str(error)) from error
