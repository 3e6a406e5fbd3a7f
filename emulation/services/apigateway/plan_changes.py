"""Usage plans: what they may say, and UpdateUsagePlan on moto's records of them."""

import json
import re
from collections.abc import Mapping
from typing import Any

from moto.apigateway.models import apigateway_backends

from emulation.services.apigateway.errors import bad_path, bad_request, not_found
from emulation.services.apigateway.periods import LENGTHS
from emulation.services.scope import Scope

PATHS = (
    "/name",
    "/description",
    "/productCode",
    "/apiStages",
    "/apiStages/{apiId:stage}/throttle",
    "/apiStages/{apiId:stage}/throttle/{resourcePath}/{httpMethod}/rateLimit",
    "/apiStages/{apiId:stage}/throttle/{resourcePath}/{httpMethod}/burstLimit",
    "/throttle",
    "/throttle/rateLimit",
    "/throttle/burstLimit",
    "/quota",
    "/quota/limit",
    "/quota/offset",
    "/quota/period",
)
TEXTS = {"/name": "name", "/description": "description", "/productCode": "product_code"}
NUMBERS = {"rateLimit": float, "burstLimit": int, "limit": int, "offset": int, "period": str}
OF_METHOD = re.compile(
    r"/apiStages/(?P<stage>[^/:]+:[^/]+)/throttle(?:/(?P<method>.+?)(?:/(?P<limit>rateLimit|burstLimit))?)?"
)
OF_PLAN = re.compile(
    r"/(?P<what>throttle|quota)(?:/(?P<name>rateLimit|burstLimit|limit|offset|period))?"
)


def check(scope: Scope, request: Mapping[str, Any], plan_id: str = "null") -> None:
    """Refuse a plan that AWS would refuse."""
    quota = request.get("quota") or {}
    if quota:
        check_quota(quota)
    for stage in request.get("apiStages") or []:
        check_stage(scope, stage.get("apiId"), stage.get("stage"), plan_id)
        for throttle in (stage.get("throttle") or {}).values():
            check_throttle(throttle)
    check_throttle(request.get("throttle") or {})


def check_quota(quota: Mapping[str, Any]) -> None:
    """A limit, a period, and an offset that is less than the period."""
    period, offset = quota.get("period"), int(quota.get("offset") or 0)
    if period not in LENGTHS:
        raise bad_request("Usage Plan quota period must be one of: [DAY, WEEK, MONTH]")
    if not quota.get("limit") or int(quota["limit"]) < 1:
        raise bad_request("Usage Plan quota limit must be greater than zero")
    if period == "DAY" and offset:
        raise bad_request("Usage Plan quota offset must be zero in the DAY period")
    if not 0 <= offset <= LENGTHS[period]:
        raise bad_request(
            f"Usage Plan quota offset must be between zero and {LENGTHS[period]} inclusive "
            f"in the {period} period"
        )


def check_throttle(throttle: Mapping[str, Any]) -> None:
    """Rates and bursts count requests."""
    for name in ("rateLimit", "burstLimit"):
        if throttle.get(name) is not None and float(throttle[name]) < 0:
            raise bad_request(f"Usage Plan throttle {name} must not be negative")


def check_stage(scope: Scope, api_id: str | None, stage: str | None, plan_id: str) -> None:
    """A plan is of stages that are there."""
    api = apigateway_backends[scope.account][scope.region].apis.get(api_id or "")
    if api is None or stage not in api.stages:
        raise not_found(
            f"Invalid API Stage {{api: {api_id}, stage: {stage}}} specified for usageplan {plan_id}"
        )


def patched(scope: Scope, plan: Any, operations: list[dict[str, Any]]) -> None:
    """UpdateUsagePlan: all operations, or none."""
    changed = {
        "name": plan.name,
        "description": plan.description,
        "product_code": plan.product_code,
        "throttle": dict(plan.throttle or {}),
        "quota": dict(plan.quota or {}),
        "api_stages": json.loads(json.dumps(plan.api_stages or [])),
    }
    for operation in operations:
        apply(scope, plan.id, changed, operation)
    check(scope, {"quota": changed["quota"], "throttle": changed["throttle"]}, plan.id)
    vars(plan).update(changed)


def apply(scope: Scope, plan_id: str, plan: dict[str, Any], operation: dict[str, Any]) -> None:
    """One operation."""
    op, path, value = operation["op"], operation["path"], operation.get("value")
    if path in TEXTS:
        plan[TEXTS[path]] = None if op == "remove" else value
    elif path == "/apiStages":
        change_stages(scope, plan_id, plan["api_stages"], op, str(value))
    elif found := OF_METHOD.fullmatch(path):
        change_method(plan["api_stages"], found, op, value)
    elif found := OF_PLAN.fullmatch(path):
        change_limits(plan[found["what"]], found["name"], op, value)
    else:
        raise bad_path(path, op, PATHS)


def change_stages(
    scope: Scope, plan_id: str, stages: list[dict[str, Any]], op: str, value: str
) -> None:
    """Add a stage or take one away; the value is `API:STAGE`."""
    api_id, _, stage = value.partition(":")
    if op != "remove":
        check_stage(scope, api_id, stage, plan_id)
    there = [each for each in stages if (each["apiId"], each["stage"]) == (api_id, stage)]
    if op == "remove":
        for each in there:
            stages.remove(each)
    elif not there:
        stages.append({"apiId": api_id, "stage": stage})


def change_method(stages: list[dict[str, Any]], found: re.Match[str], op: str, value: Any) -> None:
    """The throttles of a stage's methods."""
    stage = next((each for each in stages if f"{each['apiId']}:{each['stage']}" == found[1]), None)
    if stage is None:
        raise not_found("Invalid API Stage specified")
    throttles = stage.setdefault("throttle", {})
    method = "/" + (found["method"] or "").replace("~1", "/").lstrip("/")
    if op == "remove" and not found["method"]:
        del stage["throttle"]
    elif op == "remove":
        throttles.pop(method, None)
    elif found["limit"]:
        limits = throttles.setdefault(method, {})
        limits[found["limit"]] = NUMBERS[found["limit"]](value)
        check_throttle(limits)
    else:
        stage["throttle"] = json.loads(value)


def change_limits(limits: dict[str, Any], name: str | None, op: str, value: Any) -> None:
    """The plan's own throttle or quota."""
    if op == "remove":
        limits.clear() if name is None else limits.pop(name, None)
    elif name is None:
        limits.update(json.loads(value))
    else:
        limits[name] = NUMBERS[name](value)
