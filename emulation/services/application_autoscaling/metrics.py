"""Alarms and the latest values of what they watch."""

import time
from datetime import UTC, datetime
from typing import Any

from emulation.services.application_autoscaling.store import Members
from emulation.services.scope import Scope

LEAST_PERIODS = 3
STAT = ("Namespace", "MetricName", "Dimensions")


def alarm(scope: Scope, name: str) -> Members | None:
    """An alarm as CloudWatch describes it."""
    found = scope.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return found[0] if found else None


def alarms_for(scope: Scope, arn: str) -> list[Members]:
    """The names and ARNs of the alarms that call a policy."""
    pages = scope.client("cloudwatch").get_paginator("describe_alarms")
    return [
        {"AlarmName": found["AlarmName"], "AlarmARN": found["AlarmArn"]}
        for page in pages.paginate(AlarmTypes=["MetricAlarm"], ActionPrefix=arn)
        for found in page["MetricAlarms"]
    ]


def latest(scope: Scope, watched: Members) -> float | None:
    """The value of the last whole period of what an alarm watches; None without data."""
    period = period_of(watched)
    end = int(time.time()) // period * period
    start = end - period * max(LEAST_PERIODS, int(watched.get("EvaluationPeriods") or 1))
    found = scope.client("cloudwatch").get_metric_data(
        MetricDataQueries=queries(watched),
        StartTime=datetime.fromtimestamp(start, UTC),
        EndTime=datetime.fromtimestamp(end, UTC),
        ScanBy="TimestampDescending",
    )["MetricDataResults"]
    values: list[float] = found[0]["Values"] if found else []
    return values[0] if values else None


def period_of(watched: Members) -> int:
    """The period of what an alarm watches, in s."""
    if "Period" in watched:
        return int(watched["Period"])
    periods = [
        int(item["MetricStat"]["Period"]) for item in watched["Metrics"] if "MetricStat" in item
    ]
    return max(periods, default=60)


def queries(watched: Members) -> list[Members]:
    """As GetMetricData asks for it."""
    if watched.get("Metrics"):
        asked: list[Members] = watched["Metrics"]
        return asked
    stat: dict[str, Any] = {
        "Metric": {name: watched[name] for name in STAT},
        "Period": int(watched["Period"]),
        "Stat": watched.get("Statistic") or watched["ExtendedStatistic"],
    }
    if watched.get("Unit"):
        stat["Unit"] = watched["Unit"]
    return [{"Id": "watched", "MetricStat": stat}]
