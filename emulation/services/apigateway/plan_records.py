"""Usage plans as the API shows them."""

from collections.abc import Mapping
from typing import Any

from localstack.services.apigateway.models import apigateway_stores
from moto.apigateway.models import apigateway_backends

from emulation.services.apigateway.errors import bad_request
from emulation.services.paging import page
from emulation.services.scope import Scope

MEMBERS = ("position", "limit")


def shown(scope: Scope, plan: Any) -> dict[str, Any]:
    """A plan, without what it does not have."""
    found = {name: value for name, value in plan.to_json().items() if value is not None}
    arn = f"arn:{scope.partition}:apigateway:{scope.region}::/usageplans/{plan.id}"
    added = apigateway_stores[scope.account][scope.region].TAGS.get(arn, {})
    tags = {**(plan.tags or {}), **added}
    if quota := found.get("quota"):
        found["quota"] = {"offset": 0, **quota}
    return {**found, "tags": tags}


def listed(scope: Scope, request: Mapping[str, Any]) -> dict[str, Any]:
    """GetUsagePlans: all, or those of a key."""
    backend = apigateway_backends[scope.account][scope.region]
    key = request.get("keyId")
    plans = [
        plan
        for plan in backend.usage_plans.values()
        if key is None or key in backend.usage_plan_keys.get(plan.id, {})
    ]
    refusal = bad_request("Invalid position parameter")
    shown_plans, more = page({**request}, plans, refusal, size=25, names=MEMBERS)
    return {"items": [shown(scope, plan) for plan in shown_plans], **more}
