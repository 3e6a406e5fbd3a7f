"""The settings of a bucket: what a template calls them, and the operations of S3 that make them so.

A setting that a template no longer has is removed.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from botocore import xform_name
from localstack.aws.spec import load_service
from localstack.services.s3.resource_providers import aws_s3_bucket

from emulation.services.s3 import lifecycle_rules

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
        model = s3_model().operation_model(self.operation)
        given = typed(model.input_shape.members[self.argument], value, self.argument)
        getattr(s3, xform_name(self.operation))(Bucket=bucket, **{self.argument: given})

    def remove(self, s3: Any, bucket: str) -> None:
        """Make it as if nobody had set it."""
        if isinstance(self.unset, str) and self.unset.startswith("Delete"):
            getattr(s3, xform_name(self.unset))(Bucket=bucket)
        else:
            self.put(s3, bucket, self.unset)


@cache
def s3_model() -> Any:
    """S3 as botocore knows it."""
    return load_service("s3")


def typed(shape: Any, value: Any, place: str) -> Any:
    """A value with the types of the API: in a template a number may be a text. What the API does
    not have is refused.
    """
    if shape.type_name == "structure":
        if unknown := sorted(value.keys() - shape.members.keys()):
            raise NotImplementedError(f"{place}.{unknown[0]} of AWS::S3::Bucket is not emulated")
        members = shape.members
        return {key: typed(members[key], item, f"{place}.{key}") for key, item in value.items()}
    if shape.type_name == "list":
        return [typed(shape.member, item, place) for item in value]
    if shape.type_name in {"integer", "long"}:
        return int(value)
    return str(value).lower() == "true" if shape.type_name == "boolean" else value


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
