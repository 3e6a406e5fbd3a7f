"""Object bytes on disk for LocalStack's S3: a write has a new name, so readers need no lock."""

import base64
import hashlib
import os
import time
import uuid
from collections.abc import Iterator
from io import BytesIO
from typing import IO, Any

from localstack.aws.api.s3 import InvalidObjectState
from localstack.services.s3.constants import S3_CHUNK_SIZE
from localstack.services.s3.storage.core import S3StoredObject, should_copy_in_place
from localstack.services.s3.storage.ephemeral import EphemeralS3ObjectStore
from localstack.services.s3.utils import get_s3_checksum

from emulation.services.clock import clock
from emulation.services.s3.archive import archived_of
from emulation.services.s3.journal import ObjectJournal

SMALL = 64 * 1024
"""More bytes than these go to a file of their own."""

NOT_VALID = "The operation is not valid for the object's storage class"
NOT_VALID_SOURCE = "Operation is not valid for the source object's storage class"


def hot_name(s3_object: Any, refusal: str) -> str:
    """The name of the bytes that can be read.

    Raises:
        InvalidObjectState: they are in the archive, and there is no restored copy any more.
    """
    archived = archived_of(s3_object)
    if archived and (archived.expires is None or archived.expires <= clock().now()):
        raise InvalidObjectState(refusal, StorageClass=s3_object.storage_class)
    return str(s3_object.file_name)


class StoredBytes(S3StoredObject):
    """The bytes of one object, open; `file_name` on the object names them once they are written."""

    def __init__(self, journal: ObjectJournal, bucket: str, s3_object: Any, mode: str) -> None:
        super().__init__(s3_object, mode)
        self._journal, self._bucket = journal, bucket
        if mode == "w":
            s3_object.file_name = uuid.uuid4().hex
        self._name = hot_name(s3_object, NOT_VALID)
        self._file: IO[bytes] = BytesIO() if mode == "w" else self._stored()
        self._checksum: str | None = None

    def _stored(self) -> IO[bytes]:
        few = (self.s3_object.size or 0) <= SMALL
        content = self._journal.content(self._name) if few else None
        if content is not None:
            return BytesIO(content)
        return self._journal.path(self._bucket, self._name).open("rb")

    def read(self, s: int | None = -1) -> bytes:
        """At most `s` bytes from the position; all that is left when it is negative or None."""
        return self._file.read(-1 if s is None else s)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move the position."""
        return self._file.seek(offset, whence)

    def truncate(self, size: int | None = None) -> int:
        """Cut the bytes at `size` or at the position."""
        length = self._file.truncate(size)
        self._written()
        return length

    def write(self, stream: IO[bytes] | S3StoredObject | None) -> int:
        """Replace the bytes with the stream's, set size, ETag and checksum; the length."""
        self._file.seek(0)
        self._file.truncate()
        digest = hashlib.md5(usedforsecurity=False)
        checksum = self._new_checksum()
        while stream is not None and (chunk := stream.read(S3_CHUNK_SIZE)):
            self._add(chunk)
            digest.update(chunk)
            checksum.update(chunk)
        self.s3_object.etag = digest.hexdigest()
        self._checksum = base64.b64encode(checksum.digest()).decode()
        self._written()
        self._file.seek(0)
        return int(self.s3_object.size)

    def append(self, part: S3StoredObject) -> int:
        """Add a part's bytes at the end; their number."""
        length = 0
        while chunk := part.read(S3_CHUNK_SIZE):
            length += self._add(chunk)
        self._written()
        return length

    def close(self) -> None:
        """Close; the bytes stay."""
        self._file.close()
        self.closed = True

    @property
    def last_modified(self) -> int:
        """When the object was written: a name is never written twice, so the object knows."""
        return int(self.s3_object.internal_last_modified)

    @property
    def checksum(self) -> str | None:
        """The checksum by the object's algorithm, base64; computed again for older bytes."""
        if not self.s3_object.checksum_algorithm:
            return None
        if self._checksum is None:
            digest = self._digest(self._new_checksum())
            self._checksum = base64.b64encode(digest.digest()).decode()
        return self._checksum

    @property
    def etag(self) -> str:
        """The MD5 of the bytes."""
        return str(self._digest(hashlib.md5(usedforsecurity=False)).hexdigest())

    def __iter__(self) -> Iterator[bytes]:
        while chunk := self._file.read(S3_CHUNK_SIZE):
            yield chunk

    def _new_checksum(self) -> Any:
        algorithm = self.s3_object.checksum_algorithm
        return get_s3_checksum(algorithm) if algorithm else hashlib.md5(usedforsecurity=False)

    def _digest(self, digest: Any) -> Any:
        position = self._file.tell()
        self._file.seek(0)
        for chunk in self:
            digest.update(chunk)
        self._file.seek(position)
        return digest

    def _add(self, chunk: bytes) -> int:
        if isinstance(self._file, BytesIO) and self._file.tell() + len(chunk) > SMALL:
            written = self._file.getvalue()
            self._file = self._journal.new_file(self._bucket, self._name).open("w+b")
            self._file.write(written)
        return self._file.write(chunk)

    def _written(self) -> None:
        if isinstance(self._file, BytesIO):
            self._journal.keep(self._bucket, self._name, self._file.getvalue())
        else:
            self._file.flush()
        self.s3_object.size = self._file.tell()
        self.s3_object.internal_last_modified = time.time_ns()


class DurableObjectStore(EphemeralS3ObjectStore):
    """Objects in the journal. Parts of unfinished multipart uploads stay temporary."""

    def __init__(self, journal: ObjectJournal, parts_folder: str) -> None:
        super().__init__(parts_folder)
        self.journal = journal

    def open(self, bucket: str, s3_object: Any, mode: str = "r") -> StoredBytes:
        """The bytes of an object, for reading or for writing anew."""
        return StoredBytes(self.journal, bucket, s3_object, mode)

    def remove(self, bucket: str, s3_object: Any) -> None:
        """Drop the bytes of one object or of a list."""
        for item in s3_object if isinstance(s3_object, list) else [s3_object]:
            self.journal.drop(bucket, item)

    def copy(
        self, src_bucket: str, src_object: Any, dest_bucket: str, dest_object: Any
    ) -> StoredBytes:
        """Give the destination the source's bytes: a second name of the same file, or a copy."""
        name, source_name = uuid.uuid4().hex, hot_name(src_object, NOT_VALID_SOURCE)
        content = self.journal.content(source_name)
        if content is None:
            source = self.journal.path(src_bucket, source_name)
            os.link(source, self.journal.new_file(dest_bucket, name))
        else:
            self.journal.keep(dest_bucket, name, content)
        dest_object.file_name, dest_object.size = name, src_object.size
        in_place = should_copy_in_place(src_bucket, src_object, dest_bucket, dest_object)
        dest_object.internal_last_modified = (
            src_object.internal_last_modified if in_place else time.time_ns()
        )
        return self.open(dest_bucket, dest_object)

    def delete_bucket(self, bucket: str) -> None:
        """Drop a bucket with everything in it."""
        super().delete_bucket(bucket)
        self.journal.delete_bucket(bucket)

    def close(self) -> None:
        """Stop: unlike the temporary store's, nothing is deleted."""
        self.journal.close()
