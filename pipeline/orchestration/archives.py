"""Where backups lie: objects of an archive class in the backup bucket.

A copy is named after what it is a copy of, the key and its content's tag: what is there already is
not copied again, and a backup or restore that was interrupted goes on. S3 copies by itself, and
tells the SHA-256 of what it has copied; nothing passes through the operator's machine.
"""

from base64 import b64decode
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import ClientError

from pipeline import aws
from pipeline.errors import BackupError

OBJECTS = "objects/"
LARGEST = 5 * 1024**3
"""S3 copies no larger object in one request."""

TIERS = {"expedited": "Expedited", "standard": "Standard", "bulk": "Bulk"}
CLASSES = {"glacier": "GLACIER", "deep": "DEEP_ARCHIVE"}
ONGOING = "RestoreAlreadyInProgress"


@dataclass(frozen=True)
class Source:
    """An object of the lake, as it is listed."""

    key: str
    size: int
    etag: str


@dataclass(frozen=True)
class Copy:
    """A backed up object: what it was, where its copy is, and its SHA-256 in hexadecimal."""

    source: Source
    place: str
    sha256: str


class Archive(Protocol):
    """A place for copies that takes its time to give them back."""

    name: str
    """As manifests tell it."""
    terms: str
    """What is to be known before something is put there."""

    def held(self, prefix: str) -> Collection[str]:
        """The places of copies of what lies under a prefix."""

    def place(self, source: Source) -> str:
        """Where a copy of this is, or will be."""

    def put(self, bucket: str, source: Source) -> Copy:
        """Copy an object; what is copied already is only looked at."""

    def ask(self, copy: Copy, tier: str, days: int) -> None:
        """Ask for a copy back; to ask again changes nothing."""

    def ready(self, copies: Collection[Copy]) -> set[str]:
        """The places of copies that can be brought."""

    def bring(self, copy: Copy, bucket: str) -> str:
        """Put a copy in the place of its source; the SHA-256 of what is there now."""


class ClassArchive:
    """An archive class of S3, in the backup bucket."""

    def __init__(self, bucket: str, storage_class: str) -> None:
        self._bucket = bucket
        self.name = storage_class
        days = 180 if storage_class == "DEEP_ARCHIVE" else 90
        self.terms = f"{storage_class} charges {days} days at least, and 40 KB beside each object"

    def held(self, prefix: str) -> set[str]:
        """The places of copies of what lies under a prefix."""
        return {item["Key"] for item in listed(self._bucket, OBJECTS + prefix)}

    def place(self, source: Source) -> str:
        """Where a copy of this is, or will be."""
        return f"{OBJECTS}{source.key}/{source.etag}-{source.size}"

    def put(self, bucket: str, source: Source) -> Copy:
        """Copy an object, or tell of the copy that is there."""
        if source.size > LARGEST:
            raise BackupError(f"{source.key} is larger than the 5 GB that S3 copies at once.")
        place = self.place(source)
        if (sha256 := self._sha256(place)) is None:
            sha256 = self._copy(bucket, source, place)
        return Copy(source, place, sha256)

    def ask(self, copy: Copy, tier: str, days: int) -> None:
        """Ask for a restored copy."""
        wanted = {"Days": days, "GlacierJobParameters": {"Tier": TIERS[tier]}}
        try:
            aws.client("s3").restore_object(
                Bucket=self._bucket, Key=copy.place, RestoreRequest=wanted
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != ONGOING:
                raise

    def ready(self, copies: Collection[Copy]) -> set[str]:
        """The places of copies whose restored copy is there; a page of 1000 is one request."""
        wanted = {copy.place for copy in copies}
        prefix = common_prefix(wanted)
        found = listed(self._bucket, prefix, OptionalObjectAttributes=["RestoreStatus"])
        return {item["Key"] for item in found if is_readable(item)} & wanted

    def bring(self, copy: Copy, bucket: str) -> str:
        """Copy back; S3 tells the SHA-256 of what it has written."""
        answer = aws.client("s3").copy_object(
            Bucket=bucket,
            Key=copy.source.key,
            CopySource={"Bucket": self._bucket, "Key": copy.place},
            StorageClass="STANDARD",
            ChecksumAlgorithm="SHA256",
        )
        return hexadecimal(answer["CopyObjectResult"]["ChecksumSHA256"])

    def _copy(self, bucket: str, source: Source, place: str) -> str:
        try:
            answer = aws.client("s3").copy_object(
                Bucket=self._bucket,
                Key=place,
                CopySource={"Bucket": bucket, "Key": source.key},
                CopySourceIfMatch=source.etag,
                StorageClass=self.name,
                ChecksumAlgorithm="SHA256",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in {"PreconditionFailed", "NoSuchKey"}:
                raise
            raise BackupError(f"{source.key} changed meanwhile: run it again.") from error
        return hexadecimal(answer["CopyObjectResult"]["ChecksumSHA256"])

    def _sha256(self, place: str) -> str | None:
        try:
            found = aws.client("s3").head_object(
                Bucket=self._bucket, Key=place, ChecksumMode="ENABLED"
            )
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                raise
            return None
        return hexadecimal(found["ChecksumSHA256"])


def listed(bucket: str, prefix: str, **more: Any) -> Iterator[dict[str, Any]]:
    """The objects under a prefix."""
    pages = aws.client("s3").get_paginator("list_objects_v2")
    for page in pages.paginate(Bucket=bucket, Prefix=prefix, **more):
        yield from page.get("Contents", ())


def is_readable(item: dict[str, Any]) -> bool:
    """Whether a listed object can be copied."""
    status = item.get("RestoreStatus") or {}
    in_progress = status.get("IsRestoreInProgress", True)
    return item.get("StorageClass") not in CLASSES.values() or not in_progress


def sources(bucket: str, prefix: str) -> list[Source]:
    """What lies under a prefix of the lake."""
    return [
        Source(item["Key"], item["Size"], item["ETag"].strip('"'))
        for item in listed(bucket, prefix)
    ]


def common_prefix(keys: Collection[str]) -> str:
    """What all keys begin with."""
    first, last = min(keys, default=""), max(keys, default="")
    same = [a == b for a, b in zip(first, last, strict=False)]
    return first[: same.index(False) if False in same else len(same)]


def hexadecimal(checksum: str) -> str:
    """A checksum of S3 as people write it."""
    return b64decode(checksum).hex()
