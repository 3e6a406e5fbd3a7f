"""The warehouse: star schema and marts, loaded once for each state of the files and of the SQL.

What was loaded is written into the warehouse itself, so that a new warehouse is an empty one.
"""

from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from pipeline import aws
from pipeline import warehouse as sql
from pipeline.contracts import features
from pipeline.orchestration.features import PROCESSED
from pipeline.orchestration.run import Run, Show, digest, listing
from pipeline.orchestration.statements import query, scalar
from pipeline.warehouse.load import FILES, Progress, Warehouse, load, rows

LOADS = "pipeline_loads"


def load_warehouse(run: Run, show: Show) -> str:
    """Load, unless just this is loaded."""
    where = Warehouse(
        workgroup=run.output("WarehouseWorkgroup"),
        database=run.output("WarehouseDatabase"),
        lake_bucket=run.output("LakeBucket"),
        copy_role=run.output("WarehouseCopyRoleArn"),
        added=added_types(run.output("LakeBucket")),
    )
    client, version = aws.client("redshift-data"), _version(run)
    query(run, f"CREATE TABLE IF NOT EXISTS {LOADS} (version VARCHAR(64) NOT NULL)")
    if scalar(query(run, f"SELECT version FROM {LOADS}")) == version:
        return _told(rows(client, where))
    query(run, f"DELETE FROM {LOADS}")
    counted = load(client, where, _progress(show), run.settings.stage_seconds)
    query(run, f"INSERT INTO {LOADS} VALUES ('{version}')")
    return _told(counted)


def added_types(lake: str) -> tuple[str, ...]:
    """Types of the processed files' columns behind those of the contract; the files are written
    together and alike.
    """
    keys = [key for key in listing(lake, PROCESSED).sizes if key.endswith(".parquet")]
    if not keys:
        return ()
    content = aws.client("s3").get_object(Bucket=lake, Key=keys[0])["Body"].read()
    types = pq.read_schema(pa.BufferReader(content)).types
    return tuple(str(type_) for type_ in types[len(features.COLUMNS) :])


def _version(run: Run) -> str:
    lake = run.output("LakeBucket")
    files = Path(sql.__file__).parent
    texts = [(files / name).read_text() for name in FILES]
    return digest([listing(lake, prefix).digest for prefix in (PROCESSED, "dimensions/")] + texts)


def _progress(show: Show) -> Progress:
    def progress(what: str, done: int, total: int) -> None:
        show.count(done, total)
        show.say(f"{what}, {done} of {total} statements")

    return progress


def _told(counted: dict[str, int]) -> str:
    marts = [name for name in counted if name.startswith("mart_")]
    return f"{counted['fact_flights']:,} flights, {len(marts)} marts"
