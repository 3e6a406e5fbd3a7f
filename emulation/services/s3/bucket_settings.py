"""The settings of a bucket: what a template calls them, and the operations of S3 that make them so.

A setting that a template no longer has is removed.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore import xform_name
from localstack.services.s3.resource_providers import aws_s3_bucket

from emulation.services.s3 import lifecycle_rules
from emulation.services.typed import typed

LOCALSTACK: Any = aws_s3_bucket.S3BucketProvider
"""Writes CORS, websites and notifications of a template as S3's API does."""


@dataclass(frozen=True)
class Setting:
    """How a property is set: by an operation, which takes its value as an argument."""

    operation: str
    argument: str
    unset: Any
    """The operation that removes it, or the value without it."""
    translate: Callable[[Any], Any] = lambda value: value

    def put(self, s3: Any, bucket: str, value: Any) -> None:
        """Make it so."""
        given = typed("s3", self.operation, {self.argument: value}, "AWS::S3::Bucket")
        getattr(s3, xform_name(self.operation))(Bucket=bucket, **given)

    def remove(self, s3: Any, bucket: str) -> None:
        """Make it as if nobody had set it."""
        if isinstance(self.unset, str) and self.unset.startswith("Delete"):
            getattr(s3, xform_name(self.unset))(Bucket=bucket)
        else:
            self.put(s3, bucket, self.unset)


def acl(value: str) -> str:
    """`PublicRead` as `public-read`."""
    return re.sub("(?<!^)(?=[A-Z])", "-", value).lower()


def encryption(value: dict[str, Any]) -> dict[str, Any]:
    """The rules, with the one member that has another name."""
    rules = [dict(rule) for rule in value["ServerSideEncryptionConfiguration"]]
    for rule in rules:
        if default := rule.pop("ServerSideEncryptionByDefault", None):
            rule["ApplyServerSideEncryptionByDefault"] = default
    return {"Rules": rules}


def notification(value: dict[str, Any]) -> Any:
    """Which events go where."""
    asked = {"NotificationConfiguration": value}
    return LOCALSTACK._get_s3_bucket_notification_config(None, asked)["NotificationConfiguration"]


ENCRYPTED_BY_S3 = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
"""What AWS's DeleteBucketEncryption goes back to; LocalStack's leaves none."""

SETTINGS = {
    "OwnershipControls": Setting(
        "PutBucketOwnershipControls", "OwnershipControls", "DeleteBucketOwnershipControls"
    ),
    "AccessControl": Setting("PutBucketAcl", "ACL", "private", acl),
    "PublicAccessBlockConfiguration": Setting(
        "PutPublicAccessBlock", "PublicAccessBlockConfiguration", "DeletePublicAccessBlock"
    ),
    "BucketEncryption": Setting(
        "PutBucketEncryption",
        "ServerSideEncryptionConfiguration",
        ENCRYPTED_BY_S3,
        encryption,
    ),
    "VersioningConfiguration": Setting(
        "PutBucketVersioning", "VersioningConfiguration", {"Status": "Suspended"}
    ),
    "LifecycleConfiguration": Setting(
        "PutBucketLifecycleConfiguration",
        "LifecycleConfiguration",
        "DeleteBucketLifecycle",
        lifecycle_rules.configuration,
    ),
    "ObjectLockConfiguration": Setting(
        "PutObjectLockConfiguration", "ObjectLockConfiguration", {"ObjectLockEnabled": "Enabled"}
    ),
    "Tags": Setting(
        "PutBucketTagging", "Tagging", "DeleteBucketTagging", lambda tags: {"TagSet": tags}
    ),
    "CorsConfiguration": Setting(
        "PutBucketCors",
        "CORSConfiguration",
        "DeleteBucketCors",
        lambda value: LOCALSTACK._transform_cfn_cors(None, value),
    ),
    "WebsiteConfiguration": Setting(
        "PutBucketWebsite",
        "WebsiteConfiguration",
        "DeleteBucketWebsite",
        lambda value: LOCALSTACK._transform_website_configuration(None, value),
    ),
    "NotificationConfiguration": Setting(
        "PutBucketNotificationConfiguration", "NotificationConfiguration", {}, notification
    ),
}
"""By property, in the order in which they are set."""
