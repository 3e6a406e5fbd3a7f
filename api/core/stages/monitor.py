"""The monitor's windows: how the model in service did, and what was found."""

import json
from typing import Any

from api.core.deployment import Clients, Deployment
from api.core.documents import Documents
from api.core.stages.stage import Figure, Stage, State, absent
from pipeline.contracts.monitoring import (
    REPORT,
    VIOLATED,
    reports_prefix,
    retrainings_prefix,
)

SHOWN, KEPT = 8, 1000


class Monitor:
    """Reads the monitor's reports, each once: they do not change."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._documents = Documents(clients, json.loads, KEPT)

    def read(self, deployment: Deployment) -> Stage:
        """The newest windows, in event time."""
        bucket, endpoint = (deployment.outputs.get(key) for key in ("LakeBucket", "EndpointName"))
        if bucket is None or endpoint is None or "MonitorTopicArn" not in deployment.outputs:
            return absent("The monitor")
        reports = [*self._documents.below(bucket, reports_prefix(endpoint), REPORT)][::-1]
        newest = reports[0] if reports else {}
        summary = newest.get("summary", {})
        return Stage(
            state=State.DONE if reports else State.IDLE,
            resource=f"s3://{bucket}/{reports_prefix(endpoint)}",
            summary=_sentence(newest),
            figures=(
                Figure("windows", "windows looked at", len(reports)),
                Figure("auc", "AUC of the newest", summary.get("auc")),
                Figure("calibration", "predicted to actual", summary.get("calibration")),
                Figure("retrainings", "retrainings started", self._retrainings(bucket, endpoint)),
            ),
            entries=tuple(_window(report) for report in reports[:SHOWN]),
        )

    def _retrainings(self, bucket: str, endpoint: str) -> int:
        pages = self._clients("s3").get_paginator("list_objects_v2")
        return sum(
            item["Key"].endswith(".json")
            for page in pages.paginate(Bucket=bucket, Prefix=retrainings_prefix(endpoint))
            for item in page.get("Contents", ())
        )


def _sentence(report: dict[str, Any]) -> str:
    if not report:
        return "has not seen a whole window yet"
    if report["outcome"] != VIOLATED:
        return f"{report['window']}: {report['outcome'].replace('_', ' ')}"
    first = report["violations"][0]
    more = len(report["violations"]) - 1
    others = f", and {more} more" if more else ""
    return f"{report['window']}: {first['check']}: {first['sentence']}{others}"


def _window(report: dict[str, Any]) -> dict[str, Any]:
    auc = report["summary"].get("auc")
    quality = "" if auc is None else f"AUC {auc:.3f}"
    version = f"version {report['model_version']}" if report["model_version"] else ""
    return {
        "state": report["outcome"],
        "name": report["window"],
        "said": " · ".join(part for part in (quality, version) if part),
    }
