"""ListObjects and ListObjectsV2: a page of a bucket's keys, in the order of their UTF-8 bytes.

LocalStack compares encoded keys with keys that are sorted as they are, so that a page may repeat or
miss objects, and walks over all keys for each page. Here a page costs what it holds: it begins by
bisection and jumps over what a delimiter folds.
"""

from base64 import b64decode, b64encode
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from localstack.aws.api.s3 import InvalidArgument
from localstack.services.s3.models import S3Bucket, S3Object

from emulation.services.s3.restoring import status

MAX_KEYS = 1000
"""What a page holds at most."""


class Page(NamedTuple):
    """Keys, prefixes that other keys have in common, and the key that the next page begins with."""

    keys: list[str]
    prefixes: list[str]
    following: str | None

    @property
    def last(self) -> str:
        """The greatest of the keys and prefixes."""
        return max(self.keys[-1:] + self.prefixes[-1:])


def page(keys: Sequence[str], start: int, prefix: str, delimiter: str, most: int) -> Page:
    """The keys from place `start` on that begin with `prefix`, at most so many of them.

    Keys that share the part up to a `delimiter` after the prefix count as one.
    """
    found: list[str] = []
    prefixes: list[str] = []
    place = max(start, bisect_left(keys, prefix))
    while place < len(keys) and (key := keys[place]).startswith(prefix):
        if len(found) + len(prefixes) >= most:
            return Page(found, prefixes, key)
        end = key.find(delimiter, len(prefix)) if delimiter else -1
        if end < 0:
            found.append(key)
            place += 1
        else:
            prefixes.append(key[: end + len(delimiter)])
            place = after_all(keys, prefixes[-1])
    return Page(found, prefixes, None)


def after_all(keys: Sequence[str], prefix: str) -> int:
    """The place behind the keys with a prefix."""
    return bisect_right(keys, prefix, key=lambda key: key[: len(prefix)])


def list_objects(bucket: S3Bucket, request: dict[str, Any]) -> dict[str, Any]:
    """The answer of ListObjects."""
    objects = current(bucket)
    keys = sorted(objects)
    prefix, delimiter, marker = texts(request, "Prefix", "Delimiter", "Marker")
    start = bisect_right(keys, marker)
    if delimiter and marker.startswith(prefix) and delimiter in marker[len(prefix) :]:
        # The marker is in what an earlier page has folded.
        start = after_all(keys, marker[: marker.index(delimiter, len(prefix)) + len(delimiter)])
    found = page(keys, start, prefix, delimiter, at_most(request))
    answer = told(bucket, request, found, objects, with_owner=True) | {"Marker": marker}
    if delimiter and answer["IsTruncated"]:
        answer["NextMarker"] = found.last
    return encoded(request, answer)


def list_objects_v2(bucket: S3Bucket, request: dict[str, Any]) -> dict[str, Any]:
    """The answer of ListObjectsV2."""
    objects = current(bucket)
    keys = sorted(objects)
    prefix, delimiter, after = texts(request, "Prefix", "Delimiter", "StartAfter")
    token = request.get("ContinuationToken")
    start = bisect_right(keys, after) if token is None else bisect_left(keys, continued(token))
    found = page(keys, start, prefix, delimiter, at_most(request))
    answer = told(bucket, request, found, objects, with_owner=bool(request.get("FetchOwner")))
    answer["KeyCount"] = len(found.keys) + len(found.prefixes)
    if answer["IsTruncated"]:
        answer["NextContinuationToken"] = b64encode(
            (found.following or "").encode(), b"._"
        ).decode()
    if token:
        answer["ContinuationToken"] = token
    if after:
        answer["StartAfter"] = after
    return encoded(request, answer)


def texts(request: dict[str, Any], *names: str) -> tuple[str, ...]:
    """Members of a request; the empty text for what is not given."""
    return tuple(request.get(name) or "" for name in names)


def at_most(request: dict[str, Any]) -> int:
    """How many keys and prefixes a page may have."""
    asked = request.get("MaxKeys")
    if asked is not None and asked < 0:
        raise InvalidArgument(
            "Argument maxKeys must be an integer between 0 and 2147483647",
            ArgumentName="maxKeys",
            ArgumentValue=str(asked),
        )
    return MAX_KEYS if asked is None else min(asked, MAX_KEYS)


def continued(token: str) -> str:
    """The key that a continuation token tells."""
    try:
        key = b64decode(token.encode("ascii"), b"._", validate=True).decode()
    except ValueError:
        key = ""
    if not key:
        raise InvalidArgument(
            "The continuation token provided is incorrect", ArgumentName="continuation-token"
        )
    return key


def current(bucket: S3Bucket) -> dict[str, S3Object]:
    """The objects that a list shows, by key."""
    return {item.key: item for item in bucket.objects.values()}


def told(
    bucket: S3Bucket,
    request: dict[str, Any],
    found: Page,
    objects: dict[str, S3Object],
    *,
    with_owner: bool,
) -> dict[str, Any]:
    """What both operations tell of a page."""
    most = at_most(request)
    owner = {"Owner": bucket.owner} if with_owner else {}
    restore = of_restore if wants_restores(request) else lambda _: {}
    answer: dict[str, Any] = {
        "IsTruncated": found.following is not None and most > 0,
        "Name": bucket.name,
        "MaxKeys": most,
        "Prefix": request.get("Prefix") or "",
        "Contents": [content(objects[key]) | owner | restore(objects[key]) for key in found.keys],
        "CommonPrefixes": [{"Prefix": prefix} for prefix in found.prefixes],
    }
    if delimiter := request.get("Delimiter"):
        answer["Delimiter"] = delimiter
    if bucket.bucket_region != "us-east-1":
        answer["BucketRegion"] = bucket.bucket_region
    return answer


def content(item: S3Object) -> dict[str, Any]:
    """What a list tells of an object."""
    checksum = {
        "ChecksumAlgorithm": [item.checksum_algorithm],
        "ChecksumType": item.checksum_type,
    }
    return {
        "Key": item.key,
        "ETag": item.quoted_etag,
        "Size": item.size,
        "LastModified": item.last_modified,
        "StorageClass": item.storage_class,
        **(checksum if item.checksum_algorithm else {}),
    }


def wants_restores(request: dict[str, Any]) -> bool:
    """Whether a list shall tell of restores."""
    asked = request.get("OptionalObjectAttributes") or ()
    return "RestoreStatus" in asked


def of_restore(item: S3Object) -> dict[str, Any]:
    """What a list tells of an object's restore."""
    found = status(item)
    return {"RestoreStatus": found} if found else {}


ENCODED = ("Prefix", "Delimiter", "Marker", "NextMarker", "StartAfter")


def encoded(request: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    """The answer with its keys as they were asked for: XML cannot hold every character."""
    if not (encoding := request.get("EncodingType")):
        return answer
    for item in answer["Contents"]:
        item["Key"] = quote(item["Key"])
    for item in answer["CommonPrefixes"]:
        item["Prefix"] = quote(item["Prefix"])
    names = [name for name in ENCODED if answer.get(name)]
    return answer | {name: quote(answer[name]) for name in names} | {"EncodingType": encoding}
