"""The tables that change so seldom that nobody streams them: from the data's package to the lake,
as Parquet. Whole numbers are 32 bits wide, as Redshift's INTEGER, which COPY does not convert to.
"""

import hashlib
import io
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
from botocore.exceptions import ClientError
from pyarrow import csv

from pipeline import aws
from pipeline.orchestration.run import Run, Show
from pipeline.producers.tables import MISSING, folder

DIMENSIONS = ("airlines", "airports", "planes")


def put_dimensions(run: Run, show: Show) -> str:
    """Put each table into the lake, unless it is there just so."""
    rows, written = {}, 0
    for name in DIMENSIONS:
        show.say(name)
        table = read(folder() / f"{name}.csv")
        rows[name] = table.num_rows
        written += _put(run.output("LakeBucket"), name, table)
    told = ", ".join(f"{count:,} {name}" for name, count in rows.items())
    return told if written else f"{told}, unchanged"


def read(path: Path) -> pa.Table:
    """A table of the package."""
    convert = csv.ConvertOptions(null_values=[MISSING, ""], strings_can_be_null=True)
    table = csv.read_csv(path, convert_options=convert)
    narrow = [
        field.with_type(pa.int32()) if pa.types.is_integer(field.type) else field
        for field in table.schema
    ]
    return table.cast(pa.schema(narrow))


def _put(bucket: str, name: str, table: pa.Table) -> bool:
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    content = buffer.getvalue()
    key = f"dimensions/{name}/{name}.parquet"
    if _etag(bucket, key) == f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"':
        return False
    aws.client("s3").put_object(Bucket=bucket, Key=key, Body=content)
    return True


def _etag(bucket: str, key: str) -> str:
    """The entity tag: the MD5 of an object that was put in one piece."""
    try:
        return str(aws.client("s3").head_object(Bucket=bucket, Key=key)["ETag"])
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        return ""
