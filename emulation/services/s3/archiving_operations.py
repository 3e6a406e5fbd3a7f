"""The operations that deal with storage classes, lifecycle rules and restores."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote

from localstack.aws.api import RequestContext, handler
from localstack.aws.api.s3 import InvalidObjectState, InvalidRequest
from localstack.services.s3.models import S3Bucket
from localstack.services.s3.provider import S3Provider
from localstack.services.s3.utils import rfc_1123_datetime

from emulation.services.clock import clock
from emulation.services.s3 import lifecycle, lifecycle_checks, listing
from emulation.services.s3.ageing import Ageing, aborts, seen
from emulation.services.s3.archive import CLASSES
from emulation.services.s3.restoring import Restoring
from emulation.services.s3.storage import NOT_VALID

MINIMUMS = ("all_storage_classes_128K", "varies_by_storage_class")


class ArchivingOperations(S3Provider):
    """What S3 answers of them; the work is done by `Ageing` and `Restoring`."""

    _ageing: Ageing
    _restoring: Restoring

    @handler("RestoreObject", expand=False)
    def restore_object(self, context: RequestContext, request: Any) -> Any:
        """Ask for a copy of an archived object, or for more days of one that is there."""
        bucket = self._bucket_of(context, request)
        s3_object = bucket.get_object(request["Key"], request.get("VersionId"), "POST")
        wanted = request.get("RestoreRequest")
        status = self._restoring.ask(bucket, s3_object, wanted, context.account_id)
        return {"StatusCode": status}

    @handler("SelectObjectContent", expand=False)
    def select_object_content(self, context: RequestContext, request: Any) -> Any:
        """Refused: an archived object as S3 does it, every other by name."""
        bucket = self._bucket_of(context, request)
        s3_object = bucket.get_object(request["Key"])
        if s3_object.storage_class in CLASSES:
            raise InvalidObjectState(NOT_VALID, StorageClass=s3_object.storage_class)
        raise NotImplementedError("s3.SelectObjectContent is not emulated")

    @handler("PutBucketLifecycleConfiguration", expand=False)
    def put_bucket_lifecycle_configuration(self, context: RequestContext, request: Any) -> Any:
        """Rules that act from now on, also on objects that are there already."""
        bucket = self._bucket_of(context, request)
        minimum = request.get("TransitionDefaultMinimumObjectSize") or MINIMUMS[0]
        if minimum not in MINIMUMS:
            raise InvalidRequest(f"Invalid TransitionDefaultMinimumObjectSize found: {minimum}")
        rules = (request.get("LifecycleConfiguration") or {}).get("Rules") or []
        lifecycle_checks.check(rules)
        bucket.lifecycle_rules = rules
        bucket.transition_default_minimum_object_size = minimum
        self._ageing.look_soon()
        return {"TransitionDefaultMinimumObjectSize": minimum}

    @handler("CreateMultipartUpload", expand=False)
    def create_multipart_upload(self, context: RequestContext, request: Any) -> Any:
        """An upload ages by the clock, and tells when a rule will end it."""
        response = super().create_multipart_upload(context, request)
        bucket = self._bucket_of(context, request)
        upload = bucket.multiparts[response["UploadId"]]
        if clock().ahead:
            upload.initiated = clock().now()
        return response | abortion(bucket, upload)

    @handler("ListParts")
    def list_parts(self, context: RequestContext, bucket: str, **request: Any) -> Any:
        """The parts, and when a rule will end the upload."""
        response = super().list_parts(context, bucket, **request)
        s3_bucket = self._get_cross_account_bucket(context, bucket)[1]
        return response | abortion(s3_bucket, s3_bucket.multiparts[response["UploadId"]])

    @handler("CopyObject", expand=False)
    def copy_object(self, context: RequestContext, request: Any) -> Any:
        """A copy, and when it will end."""
        response = super().copy_object(context, request)
        return self._with_expiration(context, request, response)

    @handler("CompleteMultipartUpload")
    def complete_multipart_upload(
        self, context: RequestContext, bucket: str, key: str, **request: Any
    ) -> Any:
        """An object of parts, and when it will end."""
        response = super().complete_multipart_upload(context, bucket, key, **request)
        return self._with_expiration(context, {"Bucket": bucket, "Key": key}, response)

    @handler("ListObjectVersions")
    def list_object_versions(self, context: RequestContext, bucket: str, **request: Any) -> Any:
        """A page of versions, each with its storage class."""
        response = super().list_object_versions(context, bucket, **request)
        s3_bucket = self._get_cross_account_bucket(context, bucket)[1]
        asked = {"OptionalObjectAttributes": request.get("optional_object_attributes")}
        for item in response.get("Versions", ()):
            s3_object = stored_version(s3_bucket, item, encoded="EncodingType" in response)
            if s3_object is not None:
                item["StorageClass"] = s3_object.storage_class
                if listing.wants_restores(asked):
                    item |= listing.of_restore(s3_object)
        return response

    def _get_expiration_header(
        self, lifecycle_rules: Any, bucket: str, s3_object: Any, object_tags: Mapping[str, str]
    ) -> str | None:
        """`x-amz-expiration`: the rule that ends the object first, and when."""
        if not any(rule.get("Expiration") for rule in lifecycle_rules):
            return None
        version = lifecycle.Version(
            s3_object.key,
            s3_object.last_modified.astimezone(UTC),
            s3_object.size or 0,
            s3_object.storage_class,
            object_tags,
        )
        return expiration(lifecycle.enabled(lifecycle_rules), version)

    def _with_expiration(self, context: RequestContext, request: Any, response: Any) -> Any:
        bucket = self._bucket_of(context, request)
        s3_object = bucket.objects.get(request["Key"])
        if bucket.lifecycle_rules and hasattr(s3_object, "storage_class"):
            rules = lifecycle.enabled(bucket.lifecycle_rules)
            if told := expiration(rules, seen(bucket, s3_object)):
                response["Expiration"] = told
        return response

    def _bucket_of(self, context: RequestContext, request: Any) -> S3Bucket:
        found = self._get_cross_account_bucket(
            context,
            request["Bucket"],
            expected_bucket_owner=request.get("ExpectedBucketOwner"),
        )
        bucket: S3Bucket = found[1]
        return bucket


def expiration(rules: list[lifecycle.Rule], version: lifecycle.Version) -> str | None:
    """When which rule ends a version; None when none does."""
    matching = [rule for rule in rules if rule.matches(version)]
    dues = [due for rule in matching for due in rule.expiration(version)]
    if not dues:
        return None
    due = min(dues)
    return f'expiry-date="{rfc_1123_datetime(due.at)}", rule-id="{quote(due.rule)}"'


def abortion(bucket: S3Bucket, upload: Any) -> dict[str, Any]:
    """When which rule ends an upload."""
    found: list[tuple[datetime, str]] = [
        (at, rule.id)
        for rule in lifecycle.enabled(bucket.lifecycle_rules)
        for at in aborts([rule], upload)
    ]
    if not found:
        return {}
    date, rule = min(found)
    return {"AbortDate": date, "AbortRuleId": rule}


def stored_version(bucket: S3Bucket, item: Any, *, encoded: bool) -> Any:
    """The version that a list tells of; None when it has gone."""
    key = unquote(item["Key"]) if encoded else item["Key"]
    if bucket.versioning_status is None:
        return bucket.objects.get(key)
    return bucket.objects.get(key, item["VersionId"])
