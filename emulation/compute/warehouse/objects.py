"""How the warehouse reaches S3: an interface, because the engine knows no AWS client."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class ObjectStoreError(Exception):
    """S3 refused; `code` and `message` are S3's own."""

    def __init__(self, code: str, message: str, status: int) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object's key and size."""

    key: str
    size: int


class ObjectStore(Protocol):
    """What COPY and UNLOAD need; every method may raise `ObjectStoreError`."""

    def list(self, bucket: str, prefix: str) -> Sequence[StoredObject]:
        """The objects below a prefix, in the order of their keys."""

    def read(self, bucket: str, key: str) -> bytes:
        """A small object."""

    def download(self, bucket: str, key: str, path: Path) -> None:
        """An object into a file."""

    def upload(self, path: Path, bucket: str, key: str) -> None:
        """A file as an object."""

    def delete(self, bucket: str, keys: Sequence[str]) -> None:
        """Remove objects."""


def place(address: str) -> tuple[str, str]:
    """Bucket and key of an `s3://` address."""
    bucket, _, key = address.removeprefix("s3://").partition("/")
    return bucket, key
