"""RestoreObject: a copy of an archived object for some days, which takes its time to come.

AWS's durations at their upper ends, divided by the setting for the speed of archives. The bytes
come out of the archive when the time is over, and go away when the days are.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from io import RawIOBase
from typing import Any, NamedTuple

from localstack.aws.api import CommonServiceException
from localstack.aws.api.s3 import InvalidArgument, InvalidObjectState
from localstack.services.s3.exceptions import MalformedXML
from localstack.services.s3.models import S3Bucket
from localstack.services.s3.utils import rfc_1123_datetime

from emulation.services.clock import after, agenda, clock
from emulation.services.s3 import telling
from emulation.services.s3.archive import CLASSES, Archived, archived_of
from emulation.services.s3.journal import ObjectJournal
from emulation.services.s3.lifecycle import midnight
from emulation.services.s3.storage import StoredBytes
from emulation.services.s3.telling import Dispatcher, Happening

DURATIONS = {
    ("GLACIER", "Expedited"): timedelta(minutes=5),
    ("GLACIER", "Standard"): timedelta(hours=5),
    ("GLACIER", "Bulk"): timedelta(hours=12),
    ("DEEP_ARCHIVE", "Standard"): timedelta(hours=12),
    ("DEEP_ARCHIVE", "Bulk"): timedelta(hours=48),
}
TIERS = ("Bulk", "Standard", "Expedited")
"""The slowest first."""
ONGOING = 'ongoing-request="true"'


class Asked(NamedTuple):
    """What a request wants."""

    days: int
    tier: str


def read(request: Any) -> Asked:
    """A request for a restore, checked."""
    request = request or {}
    if request.get("Type") or request.get("SelectParameters") or request.get("OutputLocation"):
        raise NotImplementedError("s3.RestoreObject with Type SELECT is not emulated")
    tier = (request.get("GlacierJobParameters") or {}).get("Tier") or request.get("Tier")
    days = request.get("Days")
    if days is None or (tier or "Standard") not in TIERS:
        raise MalformedXML()
    if days < 1:
        raise InvalidArgument(
            "restoration days should be at least 1", ArgumentName="Days", ArgumentValue=str(days)
        )
    return Asked(days, tier or "Standard")


def status(s3_object: Any) -> dict[str, Any] | None:
    """What lists tell of an object's restore; None when there is none."""
    archived = archived_of(s3_object)
    if archived and archived.due:
        return {"IsRestoreInProgress": True}
    if archived and archived.expires:
        return {"IsRestoreInProgress": False, "RestoreExpiryDate": archived.expires}
    return None


class Restoring:
    """The restores of all buckets."""

    def __init__(self, journal: ObjectJournal, dispatcher: Dispatcher) -> None:
        self._journal = journal
        self._dispatcher = dispatcher

    def ask(self, bucket: S3Bucket, s3_object: Any, request: Any, requester: str) -> int:
        """Begin a restore, hasten it or prolong it; the status of the answer."""
        asked = read(request)
        archived = archived_of(s3_object)
        if archived is None or s3_object.storage_class not in CLASSES:
            raise InvalidObjectState(
                "Restore is not allowed for the object's current storage class",
                StorageClass=s3_object.storage_class,
            )
        duration = DURATIONS.get((s3_object.storage_class, asked.tier))
        if duration is None:
            raise InvalidArgument(
                "Retrieval option is not supported by this storage class",
                ArgumentName="Tier",
                ArgumentValue=asked.tier,
            )
        if archived.expires:
            self._prolong(bucket, s3_object, archived, asked)
            return 200
        self._begin(bucket, s3_object, archived, asked, duration)
        self._tell(bucket, s3_object, telling.RESTORE_STARTED, clock().now(), requester)
        return 202

    def go_on(self, bucket: S3Bucket, s3_object: Any) -> None:
        """Plan what is ahead of an object whose restore an earlier run began."""
        archived = archived_of(s3_object)
        if archived and archived.due:
            self._plan(bucket, s3_object, archived.due, self._arrive)
        elif archived and archived.expires:
            self._plan(bucket, s3_object, archived.expires, self._expire)

    def _begin(
        self, bucket: S3Bucket, s3_object: Any, archived: Archived, asked: Asked, takes: timedelta
    ) -> None:
        due = after(takes)
        if archived.due:
            faster = TIERS.index(asked.tier) > TIERS.index(archived.tier)
            if not faster or asked.days != archived.days:
                raise CommonServiceException(
                    "RestoreAlreadyInProgress", "Object restore is already in progress", 409
                )
            due = min(due, archived.due)
        archived.tier, archived.days, archived.due = asked.tier, asked.days, due
        bucket.objects.amend(s3_object, restore=ONGOING)
        self._plan(bucket, s3_object, due, self._arrive)

    def _prolong(self, bucket: S3Bucket, s3_object: Any, archived: Archived, asked: Asked) -> None:
        archived.days = asked.days
        self._keep_until(bucket, s3_object, archived, midnight(clock().now(), asked.days))

    def _keep_until(
        self, bucket: S3Bucket, s3_object: Any, archived: Archived, expires: datetime, **more: Any
    ) -> bool:
        archived.due, archived.expires = None, expires
        told = f'ongoing-request="false", expiry-date="{rfc_1123_datetime(expires)}"'
        self._plan(bucket, s3_object, expires, self._expire)
        return bool(bucket.objects.amend(s3_object, restore=told, **more))

    def _arrive(self, bucket: S3Bucket, s3_object: Any, moment: datetime) -> None:
        """Bring the bytes back."""
        archived = archived_of(s3_object)
        if archived is None or archived.due is None:
            return
        name = self._copy(bucket.name, s3_object, archived)
        expires = midnight(moment, archived.days)
        if not self._keep_until(bucket, s3_object, archived, expires, file_name=name):
            self._journal.drop_hot(bucket.name, name)
            return
        self._tell(bucket, s3_object, telling.RESTORED, moment, expires=expires)

    def _copy(self, bucket: str, s3_object: Any, archived: Archived) -> str:
        """Write the archive's bytes into the hot store; their name."""
        proxy = HotCopy(s3_object.size)
        with StoredBytes(self._journal, bucket, proxy, "w") as stored:
            stored.append(Chunks(self._journal.archive.content(bucket, archived)))
        return proxy.file_name

    def _expire(self, bucket: S3Bucket, s3_object: Any, moment: datetime) -> None:
        """Drop the restored copy when its days are over."""
        archived = archived_of(s3_object)
        if archived is None or archived.expires is None or archived.expires > moment:
            return
        left, archived.expires = s3_object.file_name, None
        if bucket.objects.amend(s3_object, restore=None, file_name=None):
            self._journal.drop_hot(bucket.name, left)
            self._tell(bucket, s3_object, telling.RESTORE_EXPIRED, moment)

    def _plan(
        self,
        bucket: S3Bucket,
        s3_object: Any,
        at: datetime,
        work: Callable[[S3Bucket, Any, datetime], None],
    ) -> None:
        key = ("s3 restore", bucket.name, s3_object.key, s3_object.version_id)
        agenda().put(key, at, lambda moment: work(bucket, s3_object, moment))
        agenda().start()

    def _tell(
        self,
        bucket: S3Bucket,
        s3_object: Any,
        event: str,
        moment: datetime,
        requester: str = telling.S3_ITSELF,
        expires: datetime | None = None,
    ) -> None:
        told = Happening(event, s3_object, moment, requester, s3_object.storage_class, expires)
        self._dispatcher.tell(bucket, told)


class HotCopy:
    """Stands for an object while its bytes are written: theirs is another name, the rest stays."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.file_name = ""
        self.checksum_algorithm = None
        self.internal_last_modified = 0


class Chunks(RawIOBase):
    """Chunks of bytes as something to read."""

    def __init__(self, chunks: Any) -> None:
        super().__init__()
        self._chunks = chunks

    def read(self, _size: int = -1) -> bytes:
        """The next chunk, of whatever size; empty at the end."""
        return next(self._chunks, b"")
