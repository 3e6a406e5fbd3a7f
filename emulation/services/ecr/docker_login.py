"""Logins of a docker command: the passwords that it sends, checked as the registry does."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from localstack.http import Request

from emulation.services.ecr.pulling import LOCAL, REGISTRY
from emulation.services.ecr.tokens import USER, InvalidTokenError, Login, check

ONE, MANY = "X-Registry-Auth", "X-Registry-Config"


class LoginError(Exception):
    """A password is missing or wrong; in docker's words."""


Logins = Mapping[str, Mapping[str, Any]]
"""What was sent along, by the registry's host; empty is the one that is meant."""


def check_login(given: Mapping[str, Any]) -> Login:
    """Whose a login is.

    Raises:
        LoginError: nobody's, or it is another registry's.
    """
    host = str(given.get("serveraddress", "")).removeprefix("http://").removeprefix("https://")
    host = host.split("/")[0]
    if host and REGISTRY.fullmatch(host) is None and LOCAL.fullmatch(host) is None:
        raise LoginError(f"login to {host} is not emulated: the registry here is ECR")
    if given.get("username") != USER:
        raise LoginError("login attempt failed with status: 401 Unauthorized")
    try:
        return check(str(given.get("password", "")))
    except InvalidTokenError as error:
        raise LoginError(f"login attempt failed with status: 403 Forbidden: {error}") from error


def logins_of(request: Request) -> Logins:
    """The logins of a request."""
    if MANY in request.headers:
        return _decoded(request.headers[MANY])
    return {"": _decoded(request.headers.get(ONE, ""))}


def _decoded(text: str) -> dict[str, Any]:
    try:
        found = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)) or b"{}")
    except (ValueError, binascii.Error):
        return {}
    return found if isinstance(found, dict) else {}


def login_for(host: str, logins: Logins) -> Login:
    """The login for a registry.

    Raises:
        LoginError: there is none.
    """
    given = next(
        (one for key, one in logins.items() if key.split("://")[-1].split("/")[0] in {"", host}), {}
    )
    if not given.get("username"):
        raise LoginError("no basic auth credentials")
    return check_login(given)
