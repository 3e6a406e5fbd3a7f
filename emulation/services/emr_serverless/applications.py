"""Applications: creating, changing, starting, stopping and deleting them.

Capacity that is to wait for runs is recorded only.
"""

import time
from collections.abc import Sequence

from emulation.services.emr_serverless import announcements, application_states, checks, errors
from emulation.services.emr_serverless.application_states import RESTING, RUNNING
from emulation.services.emr_serverless.store import (
    LOCK,
    Application,
    Members,
    active_runs,
    all_applications,
    applications_of,
    moment,
    new_identifier,
)
from emulation.services.paging import CAMEL_NAMES, page
from emulation.services.scope import Scope

REQUEST_ONLY = ("clientToken", "tags", "applicationId")
DEFAULTS: Members = {
    "autoStartConfiguration": {"enabled": True},
    "autoStopConfiguration": {"enabled": True, "idleTimeoutMinutes": 15},
    "architecture": "X86_64",
}
PAGE = 50


def create(scope: Scope, request: Members) -> Members:
    """CreateApplication."""
    checks.check_settings("CreateApplication", request)
    kind = checks.check_type(request["type"], request["releaseLabel"])
    token = request["clientToken"]
    with LOCK:
        for known in applications_of(scope):
            if known.token == token and known.state != "TERMINATED":
                if known.request != request:
                    raise errors.token_taken(token)
                return _named(known)
        given = {name: value for name, value in request.items() if name not in REQUEST_ONLY}
        application = Application(
            scope.account,
            scope.region,
            scope.partition,
            new_identifier(),
            token,
            request,
            settled({**given, "type": kind}),
            tags=dict(request.get("tags") or {}),
        )
        all_applications()[application.identifier] = application
        application.save()
    for state in ("CREATING", "CREATED"):
        announcements.application_changed(application, state)
    return _named(application)


def settled(members: Members) -> Members:
    """Settings with their defaults, in the parts of a structure too."""
    merged = {**members}
    for name, default in DEFAULTS.items():
        given = members.get(name)
        merged[name] = (
            {**default, **(given or {})} if isinstance(default, dict) else given or default
        )
    return merged


def _named(application: Application) -> Members:
    answer = {"applicationId": application.identifier, "arn": application.arn}
    name = application.members.get("name")
    return {**answer, "name": name} if name else answer


def find(scope: Scope, identifier: str) -> Application:
    """An application of an account in a region.

    Raises:
        CommonServiceException: ResourceNotFoundException.
    """
    found = all_applications().get(identifier)
    if found is None or (found.account, found.region) != (scope.account, scope.region):
        raise errors.not_found("Application", identifier)
    return found


def get(scope: Scope, request: Members) -> Members:
    """GetApplication."""
    return {"application": described(find(scope, request["applicationId"]))}


def described(application: Application) -> Members:
    """As GetApplication tells it."""
    return {
        **application.members,
        "applicationId": application.identifier,
        "arn": application.arn,
        "state": application.state,
        "stateDetails": application.details,
        "createdAt": moment(application.created),
        "updatedAt": moment(application.updated),
        "tags": application.tags,
    }


def list_applications(scope: Scope, request: Members) -> Members:
    """ListApplications, the latest first."""
    states = request.get("states")
    found = [
        _summary(application)
        for application in reversed(applications_of(scope))
        if not states or application.state in states
    ]
    items, token = page(request, found, errors.bad_token(), size=PAGE, names=CAMEL_NAMES)
    return {"applications": items, **token}


def _summary(application: Application) -> Members:
    told = described(application)
    names = ("name", "arn", "releaseLabel", "type", "state", "stateDetails", "architecture")
    picked = {name: told[name] for name in names if name in told}
    times = {name: told[name] for name in ("createdAt", "updatedAt")}
    return {"id": application.identifier, **picked, **times}


def update(scope: Scope, request: Members) -> Members:
    """UpdateApplication: what is named is replaced as a whole."""
    checks.check_settings("UpdateApplication", request)
    with LOCK:
        application = find(scope, request["applicationId"])
        _must_be(application, RESTING)
        given = {name: value for name, value in request.items() if name not in REQUEST_ONLY}
        if "releaseLabel" in given:
            checks.check_type(application.members["type"], given["releaseLabel"])
        application.members = settled({**application.members, **given})
        application.updated = time.time()
        application.save()
        return {"application": described(application)}


def start(scope: Scope, request: Members) -> Members:
    """StartApplication; one that has started is left as it is."""
    with LOCK:
        application = find(scope, request["applicationId"])
        if application.state not in RUNNING:
            _must_be(application, RESTING)
            application_states.start(application)
    return {}


def stop(scope: Scope, request: Members) -> Members:
    """StopApplication: refused while a run has not ended."""
    with LOCK:
        application = find(scope, request["applicationId"])
        if application.state not in RUNNING:
            raise errors.cannot_stop()
        _must_be_idle(application)
        application_states.move(application, "STOPPING", "STOPPED")
    return {}


def delete(scope: Scope, request: Members) -> Members:
    """DeleteApplication."""
    with LOCK:
        application = find(scope, request["applicationId"])
        _must_be(application, RESTING)
        _must_be_idle(application)
        application_states.move(application, "TERMINATED")
    return {}


def _must_be(application: Application, states: Sequence[str]) -> None:
    if application.state not in states:
        raise errors.wrong_state(application.identifier, states, application.state)


def _must_be_idle(application: Application) -> None:
    if active := active_runs(application):
        raise errors.busy(application.identifier, len(active))
