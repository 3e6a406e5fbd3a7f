"""Repositories: made, described, deleted; their tags, mutability, scanning and policies."""

import copy
import fnmatch
import json
import time
from datetime import UTC, datetime

from emulation.services.ecr.errors import (
    invalid_at,
    missing,
    not_emulated,
    repository_exists,
    repository_not_empty,
)
from emulation.services.ecr.store import LOCK, Members, Repository, find, of, remove, repositories
from emulation.services.paging import CAMEL_NAMES, page
from emulation.services.scope import Scope
from emulation.settings import settings

MUTABLE = "MUTABLE"
KEPT = (
    "imageTagMutability",
    "imageTagMutabilityExclusionFilters",
    "imageScanningConfiguration",
    "encryptionConfiguration",
)


def invalid_token() -> Exception:
    """A token that no list gave."""
    return invalid_at("nextToken", "Invalid token")


def create(scope: Scope, request: Members) -> Members:
    """CreateRepository. That images be scanned when they are pushed is kept and not done: there are
    no findings, and asking for them is refused.
    """
    if request.get("registryId", scope.account) != scope.account:
        raise not_emulated("CreateRepository", "registryId of another account")
    members = {name: copy.deepcopy(request[name]) for name in KEPT if name in request}
    members.setdefault("imageTagMutability", MUTABLE)
    members.setdefault("imageScanningConfiguration", {"scanOnPush": False})
    members.setdefault("encryptionConfiguration", {"encryptionType": "AES256"})
    tags = {tag["Key"]: tag.get("Value", "") for tag in request.get("tags", [])}
    key = (scope.account, scope.region, request["repositoryName"])
    with LOCK:
        if key in repositories():
            raise repository_exists(key[2], scope.account)
        repository = Repository(*key[:2], scope.partition, key[2], time.time(), members, tags)
        repository.save()
        repositories()[key] = repository
    return {"repository": describe(repository)}


def describe(repository: Repository) -> Members:
    """A repository as the API has it."""
    return {
        "repositoryArn": repository.arn,
        "registryId": repository.account,
        "repositoryName": repository.name,
        "repositoryUri": uri(repository),
        "createdAt": datetime.fromtimestamp(repository.created, UTC),
        **copy.deepcopy(repository.members),
    }


def host(account: str, region: str) -> str:
    """The registry's name and port: this machine's, told from others by its first part."""
    return f"{account}.dkr.ecr.{region}.localhost:{settings().port}"


def uri(repository: Repository) -> str:
    """What its images are named by."""
    return f"{host(repository.account, repository.region)}/{repository.name}"


def describe_repositories(scope: Scope, request: Members) -> Members:
    """DescribeRepositories."""
    registry = request.get("registryId")
    names = request.get("repositoryNames")
    if names:
        found = [find(scope, name, registry) for name in names]
        return {"repositories": [describe(one) for one in found]}
    items, token = page(request, of(scope, registry), invalid_token(), names=CAMEL_NAMES)
    return {"repositories": [describe(one) for one in items], **token}


def delete(scope: Scope, request: Members) -> Members:
    """DeleteRepository."""
    with LOCK:
        repository = _asked(scope, request)
        if repository.images and not request.get("force"):
            raise repository_not_empty(repository.name, repository.account)
        remove(repository)
    return {"repository": describe(repository)}


def _asked(scope: Scope, request: Members) -> Repository:
    return find(scope, request["repositoryName"], request.get("registryId"))


def put_mutability(scope: Scope, request: Members) -> Members:
    """PutImageTagMutability."""
    names = ("imageTagMutability", "imageTagMutabilityExclusionFilters")
    with LOCK:
        repository = _asked(scope, request)
        for name in names:
            repository.members.pop(name, None)
        repository.members |= {name: request[name] for name in names if name in request}
        repository.save()
    shown = {name: repository.members[name] for name in names if name in repository.members}
    return {"registryId": repository.account, "repositoryName": repository.name, **shown}


def is_immutable(repository: Repository, tag: str) -> bool:
    """Whether a tag stays with its image."""
    mutability = repository.members["imageTagMutability"]
    filters = repository.members.get("imageTagMutabilityExclusionFilters", [])
    excluded = any(fnmatch.fnmatchcase(tag, one["filter"]) for one in filters)
    immutable = str(mutability).startswith("IMMUTABLE")
    return immutable != (excluded and mutability.endswith("_WITH_EXCLUSION"))


def put_scanning(scope: Scope, request: Members) -> Members:
    """PutImageScanningConfiguration; kept, see `create`."""
    with LOCK:
        repository = _asked(scope, request)
        repository.members["imageScanningConfiguration"] = request["imageScanningConfiguration"]
        repository.save()
    return {
        "registryId": repository.account,
        "repositoryName": repository.name,
        "imageScanningConfiguration": request["imageScanningConfiguration"],
    }


def set_policy(scope: Scope, request: Members) -> Members:
    """SetRepositoryPolicy; kept and not enforced, as no policy of IAM is here."""
    text = request["policyText"]
    _check_policy(text)
    with LOCK:
        repository = _asked(scope, request)
        repository.policy = text
        repository.save()
    return _policy(repository, text)


def _check_policy(text: str) -> None:
    try:
        statements = json.loads(text)["Statement"]
        valid = bool(statements) and isinstance(statements, list | dict)
    except (ValueError, KeyError, TypeError):
        valid = False
    if not valid:
        raise invalid_at("PolicyText", "Invalid repository policy provided")


def _policy(repository: Repository, text: str) -> Members:
    return {
        "registryId": repository.account,
        "repositoryName": repository.name,
        "policyText": text,
    }


def get_policy(scope: Scope, request: Members) -> Members:
    """GetRepositoryPolicy."""
    repository = _asked(scope, request)
    if not repository.policy:
        raise _no_policy(repository)
    return _policy(repository, repository.policy)


def delete_policy(scope: Scope, request: Members) -> Members:
    """DeleteRepositoryPolicy."""
    with LOCK:
        repository = _asked(scope, request)
        text = repository.policy
        if not text:
            raise _no_policy(repository)
        repository.policy = ""
        repository.save()
    return _policy(repository, text)


def _no_policy(repository: Repository) -> Exception:
    return missing("RepositoryPolicy", "Repository policy", repository.name, repository.account)


def tag(scope: Scope, request: Members) -> Members:
    """TagResource."""
    with LOCK:
        repository = _by_arn(scope, request)
        repository.tags |= {one["Key"]: one.get("Value", "") for one in request["tags"]}
        repository.save()
    return {}


def untag(scope: Scope, request: Members) -> Members:
    """UntagResource."""
    with LOCK:
        repository = _by_arn(scope, request)
        for key in request["tagKeys"]:
            repository.tags.pop(key, None)
        repository.save()
    return {}


def list_tags(scope: Scope, request: Members) -> Members:
    """ListTagsForResource."""
    tags = _by_arn(scope, request).tags
    return {"tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def _by_arn(scope: Scope, request: Members) -> Repository:
    _, mark, name = request["resourceArn"].partition(":repository/")
    parts = request["resourceArn"].split(":")
    if not mark or len(parts) < 6:
        raise invalid_at("resourceArn", "Invalid ARN")
    return find(Scope(parts[4], parts[3], parts[1]), name)
