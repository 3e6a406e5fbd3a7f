"""Tokens of the registry: who may log in, for how long. They are signed, so none is kept."""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from emulation.compute.once import once
from emulation.services.ecr.repositories import host
from emulation.services.ecr.store import LOCK, Members, root
from emulation.services.scope import Scope

USER = "AWS"
TOKEN_SECONDS = 12 * 3600
DOWNLOAD_SECONDS = 3600


class InvalidTokenError(Exception):
    """The password of a request is no token, or no longer."""


@dataclass(frozen=True, slots=True)
class Login:
    """Whom a token was given to."""

    account: str
    region: str


@once
def _key() -> bytes:
    file = root() / "token.key"
    with LOCK:
        if not file.exists():
            file.write_bytes(secrets.token_bytes(32))
            file.chmod(0o600)
    return file.read_bytes()


def _signature(text: str) -> str:
    return hmac.new(_key(), text.encode(), hashlib.sha256).hexdigest()


def password(scope: Scope) -> tuple[str, float]:
    """A password for the registry, and when it ends."""
    ends = time.time() + TOKEN_SECONDS
    payload = json.dumps({"account": scope.account, "region": scope.region, "ends": ends})
    text = json.dumps({"payload": payload, "signature": _signature(payload)})
    return base64.b64encode(text.encode()).decode(), ends


def check(text: str) -> Login:
    """Whose a password is.

    Raises:
        InvalidTokenError: nobody's.
    """
    try:
        document = json.loads(base64.b64decode(text, validate=True))
        payload = str(document["payload"])
        valid = hmac.compare_digest(_signature(payload), str(document["signature"]))
        members = json.loads(payload)
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise InvalidTokenError("Your Authorization Token is invalid.") from error
    if not valid:
        raise InvalidTokenError("Your Authorization Token is invalid.")
    if members["ends"] < time.time():
        raise InvalidTokenError(
            "Your authorization token has expired. Reauthenticate and try again."
        )
    return Login(members["account"], members["region"])


def get_token(scope: Scope, request: Members) -> Members:
    """GetAuthorizationToken."""
    text, ends = password(scope)
    token = base64.b64encode(f"{USER}:{text}".encode()).decode()
    accounts = request.get("registryIds") or [scope.account]
    return {
        "authorizationData": [
            {
                "authorizationToken": token,
                "expiresAt": datetime.fromtimestamp(ends, UTC),
                "proxyEndpoint": f"http://{host(account, scope.region)}",
            }
            for account in accounts
        ]
    }


def sign_download(digest: str) -> str:
    """The query of an address that a layer can be downloaded from."""
    ends = str(int(time.time() + DOWNLOAD_SECONDS))
    return urlencode({"expires": ends, "signature": _signature(f"{digest} {ends}")})


def allows_download(digest: str, ends: str, signature: str) -> bool:
    """Whether such an address is good now."""
    good = hmac.compare_digest(_signature(f"{digest} {ends}"), signature)
    return good and ends.isdigit() and int(ends) > time.time()
