"""CloudWatch metrics of requests, namespace AWS/ApiGateway.

By API and by stage always; by method where its setting `metricsEnabled` asks for it.
"""

from collections.abc import Mapping
from typing import Any

from emulation.services.apigateway.metering import setting_of
from emulation.services.apigateway.story import milliseconds, story_of
from emulation.services.metrics import METER, Metric, Source

NAMESPACE = "AWS/ApiGateway"
COUNT = Metric("Count", "Count")
CLIENT_ERRORS = Metric("4XXError", "Count")
SERVER_ERRORS = Metric("5XXError", "Count")
LATENCY = Metric("Latency", "Milliseconds")
INTEGRATION_LATENCY = Metric("IntegrationLatency", "Milliseconds")


def measure(context: Any, response: Any) -> None:
    """Count a request."""
    values = measured(context, response)
    for dimensions in dimensions_of(context):
        METER.count(Source(context.account_id, context.region, NAMESPACE, dimensions), values)


def measured(context: Any, response: Any) -> Mapping[Metric, float]:
    """What a request adds; its error counts are averages too: 0 or 1."""
    story = story_of(context)
    values = {
        COUNT: 1.0,
        CLIENT_ERRORS: float(400 <= response.status_code < 500),
        SERVER_ERRORS: float(response.status_code >= 500),
        LATENCY: float(milliseconds(story.began)),
    }
    if story.integration.latency is not None:
        values[INTEGRATION_LATENCY] = float(story.integration.latency)
    return values


def dimensions_of(context: Any) -> list[tuple[tuple[str, str], ...]]:
    """Under which dimensions a request is counted."""
    api = ("ApiName", context.deployment.rest_api.rest_api["name"])
    stage = ("Stage", context.stage)
    found: list[tuple[tuple[str, str], ...]] = [(api,), (api, stage)]
    if context.resource and setting_of(context).get("metricsEnabled"):
        resource = ("Resource", context.resource["path"])
        method = ("Method", context.invocation_request["http_method"])
        found.append((api, method, resource, stage))
    return found
