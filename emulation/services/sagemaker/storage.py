"""Between S3 and a container's folder: channels, archives, checkpoints."""

import json
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

AWS_ERRORS = (BotoCoreError, ClientError)


class StorageError(Exception):
    """S3 does not give or take what a container needs; the message is AWS's."""


@dataclass(frozen=True, slots=True)
class Location:
    """A bucket and a key or prefix."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, uri: str) -> "Location":
        """From `s3://bucket/key`; the `https://` form has the bucket in its host or path."""
        parts = urlsplit(uri)
        path = parts.path.lstrip("/")
        if parts.scheme == "s3":
            return cls(parts.netloc, path)
        if ".s3" in parts.netloc:
            return cls(parts.netloc.split(".s3", 1)[0], path)
        bucket, _, key = path.partition("/")
        return cls(bucket, key)

    def child(self, *names: str) -> "Location":
        """Something below."""
        return Location(self.bucket, "/".join([self.key.rstrip("/"), *names]).lstrip("/"))

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


class Storage:
    """S3, as one account."""

    def __init__(self, s3: Any) -> None:
        self._s3 = s3

    def keys(self, location: Location) -> Iterator[str]:
        """The objects under a prefix; none when there is no such bucket."""
        pages = self._s3.get_paginator("list_objects_v2")
        try:
            for page in pages.paginate(Bucket=location.bucket, Prefix=location.key):
                found = (item["Key"] for item in page.get("Contents", []))
                yield from (key for key in found if not key.endswith("/"))
        except AWS_ERRORS as error:
            raise StorageError(str(error)) from error

    def is_empty(self, location: Location) -> bool:
        """Whether nothing is there, not even a bucket."""
        try:
            return next(self.keys(location), None) is None
        except StorageError:
            return True

    def download(self, location: Location, target: Path) -> None:
        """One object to one file."""
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._s3.download_file(location.bucket, location.key, str(target))
        except AWS_ERRORS as error:
            raise StorageError(str(error)) from error

    def read(self, location: Location) -> bytes:
        """One object's content."""
        try:
            answer = self._s3.get_object(Bucket=location.bucket, Key=location.key)
            content: bytes = answer["Body"].read()
        except AWS_ERRORS as error:
            raise StorageError(str(error)) from error
        return content

    def download_prefix(self, location: Location, folder: Path) -> int:
        """All objects under a prefix; how many."""
        count = 0
        for key in self.keys(location):
            name = relative_name(location.key, key)
            self.download(Location(location.bucket, key), inside(folder, name))
            count += 1
        return count

    def download_manifest(self, location: Location, folder: Path) -> int:
        """The objects that a manifest lists: a prefix first, then names below it."""
        manifest = self.read(location)
        try:
            first, *names = json.loads(manifest)
            prefix = first["prefix"]
        except (ValueError, KeyError, TypeError) as error:
            raise StorageError(f"The manifest at {location} is not valid: {error}") from error
        for name in names:
            self.download(Location.parse(prefix + name), inside(folder, name))
        return len(names)

    def unpack(self, location: Location, folder: Path) -> None:
        """A tar.gz into a folder."""
        archive = folder.parent / f"{folder.name}.tar.gz"
        self.download(location, archive)
        try:
            with tarfile.open(archive) as tar:
                tar.extractall(folder, filter="data")
        except (tarfile.TarError, EOFError, OSError) as error:
            raise StorageError(f"{location} is not a tar.gz archive: {error}") from error
        finally:
            archive.unlink(missing_ok=True)

    def upload(self, path: Path, location: Location) -> None:
        """One file."""
        try:
            with path.open("rb") as body:
                self._s3.put_object(Bucket=location.bucket, Key=location.key, Body=body)
        except AWS_ERRORS as error:
            raise StorageError(str(error)) from error

    def pack(self, folder: Path, location: Location) -> None:
        """A folder's content as one tar.gz."""
        archive = folder.parent / f"{folder.name}.tar.gz"
        with tarfile.open(archive, "w:gz", compresslevel=6) as tar:
            for item in sorted(folder.iterdir()):
                tar.add(item, arcname=item.name)
        try:
            self.upload(archive, location)
        finally:
            archive.unlink()

    def upload_files(self, folder: Path, location: Location, paths: Iterable[Path]) -> None:
        """Files under their names below the folder."""
        for path in paths:
            self.upload(path, location.child(path.relative_to(folder).as_posix()))


def files(folder: Path) -> list[Path]:
    """All files below a folder; links are not followed."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def relative_name(prefix: str, key: str) -> str:
    """A key's place in the channel: what follows the prefix, from a whole name on."""
    rest = key.removeprefix(prefix)
    if rest.startswith("/") or prefix.endswith("/") or not prefix:
        return rest.lstrip("/")
    return key[prefix.rfind("/") + 1 :]


def inside(folder: Path, name: str) -> Path:
    """A path below the folder, whatever the name says."""
    if ".." in PurePosixPath(name).parts:
        raise StorageError(f"The object name {name} leaves its folder.")
    return folder / name.lstrip("/")
