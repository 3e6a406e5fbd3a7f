"""Metric filters: a metric of what a pattern finds in a group's events.

The value is a number or a part of the event (`$.latency`, `$bytes`); an event without that part, or
without one of the dimensions, counts for nothing. The default value is put for each minute in which
events came and none of them fitted.
"""

import time
from collections import Counter
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from emulation.compute.logs.filter_pattern import Filter, compiled
from emulation.compute.logs.filter_words import InvalidFilterError, as_text
from emulation.compute.logs.group_file import Event
from emulation.services.events.clock import CLOCK
from emulation.services.events.failures import failure_of
from emulation.services.logs import errors, followers, store
from emulation.services.logs.groups import BAD_TOKEN, LIMIT, NAMES, refuse
from emulation.services.logs.store import Members
from emulation.services.paging import page
from emulation.services.scope import Scope

KIND = "metric_filters"
MAX_FILTERS = 100
MAX_METRICS = 1000
"""PutMetricData takes so many at once."""
MAX_VALUES = 150

ready = lru_cache(maxsize=512)(compiled)
"""Patterns, made ready once."""

Found = Counter[tuple[tuple[tuple[str, str], ...], int, float]]
"""How often a value was found, with its dimensions and second."""

_fitted: dict[tuple[Scope, str, str, int], bool] = {}
"""Whether an event of a minute fitted, by filter and minute, while the minute lasts."""


def put(scope: Scope, request: Members) -> None:
    """PutMetricFilter."""
    refuse(
        request,
        "PutMetricFilter",
        *("applyOnTransformedLogs", "fieldSelectionCriteria", "emitSystemFieldDimensions"),
    )
    file = store.find(scope, request["logGroupName"])
    check_pattern(request["filterPattern"])
    (transformation,) = request["metricTransformations"]
    _check(transformation)
    name = request["filterName"]
    present = file.settings().get(KIND) or {}
    if name not in present and len(present) >= MAX_FILTERS:
        raise errors.limit_exceeded()
    record = {
        "filterName": name,
        "filterPattern": request["filterPattern"],
        "metricTransformations": [transformation],
        "creationTime": int(time.time() * 1000),
        "logGroupName": request["logGroupName"],
        "applyOnTransformedLogs": False,
    }
    followers.put(file, KIND, name, record)


def check_pattern(text: str) -> None:
    """Refuse what is no pattern."""
    try:
        ready(text)
    except InvalidFilterError as error:
        raise errors.invalid(f"Invalid metric filter pattern: {error}") from error


def _check(transformation: Members) -> None:
    value = transformation["metricValue"]
    if not value.startswith("$") and _number(value) is None:
        raise errors.invalid(
            "Invalid metric transformation: metricValue must be a number or a field"
        )
    if transformation.get("dimensions") and transformation.get("defaultValue") is not None:
        raise errors.invalid(
            "Invalid metric transformation: dimensions and default value are mutually exclusive "
            "properties."
        )
    if len(transformation.get("dimensions") or {}) > 3:
        raise errors.invalid("Invalid metric transformation: at most 3 dimensions are allowed")


def describe(scope: Scope, request: Members) -> Members:
    """DescribeMetricFilters, of one group or of all, by name or by metric."""
    group = request.get("logGroupName")
    names = [group] if group else store.shelf().names(scope.account, scope.region)
    records = [record for name in names for record in _records(scope, name)]
    prefix = request.get("filterNamePrefix") or ""
    wanted = [
        record
        for record in sorted(records, key=lambda record: record["filterName"])
        if record["filterName"].startswith(prefix) and _is_of(record, request)
    ]
    found, token = page(request, wanted, errors.invalid(BAD_TOKEN), size=LIMIT, names=NAMES)
    return {"metricFilters": found, **token}


def _records(scope: Scope, group: str) -> list[Members]:
    return list((store.find(scope, group).settings().get(KIND) or {}).values())


def _is_of(record: Members, request: Members) -> bool:
    (transformation,) = record["metricTransformations"]
    return all(
        request.get(name) in (None, transformation[name])
        for name in ("metricName", "metricNamespace")
    )


def delete(scope: Scope, request: Members) -> None:
    """DeleteMetricFilter."""
    file = store.find(scope, request["logGroupName"])
    if not followers.remove(file, KIND, request["filterName"]):
        raise errors.not_found("The specified metric filter does not exist.")


def test(_: Scope, request: Members) -> Members:
    """TestMetricFilter: which of the messages fit, and what was found in them."""
    check_pattern(request["filterPattern"])
    pattern = ready(request["filterPattern"])
    matches = []
    for number, message in enumerate(request["logEventMessages"], start=1):
        found = pattern.find(message)
        if found is not None:
            values = {name: as_text(value) for name, value in found.items() if value is not None}
            matches.append(
                {"eventNumber": number, "eventMessage": message, "extractedValues": values}
            )
    return {"matches": matches}


def give(scope: Scope, group: str, record: Any, events: list[Event]) -> bool:
    """Put the metric of some events; False when CloudWatch has to be asked again."""
    (transformation,) = record["metricTransformations"]
    pattern = ready(record["filterPattern"])
    fitting = [event for event in events if pattern.find(event.message) is not None]
    found: Found = Counter()
    for event in fitting:
        value = _value(pattern, event, transformation["metricValue"])
        dimensions = _dimensions(pattern, event, transformation.get("dimensions") or {})
        if value is not None and dimensions is not None:
            found[dimensions, event.time // 1000, value] += 1
    if transformation.get("defaultValue") is not None:
        _watch_minute(scope, (group, record["filterName"]), transformation, fitted=bool(fitting))
    return _send(scope, transformation, _data(transformation, found))


def _value(pattern: Filter, event: Event, text: str) -> float | None:
    return _number(pattern.value(event.message, text) if text.startswith("$") else text)


def _number(text: Any) -> float | None:
    try:
        return None if isinstance(text, bool) else float(text)
    except (TypeError, ValueError):
        return None


def _dimensions(
    pattern: Filter, event: Event, wanted: dict[str, str]
) -> tuple[tuple[str, str], ...] | None:
    """The dimensions of an event, None when it lacks one."""
    values = {name: pattern.value(event.message, selector) for name, selector in wanted.items()}
    if any(value in (None, "") for value in values.values()):
        return None
    return tuple(sorted((name, as_text(value)) for name, value in values.items()))


def _data(transformation: Members, found: Found) -> list[Members]:
    """As PutMetricData takes it: values of one second and the same dimensions together."""
    together: dict[Any, list[tuple[float, int]]] = {}
    for (dimensions, second, value), count in found.items():
        together.setdefault((dimensions, second), []).append((value, count))
    return [
        {
            **_metric(transformation, second),
            "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions],
            "Values": [value for value, _ in pairs[at : at + MAX_VALUES]],
            "Counts": [float(count) for _, count in pairs[at : at + MAX_VALUES]],
        }
        for (dimensions, second), pairs in together.items()
        for at in range(0, len(pairs), MAX_VALUES)
    ]


def _metric(transformation: Members, second: int) -> Members:
    return {
        "MetricName": transformation["metricName"],
        "Timestamp": datetime.fromtimestamp(second, UTC),
        "Unit": transformation.get("unit") or "None",
    }


def _send(scope: Scope, transformation: Members, data: list[Members]) -> bool:
    client = scope.client("cloudwatch")
    try:
        for at in range(0, len(data), MAX_METRICS):
            client.put_metric_data(
                Namespace=transformation["metricNamespace"], MetricData=data[at : at + MAX_METRICS]
            )
    except (ClientError, BotoCoreError) as error:
        return not failure_of(error).may_pass
    return True


def _watch_minute(
    scope: Scope, name: tuple[str, str], transformation: Members, *, fitted: bool
) -> None:
    """Remember whether events of this minute fitted; when it ends, the default is put or not."""
    minute = int(time.time() // 60)
    key = (scope, *name, minute)
    if key not in _fitted:
        end = datetime.fromtimestamp((minute + 1) * 60, UTC)
        CLOCK.at(key, end, partial(_end_minute, key, transformation))
    _fitted[key] = fitted or _fitted.get(key, False)


def _end_minute(key: tuple[Scope, str, str, int], transformation: Members) -> None:
    if not _fitted.pop(key, True):
        value = {"Value": float(transformation["defaultValue"])}
        _send(key[0], transformation, [_metric(transformation, key[3] * 60) | value])


followers.KINDS[KIND] = give
