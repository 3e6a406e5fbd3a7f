"""Where logs are: groups are files of `emulation.compute.logs`, and what belongs to an account as a
whole (query definitions, resource policies) is a document.
"""

import threading
from typing import Any

from emulation.compute.logs.group_file import GroupFile
from emulation.compute.logs.shelf import Shelf
from emulation.compute.once import once
from emulation.services import documents
from emulation.services.logs import errors
from emulation.services.scope import Scope
from emulation.settings import settings

Members = dict[str, Any]
"""A part of a request or an answer, as the API spells it."""

LOCK = threading.RLock()
"""Held while a setting is read and changed."""


@once
def shelf() -> Shelf:
    """The groups of all accounts and regions."""
    return Shelf(settings().folder("logs"))


def find(scope: Scope, name: str) -> GroupFile:
    """A group.

    Raises:
        CommonServiceException: ResourceNotFoundException.
    """
    found = shelf().get((scope.account, scope.region, name))
    if found is None:
        raise errors.not_found(errors.GROUP)
    return found


def name_of(request: Members) -> str:
    """The group that a request means, by its name or by an identifier: a name or an ARN."""
    name, identifier = request.get("logGroupName"), request.get("logGroupIdentifier")
    if name and identifier:
        raise errors.validation("LogGroup name and LogGroup ARN are mutually exclusive parameters.")
    if not name and not identifier:
        raise errors.validation(
            "At least one of logGroupName or logGroupIdentifier must be specified."
        )
    return str(name or identified(str(identifier)))


def identified(identifier: str) -> str:
    """The name in an identifier."""
    if not identifier.startswith("arn:"):
        return identifier
    return identifier.split(":log-group:", 1)[-1].removesuffix(":*")


def group_of(scope: Scope, request: Members) -> GroupFile:
    """The group that a request means."""
    return find(scope, name_of(request))


def arn(scope: Scope, name: str) -> str:
    """A group's ARN."""
    return scope.arn("logs", f"log-group:{name}")


def account_document(scope: Scope, name: str) -> Members:
    """What an account keeps under a name in a region."""
    found: Members = documents.read(_path(scope, name)) or {}
    return found


def keep(scope: Scope, name: str, document: Members) -> None:
    """Write it."""
    documents.write(_path(scope, name), document)


def _path(scope: Scope, name: str) -> Any:
    return settings().folder("logs", scope.account, scope.region) / f"{name}.json"
