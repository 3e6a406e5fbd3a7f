"""A window's numbers as CloudWatch metrics. Their time is now, though the window may be long past:
CloudWatch takes nothing older than two weeks.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from models.monitoring.checks import Finding
from pipeline import aws
from pipeline.contracts.monitoring import (
    CHECKS,
    DATA_DRIFT,
    MISSING,
    NAMESPACE,
    SCORE_DRIFT,
    TOO_LITTLE,
    VIOLATED,
    VIOLATIONS_METRIC,
)

BATCH = 500
OF_WINDOW = {
    "flights": "Flights",
    "known_outcomes": "KnownOutcomes",
    "auc": "AUC",
    "brier": "Brier",
    "brier_skill": "BrierSkill",
    "calibration": "CalibrationRatio",
    "actual_late_rate": "ActualLateRate",
    "predicted_late_rate": "PredictedLateRate",
}
OF_SLICE = {"auc": "AUC", "calibration": "CalibrationRatio"}
OF_FEATURE = {DATA_DRIFT: "FeaturePSI", MISSING: "MissingShare"}

Datum = dict[str, Any]


def put(data: Sequence[Datum]) -> None:
    """Send them."""
    for start in range(0, len(data), BATCH):
        aws.client("cloudwatch").put_metric_data(
            Namespace=NAMESPACE, MetricData=data[start : start + BATCH]
        )


def data_of(report: dict[str, Any], findings: Sequence[Finding]) -> list[Datum]:
    """The metrics of a window."""
    endpoint = report["endpoint"]
    return [
        *_numbers(report["summary"], OF_WINDOW, Endpoint=endpoint),
        *(
            datum
            for part in report["slices"]
            for datum in _numbers(part, OF_SLICE, Endpoint=endpoint, Slice=part["slice"])
        ),
        *_findings(findings, endpoint),
        *_violations(findings, endpoint),
    ]


def _numbers(found: dict[str, Any], names: dict[str, str], **where: str) -> Iterator[Datum]:
    for key, name in names.items():
        if found.get(key) is not None:
            yield datum(name, found[key], **where)


def _findings(findings: Iterable[Finding], endpoint: str) -> Iterator[Datum]:
    for finding in findings:
        if finding.value is None:
            continue
        if finding.check == SCORE_DRIFT:
            yield datum("ScorePSI", finding.value, Endpoint=endpoint)
        elif finding.check in OF_FEATURE:
            name = OF_FEATURE[finding.check]
            yield datum(name, finding.value, Endpoint=endpoint, Feature=finding.feature)


def _violations(findings: Sequence[Finding], endpoint: str) -> Iterator[Datum]:
    """How many each check has; a check that could not judge says nothing, and not zero."""
    unable = {finding.check for finding in findings if finding.outcome == TOO_LITTLE}
    counts = Counter(finding.check for finding in findings if finding.outcome == VIOLATED)
    for check in CHECKS:
        if check not in unable:
            yield datum(VIOLATIONS_METRIC, counts[check], Endpoint=endpoint, Check=check)
    yield datum("ChecksWithTooLittleData", len(unable), Endpoint=endpoint)


def datum(name: str, value: float, **where: str) -> Datum:
    """One number."""
    dimensions = [{"Name": key, "Value": text} for key, text in where.items()]
    return {"MetricName": name, "Dimensions": dimensions, "Value": float(value), "Unit": "None"}
