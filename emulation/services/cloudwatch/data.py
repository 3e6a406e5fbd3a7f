"""PutMetricData: what is measured comes in, or is refused as a whole with all that is wrong."""

import math
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from emulation.compute.metrics.database import Datum, Metric
from emulation.services.cloudwatch.errors import invalid_combination, invalid_value, missing
from emulation.services.cloudwatch.store import Members, database
from emulation.services.scope import Scope

UNITS = [
    *("Seconds", "Microseconds", "Milliseconds"),
    *("Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes"),
    *("Bits", "Kilobits", "Megabits", "Gigabits", "Terabits"),
    *("Percent", "Count"),
    *("Bytes/Second", "Kilobytes/Second", "Megabytes/Second", "Gigabytes/Second"),
    *("Terabytes/Second", "Bits/Second", "Kilobits/Second", "Megabits/Second"),
    *("Gigabits/Second", "Terabits/Second", "Count/Second", "None"),
]

METRICS, DIMENSIONS, VALUES = 1000, 30, 150
LARGEST = 2.0**360
PAST, FUTURE = 14 * 86_400, 2 * 3600
SET_MEMBERS = ("SampleCount", "Sum", "Minimum", "Maximum")


def put(scope: Scope, request: Members, *, internal: bool) -> None:
    """Keep data; namespaces of AWS are for its own services."""
    namespace = request.get("Namespace")
    if not namespace:
        raise missing("The parameter Namespace is required.")
    if namespace.startswith(":") or (namespace.startswith("AWS/") and not internal):
        shown = "AWS/" if namespace.startswith("AWS/") else namespace
        raise invalid_value(f"The value {shown} for parameter Namespace is invalid.")
    data = collected(request)
    if not data:
        raise missing("The parameter MetricData is required.")
    if len(data) > METRICS:
        raise invalid_value(
            f"The collection MetricData must not have a size greater than {METRICS}."
        )
    now = time.time()
    for place, datum in data:
        check_members(place, datum)
    if wrong := [line for place, datum in data for line in wrongs(place, datum, now)]:
        raise invalid_value("\n".join(wrong))
    database().add(
        made for _, datum in data if (made := datum_of(scope, namespace, datum, now)) is not None
    )


def collected(request: Members) -> list[tuple[str, Members]]:
    """Each datum with its place in the request; those of entities too."""
    found = [
        (f"MetricData.member.{number}", datum)
        for number, datum in enumerate(request.get("MetricData") or [], 1)
    ]
    for at, entity in enumerate(request.get("EntityMetricData") or [], 1):
        found += [
            (f"EntityMetricData.member.{at}.MetricData.member.{number}", datum)
            for number, datum in enumerate(entity.get("MetricData") or [], 1)
        ]
    return found


def check_members(place: str, datum: Members) -> None:
    """Exactly one way to tell values."""
    ways = [name for name in ("Value", "Values", "StatisticValues") if given(datum, name)]
    if len(ways) > 1:
        first, second = ("StatisticValues", "Value") if "StatisticValues" in ways else ways
        if "StatisticValues" in ways and "Value" not in ways:
            second = "Values"
        raise invalid_combination(
            f"The parameters {place}.{first} and {place}.{second} are mutually exclusive and you "
            "have specified both."
        )
    if not datum.get("MetricName"):
        raise missing(f"The parameter {place}.MetricName is required.")
    if not ways:
        raise missing("At least one of the parameters must be specified.")
    counts = datum.get("Counts")
    if counts is not None and len(counts) != len(datum.get("Values") or []):
        raise invalid_value(
            f"The parameters {place}.Values and {place}.Counts must be of the same size."
        )
    for name in SET_MEMBERS:
        if "StatisticValues" in ways and datum["StatisticValues"].get(name) is None:
            raise missing(f"The parameter {place}.StatisticValues.{name} is required.")


def given(datum: Members, name: str) -> bool:
    """Whether a member says anything; zero is a value."""
    return datum.get(name) is not None and datum[name] != []


def wrongs(place: str, datum: Members, now: float) -> Iterator[str]:
    """What is wrong with a datum, one sentence each."""
    yield from wrong_dimensions(place, datum.get("Dimensions") or [])
    for name, value in numbers(datum):
        if not math.isfinite(value) or abs(value) > LARGEST:
            shown = "NaN" if math.isnan(value) else value
            yield f"The value {shown} for parameter {place}.{name} is invalid."
    if len(datum.get("Values") or []) > VALUES:
        yield f"The collection {place}.Values must not have a size greater than {VALUES}."
    if (unit := datum.get("Unit")) and unit not in UNITS:
        yield f"The parameter {place}.Unit must be a value in the set [ {', '.join(UNITS)} ]"
    if datum.get("StorageResolution") not in {None, 1, 60}:
        yield (
            f"The parameter {place}.StorageResolution must be a value in the set [ 1, 60 ]; you "
            f"have specified {datum['StorageResolution']}."
        )
    yield from wrong_time(place, datum.get("Timestamp"), now)


def wrong_dimensions(place: str, dimensions: list[Members]) -> Iterator[str]:
    """Too many dimensions, or one without a name or value."""
    if len(dimensions) > DIMENSIONS:
        yield f"The collection {place}.Dimensions must not have a size greater than {DIMENSIONS}."
    for number, dimension in enumerate(dimensions, 1):
        for name in ("Name", "Value"):
            text = dimension.get(name)
            at = f"{place}.Dimensions.member.{number}.{name}"
            if not text:
                yield f"The parameter {at} is required."
            elif not text.strip() or (name == "Name" and text.startswith(":")):
                yield f"The value {text} for parameter {at} is invalid."


def wrong_time(place: str, at: datetime | None, now: float) -> Iterator[str]:
    """A time that AWS does not take."""
    if at is None:
        return
    if at.timestamp() < now - PAST:
        yield f"The parameter {place}.Timestamp must specify a time within the past two weeks."
    elif at.timestamp() > now + FUTURE:
        yield (
            f"The parameter {place}.Timestamp must specify a time no more than two hours in the "
            "future."
        )


def numbers(datum: Members) -> Iterator[tuple[str, float]]:
    """Every number of a datum with its name."""
    if datum.get("Value") is not None:
        yield "Value", datum["Value"]
    for name in ("Values", "Counts"):
        for number, value in enumerate(datum.get(name) or [], 1):
            yield f"{name}.member.{number}", value
    for name, value in (datum.get("StatisticValues") or {}).items():
        yield f"StatisticValues.{name}", value


def datum_of(scope: Scope, namespace: str, datum: Members, now: float) -> Datum | None:
    """What the store keeps; None where nothing was seen."""
    at = datum.get("Timestamp")
    metric = metric_of(scope, {**datum, "Namespace": namespace})
    common: dict[str, Any] = {
        "time": math.floor(at.timestamp() if at else now),
        "unit": datum.get("Unit") or "None",
        "fine": datum.get("StorageResolution") == 1,
    }
    if sums := datum.get("StatisticValues"):
        if not sums["SampleCount"] > 0:
            return None
        four = dict(
            zip(("samples", "total", "low", "high"), map(sums.get, SET_MEMBERS), strict=True)
        )
        return Datum(metric, **common, **four)
    seen = values_of(datum)
    return Datum(metric, **common, values=seen) if seen else None


def values_of(datum: Members) -> dict[float, float]:
    """Each value with how often it was seen; a value may be named twice."""
    values = [datum["Value"]] if datum.get("Value") is not None else datum["Values"]
    counts = datum.get("Counts") or [1.0] * len(values)
    seen: dict[float, float] = {}
    for value, times in zip(values, counts, strict=True):
        if times > 0:
            seen[float(value)] = seen.get(float(value), 0.0) + times
    return seen


def metric_of(scope: Scope, metric: Members) -> Metric:
    """The metric that a request names."""
    dimensions = {item["Name"]: item["Value"] for item in metric.get("Dimensions") or []}
    return Metric(
        scope.account,
        scope.region,
        metric["Namespace"],
        metric["MetricName"],
        tuple(sorted(dimensions.items())),
    )


def described(metric: Metric) -> Members:
    """A metric as the API has it."""
    return {
        "Namespace": metric.namespace,
        "MetricName": metric.name,
        "Dimensions": [{"Name": name, "Value": value} for name, value in metric.dimensions],
    }
