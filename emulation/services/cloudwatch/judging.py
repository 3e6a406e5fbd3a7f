"""The data points that a metric alarm looks at, and the verdict on them."""

import json
import math
from collections.abc import Mapping
from typing import Any

from emulation.compute.metrics.alarm_states import Point, Rule, Verdict, judge
from emulation.compute.metrics.evaluation import Evaluation, QueryError
from emulation.compute.metrics.series import Series, Span
from emulation.compute.metrics.statistic_names import statistic
from emulation.services.cloudwatch.data import metric_of
from emulation.services.cloudwatch.messages import moment, told_queries
from emulation.services.cloudwatch.reading import StoreSource
from emulation.services.cloudwatch.store import Alarm, Members, database

MORE = 2
"""AWS looks at more periods than it evaluates; how many more, it does not say."""


def period_of(alarm: Alarm) -> int:
    """The period of an alarm, in s."""
    stats = [query["MetricStat"] for query in told_queries(alarm) if "MetricStat" in query]
    return max(int(stat["Period"]) for stat in stats)


def step_of(period: int) -> int:
    """How often AWS evaluates: short periods each of them, longer ones every minute; in s."""
    return min(period, 60)


def verdict(alarm: Alarm, now: float) -> tuple[Verdict, str] | None:
    """The verdict and the data of its reason; None means to stay as it is."""
    period = period_of(alarm)
    end = int(now) // step_of(period) * step_of(period)
    span = Span(end - retrieved_periods(alarm, period) * period, end)
    evaluation = Evaluation(told_queries(alarm), StoreSource(alarm.scope), span)
    series, upper, lower = read(alarm, evaluation)
    if too_few_samples(alarm, span, period):
        return None
    starts = range(span.end - period, span.start - 1, -period)
    points = [point(at, series.points, upper, lower) for at in starts]
    found = judge(rule_of(alarm), points)
    return None if found is None else (found, reason_data(alarm, found, period, now))


def retrieved_periods(alarm: Alarm, period: int) -> int:
    """How many periods are looked at.

    What is sent without a resolution of seconds counts at its minute's beginning: an alarm of
    seconds sees it only if it looks back for more than a minute.
    """
    wanted: int = alarm.request["EvaluationPeriods"] + MORE
    if period >= 60:
        return wanted
    metrics = [
        metric_of(alarm.scope, query["MetricStat"]["Metric"])
        for query in told_queries(alarm)
        if "MetricStat" in query
    ]
    fine = all(database().is_fine(metric) for metric in metrics)
    return wanted if fine else wanted + math.ceil(60 / period)


def read(
    alarm: Alarm, evaluation: Evaluation
) -> tuple[Series, Mapping[int, float] | None, Mapping[int, float] | None]:
    """The series of an alarm, and the bounds of its band where it has one."""
    band = alarm.request.get("ThresholdMetricId")
    (query_id,) = (
        query["Id"]
        for query in told_queries(alarm)
        if query.get("ReturnData", True) and query["Id"] != band
    )
    found = evaluation.final(query_id)
    if len(found) != 1:
        raise QueryError(query_id, "The expression of an alarm must return a single time series")
    series = found[0]
    if band is None:
        return series, None, None
    upper, lower = evaluation.final(band)
    return series, upper.points, lower.points


def rule_of(alarm: Alarm) -> Rule:
    """When an alarm goes off."""
    request = alarm.request
    periods = request["EvaluationPeriods"]
    missing = request.get("TreatMissingData", "missing")
    # AWS: alarms on DynamoDB's metrics ignore missing data whatever they are told.
    if request.get("Namespace") == "AWS/DynamoDB":
        missing = "ignore"
    to_alarm = request.get("DatapointsToAlarm") or periods
    threshold = request.get("Threshold", 0.0)
    return Rule(request["ComparisonOperator"], periods, to_alarm, missing, threshold)


def point(
    at: int,
    points: Mapping[int, float],
    upper: Mapping[int, float] | None,
    lower: Mapping[int, float] | None,
) -> Point | None:
    """The point of a period; a value without a band to compare it with is none."""
    if at not in points:
        return None
    if upper is None or lower is None:
        return Point(at, points[at])
    return Point(at, points[at], upper[at], lower[at]) if at in upper else None


def too_few_samples(alarm: Alarm, span: Span, period: int) -> bool:
    """Whether a percentile is left alone because its samples are too few to mean anything."""
    if alarm.request.get("EvaluateLowSampleCountPercentile") != "ignore":
        return False
    wanted = statistic(alarm.request.get("ExtendedStatistic") or "")
    if wanted is None or wanted.percentile is None or not 0 < wanted.percentile < 100:
        return False
    share = min(wanted.percentile, 100 - wanted.percentile) / 100
    latest = Span(span.end - period * alarm.request["EvaluationPeriods"], span.end)
    samples = math.fsum(sample_counts(alarm, latest, period).values())
    return samples < 10 / share


def sample_counts(alarm: Alarm, span: Span, period: int) -> Mapping[int, float]:
    """How many samples the periods of a single metric hold."""
    (query,) = told_queries(alarm)
    stat: dict[str, Any] = {**query["MetricStat"], "Stat": "SampleCount", "Period": period}
    return StoreSource(alarm.scope).read(stat, span).points


def reason_data(alarm: Alarm, found: Verdict, period: int, now: float) -> str:
    """The data of the reason, as JSON; its lists begin with the oldest."""
    points = found.points[::-1]
    request = alarm.request
    data: Members = {"version": "1.0", "queryDate": moment(now)}
    if points:
        data["startDate"] = moment(points[0].at)
    if request.get("Unit"):
        data["unit"] = request["Unit"]
    if name := request.get("Statistic") or request.get("ExtendedStatistic"):
        data["statistic"] = name
    data |= {"period": period, "recentDatapoints": [each.value for each in points]}
    if request.get("ThresholdMetricId"):
        data["recentLowerThresholds"] = [each.lower for each in points]
        data["recentUpperThresholds"] = [each.upper for each in points]
    else:
        data["threshold"] = request["Threshold"]
    data["evaluatedDatapoints"] = evaluated_points(alarm, found, period)
    return json.dumps(data)


def evaluated_points(alarm: Alarm, found: Verdict, period: int) -> list[Members]:
    """The points with their samples, where a single metric has them; the latest first."""
    counts: Mapping[int, float] = {}
    if found.points and "Metrics" not in alarm.request:
        span = Span(found.points[-1].at, found.points[0].at + period)
        counts = sample_counts(alarm, span, period)
    return [
        {
            "timestamp": moment(each.at),
            **({"sampleCount": counts[each.at]} if each.at in counts else {}),
            "value": each.value,
        }
        for each in found.points
    ]
