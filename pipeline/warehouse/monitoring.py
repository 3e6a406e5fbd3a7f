"""What the monitor found, in the warehouse: its reports, a document a window, become two files of
JSON lines, which COPY reads into two small marts.
"""

import json
from collections.abc import Iterable
from typing import Any

from pipeline.contracts.monitoring import REPORT, reports_prefix, root
from pipeline.warehouse.load import Warehouse, plain, run, statements_in

FILE = "04_monitoring.sql"
TABLES = ("mart_monitoring_window", "mart_monitoring_check")
SECONDS = 300.0
OF_SUMMARY = (
    "flights", "known_outcomes", "auc", "brier_skill", "calibration", "predicted_late_rate",
    "actual_late_rate",
)  # fmt: skip

Row = dict[str, Any]


def window_row(report: Row) -> Row:
    """A row of `mart_monitoring_window`."""
    numbers = {name: report["summary"].get(name) for name in OF_SUMMARY}
    return {
        **_named(report),
        "window_end": report["until"],
        "outcome": report["outcome"],
        **numbers,
    }


def check_rows(report: Row) -> list[Row]:
    """The rows of `mart_monitoring_check`, one a check and feature."""
    return [
        {
            **_named(report),
            "check_name": found["check"],
            "feature": found["feature"],
            "outcome": found["outcome"],
            "value": found["value"],
            "allowed": found["limit"],
        }
        for found in report["findings"]
    ]


def _named(report: Row) -> Row:
    return {
        "endpoint": report["endpoint"],
        "window_start": report["first"],
        "model_version": report["model_version"],
    }


def reports(s3: Any, bucket: str, endpoint: str) -> list[Row]:
    """The reports of an endpoint's windows, in their order."""
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=reports_prefix(endpoint)
    )
    keys = (item["Key"] for page in pages for item in page.get("Contents", []))
    return [
        json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        for key in sorted(keys)
        if key.endswith(f"/{REPORT}")
    ]


def lines(rows: Iterable[Row]) -> bytes:
    """A line of JSON a row."""
    return "".join(f"{json.dumps(row)}\n" for row in rows).encode()


def load_monitoring(
    client: Any, s3: Any, warehouse: Warehouse, endpoint: str, seconds: float = SECONDS
) -> int:
    """Replace both marts; how many windows there are.

    `client` is one of the Redshift Data API.

    Raises:
        StatementFailedError: names the statement and Redshift's reason; nothing has changed.
        LateError: it is not through in time.
    """
    found = reports(s3, warehouse.lake_bucket, endpoint)
    folder = f"{root(endpoint)}warehouse/"
    values = {
        "lake_bucket": plain(warehouse.lake_bucket),
        "copy_role": plain(warehouse.copy_role),
        "windows_key": plain(f"{folder}windows.json"),
        "checks_key": plain(f"{folder}checks.json"),
    }
    checks = [row for report in found for row in check_rows(report)]
    for key, rows in (("windows_key", map(window_row, found)), ("checks_key", checks)):
        s3.put_object(Bucket=warehouse.lake_bucket, Key=values[key], Body=lines(rows))
    run(client, warehouse, FILE, statements_in(FILE, values), seconds)
    return len(found)
