"""GetUsage and UpdateUsage: what keys have used of a plan, and more for one of them."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from moto.apigateway.models import apigateway_backends

from emulation.services.apigateway.errors import bad_path, bad_request, not_found
from emulation.services.apigateway.metering import quota_of
from emulation.services.apigateway.usage import usage_file
from emulation.services.paging import page
from emulation.services.scope import Scope

MEMBERS = ("position", "limit")
LARGEST_PAGE = 500


def plan_of(scope: Scope, plan_id: str) -> Any:
    """A plan.

    Raises:
        NotFoundException: there is none.
    """
    plan = apigateway_backends[scope.account][scope.region].usage_plans.get(plan_id)
    if plan is None:
        raise not_found("Invalid Usage Plan ID specified")
    return plan


def keys_of(scope: Scope, plan_id: str, key_id: str | None) -> list[str]:
    """The keys of a plan, or the one of them that is asked for."""
    keys = list(apigateway_backends[scope.account][scope.region].usage_plan_keys.get(plan_id, {}))
    if key_id is None:
        return keys
    if key_id not in keys:
        raise not_found("Invalid API Key identifier specified")
    return [key_id]


def usage(scope: Scope, request: Mapping[str, Any]) -> dict[str, Any]:
    """GetUsage: by key, for each day what was used and what then remained."""
    plan = plan_of(scope, request["usagePlanId"])
    first, last = day(request["startDate"]), day(request["endDate"])
    if last < first:
        raise bad_request("Invalid date range: endDate must not be before startDate")
    keys = keys_of(scope, plan.id, request.get("keyId"))
    shown, more = page(
        {**request},
        keys,
        bad_request("Invalid position parameter"),
        size=LARGEST_PAGE,
        names=MEMBERS,
    )
    quota = quota_of(plan)
    return {
        "usagePlanId": plan.id,
        "startDate": first.isoformat(),
        "endDate": last.isoformat(),
        "items": {
            key: [list(each) for each in usage_file().history(plan.id, key, quota, first, last)]
            for key in shown
        },
        **more,
    }


def day(text: str) -> date:
    """A date as AWS takes it."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise bad_request(f"Invalid date specified: {text}. Must be of the form yyyy-MM-dd") from (
            error
        )


def extend(
    scope: Scope, plan_id: str, key_id: str, operations: list[dict[str, Any]]
) -> dict[str, Any]:
    """UpdateUsage: let so much remain of the current period."""
    plan = plan_of(scope, plan_id)
    keys_of(scope, plan_id, key_id)
    quota = quota_of(plan)
    if quota is None:
        raise bad_request("Usage plan has no quota")
    for operation in operations:
        if operation["path"] != "/remaining" or operation["op"] != "replace":
            raise bad_path(operation["path"], operation["op"], ("/remaining",))
        if not str(operation.get("value")).isdigit():
            raise bad_request("Invalid value for /remaining")
        usage_file().extend(plan_id, key_id, quota, int(operation["value"]))
    today = datetime.now(UTC).date().isoformat()
    return usage(
        scope, {"usagePlanId": plan_id, "keyId": key_id, "startDate": today, "endDate": today}
    )
