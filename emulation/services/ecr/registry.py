"""The registry's HTTP API: what `docker push`, skopeo, crane, oras and containerd speak.

The OCI distribution specification, with ECR's login: Basic authentication with a token of
GetAuthorizationToken. A registry is an account's in a region, which the Host header tells
(`ACCOUNT.dkr.ecr.REGION.localhost:PORT`), or the first part of the name for clients that find no
such host (`localhost:PORT/ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME`); for a plain
`localhost:PORT/NAME` it is the one of the token.
"""

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from localstack.aws.api import CommonServiceException
from localstack.http import Request, Response
from werkzeug.exceptions import NotFound

from emulation.services.ecr import registry_blobs, registry_manifests
from emulation.services.ecr.registry_words import Asked, RegistryError, json_answer, refusal
from emulation.services.ecr.store import Repository, blobs, find, of
from emulation.services.ecr.tokens import USER, InvalidTokenError, Login, allows_download, check
from emulation.services.scope import Scope

HOST = re.compile(r"(\d{12})\.dkr[.-]ecr\.([a-z0-9-]+)\.")
FIRST_PART = re.compile(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.(?:amazonaws\.com|localhost)/(.+)")
NAME = r"(?P<name>[a-z0-9]+(?:[._/-]+[a-z0-9]+)*)"


@dataclass(frozen=True, slots=True)
class Route:
    """What a path means, and what answers."""

    path: re.Pattern[str]
    answer: Callable[[Asked, Repository], Response]


ROUTES = (
    Route(re.compile(rf"{NAME}/tags/list"), registry_manifests.list_tags),
    Route(re.compile(rf"{NAME}/manifests/(?P<reference>[^/]+)"), registry_manifests.answer),
    Route(re.compile(rf"{NAME}/referrers/(?P<digest>[^/]+)"), registry_manifests.list_referrers),
    Route(re.compile(rf"{NAME}/blobs/uploads/?"), registry_blobs.begin),
    Route(re.compile(rf"{NAME}/blobs/uploads/(?P<upload>[^/]+)"), registry_blobs.answer_upload),
    Route(re.compile(rf"{NAME}/blobs/(?P<digest>[^/]+)"), registry_blobs.answer),
)


def answer(request: Request, rest: str = "", **_: Any) -> Response:
    """Answer one request of a registry's client; signed ones are for a service of AWS whose paths
    begin in the same way.
    """
    if request.headers.get("Authorization", "").startswith("AWS4-"):
        raise NotFound
    try:
        return _answer(request, rest)
    except RegistryError as error:
        return error.response()
    except CommonServiceException as error:
        return refusal(error).response()


def _answer(request: Request, rest: str) -> Response:
    login = _login(request)
    if not rest:
        return json_answer({})
    if rest == "_catalog":
        return _catalog(request, _place(request, login, ""))
    for route in ROUTES:
        found = route.path.fullmatch(rest)
        if found is not None:
            scope, name = _place(request, login, found["name"])
            repository = find(scope, name)
            asked = Asked(request, found["name"], scope, found.groupdict())
            return route.answer(asked, repository)
    raise RegistryError("NAME_INVALID", "invalid repository name", 404)


def _login(request: Request) -> Login:
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "basic":
        raise RegistryError("UNAUTHORIZED", "authentication required", 401, _challenge(request))
    try:
        user, _, password = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise RegistryError("DENIED", "Your Authorization Token is invalid.", 403) from error
    if user != USER:
        raise RegistryError("UNAUTHORIZED", "authentication required", 401, _challenge(request))
    try:
        return check(password)
    except InvalidTokenError as error:
        raise RegistryError("DENIED", str(error), 403) from error


def _challenge(request: Request) -> dict[str, str]:
    realm = f"http://{request.host}/"
    return {"WWW-Authenticate": f'Basic realm="{realm}",service="ecr.amazonaws.com"'}


def _place(request: Request, login: Login, name: str) -> tuple[Scope, str]:
    """Whose registry is meant, and the repository's name there."""
    by_host = HOST.match(request.host)
    if by_host is not None:
        return Scope(by_host[1], by_host[2]), name
    by_name = FIRST_PART.fullmatch(name)
    if by_name is not None:
        return Scope(by_name[1], by_name[2]), by_name[3]
    return Scope(login.account, login.region), name


def _catalog(request: Request, place: tuple[Scope, str]) -> Response:
    names = [one.name for one in of(place[0])]
    return registry_manifests.paged(request, "/v2/_catalog", "repositories", names, {})


def download(request: Request, digest: str, **_: Any) -> Response:
    """A layer by an address of GetDownloadUrlForLayer."""
    good = allows_download(
        digest, request.args.get("expires", ""), request.args.get("signature", "")
    )
    if not good or not blobs().has(digest):
        return Response("Forbidden\n", 403)
    return registry_blobs.blob_answer(request, digest)
