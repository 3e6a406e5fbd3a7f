"""The warehouse as new as the lake: loaded again when what it was loaded from has changed.

What was loaded is written into the warehouse itself, so that a new warehouse is an empty one.
Whoever comes first loads: the operator's stage, or the function that hears of processed flights and
of windows. Two at once only do the same twice: each file of SQL is one transaction and replaces
whole tables.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from pipeline import aws
from pipeline.contracts import features
from pipeline.contracts.monitoring import REPORT, reports_prefix
from pipeline.listing import digest, listing
from pipeline.warehouse import monitoring
from pipeline.warehouse.load import (
    FILES,
    SECONDS,
    TABLES,
    Progress,
    Warehouse,
    ask,
    load,
    rows,
    run,
)
from pipeline.warehouse.schema import column_types

PROCESSED = "processed/flights/"
DIMENSIONS = "dimensions/"
LOADED = "pipeline_loaded"
FLIGHTS, WINDOWS = "flights", "windows"
"""Parts of the warehouse that are loaded by themselves."""

MADE = f"CREATE TABLE IF NOT EXISTS {LOADED} (part VARCHAR(16) NOT NULL, version VARCHAR(64))"


@dataclass(frozen=True)
class Renewed:
    """A part of the warehouse, which is as new as the lake."""

    version: str
    rows: dict[str, int]
    changed: bool


def renew_flights(
    where: Warehouse,
    progress: Progress = lambda what, done, of: None,
    seconds: float = SECONDS,
) -> Renewed:
    """Load star and marts, unless just this is loaded."""
    client, version = aws.client("redshift-data"), flights_version(where.lake_bucket)
    if loaded_version(where, FLIGHTS, seconds) == version:
        return Renewed(version, rows(client, where, seconds), changed=False)
    added = added_types(where.lake_bucket)
    counted = load(client, replace(where, added=added), progress, seconds)
    _note(where, FLIGHTS, version, seconds)
    return Renewed(version, counted, changed=True)


def renew_windows(where: Warehouse, endpoint: str, seconds: float = SECONDS) -> Renewed:
    """Load what the monitor found, unless just this is loaded; without a window, empty marts."""
    version = windows_version(where.lake_bucket, endpoint)
    if loaded_version(where, WINDOWS, seconds) == version:
        return Renewed(version, {}, changed=False)
    client, s3 = aws.client("redshift-data"), aws.client("s3")
    windows = monitoring.load_monitoring(client, s3, where, endpoint, seconds)
    _note(where, WINDOWS, version, seconds)
    return Renewed(version, {"mart_monitoring_window": windows}, changed=True)


def loaded_version(where: Warehouse, part: str, seconds: float = SECONDS) -> str:
    """What a part was last loaded from; empty when it never was."""
    client = aws.client("redshift-data")
    run(client, where, LOADED, [MADE], seconds)
    found = ask(client, where, f"SELECT version FROM {LOADED} WHERE part = '{part}'", seconds)
    return str(found[0][0]["stringValue"]) if found else ""


def stale(where: Warehouse, endpoint: str, seconds: float = SECONDS) -> list[str]:
    """The parts that the lake has newer."""
    versions = {
        FLIGHTS: flights_version(where.lake_bucket),
        WINDOWS: windows_version(where.lake_bucket, endpoint),
    }
    return [
        part
        for part, version in versions.items()
        if loaded_version(where, part, seconds) != version
    ]


def _note(where: Warehouse, part: str, version: str, seconds: float) -> None:
    statements = [
        f"DELETE FROM {LOADED} WHERE part = '{part}'",
        f"INSERT INTO {LOADED} VALUES ('{part}', '{version}')",
    ]
    run(aws.client("redshift-data"), where, LOADED, statements, seconds)


def flights_version(lake: str) -> str:
    """A name for the processed flights, the dimensions and the SQL together."""
    data = [listing(lake, prefix).digest for prefix in (PROCESSED, DIMENSIONS)]
    return digest([*data, *(_text(name) for name in FILES)])


def windows_version(lake: str, endpoint: str) -> str:
    """A name for the monitor's reports and the SQL."""
    reports = listing(lake, reports_prefix(endpoint), f"/{REPORT}")
    return digest([reports.digest, _text(monitoring.FILE)])


def _text(name: str) -> str:
    return Path(__file__).with_name(name).read_text()


def added_types(lake: str) -> tuple[str, ...]:
    """Types of the processed files' columns behind those of the contract; the files are written
    together and alike.
    """
    keys = listing(lake, PROCESSED, ".parquet").sizes
    if not keys:
        return ()
    return column_types(lake, min(keys))[len(features.COLUMNS) :]


def is_loaded(where: Warehouse) -> bool:
    """Whether the tables that dashboards ask are there."""
    lists = aws.client("redshift-data").get_paginator("list_tables")
    pages = lists.paginate(**where.named, SchemaPattern="public")
    there = {table["name"] for page in pages for table in page["Tables"]}
    return there >= {*TABLES, *monitoring.TABLES}
