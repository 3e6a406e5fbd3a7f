"""API keys, usage plans and throttles: who may call, how often.

AWS's order: the key and its plan, then the plan's quota and throttles, then those of the stage's
method, then the account's. A plan's limits are of each key, over all its stages; a stage's limits
are of each method. The account's are AWS's defaults.
"""

from typing import Any, NamedTuple

from localstack.services.apigateway.next_gen.execute_api.gateway_response import (
    InvalidAPIKeyError,
    QuotaExceededError,
    ThrottledError,
)
from moto.apigateway.models import apigateway_backends

from emulation.services.apigateway.story import story_of
from emulation.services.apigateway.throttles import THROTTLES, Limit
from emulation.services.apigateway.usage import Quota, usage_file

ACCOUNT_RATE, ACCOUNT_BURST = 10_000.0, 5_000.0


class Grant(NamedTuple):
    """A key, and the plan that it calls by."""

    plan: Any
    key: Any
    stage: dict[str, Any]
    """The plan's own words on the stage."""


def meter(_: Any, context: Any, __: Any) -> None:
    """Request handler: let the request through and count it, or refuse it."""
    grant = granted(context) if context.resource_method.get("apiKeyRequired") else None
    limits = [*stage_limits(context), account_limit(context)]
    if grant:
        limits = [*plan_limits(grant, context), *limits]
    empty = THROTTLES.take(limits)
    if empty:
        story_of(context).say(f"Too many requests: {empty.rate} a second", error=True)
        raise ThrottledError("Too Many Requests")
    if grant and not usage_file().take(grant.plan.id, grant.key.id, quota_of(grant.plan)):
        raise QuotaExceededError("Limit Exceeded")


def granted(context: Any) -> Grant:
    """The plan that the request's key has for this stage.

    Raises:
        InvalidAPIKeyError: there is no key, or none that may call this stage.
    """
    identity = context.context_variables["identity"]
    source = context.deployment.rest_api.rest_api.get("apiKeySource")
    if source == "AUTHORIZER":
        value = identity.get("apiKey")
    else:
        value = context.invocation_request["headers"].get("X-API-Key")
    grant = found(context, value) if value else None
    told = f"Verifying Usage Plan for request. API Stage: {context.api_id}/{context.stage}"
    story_of(context).say(told)
    if grant is None:
        raise InvalidAPIKeyError("Forbidden")
    identity |= {"apiKey": value, "apiKeyId": grant.key.id}
    return grant


def found(context: Any, value: str) -> Grant | None:
    """The first plan of the stage that has the key."""
    backend = apigateway_backends[context.account_id][context.region]
    for plan in list(backend.usage_plans.values()):
        for stage in plan.api_stages:
            if stage["apiId"].lower() != context.api_id or stage["stage"] != context.stage:
                continue
            for key_id, entry in list(backend.usage_plan_keys.get(plan.id, {}).items()):
                key = backend.keys.get(key_id)
                if entry.value == value and key is not None:
                    return Grant(plan, key, stage) if key.enabled else None
    return None


def quota_of(plan: Any) -> Quota | None:
    """The quota of a plan, if it has one."""
    quota = plan.quota or {}
    if not quota.get("limit"):
        return None
    return Quota(int(quota["limit"]), quota.get("period", "DAY"), int(quota.get("offset") or 0))


def method_path(context: Any) -> str:
    """As plans and stages name a method: `/v1/predict/POST`."""
    path: str = context.resource["path"].rstrip("/")
    return f"{path}/{context.resource_method['httpMethod']}"


def plan_limits(grant: Grant, context: Any) -> list[Limit]:
    """What a plan lets its key do."""
    owner = (grant.plan.id, grant.key.id)
    limits = [limit(owner, grant.plan.throttle)]
    by_method = grant.stage.get("throttle") or {}
    name = method_path(context)
    if name in by_method:
        key = (*owner, context.api_id, context.stage, name)
        limits.append(limit(key, by_method[name]))
    return [each for each in limits if each]


def limit(key: tuple[str, ...], throttle: dict[str, Any] | None) -> Limit | None:
    """A throttle's bucket; one without a rate or without a burst has the account's."""
    if not throttle:
        return None
    rate, burst = throttle.get("rateLimit"), throttle.get("burstLimit")
    return Limit(
        key,
        ACCOUNT_RATE if rate is None else float(rate),
        ACCOUNT_BURST if burst is None else float(burst),
    )


def stage_limits(context: Any) -> list[Limit]:
    """What the stage lets each method do."""
    found = setting_of(context)
    rate, burst = found.get("throttlingRateLimit"), found.get("throttlingBurstLimit")
    # -1 is what the API shows for a limit that is the account's.
    if rate is None or burst is None or float(rate) < 0 or float(burst) < 0:
        return []
    key = ("stage", context.api_id, context.stage, method_path(context))
    return [Limit(key, float(rate), float(burst))]


def setting_of(context: Any) -> dict[str, Any]:
    """The stage's settings of the method: its own, otherwise those of all methods."""
    settings = (context.stage_configuration or {}).get("methodSettings") or {}
    if not settings:
        return {}
    general: dict[str, Any] = settings.get("*/*") or {}
    if not context.resource_method:
        return general
    wanted = method_path(context).lstrip("/")
    for name, found in settings.items():
        if name.replace("~1", "/").lstrip("/") == wanted:
            own: dict[str, Any] = found
            return own
    return general


def account_limit(context: Any) -> Limit:
    """The account's bucket in the region."""
    return Limit(("account", context.account_id, context.region), ACCOUNT_RATE, ACCOUNT_BURST)
