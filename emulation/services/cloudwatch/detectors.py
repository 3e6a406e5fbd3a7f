"""Anomaly detectors: which metrics have one, and from which times it does not learn.

The band itself is computed from a metric's past whenever it is asked for, so a detector is trained
as soon as there is enough of it.
"""

import time

from emulation.compute.metrics.bands import FEWEST, PAST
from emulation.compute.metrics.series import Span
from emulation.compute.metrics.statistic_names import statistic
from emulation.services.cloudwatch.describing import at, dimensions
from emulation.services.cloudwatch.errors import (
    bad_token,
    invalid_combination,
    invalid_value,
    missing,
    no_detector,
    not_emulated,
)
from emulation.services.cloudwatch.reading import StoreSource, detector_name
from emulation.services.cloudwatch.store import Members, store
from emulation.services.paging import page
from emulation.services.scope import Scope

METRIC = ("Namespace", "MetricName", "Dimensions", "Stat")
UNTIMED = {None, "", "UTC", "Etc/UTC"}
PERIOD = 60


def put(scope: Scope, request: Members) -> Members:
    """Create a detector, or configure it anew."""
    stat = asked_metric("PutAnomalyDetector", scope, request)
    configuration = request.get("Configuration") or {}
    if configuration.get("MetricTimezone") not in UNTIMED:
        raise not_emulated("PutAnomalyDetector", "MetricTimezone")
    if (request.get("MetricCharacteristics") or {}).get("PeriodicSpikes"):
        raise not_emulated("PutAnomalyDetector", "PeriodicSpikes")
    ranges = [
        {name: each[name].timestamp() for name in ("StartTime", "EndTime")}
        for each in configuration.get("ExcludedTimeRanges") or []
    ]
    if any(each["StartTime"] >= each["EndTime"] for each in ranges):
        raise invalid_value("The parameter StartTime must be less than the parameter EndTime.")
    document = {"stat": stat, "Configuration": {"ExcludedTimeRanges": ranges}}
    store().detectors.put(scope, detector_name(scope, stat), document)
    return {}


def asked_metric(operation: str, scope: Scope, request: Members) -> Members:
    """The metric and statistic of a request, as a MetricStat."""
    if request.get("MetricMathAnomalyDetector"):
        raise not_emulated(operation, "MetricMathAnomalyDetector")
    single = request.get("SingleMetricAnomalyDetector")
    if single and any(request.get(name) for name in METRIC):
        raise invalid_combination(
            "The parameters SingleMetricAnomalyDetector and Namespace, MetricName, Dimensions, "
            "Stat are mutually exclusive."
        )
    given = single or request
    if given.get("AccountId") not in {None, scope.account}:
        raise not_emulated(operation, "the metrics of another account")
    for name in ("Namespace", "MetricName", "Stat"):
        if not given.get(name):
            raise missing(f"The parameter {name} is required.")
    if statistic(given["Stat"]) is None:
        raise invalid_value(f"The value {given['Stat']} for parameter Stat is not supported.")
    metric = {name: given[name] for name in ("Namespace", "MetricName")}
    metric["Dimensions"] = given.get("Dimensions") or []
    return {"Metric": metric, "Stat": given["Stat"], "Period": PERIOD}


def delete(scope: Scope, request: Members) -> Members:
    """Delete a detector."""
    stat = asked_metric("DeleteAnomalyDetector", scope, request)
    if store().detectors.remove(scope, detector_name(scope, stat)) is None:
        raise no_detector()
    return {}


def describe(scope: Scope, request: Members) -> Members:
    """The detectors of an account and region, or of some metrics."""
    types = request.get("AnomalyDetectorTypes") or ["SINGLE_METRIC"]
    found = [
        described(scope, each)
        for each in store().detectors.of(scope).values()
        if "SINGLE_METRIC" in types and is_wanted(each["stat"]["Metric"], request)
    ]
    kept, more = page(request, found, bad_token())
    return {"AnomalyDetectors": kept, **more}


def is_wanted(metric: Members, request: Members) -> bool:
    """Whether a metric is asked for."""
    return (
        request.get("Namespace") in {None, metric["Namespace"]}
        and request.get("MetricName") in {None, metric["MetricName"]}
        and (not request.get("Dimensions") or dimensions(request) == dimensions(metric))
    )


def described(scope: Scope, document: Members) -> Members:
    """A detector as the API has it."""
    metric = {**document["stat"]["Metric"], "Stat": document["stat"]["Stat"]}
    ranges = document["Configuration"]["ExcludedTimeRanges"]
    told = [{name: at(moment) for name, moment in each.items()} for each in ranges]
    return {
        **metric,
        "SingleMetricAnomalyDetector": {**metric, "AccountId": scope.account},
        "Configuration": {"ExcludedTimeRanges": told},
        "StateValue": state(scope, document["stat"]),
    }


def state(scope: Scope, stat: Members) -> str:
    """How much past there is to learn from."""
    now = int(time.time())
    count = len(StoreSource(scope).read(stat, Span(now - PAST, now)).points)
    if not count:
        return "PENDING_TRAINING"
    return "TRAINED" if count >= FEWEST else "TRAINED_INSUFFICIENT_DATA"
