"""Small objects of JSON in the lake."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from pipeline import aws

NOT_THERE = {"NoSuchKey", "404"}
LOST_THE_RACE = {"PreconditionFailed", "ConditionalRequestConflict"}


@dataclass(frozen=True)
class Objects:
    """A bucket."""

    bucket: str

    def listing(self, prefix: str) -> Iterator[dict[str, Any]]:
        """What lies under a prefix, by name: `Key`, `ETag`, `Size`."""
        pages = aws.client("s3").get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.bucket, Prefix=prefix):
            yield from page.get("Contents", ())

    def read(self, key: str) -> bytes | None:
        """An object; None where there is none, or none any more."""
        try:
            found = aws.client("s3").get_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] not in NOT_THERE:
                raise
            return None
        body: bytes = found["Body"].read()
        return body

    def read_json(self, key: str) -> dict[str, Any] | None:
        """An object of JSON; None where there is none."""
        body = self.read(key)
        return None if body is None else dict(json.loads(body))

    def write(self, key: str, body: bytes) -> None:
        """Put an object."""
        aws.client("s3").put_object(Bucket=self.bucket, Key=key, Body=body)

    def write_json(self, key: str, content: dict[str, Any]) -> None:
        """Put an object of JSON."""
        self.write(key, _encoded(content))

    def claim(self, key: str, content: dict[str, Any]) -> bool:
        """Put an object that nobody has put before; False when somebody has."""
        return self.add(key, _encoded(content))

    def add(self, key: str, body: bytes) -> bool:
        """Put an object unless it is there."""
        try:
            aws.client("s3").put_object(Bucket=self.bucket, Key=key, Body=body, IfNoneMatch="*")
        except ClientError as error:
            if error.response["Error"]["Code"] not in LOST_THE_RACE:
                raise
            return False
        return True

    def delete(self, key: str) -> None:
        """Forget an object."""
        aws.client("s3").delete_object(Bucket=self.bucket, Key=key)


def _encoded(content: dict[str, Any]) -> bytes:
    return json.dumps(content, indent=1).encode()
