"""What is told of a change of state: to SNS topics, Lambda functions and EventBridge, in the three
shapes that AWS has for it.
"""

import json
import uuid
from datetime import UTC, datetime
from functools import cache
from typing import Any

import botocore.session

from emulation.compute.metrics.alarm_rules import parse
from emulation.services.cloudwatch.store import Alarm, Members, store

STATISTICS = {
    "SampleCount": "SAMPLE_COUNT",
    "Average": "AVERAGE",
    "Sum": "SUM",
    "Minimum": "MINIMUM",
    "Maximum": "MAXIMUM",
}


def moment(at: float) -> str:
    """A time as messages have it."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"


@cache
def region_name(region: str) -> str:
    """A region as people read it: US East (N. Virginia)."""
    known = botocore.session.get_session().get_component("endpoint_resolver")
    for partition in known._endpoint_data["partitions"]:
        if region in partition["regions"]:
            return str(partition["regions"][region]["description"])
    return region


def subject(alarm: Alarm) -> str:
    """The subject of a mail; SNS takes 100 characters."""
    return f'{alarm.state}: "{alarm.name}" in {region_name(alarm.region)}'[:100]


def for_topic(alarm: Alarm, before: Alarm) -> str:
    """What a topic is told, as JSON."""
    request = alarm.request
    message = {
        "AlarmName": alarm.name,
        "AlarmDescription": request.get("AlarmDescription"),
        "AWSAccountId": alarm.account,
        "AlarmConfigurationUpdatedTimestamp": moment(alarm.configured),
        "NewStateValue": alarm.state,
        "NewStateReason": alarm.reason,
        "StateChangeTime": moment(alarm.updated),
        "Region": region_name(alarm.region),
        "AlarmArn": alarm.arn,
        "OldStateValue": before.state,
        **{name: request[name] for name in ("OKActions", "AlarmActions")},
        "InsufficientDataActions": request["InsufficientDataActions"],
    }
    more = of_composite(alarm) if alarm.composite else {"Trigger": trigger(request)}
    return json.dumps({**message, **more})


def of_composite(alarm: Alarm) -> Members:
    """What a message says of a composite alarm beside the rest."""
    names = parse(alarm.request["AlarmRule"]).alarms
    children = [store().alarms.get(alarm.scope, name.rsplit(":", 1)[-1]) for name in names]
    return {
        "AlarmRule": alarm.request["AlarmRule"],
        "TriggeringChildren": [
            {
                "Arn": child.arn,
                "State": {"Value": child.state, "Timestamp": moment(child.transitioned)},
            }
            for child in children
            if child is not None and child.state == alarm.state
        ],
    }


def trigger(request: Members) -> Members:
    """What a message says of a metric alarm's metric and threshold."""
    common = {
        "Period": request.get("Period") or 0,
        "EvaluationPeriods": request["EvaluationPeriods"],
        **{n: request[n] for n in ("DatapointsToAlarm",) if n in request},
        "ComparisonOperator": request["ComparisonOperator"],
        **({"Threshold": request["Threshold"]} if "Threshold" in request else {}),
        **({"ThresholdMetricId": t} if (t := request.get("ThresholdMetricId")) else {}),
        "TreatMissingData": request.get("TreatMissingData", ""),
        "EvaluateLowSampleCountPercentile": request.get("EvaluateLowSampleCountPercentile", ""),
    }
    if "Metrics" in request:
        return {**common, "Metrics": [small_dimensions(query) for query in request["Metrics"]]}
    return {
        "MetricName": request["MetricName"],
        "Namespace": request["Namespace"],
        **statistic_of(request),
        "Unit": request.get("Unit"),
        "Dimensions": dimensions(request),
        **common,
    }


def statistic_of(request: Members) -> Members:
    """The statistic, simple or extended."""
    if name := request.get("Statistic"):
        return {"StatisticType": "Statistic", "Statistic": STATISTICS[name]}
    return {
        "StatisticType": "ExtendedStatistic",
        "ExtendedStatistic": request["ExtendedStatistic"],
    }


def dimensions(metric: Members) -> list[Members]:
    """Dimensions as messages to topics have them."""
    given = metric.get("Dimensions") or []
    return [{"value": each["Value"], "name": each["Name"]} for each in given]


def small_dimensions(query: Members) -> Members:
    """A query with its dimensions so."""
    if "MetricStat" not in query:
        return query
    stat = query["MetricStat"]
    metric = {**stat["Metric"], "Dimensions": dimensions(stat["Metric"])}
    return {**query, "MetricStat": {**stat, "Metric": metric}}


def for_function(alarm: Alarm, before: Alarm) -> Members:
    """What a function is called with."""
    return {
        "source": "aws.cloudwatch",
        "alarmArn": alarm.arn,
        "accountId": alarm.account,
        "time": moment(alarm.updated),
        "region": alarm.region,
        "alarmData": for_bus(alarm, before),
    }


def for_bus(alarm: Alarm, before: Alarm) -> Members:
    """The detail of the event."""
    return {
        "alarmName": alarm.name,
        "state": state_of(alarm),
        "previousState": state_of(before),
        "configuration": configuration(alarm),
    }


def state_of(alarm: Alarm) -> Members:
    """A state as functions and events have it."""
    suppression = alarm.suppression or {}
    return {
        "value": alarm.state,
        "reason": alarm.reason,
        **({"reasonData": alarm.reason_data} if alarm.reason_data else {}),
        "timestamp": moment(alarm.updated),
        **(
            {
                "actionsSuppressedBy": suppression["by"],
                "actionsSuppressedReason": suppressed_reason(suppression),
            }
            if suppression
            else {}
        ),
    }


def suppressed_reason(suppression: Members) -> str:
    """Why actions are not taken."""
    return f"Actions suppressed by {suppression['by']}"


def configuration(alarm: Alarm) -> Members:
    """The part of an alarm's settings that functions and events are told."""
    request = alarm.request
    described = {"description": text} if (text := request.get("AlarmDescription")) else {}
    if alarm.composite:
        suppressor = {
            name[0].lower() + name[1:]: request[name]
            for name in (
                "AlarmRule",
                "ActionsSuppressor",
                "ActionsSuppressorWaitPeriod",
                "ActionsSuppressorExtensionPeriod",
            )
            if name in request
        }
        return {**suppressor, **described}
    return {"metrics": [bus_query(query) for query in told_queries(alarm)], **described}


def told_queries(alarm: Alarm) -> list[Members]:
    """The queries of an alarm; that of a single metric gets an id that stays the same."""
    request = alarm.request
    if "Metrics" in request:
        return list(request["Metrics"])
    names = {"Statistic", "ExtendedStatistic"} & request.keys()
    stat = {
        "Metric": {n: request[n] for n in ("Namespace", "MetricName", "Dimensions")},
        "Period": request["Period"],
        "Stat": request[next(iter(names))],
        **({"Unit": request["Unit"]} if request.get("Unit") else {}),
    }
    identifier = str(uuid.uuid5(uuid.NAMESPACE_URL, alarm.arn))
    return [{"Id": identifier, "MetricStat": stat, "ReturnData": True}]


def bus_query(query: Members) -> Members:
    """A query as events have it."""
    told: dict[str, Any] = {"id": query["Id"]}
    if "MetricStat" in query:
        stat = query["MetricStat"]
        given = stat["Metric"].get("Dimensions") or []
        told["metricStat"] = {
            "metric": {
                "namespace": stat["Metric"]["Namespace"],
                "name": stat["Metric"]["MetricName"],
                "dimensions": {each["Name"]: each["Value"] for each in given},
            },
            "period": stat["Period"],
            "stat": stat["Stat"],
            **({"unit": stat["Unit"]} if stat.get("Unit") else {}),
        }
    else:
        told["expression"] = query["Expression"]
    return {
        **told,
        **({"label": query["Label"]} if query.get("Label") else {}),
        "returnData": query.get("ReturnData", True),
    }
