"""What S3 tells of by itself: objects that its lifecycle moves or ends, restores that come and go.

LocalStack delivers; it does not know these events, so what they hold is written here.
"""

import copy
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import quote

from localstack.services.s3.models import S3Bucket, S3DeleteMarker
from localstack.services.s3.notifications import (
    EventBridgeNotifier,
    LambdaNotifier,
    NotificationDispatcher,
    S3EventNotificationContext,
    SnsNotifier,
    SqsNotifier,
)
from localstack.utils.strings import short_uid
from localstack.utils.time import timestamp_millis

TRANSITION = "s3:LifecycleTransition"
EXPIRED = "s3:LifecycleExpiration:Delete"
HIDDEN = "s3:LifecycleExpiration:DeleteMarkerCreated"
RESTORE_STARTED = "s3:ObjectRestore:Post"
RESTORED = "s3:ObjectRestore:Completed"
RESTORE_EXPIRED = "s3:ObjectRestore:Delete"

S3_ITSELF = "s3.amazonaws.com"
"""Who asked for what a lifecycle does."""

DETAIL_TYPES = {
    TRANSITION: "Object Storage Class Changed",
    EXPIRED: "Object Deleted",
    HIDDEN: "Object Deleted",
    RESTORE_STARTED: "Object Restore Initiated",
    RESTORED: "Object Restore Completed",
    RESTORE_EXPIRED: "Object Restore Expired",
}
EMPTY_ETAG = "d41d8cd98f00b204e9800998ecf8427e"


class Happening(NamedTuple):
    """An event: what, to which object, when; and what it says of classes and expiry."""

    event: str
    s3_object: Any
    moment: datetime
    requester: str = S3_ITSELF
    storage_class: str = ""
    expires: datetime | None = None


class Context(S3EventNotificationContext):
    """LocalStack's context of an event, with what happened."""

    happening: Happening


class Messages:
    """The record in a queue, a topic's message or a function's event."""

    @staticmethod
    def _get_event_payload(ctx: Any, config_id: str) -> Any:
        payload = copy.deepcopy(SqsNotifier._get_event_payload(ctx, config_id))
        if happening := getattr(ctx, "happening", None):
            for record in payload["Records"]:
                complete(record, ctx, happening)
        return payload


def complete(record: dict[str, Any], ctx: Any, happening: Happening) -> None:
    """Say in a record what LocalStack leaves out."""
    record["eventVersion"] = "2.3"
    record["eventTime"] = timestamp_millis(happening.moment)
    record["userIdentity"] = {"principalId": happening.requester}
    if happening.requester == S3_ITSELF:
        record["requestParameters"] = {"sourceIPAddress": S3_ITSELF}
    if happening.event != HIDDEN:
        record["s3"]["object"] |= {"size": ctx.key_size, "eTag": ctx.key_etag}
    if happening.event == TRANSITION:
        data = {"destinationStorageClass": happening.storage_class}
        record["lifecycleEventData"] = {"transitionEventData": data}
    if happening.event == RESTORED:
        record["glacierEventData"] = {
            "restoreEventData": {
                "lifecycleRestorationExpiryTime": timestamp_millis(happening.expires),
                "lifecycleRestoreStorageClass": happening.storage_class,
            }
        }


class Queues(Messages, SqsNotifier):
    """To SQS."""


class Topics(Messages, SnsNotifier):
    """To SNS."""


class Functions(Messages, LambdaNotifier):
    """To Lambda."""


class Buses(EventBridgeNotifier):
    """To EventBridge."""

    @staticmethod
    def _get_event_payload(ctx: Any, config_id: str | None = None) -> Any:
        happening = getattr(ctx, "happening", None)
        if happening is None:
            return EventBridgeNotifier._get_event_payload(ctx, config_id)
        return entry(ctx, happening)


def entry(ctx: Any, happening: Happening) -> Mapping[str, Any]:
    """The event as PutEvents takes it."""
    item = {"key": happening.s3_object.key, "size": ctx.key_size, "etag": ctx.key_etag}
    if ctx.key_version_id and ctx.key_version_id != "null":
        item["version-id"] = ctx.key_version_id
    detail = {
        "version": "0",
        "bucket": {"name": ctx.bucket_name},
        "object": item,
        "request-id": ctx.request_id,
        "requester": happening.requester,
        **particulars(happening),
    }
    return {
        "Source": "aws.s3",
        "DetailType": DETAIL_TYPES[happening.event],
        "Resources": [f"arn:aws:s3:::{ctx.bucket_name}"],
        "Time": happening.moment,
        "Detail": json.dumps(detail),
    }


def particulars(happening: Happening) -> dict[str, Any]:
    """What only this kind of event says."""
    match happening.event:
        case "s3:LifecycleTransition":
            return {"destination-storage-class": happening.storage_class}
        case "s3:LifecycleExpiration:Delete":
            return {"reason": "Lifecycle Expiration", "deletion-type": "Permanently Deleted"}
        case "s3:LifecycleExpiration:DeleteMarkerCreated":
            return {"reason": "Lifecycle Expiration", "deletion-type": "Delete Marker Created"}
        case "s3:ObjectRestore:Completed":
            expires = timestamp_millis(happening.expires)
            source = {"source-storage-class": happening.storage_class}
            return source | {"restore-expiry-time": expires}
        case "s3:ObjectRestore:Post":
            return {"source-storage-class": happening.storage_class}
    return {}


class Dispatcher(NotificationDispatcher):
    """LocalStack's, which delivers these events too."""

    notifiers = {
        "QueueConfigurations": Queues(),
        "TopicConfigurations": Topics(),
        "LambdaFunctionConfigurations": Functions(),
        "EventBridgeConfiguration": Buses(),
    }

    def tell(self, bucket: S3Bucket, happening: Happening) -> None:
        """Deliver an event to whom the bucket's configuration names."""
        if bucket.notification_configuration:
            ctx = context(bucket, happening)
            self.send_notifications(ctx, bucket.notification_configuration)


def context(bucket: S3Bucket, happening: Happening) -> Context:
    """What LocalStack wants to know of an event."""
    s3_object = happening.s3_object
    marker = isinstance(s3_object, S3DeleteMarker)
    ctx = Context(
        request_id=short_uid(),
        event_type=happening.event,
        event_time=happening.moment,
        account_id=bucket.bucket_account_id,
        region=bucket.bucket_region,
        bucket_name=bucket.name,
        key_name=quote(s3_object.key),
        xray="",
        bucket_location=bucket.bucket_region,
        bucket_account_id=bucket.bucket_account_id,
        caller=bucket.bucket_account_id,
        key_size=0 if marker else s3_object.size,
        key_etag=EMPTY_ETAG if marker else s3_object.etag.strip('"'),
        key_version_id=s3_object.version_id if bucket.versioning_status else "",
        key_expiry=happening.expires or happening.moment,
        key_storage_class=None,
    )
    ctx.happening = happening
    return ctx
