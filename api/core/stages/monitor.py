"""The monitor's windows: how the model in service did, and what was found."""

import json
from typing import Any

from api.core.deployment import Clients, Deployment
from api.core.stages.stage import Figure, Stage, State, absent
from pipeline.contracts.monitoring import (
    REPORT,
    VIOLATED,
    reports_prefix,
    retrainings_prefix,
)

SHOWN = 8


def read_monitor(clients: Clients, deployment: Deployment) -> Stage:
    """The newest windows, in event time."""
    bucket, endpoint = (deployment.outputs.get(key) for key in ("LakeBucket", "EndpointName"))
    if bucket is None or endpoint is None or "MonitorTopicArn" not in deployment.outputs:
        return absent("The monitor")
    keys = sorted(_keys(clients, bucket, reports_prefix(endpoint), REPORT), reverse=True)
    reports = [_read(clients, bucket, key) for key in keys[:SHOWN]]
    newest = reports[0] if reports else {}
    summary = newest.get("summary", {})
    retrainings = _keys(clients, bucket, retrainings_prefix(endpoint), ".json")
    return Stage(
        state=State.DONE if reports else State.IDLE,
        resource=f"s3://{bucket}/{reports_prefix(endpoint)}",
        summary=_sentence(newest),
        figures=(
            Figure("windows", "windows looked at", len(keys)),
            Figure("auc", "AUC of the newest", summary.get("auc")),
            Figure("calibration", "predicted to actual", summary.get("calibration")),
            Figure("retrainings", "retrainings started", len(retrainings)),
        ),
        entries=tuple(_window(report) for report in reports),
    )


def _keys(clients: Clients, bucket: str, prefix: str, suffix: str) -> list[str]:
    pages = clients("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    keys = (item["Key"] for page in pages for item in page.get("Contents", ()))
    return [key for key in keys if key.endswith(suffix)]


def _read(clients: Clients, bucket: str, key: str) -> dict[str, Any]:
    body = clients("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    found: dict[str, Any] = json.loads(body)
    return found


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
