"""The model over event time: every window of the monitor, what was violated, what was retrained.

A report never changes once it is written, so each is read once and remembered by its ETag.
"""

import json
from typing import Any

from botocore.exceptions import ClientError

from api.core.deployment import Clients, Deployment
from api.core.documents import Documents
from pipeline.contracts.monitoring import (
    CHECKS,
    DATA_DRIFT,
    QUALITY,
    REPORT,
    VIOLATED,
    reports_prefix,
    retrainings_prefix,
    service_key,
)

MOST_RUNS = 100
KEPT = 1000
SUMMARY = ("flights", "auc", "calibration", "brier", "actual_late_rate", "predicted_late_rate")


class Quality:
    """Reads what the monitor left in the lake."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._documents = Documents(clients, json.loads, KEPT)

    def read(self, deployment: Deployment) -> dict[str, Any] | None:
        """Windows in their order, drift by feature of the newest; None where nothing watches."""
        bucket, endpoint = (deployment.outputs.get(key) for key in ("LakeBucket", "EndpointName"))
        if bucket is None or endpoint is None or "MonitorTopicArn" not in deployment.outputs:
            return None
        reports = list(self._documents.below(bucket, reports_prefix(endpoint), REPORT))
        retrainings = list(self._documents.below(bucket, retrainings_prefix(endpoint), ".json"))
        runs = self._runs(deployment.outputs.get("DeliveryPipelineName"))
        return {
            "endpoint": endpoint,
            "service": next(self._documents.below(bucket, service_key(endpoint), ".json"), None),
            "checks": CHECKS,
            "windows": [_window(report) for report in reports],
            "drift": drift_of(reports[-1]) if reports else [],
            "slices": reports[-1].get("slices", []) if reports else [],
            "retrainings": [
                {**item, "status": runs.get(item.get("execution", ""))} for item in retrainings
            ],
        }

    def _runs(self, name: str | None) -> dict[str, str]:
        """How each delivery ended; a pipeline that is gone takes no chart with it."""
        if name is None:
            return {}
        try:
            listed = self._clients("codepipeline").list_pipeline_executions(
                pipelineName=name, maxResults=MOST_RUNS
            )
        except ClientError:
            return {}
        return {
            run["pipelineExecutionId"]: run["status"]
            for run in listed["pipelineExecutionSummaries"]
        }


def _window(report: dict[str, Any]) -> dict[str, Any]:
    summary = report["summary"]
    floors = [item["limit"] for item in report.get("findings", ()) if item["check"] == QUALITY]
    return {
        "window": report["window"],
        "first": report["first"],
        "until": report["until"],
        "version": report["model_version"],
        "outcome": report["outcome"],
        **{name: summary.get(name) for name in SUMMARY},
        "auc_floor": floors[0] if floors else None,
        "violations": [
            {key: item.get(key) for key in ("check", "feature", "sentence")}
            for item in report["violations"]
        ],
    }


def drift_of(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Drift by feature: the nearest to its limit first, then those that no limit judges (they move
    with the season), the furthest first.
    """
    found = [
        {
            "feature": item["feature"],
            "value": item["value"],
            "limit": item["limit"],
            "violated": item["outcome"] == VIOLATED,
        }
        for item in report.get("findings", ())
        if item["check"] == DATA_DRIFT and item["value"] is not None
    ]
    return sorted(found, key=_urgency)


def _urgency(item: dict[str, Any]) -> tuple[bool, float]:
    limit = item["limit"]
    return limit is None, -item["value"] / (limit or 1)
