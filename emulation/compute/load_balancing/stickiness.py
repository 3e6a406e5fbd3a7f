"""Cookies that keep a client with its target, or with its target group."""

import hashlib
import random
import time
from collections.abc import Iterable, Mapping
from email.utils import formatdate
from http.cookies import CookieError, SimpleCookie

from aiohttp import ClientResponse
from multidict import CIMultiDict, CIMultiDictProxy

from emulation.compute.load_balancing.plan import Action
from emulation.compute.load_balancing.targets import LiveGroup, LiveTarget

BY_TIME, BY_APPLICATION, OF_GROUP = "AWSALB", "AWSALBAPP-0", "AWSALBTG"


def cookies(headers: CIMultiDictProxy[str]) -> Mapping[str, str]:
    """The cookies of a request, those that can be read."""
    found: dict[str, str] = {}
    for header in headers.getall("Cookie", ()):
        for part in header.split(";"):
            name, _, value = part.strip().partition("=")
            found.setdefault(name, value)
    return found


def written(token: str, seconds: int) -> str:
    """A cookie's value: until when, and what it names."""
    return f"{int(time.time()) + seconds:x}.{token}"


def named(value: str) -> str:
    """What a cookie names; nothing once it has expired or where it is not ours."""
    until, _, token = value.partition(".")
    try:
        return token if int(until, 16) > time.time() else ""
    except ValueError:
        return ""


def group_token(arn: str) -> str:
    """What a cookie names a target group by."""
    return hashlib.blake2b(arn.encode(), digest_size=24).hexdigest()


def choose_group(action: Action, given: Mapping[str, str], known: Iterable[str]) -> str | None:
    """The target group of a request: the one that its cookie names, or one by weight."""
    there = set(known)
    shares = [share for share in action.shares if share.group in there]
    if action.sticky_seconds is not None:
        token = named(given.get(OF_GROUP, ""))
        for share in shares:
            if group_token(share.group) == token:
                return share.group
    weights = [share.weight for share in shares]
    if not any(weights):
        return None
    return random.choices(shares, weights)[0].group if len(shares) > 1 else shares[0].group


def sticky_target(live: LiveGroup, given: Mapping[str, str]) -> str:
    """The target that a client's cookie names."""
    sticky = live.group.stickiness
    if sticky.kind == "lb_cookie":
        return named(given.get(BY_TIME, ""))
    if sticky.kind == "app_cookie" and sticky.cookie in given:
        return named(given.get(BY_APPLICATION, ""))
    return ""


def remember(
    headers: CIMultiDict[str], action: Action, target: LiveTarget, answer: ClientResponse | None
) -> None:
    """Put the cookies of this answer into its headers."""
    if action.sticky_seconds is not None:
        value = written(group_token(target.group.arn), action.sticky_seconds)
        both(headers, OF_GROUP, value, action.sticky_seconds)
    sticky = target.group.stickiness
    if sticky.kind == "lb_cookie":
        both(headers, BY_TIME, written(target.token, sticky.seconds), sticky.seconds)
    elif sticky.kind == "app_cookie" and sets(answer, sticky.cookie):
        value = written(target.token, sticky.seconds)
        headers.add("Set-Cookie", cookie(BY_APPLICATION, value, sticky.seconds))


def sets(answer: ClientResponse | None, name: str) -> bool:
    """Whether an answer sets a cookie."""
    for value in answer.headers.getall("Set-Cookie", ()) if answer else ():
        try:
            if name in SimpleCookie(value):
                return True
        except CookieError:
            continue
    return False


def both(headers: CIMultiDict[str], name: str, value: str, seconds: int) -> None:
    """A cookie, and the same for requests from other sites."""
    headers.add("Set-Cookie", cookie(name, value, seconds))
    headers.add("Set-Cookie", f"{cookie(f'{name}CORS', value, seconds)}; SameSite=None")


def cookie(name: str, value: str, seconds: int) -> str:
    """One cookie."""
    return f"{name}={value}; Expires={formatdate(time.time() + seconds, usegmt=True)}; Path=/"
