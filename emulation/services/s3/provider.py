"""LocalStack's S3 with durable objects; what it does not keep itself, `emulation.state` does."""

from typing import Any

from localstack.aws.api import RequestContext, handler
from localstack.services.s3.models import KeyStore, S3Bucket, VersionedKeyStore, s3_stores
from localstack.services.s3.validation import validate_encoding_type
from localstack.state import StateVisitor

from emulation.services.s3 import list_answers, listing, shortcuts
from emulation.services.s3.ageing import Ageing
from emulation.services.s3.archive import CLASSES, Archive, archived_of
from emulation.services.s3.archiving_operations import ArchivingOperations
from emulation.services.s3.journal import ObjectJournal
from emulation.services.s3.key_stores import JournaledKeys, JournaledVersions, archive_bytes
from emulation.services.s3.restoring import Restoring
from emulation.services.s3.storage import DurableObjectStore
from emulation.services.s3.telling import Dispatcher
from emulation.settings import settings
from emulation.state import save_service


class DurableS3Provider(ArchivingOperations):
    """S3 whose buckets and objects are there again after a restart or a kill."""

    def __init__(self) -> None:
        archive = Archive(settings().folder("s3-archive"))
        self._journal = ObjectJournal(settings().folder("s3"), archive)
        parts = settings().folder("gateway", "s3-parts")
        super().__init__(DurableObjectStore(self._journal, str(parts)))
        dispatcher = self._notification_dispatcher = Dispatcher()
        self._restoring = Restoring(self._journal, dispatcher)
        self._ageing = Ageing(self._journal, dispatcher, all_buckets, self._storage_backend, save)

    def on_after_init(self) -> None:
        """Answer for plain objects before the gateway does."""
        super().on_after_init()
        shortcuts.install(self)

    def accept_state_visitor(self, visitor: StateVisitor) -> None:
        """The buckets; their objects are in the journal."""
        visitor.visit(s3_stores)

    def on_after_state_load(self) -> None:
        """Fill the loaded buckets from the journal."""
        super().on_after_state_load()
        buckets = all_buckets()
        self._journal.forget_all_but({bucket.name for bucket in buckets})
        for bucket in buckets:
            self._journal_objects(bucket)
            self._storage_backend.create_bucket(bucket.name)
            load_objects(self._journal, bucket)
            self._go_on(bucket)
        self._ageing.look_soon()

    @handler("CreateBucket", expand=False)
    def create_bucket(self, context: RequestContext, request: Any) -> Any:
        """A bucket is on disk before its creation is answered: its objects depend on it."""
        response = super().create_bucket(context, request)
        _, bucket = self._get_cross_account_bucket(context, request["Bucket"])
        self._journal_objects(bucket)
        save_service("s3")
        return response

    @handler("DeleteBucket")
    def delete_bucket(self, context: RequestContext, bucket: str, **kwargs: Any) -> None:
        """A deleted bucket does not come back."""
        super().delete_bucket(context, bucket, **kwargs)
        save_service("s3")

    @handler("PutBucketVersioning")
    def put_bucket_versioning(self, context: RequestContext, bucket: str, **kwargs: Any) -> None:
        """Turning versions on makes another key store, which is journaled too."""
        super().put_bucket_versioning(context, bucket, **kwargs)
        _, s3_bucket = self._get_cross_account_bucket(context, bucket)
        self._journal_objects(s3_bucket)
        save_service("s3")

    @handler("PutBucketLifecycleConfiguration", expand=False)
    def put_bucket_lifecycle_configuration(self, context: RequestContext, request: Any) -> Any:
        """Rules are on disk before they are answered: data moves and ends by them."""
        answer = super().put_bucket_lifecycle_configuration(context, request)
        save_service("s3")
        return answer

    @handler("DeleteBucketLifecycle")
    def delete_bucket_lifecycle(self, context: RequestContext, bucket: str, **kwargs: Any) -> None:
        """Rules that were removed end nothing after a restart."""
        super().delete_bucket_lifecycle(context, bucket, **kwargs)
        save_service("s3")

    @handler("ListObjects", expand=False)
    def list_objects(self, context: RequestContext, request: Any) -> Any:
        """A page of keys."""
        return list_answers.response(context, listing.list_objects(self._listed(context), request))

    @handler("ListObjectsV2", expand=False)
    def list_objects_v2(self, context: RequestContext, request: Any) -> Any:
        """A page of keys."""
        listed = listing.list_objects_v2(self._listed(context), request)
        return list_answers.response(context, listed)

    def _listed(self, context: RequestContext) -> S3Bucket:
        request: Any = context.service_request
        validate_encoding_type(request.get("EncodingType"))
        bucket: S3Bucket = self._get_cross_account_bucket(
            context,
            request["Bucket"],
            expected_bucket_owner=request.get("ExpectedBucketOwner"),
        )[1]
        return bucket

    def _go_on(self, bucket: S3Bucket) -> None:
        """Archive what an earlier version left in the hot store; go on with restores."""
        for s3_object in bucket.objects.values(with_versions=True):
            if getattr(s3_object, "storage_class", None) not in CLASSES:
                continue
            if archived_of(s3_object) is None:
                left, taken = (
                    s3_object.file_name,
                    archive_bytes(self._journal, bucket.name, s3_object),
                )
                bucket.objects.amend(s3_object, archived=taken, file_name=None, restore=None)
                self._journal.drop_hot(bucket.name, left)
            self._restoring.go_on(bucket, s3_object)

    def _journal_objects(self, bucket: S3Bucket) -> None:
        """Replace a bucket's own key store by one that writes to the journal."""
        if type(bucket.objects) is KeyStore:
            bucket.objects = JournaledKeys(self._journal, bucket.name)
        elif type(bucket.objects) is VersionedKeyStore:
            versions = JournaledVersions(self._journal, bucket.name)
            for s3_object in bucket.objects.values(with_versions=True):
                self._journal.delete(bucket.name, s3_object.key, None)
                versions.adopt(s3_object)
            bucket.objects = versions


def save() -> None:
    """Keep what is not in the journal."""
    save_service("s3")


def all_buckets() -> list[S3Bucket]:
    """The buckets of every account; each account's stores share one map of them."""
    regions = [next(iter(regions.values())) for regions in s3_stores.values() if regions]
    return [bucket for store in regions for bucket in store.buckets.values()]


def load_objects(journal: ObjectJournal, bucket: S3Bucket) -> None:
    """Fill an empty key store with what the journal has, and drop files of no object."""
    s3_objects = list(journal.objects(bucket.name))
    for s3_object in s3_objects:
        super(type(bucket.objects), bucket.objects).set(s3_object.key, s3_object)
    journal.drop_strays(bucket.name, s3_objects)
