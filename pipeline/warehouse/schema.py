"""The columns of a Parquet file that Spark wrote: its footer has them as JSON, beside Parquet's own
description, so that whoever only wants their types needs no library that reads the rest.
"""

import json
from typing import Any

from pipeline import aws
from pipeline.errors import JobFailedError

MAGIC = b"PAR1"
BEGIN = b'{"type":"struct","fields":['
TAIL = 65536
"""Bytes that hold most footers whole."""


def column_types(bucket: str, key: str) -> tuple[str, ...]:
    """The types of a file's columns in their order, as Spark names them; nested ones as text.

    Raises:
        JobFailedError: Spark did not write the file.
    """
    footer = _end(bucket, key, TAIL)
    if (size := int.from_bytes(footer[-8:-4], "little") + 8) > len(footer):
        footer = _end(bucket, key, size)
    begin = footer[-size:].find(BEGIN)
    if not footer.endswith(MAGIC) or begin < 0:
        raise JobFailedError(f"s3://{bucket}/{key} is no Parquet file of Spark's.")
    text = footer[-size:][begin:].decode(errors="replace")
    fields: list[dict[str, Any]] = json.JSONDecoder().raw_decode(text)[0]["fields"]
    return tuple(field["type"] if isinstance(field["type"], str) else "string" for field in fields)


def _end(bucket: str, key: str, size: int) -> bytes:
    found = aws.client("s3").get_object(Bucket=bucket, Key=key, Range=f"bytes=-{size}")
    content: bytes = found["Body"].read()
    return content
