"""Dashboards: put, read, listed, deleted. They are the account's, whatever the region."""

import re
import time
from datetime import UTC, datetime

from emulation.compute.metrics.dashboards import LARGEST, Finding, NotJson, findings, read, told
from emulation.services.cloudwatch import tags
from emulation.services.cloudwatch.errors import (
    bad_dashboard,
    bad_token,
    invalid_value,
    missing,
    no_dashboard,
)
from emulation.services.cloudwatch.store import LOCK, Members, everywhere, store
from emulation.services.cloudwatch.tags import dashboard_arn
from emulation.services.paging import page
from emulation.services.scope import Scope

NAME = re.compile(r"[a-zA-Z0-9_-]+")
NAME_LENGTH = 255
PAGE = 1000


def put(scope: Scope, request: Members) -> Members:
    """Create a dashboard, or put another body in its place."""
    name = request.get("DashboardName") or ""
    if not name:
        raise missing("The parameter DashboardName is required.")
    if not NAME.fullmatch(name):
        raise invalid_value(
            "The value for field DashboardName contains invalid characters. It can only contain "
            "alphanumerics, dash (-) and underscore (_).\n"
        )
    if len(name) > NAME_LENGTH:
        raise invalid_value(
            f"The value for field DashboardName must be at most {NAME_LENGTH} characters long."
        )
    body = request.get("DashboardBody") or ""
    warnings = checked(body)
    document = {"body": body, "modified": time.time()}
    store().dashboards.put(everywhere(scope), name, document)
    return {"DashboardValidationMessages": messages(warnings)}


def checked(body: str) -> list[Finding]:
    """What is said of a valid body.

    Raises:
        DashboardInvalidInputError: it is not valid.
    """
    if len(body) > LARGEST:
        raise bad_dashboard(f"The dashboard body must have at most {LARGEST} characters.", [])
    try:
        errors, warnings = findings(read(body))
    except NotJson as error:
        text = "The field DashboardBody must be a valid JSON object"
        raise bad_dashboard(text, messages([Finding("", text)])) from error
    if errors:
        raise bad_dashboard(told(errors), messages(errors))
    return warnings


def messages(found: list[Finding]) -> list[dict[str, str]]:
    """As the API has them."""
    return [{"DataPath": each.path, "Message": each.text} for each in found]


def get(scope: Scope, request: Members) -> Members:
    """A dashboard with its body."""
    name = request.get("DashboardName") or ""
    found = store().dashboards.get(everywhere(scope), name)
    if found is None:
        raise no_dashboard(name)
    return {
        "DashboardArn": dashboard_arn(scope, name),
        "DashboardBody": found["body"],
        "DashboardName": name,
    }


def listed(scope: Scope, request: Members) -> Members:
    """Dashboards without their bodies."""
    prefix = request.get("DashboardNamePrefix") or ""
    entries = [
        {
            "DashboardName": name,
            "DashboardArn": dashboard_arn(scope, name),
            "LastModified": datetime.fromtimestamp(found["modified"], UTC),
            "Size": len(found["body"].encode()),
        }
        for name, found in store().dashboards.of(everywhere(scope)).items()
        if name.startswith(prefix)
    ]
    kept, more = page(request, entries, bad_token(), size=PAGE, names=("NextToken", ""))
    return {"DashboardEntries": kept, **more}


def delete(scope: Scope, request: Members) -> Members:
    """Delete dashboards: all of them, or none if one is not there."""
    names = request.get("DashboardNames") or []
    if not names:
        raise missing("The parameter DashboardNames is required.")
    with LOCK:
        for name in names:
            if store().dashboards.get(everywhere(scope), name) is None:
                raise no_dashboard(name)
        for name in names:
            store().dashboards.remove(everywhere(scope), name)
            tags.forget(everywhere(scope), dashboard_arn(scope, name))
    return {}
