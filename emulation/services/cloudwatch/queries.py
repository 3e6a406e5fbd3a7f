"""GetMetricData and GetMetricStatistics."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from emulation.compute.metrics.evaluation import (
    Evaluation,
    Query,
    QueryError,
    Result,
    check,
)
from emulation.compute.metrics.functions import FunctionNotComputed
from emulation.compute.metrics.labels import default_labels, filled_label
from emulation.compute.metrics.series import FINE_PERIODS, Series, Span
from emulation.compute.metrics.statistic_names import SIMPLE, statistic
from emulation.services.cloudwatch.data import UNITS, metric_of
from emulation.services.cloudwatch.errors import (
    bad_token,
    invalid_combination,
    invalid_value,
    missing,
    not_emulated,
    not_one_of,
    validation_error,
)
from emulation.services.cloudwatch.reading import StoreSource
from emulation.services.cloudwatch.store import Members, database
from emulation.services.paging import read_token, token
from emulation.services.scope import Scope

QUERIES = 500
DATAPOINTS = 100_800
STATISTICS_DATAPOINTS = 1440
ID = re.compile(r"[a-z][a-zA-Z0-9_]*")
DESCENDING, ASCENDING = "TimestampDescending", "TimestampAscending"


def get_metric_data(scope: Scope, request: Members) -> Members:
    """Metrics and expressions over them, a page of data points."""
    queries = request.get("MetricDataQueries") or []
    span = asked_span(request)
    check_queries(scope, "GetMetricData", queries)
    scan_by = request.get("ScanBy") or DESCENDING
    if scan_by not in {DESCENDING, ASCENDING}:
        raise not_one_of("scanBy", scan_by, [DESCENDING, ASCENDING])
    results = evaluated(scope, "GetMetricData", queries, span)
    labels = default_labels(results)
    found = [
        data_result(result, label, newest_first=scan_by == DESCENDING)
        for result, label in zip(results, labels, strict=True)
    ]
    limit = min(request.get("MaxDatapoints") or DATAPOINTS, DATAPOINTS)
    return paged(found, read_token(request.get("NextToken"), bad_token()), limit)


def evaluated(
    scope: Scope, operation: str, queries: Sequence[Query], span: Span
) -> Sequence[Result]:
    """The results of queries, with AWS's words for those that are none."""
    try:
        check(queries)
        return Evaluation(queries, StoreSource(scope), span).results()
    except QueryError as error:
        raise validation_error(str(error)) from error
    except FunctionNotComputed as error:
        raise not_emulated(operation, f"the function {error}") from error


def asked_span(request: Members) -> Span:
    """The time that is asked for."""
    for name in ("StartTime", "EndTime"):
        if request.get(name) is None:
            raise missing(f"The parameter {name} is required.")
    start, end = (request[name].timestamp() for name in ("StartTime", "EndTime"))
    if start == end:
        raise invalid_value("The parameter StartTime must not equal parameter EndTime.")
    if start > end:
        raise invalid_value("The parameter StartTime must be less than the parameter EndTime.")
    # The end is outside: a second that has begun is inside.
    return Span(int(start), -int(-end // 1))


def check_queries(scope: Scope, operation: str, queries: Sequence[Members]) -> None:
    """Refuse queries that are none."""
    if not queries:
        raise missing("The parameter MetricDataQueries is required.")
    if len(queries) > QUERIES:
        raise validation_error(
            f"The collection MetricDataQueries must not have a size greater than {QUERIES}."
        )
    seen: set[str] = set()
    for number, query in enumerate(queries, 1):
        check_query(scope, operation, f"MetricDataQueries.member.{number}", query)
        if query["Id"] in seen:
            raise validation_error(
                f"The values for parameter id in MetricDataQueries are not unique: {query['Id']}"
            )
        seen.add(query["Id"])


def check_query(scope: Scope, operation: str, place: str, query: Members) -> None:
    """Refuse a query that is none."""
    if not ID.fullmatch(query.get("Id") or ""):
        raise validation_error(
            f"The value {query.get('Id') or ''} for parameter {place}.Id is not matching the "
            "expected pattern ^[a-z][a-zA-Z0-9_]*$."
        )
    if bool(query.get("MetricStat")) == bool(query.get("Expression")):
        raise validation_error(
            f"Exactly one of the parameters {place}.MetricStat and {place}.Expression must be "
            "specified."
        )
    if query.get("AccountId") not in {None, scope.account}:
        raise not_emulated(operation, "the metrics of another account")
    if "MetricStat" in query:
        check_stat(f"{place}.MetricStat", query["MetricStat"])
    elif query["Expression"].lstrip().upper().startswith("SELECT "):
        raise not_emulated(operation, "a Metrics Insights query")
    if query.get("Period") is not None:
        check_period(f"{place}.Period", query["Period"])


def check_stat(place: str, stat: Members) -> None:
    """Refuse what is no metric with a statistic."""
    for name in ("Namespace", "MetricName"):
        if not stat["Metric"].get(name):
            raise missing(f"The parameter {place}.Metric.{name} is required.")
    check_period(f"{place}.Period", stat["Period"])
    if statistic(stat.get("Stat") or "") is None:
        raise validation_error(
            f"The value {stat.get('Stat')} for parameter {place}.Stat is not supported."
        )
    if stat.get("Unit") not in {None, *UNITS}:
        raise not_one_of("unit", stat["Unit"], UNITS)


def check_period(place: str, period: int) -> None:
    """Refuse what is no period."""
    if period not in FINE_PERIODS and (period <= 0 or period % 60):
        raise validation_error(
            f"The parameter {place} must be 1, 5, 10, 20, 30 or a multiple of 60; you have "
            f"specified {period}."
        )


def data_result(result: Result, default: str, *, newest_first: bool) -> Members:
    """A series as the API has it."""
    series = result.series
    points = sorted(series.points.items(), reverse=newest_first)
    return {
        "Id": result.query["Id"],
        "Label": filled_label(result.query.get("Label") or default, series),
        "StatusCode": "Complete",
        "Timestamps": [datetime.fromtimestamp(at, UTC) for at, _ in points],
        "Values": [float(value) for _, value in points],
    }


def paged(found: list[Members], start: int, limit: int) -> Members:
    """So many data points from a place on, over all results; a cut one says that it is partial."""
    at, page = 0, []
    for result in found:
        first, end = max(start - at, 0), max(start + limit - at, 0)
        count = len(result["Values"])
        kept = {name: result[name][first:end] for name in ("Timestamps", "Values")}
        partial = {"StatusCode": "PartialData"} if end < count else {}
        page.append({**result, **kept, **partial})
        at += count
    more = {"NextToken": token(start + limit)} if start + limit < at else {}
    return {"MetricDataResults": page, "Messages": [], **more}


def get_metric_statistics(scope: Scope, request: Members) -> Members:
    """Statistics of one metric, a data point for each unit and period."""
    for name in ("Namespace", "MetricName", "Period"):
        if not request.get(name):
            raise missing(f"The parameter {name} is required.")
    span, names = asked_span(request), asked_statistics(request)
    period, unit = request["Period"], request.get("Unit")
    if period not in FINE_PERIODS and (period < 0 or period % 60):
        raise invalid_value("The parameter Period must be a multiple of 60 or 1, 5, 10, 20, 30.")
    if (count := (span.end - span.start) / period) > STATISTICS_DATAPOINTS:
        raise invalid_combination(
            f"You have requested up to {int(count)} datapoints, which exceeds the limit of "
            f"{STATISTICS_DATAPOINTS}. You may reduce the datapoints requested by increasing "
            "Period, or decreasing the time range."
        )
    metric, aligned = metric_of(scope, request), span.aligned(period)
    units = [unit] if unit else database().units(metric, aligned.start, aligned.end)
    points = [point for each in units for point in points_of(scope, request, names, aligned, each)]
    return {"Datapoints": points, "Label": request["MetricName"]}


def asked_statistics(request: Members) -> list[str]:
    """The statistics that are asked for."""
    simple, extended = (request.get(n) or [] for n in ("Statistics", "ExtendedStatistics"))
    if not simple and not extended:
        raise missing("At least one of Statistics and ExtendedStatistics must be specified.")
    if simple and extended:
        raise invalid_combination(
            "The parameters Statistics and ExtendedStatistics are mutually exclusive and you have "
            "specified both."
        )
    for number, name in enumerate(simple, 1):
        if name not in SIMPLE:
            raise not_one_of(f"statistics.{number}.member", name, list(SIMPLE))
    for name in extended:
        if name in SIMPLE or statistic(name) is None:
            raise invalid_value(
                f"The value {name} for parameter ExtendedStatistics is not supported."
            )
    return [*simple, *extended]


def points_of(
    scope: Scope, request: Members, names: list[str], span: Span, unit: str
) -> list[Members]:
    """The data points of one unit."""
    source = StoreSource(scope)
    read: dict[str, Series] = {
        name: source.read(
            {"Metric": request, "Period": request["Period"], "Stat": name, "Unit": unit}, span
        )
        for name in names
    }
    times = sorted(set().union(*(series.points for series in read.values())))
    return [datapoint(at, unit, read) for at in times]


def datapoint(at: int, unit: str, read: dict[str, Series]) -> Members:
    """A data point with its statistics."""
    values = {name: series.points[at] for name, series in read.items() if at in series.points}
    extended = {name: value for name, value in values.items() if name not in SIMPLE}
    point: dict[str, Any] = {"Timestamp": datetime.fromtimestamp(at, UTC), "Unit": unit}
    point |= {name: float(value) for name, value in values.items() if name in SIMPLE}
    return {**point, "ExtendedStatistics": extended} if extended else point
