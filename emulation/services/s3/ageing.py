"""Lifecycle rules at work: what is due is done at each midnight of the clock, and at once for a new
configuration. When the clock is set ahead, it goes from one thing that is due to the next.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from localstack.services.s3.models import S3Bucket, S3DeleteMarker, s3_stores
from localstack.services.s3.provider import generate_version_id
from localstack.services.s3.utils import get_unique_key_id

from emulation.services.clock import agenda, clock
from emulation.services.s3 import lifecycle, telling
from emulation.services.s3.archive import CLASSES, archived_of
from emulation.services.s3.journal import ObjectJournal
from emulation.services.s3.key_stores import JournaledVersions, archive_bytes
from emulation.services.s3.lifecycle import Due, Rule, Version
from emulation.services.s3.telling import Dispatcher, Happening

KEY = "s3 lifecycle"


class Ageing:
    """Does what rules want of the objects of all buckets."""

    def __init__(
        self,
        journal: ObjectJournal,
        dispatcher: Dispatcher,
        buckets: Callable[[], list[S3Bucket]],
        storage: Any,
        save: Callable[[], None],
    ) -> None:
        self._journal = journal
        self._dispatcher = dispatcher
        self._buckets = buckets
        self._storage = storage
        self._save = save

    def look_soon(self) -> None:
        """Look at everything now, in the agenda's thread."""
        agenda().put(KEY, clock().now(), self.look)
        agenda().start()

    def look(self, moment: datetime) -> None:
        """Do what is due, then plan the next look."""
        later: list[datetime] = []
        changed = False
        for bucket in self._buckets():
            if rules := lifecycle.enabled(bucket.lifecycle_rules):
                while self._act(bucket, rules, moment):
                    changed = True
                later += self._later(bucket, rules, moment)
        if changed:
            self._save()
        if ahead := [at for at in later if at <= clock().now()]:
            agenda().put(KEY, min(ahead), self.look)
        elif any(bucket.lifecycle_rules for bucket in self._buckets()):
            agenda().put(KEY, lifecycle.midnight(clock().now(), 0), self.look)

    def _act(self, bucket: S3Bucket, rules: list[Rule], moment: datetime) -> bool:
        """One round over a bucket; whether anything was done, which may make more due."""
        done = self._abort_uploads(bucket, rules, moment)
        for s3_object, dues in wanted(bucket, rules):
            if due := lifecycle.first(dues, moment):
                done = self._do(bucket, s3_object, due, moment) or done
        return done

    def _later(self, bucket: S3Bucket, rules: list[Rule], moment: datetime) -> list[datetime]:
        found = [due.at for _, dues in wanted(bucket, rules) for due in dues]
        uploads = list(bucket.multiparts.values())
        found += [at for item in uploads for at in aborts(rules, item)]
        return [at for at in found if at > moment]

    def _do(self, bucket: S3Bucket, s3_object: Any, due: Due, moment: datetime) -> bool:
        match due.action:
            case lifecycle.TRANSITION:
                return self._transition(bucket, s3_object, due.storage_class, moment)
            case lifecycle.HIDE:
                return self._hide(bucket, s3_object, moment)
        return self._delete(bucket, s3_object, moment)

    def _transition(self, bucket: S3Bucket, s3_object: Any, to: str, moment: datetime) -> bool:
        left = None
        if to in CLASSES and not archived_of(s3_object):
            left = str(s3_object.file_name)
            taken = archive_bytes(self._journal, bucket.name, s3_object)
            changed = bucket.objects.amend(
                s3_object, storage_class=to, archived=taken, file_name=None
            )
        else:
            changed = bucket.objects.amend(s3_object, storage_class=to)
        if changed:
            self._journal.drop_hot(bucket.name, left)
            self._tell(bucket, s3_object, telling.TRANSITION, moment, storage_class=to)
        elif left:
            self._journal.archive.drop(bucket.name, taken.name)
        return bool(changed)

    def _hide(self, bucket: S3Bucket, s3_object: Any, moment: datetime) -> bool:
        if bucket.objects.get(s3_object.key) is not s3_object:
            return False
        marker = S3DeleteMarker(s3_object.key, generate_version_id(bucket.versioning_status))
        marker.last_modified = moment
        bucket.objects.adopt(marker)
        self._tell(bucket, marker, telling.HIDDEN, moment)
        return True

    def _delete(self, bucket: S3Bucket, s3_object: Any, moment: datetime) -> bool:
        if s3_object.is_locked() or not bucket.objects.remove(s3_object):
            return False
        if not isinstance(s3_object, S3DeleteMarker):
            self._storage.remove(bucket.name, s3_object)
            tags_of(bucket).delete_all_tags(tag_key(bucket, s3_object))
        self._tell(bucket, s3_object, telling.EXPIRED, moment)
        return True

    def _abort_uploads(self, bucket: S3Bucket, rules: list[Rule], moment: datetime) -> bool:
        old = [
            item
            for item in list(bucket.multiparts.values())
            if any(at <= moment for at in aborts(rules, item))
        ]
        for item in old:
            bucket.multiparts.pop(item.id, None)
            self._storage.remove_multipart(bucket.name, item)
        return bool(old)

    def _tell(
        self, bucket: S3Bucket, s3_object: Any, event: str, moment: datetime, **more: Any
    ) -> None:
        self._dispatcher.tell(bucket, Happening(event, s3_object, moment, **more))


def aborts(rules: list[Rule], upload: Any) -> list[datetime]:
    """When rules end an upload in parts."""
    found = [rule.aborts(upload.object.key, upload.initiated) for rule in rules]
    return [at for at in found if at]


def wanted(bucket: S3Bucket, rules: list[Rule]) -> Iterator[tuple[Any, list[Due]]]:
    """Of which objects rules want something, and what."""
    minimum = bucket.transition_default_minimum_object_size or ""
    rules = [rule for rule in rules if rule.speaks_of_objects]
    for s3_object, version in versions(bucket) if rules else ():
        if dues := lifecycle.wanted(rules, version, minimum):
            yield s3_object, dues


def versions(bucket: S3Bucket) -> Iterator[tuple[Any, Version]]:
    """Every version of every object, as rules see it."""
    if not isinstance(bucket.objects, JournaledVersions):
        for s3_object in bucket.objects.values():
            yield s3_object, seen(bucket, s3_object)
        return
    for key in {item.key for item in bucket.objects.values(with_versions=True)}:
        found = bucket.objects.versions(key)
        for place, s3_object in enumerate(found):
            after = found[place + 1 :]
            yield (
                s3_object,
                seen(
                    bucket,
                    s3_object,
                    versioned=True,
                    alone=len(found) == 1,
                    since=after[0].last_modified if after else None,
                    newer=max(0, len(after) - 1),
                ),
            )


def seen(bucket: S3Bucket, s3_object: Any, **place: Any) -> Version:
    """One version as rules see it."""
    if isinstance(s3_object, S3DeleteMarker):
        return Version(s3_object.key, written(s3_object), marker=True, **place)
    return Version(
        s3_object.key,
        written(s3_object),
        s3_object.size or 0,
        s3_object.storage_class,
        tags_of(bucket).get_tags(tag_key(bucket, s3_object)),
        **place,
    )


def written(s3_object: Any) -> datetime:
    """When an object was written."""
    moment: datetime = s3_object.last_modified.astimezone(UTC)
    return moment


def tags_of(bucket: S3Bucket) -> Any:
    """The tags of the objects of a bucket's account and region."""
    return s3_stores[bucket.bucket_account_id][bucket.bucket_region].tags


def tag_key(bucket: S3Bucket, s3_object: Any) -> str:
    """The name of an object's tags."""
    return str(get_unique_key_id(bucket.name, s3_object.key, s3_object.version_id))
