"""Lifecycle policies at work: kept, previewed, and carried out.

ECR expires images within 24 hours. Here it is done when a repository has rested for a few seconds
after a push or a new policy - not sooner, because the parts of one push come one by one - and
every hour for what only grows old.
"""

import threading
import time
from collections.abc import Iterable
from datetime import UTC, datetime

from emulation.services.ecr.errors import missing
from emulation.services.ecr.lifecycle_rules import Expired, expired, read
from emulation.services.ecr.repositories import invalid_token
from emulation.services.ecr.store import LOCK, Members, Repository, find, repositories, sweep
from emulation.services.paging import CAMEL_NAMES, page
from emulation.services.scope import Scope

REST_SECONDS = 5.0
OLD_SECONDS = 3600.0

PREVIEWS: dict[tuple[str, str, str], tuple[str, list[Expired]]] = {}
"""The last preview of each repository: the policy and what it would expire."""


def put(scope: Scope, request: Members) -> Members:
    """PutLifecyclePolicy."""
    text = request["lifecyclePolicyText"]
    read(text, "PutLifecyclePolicy")
    with LOCK:
        repository = _asked(scope, request)
        repository.lifecycle, repository.lifecycle_evaluated = text, None
        repository.save()
    WORKER.changed(repository)
    return _answer(repository, text)


def _asked(scope: Scope, request: Members) -> Repository:
    return find(scope, request["repositoryName"], request.get("registryId"))


def _answer(repository: Repository, text: str) -> Members:
    return {
        "registryId": repository.account,
        "repositoryName": repository.name,
        "lifecyclePolicyText": text,
    }


def get(scope: Scope, request: Members) -> Members:
    """GetLifecyclePolicy."""
    repository = _with_policy(scope, request)
    answer = _answer(repository, repository.lifecycle)
    if repository.lifecycle_evaluated:
        moment = datetime.fromtimestamp(repository.lifecycle_evaluated, UTC)
        answer["lastEvaluatedAt"] = moment
    return answer


def _with_policy(scope: Scope, request: Members) -> Repository:
    repository = _asked(scope, request)
    if not repository.lifecycle:
        what = "Lifecycle policy"
        raise missing("LifecyclePolicy", what, repository.name, repository.account)
    return repository


def delete(scope: Scope, request: Members) -> Members:
    """DeleteLifecyclePolicy."""
    with LOCK:
        repository = _with_policy(scope, request)
        text = repository.lifecycle
        repository.lifecycle, repository.lifecycle_evaluated = "", None
        repository.save()
    return _answer(repository, text)


def start_preview(scope: Scope, request: Members) -> Members:
    """StartLifecyclePolicyPreview, of the policy that is given or that is there."""
    given = request.get("lifecyclePolicyText")
    repository = _asked(scope, request) if given else _with_policy(scope, request)
    text = given or repository.lifecycle
    with LOCK:
        rules = read(text, "StartLifecyclePolicyPreview")
        PREVIEWS[_key(repository)] = (text, expired(rules, list(repository.images.values())))
    return _answer(repository, text) | {"status": "IN_PROGRESS"}


def _key(repository: Repository) -> tuple[str, str, str]:
    return repository.account, repository.region, repository.name


def get_preview(scope: Scope, request: Members) -> Members:
    """GetLifecyclePolicyPreview."""
    repository = _asked(scope, request)
    found = PREVIEWS.get(_key(repository))
    if found is None:
        what = "Lifecycle policy preview"
        raise missing("LifecyclePolicyPreview", what, repository.name, repository.account)
    text, results = found
    shown = [_result(one) for one in results if _wanted(one, request)]
    items, token = page(request, shown, invalid_token(), names=CAMEL_NAMES)
    return {
        **_answer(repository, text),
        "status": "COMPLETE",
        "previewResults": items,
        "summary": {"expiringImageTotalCount": len(results)},
        **token,
    }


def _wanted(one: Expired, request: Members) -> bool:
    status = request.get("filter", {}).get("tagStatus", "ANY")
    digests = {identifier.get("imageDigest") for identifier in request.get("imageIds", [])}
    fits = status == "ANY" or (status == "TAGGED") == bool(one.image.tags)
    return fits and (not digests or one.image.digest in digests)


def _result(one: Expired) -> Members:
    return {
        "imageTags": list(one.image.tags),
        "imageDigest": one.image.digest,
        "imagePushedAt": datetime.fromtimestamp(one.image.pushed, UTC),
        "action": {"type": "EXPIRE"},
        "appliedRulePriority": one.priority,
    }


def carry_out(repository: Repository) -> None:
    """Expire what the repository's policy expires now."""
    from emulation.services.ecr.images import delete_image

    with LOCK:
        if not repository.lifecycle or repositories().get(_key(repository)) is not repository:
            return
        rules = read(repository.lifecycle, "PutLifecyclePolicy")
        for one in expired(rules, list(repository.images.values())):
            delete_image(repository, one.image)
        repository.lifecycle_evaluated = time.time()
        sweep(repository)


class Worker:
    """Carries policies out, in a thread that the first change starts."""

    def __init__(self) -> None:
        self._changed: dict[tuple[str, str, str], float] = {}
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None

    def changed(self, repository: Repository) -> None:
        """A repository with a policy has new images, or a new policy."""
        if not repository.lifecycle:
            return
        with self._wake:
            self._changed[_key(repository)] = time.monotonic()
            self.start()
            self._wake.notify()

    def start(self) -> None:
        """Begin to look after the repositories of the last run too."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="ecr-lifecycle", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        looked = 0.0
        while True:
            for key in self._rested():
                self._carry_out([key])
            if time.monotonic() - looked > OLD_SECONDS or not looked:
                looked = time.monotonic()
                self._carry_out(list(repositories()))

    def _carry_out(self, keys: Iterable[tuple[str, str, str]]) -> None:
        for key in keys:
            repository = repositories().get(key)
            if repository is not None:
                carry_out(repository)

    def _rested(self) -> list[tuple[str, str, str]]:
        """Wait for repositories that rest, or for the next hour."""
        with self._wake:
            self._wake.wait(REST_SECONDS if self._changed else OLD_SECONDS)
            before = time.monotonic() - REST_SECONDS
            rested = [key for key, last in self._changed.items() if last <= before]
            for key in rested:
                del self._changed[key]
        return rested


WORKER = Worker()
"""The emulator's one."""
