"""The lake as the monitor reads and writes it."""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
from botocore.exceptions import ClientError

from pipeline import aws

MISSING = {"NoSuchKey", "404"}


@dataclass(frozen=True)
class Item:
    """One object of a listing."""

    key: str
    modified: datetime


@dataclass(frozen=True)
class Lake:
    """A bucket."""

    bucket: str

    def items(self, prefix: str) -> Iterator[Item]:
        """The objects under a prefix, by name."""
        pages = aws.client("s3").get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.bucket, Prefix=prefix):
            for item in page.get("Contents", ()):
                yield Item(item["Key"], item["LastModified"])

    def read(self, key: str) -> bytes:
        """An object."""
        found = aws.client("s3").get_object(Bucket=self.bucket, Key=key)
        body: bytes = found["Body"].read()
        return body

    def read_json(self, key: str) -> dict[str, Any] | None:
        """An object of JSON; None where there is none."""
        try:
            found: dict[str, Any] = json.loads(self.read(key))
        except ClientError as error:
            if error.response["Error"]["Code"] not in MISSING:
                raise
            return None
        return found

    def write_json(self, key: str, content: dict[str, Any]) -> None:
        """Put an object of JSON."""
        body = json.dumps(content, indent=1).encode()
        client = aws.client("s3")
        client.put_object(Bucket=self.bucket, Key=key, Body=body, ContentType="application/json")

    def flights(self, prefix: str, months: set[str], columns: list[str]) -> pd.DataFrame:
        """Columns of the processed flights of some months, as `2013-04`."""
        tables = [
            pq.read_table(io.BytesIO(self.read(item.key)), columns=columns)
            for month in sorted(months)
            for item in self.items(f"{prefix}month={month}/")
            if item.key.endswith(".parquet")
        ]
        if not tables:
            return pd.DataFrame(columns=columns)
        frame: pd.DataFrame = pa.concat_tables(tables).to_pandas()
        return frame

    def months(self, prefix: str) -> set[str]:
        """Which months the processed flights have."""
        keys = (item.key for item in self.items(f"{prefix}month="))
        return {key.partition("month=")[2][:7] for key in keys}
