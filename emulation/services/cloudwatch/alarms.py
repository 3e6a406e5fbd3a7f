"""Metric alarms: put, deleted, enabled, set to a state by hand."""

import json
import time
from collections.abc import Sequence

from emulation.compute.metrics.alarm_states import BAND_OPERATORS, OPERATORS
from emulation.compute.metrics.expressions import Call, ExpressionError, functions, parse
from emulation.compute.metrics.series import Span
from emulation.compute.metrics.statistic_names import SIMPLE, statistic
from emulation.services.cloudwatch import actions, tags
from emulation.services.cloudwatch.changes import change_state, keep, note_configuration
from emulation.services.cloudwatch.data import UNITS
from emulation.services.cloudwatch.errors import (
    constraint,
    invalid_format,
    invalid_value,
    missing,
    no_alarm,
    not_one_of,
    validation_error,
)
from emulation.services.cloudwatch.evaluator import EVALUATOR
from emulation.services.cloudwatch.queries import check_queries, evaluated
from emulation.services.cloudwatch.store import LOCK, Alarm, Members, store
from emulation.services.scope import Scope

OPERATION = "PutMetricAlarm"
STATES = ["INSUFFICIENT_DATA", "ALARM", "OK"]
TREATMENTS = ["breaching", "notBreaching", "ignore", "missing"]
COMPARISONS = [*OPERATORS, *BAND_OPERATORS]
FINE_PERIODS = (10, 20, 30)
HOUR, DAY, WEEK = 3600, 86_400, 604_800
NAME_LENGTH = 255
DELETED_AT_ONCE = 100


def put(scope: Scope, request: Members) -> None:
    """Create an alarm, or put another in its place; its state stays."""
    check_name(request)
    check(scope, request)
    actions.check(OPERATION, request)
    with_defaults = {**defaults(), **request}
    if "Metrics" not in request:
        with_defaults.setdefault("Dimensions", [])
    alarm = keep_alarm(scope, request["AlarmName"], with_defaults, composite=False)
    EVALUATOR.look_at(alarm)


def defaults() -> Members:
    """What an alarm has that says nothing else."""
    none: list[str] = []
    return {
        "ActionsEnabled": True,
        "OKActions": none,
        "AlarmActions": none,
        "InsufficientDataActions": none,
    }


def keep_alarm(scope: Scope, name: str, request: Members, *, composite: bool) -> Alarm:
    """An alarm with these settings; a new one gets its tags, an old one keeps those that it has."""
    settings = {key: value for key, value in request.items() if key not in {"Tags", "AlarmName"}}
    with LOCK:
        alarm: Alarm | None = store().alarms.get(scope, name)
        if alarm is not None and alarm.composite != composite:
            raise validation_error(
                f"Could not save the alarm {name}: an alarm of another type has this name"
            )
        now = time.time()
        if alarm is None:
            place = (scope.account, scope.region, scope.partition)
            alarm = Alarm(name, *place, composite, settings, now, updated=now, transitioned=now)
            tags.put(scope, alarm.arn, request.get("Tags") or [])
            keep(alarm)
            note_configuration(alarm, "create")
        else:
            alarm.request, alarm.configured = settings, now
            keep(alarm)
            note_configuration(alarm, "update")
        return alarm


def check_name(request: Members) -> None:
    """Refuse a name that is none."""
    name = request.get("AlarmName")
    if not name:
        raise missing("The parameter AlarmName is required.")
    if len(name) > NAME_LENGTH:
        raise constraint(
            "alarmName", name, f"Member must have length less than or equal to {NAME_LENGTH}"
        )


def check(scope: Scope, request: Members) -> None:
    """Refuse what is no alarm."""
    comparison = request.get("ComparisonOperator")
    if comparison not in COMPARISONS:
        raise not_one_of("comparisonOperator", comparison, COMPARISONS)
    treatment = request.get("TreatMissingData", "missing")
    if treatment not in TREATMENTS:
        raise validation_error(
            f"The value {treatment} is not supported for TreatMissingData parameter. Supported "
            f"values are [{', '.join(TREATMENTS)}]."
        )
    if bool(request.get("MetricName")) == bool(request.get("Metrics")):
        raise validation_error(
            "Exactly one of the parameters MetricName and Metrics must be specified."
        )
    check_threshold(request)
    if "Metrics" in request:
        check_metrics(scope, request)
    else:
        check_metric(request)
    check_periods(request)


def check_threshold(request: Members) -> None:
    """A number for plain operators, a band for those of bands."""
    banded = request["ComparisonOperator"] in BAND_OPERATORS
    if banded != bool(request.get("ThresholdMetricId")):
        raise validation_error(
            "The parameter ThresholdMetricId is required with, and only with, the comparison "
            f"operators {', '.join(BAND_OPERATORS)}."
        )
    if banded == (request.get("Threshold") is not None):
        raise validation_error(
            "The parameters Threshold and ThresholdMetricId are mutually exclusive and you have "
            "specified both."
            if banded
            else "The parameter Threshold is required."
        )


def check_metric(request: Members) -> None:
    """One metric with one statistic."""
    if not request.get("Namespace"):
        raise missing("The parameter Namespace is required.")
    simple, extended = request.get("Statistic"), request.get("ExtendedStatistic")
    if bool(simple) == bool(extended):
        raise validation_error(
            "Exactly one of the parameters Statistic and ExtendedStatistic must be specified."
        )
    if simple and simple not in SIMPLE:
        raise not_one_of("statistic", simple, list(SIMPLE))
    if extended and (extended in SIMPLE or statistic(extended) is None):
        raise invalid_value(
            f"The value {extended} for parameter ExtendedStatistic is not supported."
        )
    low = request.get("EvaluateLowSampleCountPercentile")
    if low not in {None, "evaluate", "ignore"}:
        raise validation_error(
            f"Option {low} is not supported. Supported options for parameter "
            "EvaluateLowSampleCountPercentile are evaluate and ignore."
        )
    if request.get("Unit") not in {None, *UNITS}:
        raise not_one_of("unit", request["Unit"], UNITS)
    if request.get("Period") is None:
        raise missing("The parameter Period is required.")


def check_metrics(scope: Scope, request: Members) -> None:
    """Queries that give one series, and its band where there is one."""
    given = [
        name
        for name in ("Dimensions", "Period", "Namespace", "Statistic", "ExtendedStatistic")
        if request.get(name)
    ]
    if given:
        raise validation_error(
            f"The parameters Metrics and {given[0]} are mutually exclusive and you have specified "
            "both."
        )
    queries = request["Metrics"]
    check_queries(scope, OPERATION, queries)
    band = request.get("ThresholdMetricId")
    if band is not None:
        check_band(queries, band)
    returned = [q for q in queries if q.get("ReturnData", True) and q["Id"] != band]
    if len(returned) != 1:
        raise validation_error("Exactly one element of the metrics list should return data.")
    if any("SEARCH" in called(query) for query in queries):
        raise validation_error("SEARCH is not supported in the expression of an alarm.")
    if not any("MetricStat" in query for query in queries):
        raise validation_error("The metrics list must contain at least one metric.")
    if len({q["MetricStat"]["Period"] for q in queries if "MetricStat" in q}) > 1:
        raise validation_error("All metrics of an alarm must have the same period.")
    # What cannot be evaluated over an empty hour cannot be evaluated at all.
    series = evaluated(scope, OPERATION, queries, Span(0, HOUR))
    if band is None and len(series) != 1:
        raise validation_error("The expression of an alarm must return a single time series.")


def called(query: Members) -> set[str]:
    """The functions that a query calls."""
    try:
        return functions(parse(query.get("Expression") or "0"))
    except ExpressionError:
        # Its evaluation will say so.
        return set()


def check_band(queries: Sequence[Members], band: str) -> None:
    """The threshold's query is a band."""
    expressions = {query["Id"]: query.get("Expression") for query in queries}
    try:
        tree = parse(expressions.get(band) or "")
    except ExpressionError:
        tree = None
    if not isinstance(tree, Call) or tree.function != "ANOMALY_DETECTION_BAND":
        raise validation_error(
            f"ThresholdMetricId {band} must be the id of an ANOMALY_DETECTION_BAND expression."
        )


def check_periods(request: Members) -> None:
    """How long is looked at, and how often."""
    periods = request.get("EvaluationPeriods") or 0
    if periods < 1:
        raise constraint(
            "evaluationPeriods", periods, "Member must have value greater than or equal to 1"
        )
    if not 1 <= (request.get("DatapointsToAlarm") or periods) <= periods:
        raise validation_error(
            "DatapointsToAlarm must be at least 1 and not greater than EvaluationPeriods."
        )
    period = period_of(request)
    if period not in FINE_PERIODS and (period <= 0 or period % 60):
        raise validation_error("Period must be 10, 20, 30 or a multiple of 60")
    if periods * period > (WEEK if period >= HOUR else DAY):
        raise validation_error(
            "Metrics cannot be checked across more than a week (EvaluationPeriods * Period must "
            f"be <= {WEEK})."
            if period >= HOUR
            else "Metrics cannot be checked across more than a day (EvaluationPeriods * Period "
            f"must be <= {DAY})."
        )


def period_of(request: Members) -> int:
    """The period of an alarm, in s."""
    if "Metrics" not in request:
        return int(request["Period"])
    return max(q["MetricStat"]["Period"] for q in request["Metrics"] if "MetricStat" in q)


def delete(scope: Scope, request: Members) -> None:
    """Delete alarms; those that are not there are passed over."""
    names = request.get("AlarmNames") or []
    if len(names) > DELETED_AT_ONCE:
        raise constraint(
            "alarmNames",
            names,
            f"Member must have length less than or equal to {DELETED_AT_ONCE}",
        )
    for name in names:
        with LOCK:
            alarm = store().alarms.remove(scope, name)
            if alarm is not None:
                tags.forget(scope, alarm.arn)
                note_configuration(alarm, "delete")


def enable(scope: Scope, request: Members) -> None:
    """Let alarms act."""
    _set_enabled(scope, request, enabled=True)


def disable(scope: Scope, request: Members) -> None:
    """Let alarms act no more."""
    _set_enabled(scope, request, enabled=False)


def _set_enabled(scope: Scope, request: Members, *, enabled: bool) -> None:
    for name in request.get("AlarmNames") or []:
        with LOCK:
            alarm: Alarm | None = store().alarms.get(scope, name)
            if alarm is not None and alarm.request["ActionsEnabled"] != enabled:
                alarm.request = {**alarm.request, "ActionsEnabled": enabled}
                keep(alarm)
                note_configuration(alarm, "update")


def set_state(scope: Scope, request: Members) -> None:
    """Give an alarm a state, until it is evaluated next."""
    alarm = store().alarms.get(scope, request.get("AlarmName") or "")
    if alarm is None:
        raise no_alarm()
    state = request.get("StateValue")
    if state not in STATES:
        raise not_one_of("stateValue", state, STATES)
    if request.get("StateReason") is None:
        raise missing("The parameter StateReason is required.")
    data = request.get("StateReasonData") or None
    if data is not None:
        try:
            json.loads(data)
        except ValueError as error:
            raise invalid_format("StateReasonData was not valid JSON") from error
    change_state(alarm, state, request["StateReason"], data)
