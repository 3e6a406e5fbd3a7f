"""What lies in S3, as far as it takes to see whether anything changed, without reading it."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from pipeline import aws


@dataclass(frozen=True)
class Listing:
    """What lies under a prefix."""

    sizes: dict[str, int]
    digest: str

    @property
    def bytes(self) -> int:
        """Size of everything."""
        return sum(self.sizes.values())


def listing(bucket: str, prefix: str, suffix: str = "") -> Listing:
    """The objects under a prefix, of a kind."""
    pages = aws.client("s3").get_paginator("list_objects_v2")
    found = [
        item
        for page in pages.paginate(Bucket=bucket, Prefix=prefix)
        for item in page.get("Contents", ())
        if item["Key"].endswith(suffix)
    ]
    etags = sorted(f"{item['Key']} {item['ETag']}" for item in found)
    return Listing({item["Key"]: item["Size"] for item in found}, digest(etags))


def digest(parts: Iterable[str]) -> str:
    """A short name for a state of things."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
