"""ListMetrics."""

import time

from emulation.compute.metrics.database import Metric
from emulation.services.cloudwatch.data import described
from emulation.services.cloudwatch.errors import bad_token, invalid_value, not_one_of
from emulation.services.cloudwatch.store import Members, database
from emulation.services.paging import page
from emulation.services.scope import Scope

PAGE = 500
RECENT = 3 * 3600
FILTERS = 10


def list_metrics(scope: Scope, request: Members) -> Members:
    """The metrics with data in the last two weeks, or in the last three hours."""
    recently = request.get("RecentlyActive")
    if recently not in {None, "PT3H"}:
        raise not_one_of("recentlyActive", recently, ["PT3H"])
    filters = request.get("Dimensions") or []
    if len(filters) > FILTERS:
        raise invalid_value(
            f"The collection Dimensions must not have a size greater than {FILTERS}."
        )
    if request.get("OwningAccount") not in {None, scope.account}:
        return {"Metrics": []}
    since = time.time() - RECENT if recently else None
    known = database().metrics(scope.account, scope.region, request.get("Namespace"), since)
    found = [metric for metric in known if matches(metric, request.get("MetricName"), filters)]
    # Its pages have no size that could be asked for.
    kept, more = page(request, found, bad_token(), size=PAGE, names=("NextToken", ""))
    answer: Members = {"Metrics": [described(metric) for metric in kept], **more}
    if request.get("IncludeLinkedAccounts"):
        answer["OwningAccounts"] = [scope.account] * len(kept)
    return answer


def matches(metric: Metric, name: str | None, filters: list[Members]) -> bool:
    """Whether a metric is asked for; a filter without a value takes any."""
    dimensions = dict(metric.dimensions)
    return name in {None, metric.name} and all(
        each["Name"] in dimensions and each.get("Value") in {None, dimensions[each["Name"]]}
        for each in filters
    )
