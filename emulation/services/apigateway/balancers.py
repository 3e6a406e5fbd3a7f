"""Private integrations: the load balancer behind a VPC link, by its own name on this gateway.

An integration names its balancer itself (`integrationTarget`), or its link names network load
balancers (`targetArns`).
"""

import random
import time
from functools import lru_cache
from typing import Any

from botocore.exceptions import ClientError
from localstack.services.apigateway.models import apigateway_stores
from localstack.services.apigateway.next_gen.execute_api.gateway_response import (
    InternalServerError,
)
from localstack.services.apigateway.next_gen.execute_api.helpers import (
    render_uri_with_stage_variables,
)

from emulation.services.apigateway.story import story_of
from emulation.services.scope import Scope

KEPT_SECONDS = 5


def balancer_of(context: Any) -> str:
    """The DNS name of the balancer of an invocation, with its port.

    Raises:
        InternalServerError: there is none, as AWS says of a link that is not there.
    """
    target = context.integration.get("integrationTarget") or linked(context)
    scope, moment = Scope(context.account_id, context.region), int(time.monotonic() / KEPT_SECONDS)
    found = lately(scope, target, moment) if target else None
    if found is None:
        told = "Execution failed due to configuration error: Invalid VPC link or target"
        story_of(context).say(told, error=True)
        raise InternalServerError("Internal server error")
    name: str = found["DNSName"]
    return name


@lru_cache(maxsize=256)
def lately(scope: Scope, arn: str, _: int) -> dict[str, Any] | None:
    """A load balancer as it was some seconds ago: requests do not each ask for it."""
    return describe(scope, arn)


def linked(context: Any) -> str | None:
    """A target of the integration's link."""
    given = context.integration.get("connectionId")
    link_id = render_uri_with_stage_variables(given, context.stage_variables)
    links = apigateway_stores[context.account_id][context.region].vpc_links
    link = links.get(link_id)
    if not link or link["status"] != "AVAILABLE":
        return None
    return random.choice(link["targetArns"])


def describe(scope: Scope, arn: str) -> dict[str, Any] | None:
    """A load balancer, None where there is none."""
    try:
        answer = scope.client("elbv2").describe_load_balancers(LoadBalancerArns=[arn])
    except ClientError:
        return None
    balancers: list[dict[str, Any]] = answer["LoadBalancers"]
    return balancers[0] if balancers else None


def problem(scope: Scope, arn: str) -> str | None:
    """Why a link cannot lead to a target."""
    found = describe(scope, arn)
    if found is None:
        return f"NLB not found: {arn}"
    if found["Type"] != "network":
        return f"{arn} is not a network load balancer"
    return None
