"""Metrics read from the store as series: the source of expressions, alarms and graphs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulation.compute.metrics import bands, searching
from emulation.compute.metrics.series import Series, Span
from emulation.compute.metrics.statistic_names import statistic
from emulation.services.cloudwatch.data import described, metric_of
from emulation.services.cloudwatch.store import database, store
from emulation.services.scope import Scope


@dataclass(frozen=True, slots=True)
class StoreSource:
    """Reads the metrics of an account and region."""

    scope: Scope

    def read(self, stat: Mapping[str, Any], span: Span) -> Series:
        """The series of a MetricStat, whose statistic is known to be one."""
        wanted = statistic(stat["Stat"])
        assert wanted is not None
        metric, period = metric_of(self.scope, stat["Metric"]), stat["Period"]
        aligned = span.aligned(period)
        bins = database().bins(
            metric,
            aligned.start,
            aligned.end,
            period,
            unit=stat.get("Unit"),
            with_values=wanted.needs_values,
        )
        points = {
            at: value for at, found in bins.items() if (value := wanted.of(found)) is not None
        }
        return Series(metric.name, period, aligned, points, facts(self.scope, stat))

    def search(self, text: str) -> list[dict[str, Any]]:
        """The metrics that a search finds among those with data in the last two weeks."""
        known = database().metrics(self.scope.account, self.scope.region)
        return [described(metric) for metric in searching.find(text, known)]

    def band(self, stat: Mapping[str, Any], span: Span, width: float) -> list[Series]:
        """Upper and lower bound of what is expected, from the two weeks before each time."""
        aligned = span.aligned(stat["Period"])
        past = self.read(stat, Span(aligned.start - bands.PAST, aligned.end))
        excluded = excluded_ranges(self.scope, stat)
        grid = aligned.grid(stat["Period"])
        bounds = bands.band(past.points, grid, width, excluded)
        return [
            Series(f"{past.label} ({name})", past.period, aligned, points, past.facts)
            for name, points in zip(("upper", "lower"), bounds, strict=True)
        ]


def facts(scope: Scope, stat: Mapping[str, Any]) -> dict[str, str]:
    """What labels may name of a metric."""
    metric = stat["Metric"]
    dimensions = {f"Dim.{d['Name']}": d["Value"] for d in metric.get("Dimensions") or []}
    return {
        "MetricName": metric["MetricName"],
        "Namespace": metric["Namespace"],
        "Stat": stat["Stat"],
        "Period": str(stat["Period"]),
        "Region": scope.region,
        "AccountId": scope.account,
        "AccountLabel": scope.account,
        **dimensions,
    }


def detector_name(scope: Scope, stat: Mapping[str, Any]) -> str:
    """The name that a detector of a metric and statistic is kept under."""
    return "\n".join([*metric_of(scope, stat["Metric"]).key, stat["Stat"]])


def excluded_ranges(scope: Scope, stat: Mapping[str, Any]) -> list[tuple[float, float]]:
    """The times that a metric's detector does not learn from."""
    detector = store().detectors.get(scope, detector_name(scope, stat)) or {}
    ranges = (detector.get("Configuration") or {}).get("ExcludedTimeRanges") or []
    return [(each["StartTime"], each["EndTime"]) for each in ranges]
