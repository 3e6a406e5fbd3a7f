"""The keys of a bucket, whose changes are in the journal before they are answered.

What is written while the clock is ahead is of the clock's time. What goes straight to an archive
class goes straight to the archive: an object is never there without its bytes.
"""

import threading
from typing import Any

from localstack.services.s3.models import KeyStore, S3DeleteMarker, VersionedKeyStore

from emulation.services.clock import clock
from emulation.services.s3.archive import CLASSES, Archived, archived_of
from emulation.services.s3.journal import ObjectJournal
from emulation.services.s3.storage import StoredBytes


class Journaled:
    """What both kinds of keys share."""

    def __init__(self, journal: ObjectJournal, bucket: str) -> None:
        super().__init__()
        self.journal = journal
        self.bucket = bucket
        self._changing = threading.RLock()

    def prepare(self, s3_object: Any) -> str | None:
        """Make a new object ready for the journal; the name of hot bytes that it leaves behind."""
        if clock().ahead:
            s3_object.last_modified = clock().now()
        if getattr(s3_object, "storage_class", None) in CLASSES and not archived_of(s3_object):
            s3_object.archived = archive_bytes(self.journal, self.bucket, s3_object)
            left, s3_object.file_name = str(s3_object.file_name), None
            return left
        return None


class JournaledKeys(Journaled, KeyStore):
    """The keys of an unversioned bucket."""

    def __reduce__(self) -> Any:
        """A snapshot of the bucket leaves its objects to the journal."""
        return KeyStore, ()

    def set(self, object_key: str, s3_object: Any) -> None:
        """Make this the key's object and drop the bytes that it replaces."""
        left = self.prepare(s3_object)
        with self._changing:
            replaced = self.get(object_key)
            self.journal.put(self.bucket, s3_object)
            super().set(object_key, s3_object)
        self.journal.drop_hot(self.bucket, left)
        drop_replaced(self.journal, self.bucket, replaced, s3_object)

    def pop(self, object_key: str, default: Any = None) -> Any:
        """Forget the key's object; the provider drops its bytes."""
        with self._changing:
            if object_key in self:
                self.journal.delete(self.bucket, object_key, None)
                self.journal.delete(self.bucket, object_key, "null")
            return super().pop(object_key, default)

    def amend(self, s3_object: Any, **changes: Any) -> bool:
        """Change an object's members, unless another has taken its place."""
        with self._changing:
            there = self.get(s3_object.key) is s3_object
            if there:
                vars(s3_object).update(changes)
                self.journal.amend(self.bucket, s3_object)
        return there

    def remove(self, s3_object: Any) -> bool:
        """Forget an object, unless another has taken its place."""
        with self._changing:
            there = self.get(s3_object.key) is s3_object
            if there:
                self.pop(s3_object.key)
        return there


class JournaledVersions(Journaled, VersionedKeyStore):
    """The keys and versions of a versioned bucket."""

    def __reduce__(self) -> Any:
        """A snapshot of the bucket leaves its objects to the journal."""
        return VersionedKeyStore, ()

    def set(self, object_key: str, s3_object: Any) -> None:
        """Put a version on top of the key's, or in the place of its `null` version."""
        left = self.prepare(s3_object)
        self.adopt(s3_object)
        self.journal.drop_hot(self.bucket, left)

    def adopt(self, s3_object: Any) -> None:
        """The same with an object that is as old as it is."""
        key = s3_object.key
        with self._changing:
            replaced = self.get(key, s3_object.version_id)
            if replaced is not None and replaced is not self.get(key):
                # A new `null` version goes on top, not to the place that the last one had.
                super().pop(key, s3_object.version_id)
            self.journal.put(self.bucket, s3_object)
            super().set(key, s3_object)
        drop_replaced(self.journal, self.bucket, replaced, s3_object)

    def pop(self, object_key: str, version_id: str | None = None, default: Any = None) -> Any:
        """Forget one version; the provider drops its bytes."""
        with self._changing:
            self.journal.delete(self.bucket, object_key, version_id)
            return super().pop(object_key, version_id, default)

    def amend(self, s3_object: Any, **changes: Any) -> bool:
        """Change a version's members, unless another has taken its place."""
        with self._changing:
            there = self.get(s3_object.key, s3_object.version_id) is s3_object
            if there:
                vars(s3_object).update(changes)
                self.journal.amend(self.bucket, s3_object)
        return there

    def remove(self, s3_object: Any) -> bool:
        """Forget a version, unless another has taken its place."""
        with self._changing:
            there = self.get(s3_object.key, s3_object.version_id) is s3_object
            if there:
                self.pop(s3_object.key, s3_object.version_id)
        return there

    def versions(self, key: str) -> list[Any]:
        """The versions of a key and its delete markers, the oldest first."""
        return list(dict(self._store.get(key, {})).values())


def archive_bytes(journal: ObjectJournal, bucket: str, s3_object: Any) -> Archived:
    """Copy an object's bytes into the archive; the object and its hot bytes stay as they are."""
    with StoredBytes(journal, bucket, s3_object, "r") as stored:
        return journal.archive.take(bucket, stored)


def drop_replaced(journal: ObjectJournal, bucket: str, replaced: Any, by: Any) -> None:
    """Remove the bytes of an overwritten object, unless the new one has the same."""
    if replaced is None or replaced is by or isinstance(replaced, S3DeleteMarker):
        return
    name = getattr(replaced, "file_name", None)
    if name is None or name != getattr(by, "file_name", None):
        journal.drop(bucket, replaced)
