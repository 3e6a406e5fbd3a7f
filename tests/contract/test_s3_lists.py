"""Lists of objects say of each what the object says of itself."""

import pytest
from botocore.exceptions import ClientError

KEYS = ["a&b <c> \"d\" 'e'", "folder/é +%2B", "folder/sub/x", "plain", "ünï/ç"]


@pytest.fixture
def filled(aws, bucket):
    """A bucket with an object of each key."""
    for size, key in enumerate(KEYS, 1):
        aws("s3").put_object(Bucket=bucket, Key=key, Body=b"x" * size)
    return bucket


@pytest.mark.parametrize("operation", ["list_objects", "list_objects_v2"])
def test_list_tells_every_object(aws, filled, operation):
    s3 = aws("s3")
    listed = getattr(s3, operation)(Bucket=filled)["Contents"]
    assert [item["Key"] for item in listed] == sorted(KEYS)
    for item in listed:
        head = s3.head_object(Bucket=filled, Key=item["Key"], ChecksumMode="ENABLED")
        assert item["Size"] == head["ContentLength"]
        assert item["ETag"] == head["ETag"]
        assert item["LastModified"] == head["LastModified"]
        assert item["StorageClass"] == "STANDARD"
        assert head[f"Checksum{item['ChecksumAlgorithm'][0]}"]


@pytest.mark.parametrize("operation", ["list_objects", "list_objects_v2"])
def test_pages_hold_every_object_once(aws, filled, operation):
    pages = (
        aws("s3").get_paginator(operation).paginate(Bucket=filled, PaginationConfig={"PageSize": 2})
    )
    assert [item["Key"] for page in pages for item in page["Contents"]] == sorted(KEYS)


def test_delimiter_folds_what_is_below_it(aws, filled):
    listed = aws("s3").list_objects_v2(Bucket=filled, Delimiter="/")
    assert [item["Prefix"] for item in listed["CommonPrefixes"]] == ["folder/", "ünï/"]
    assert [item["Key"] for item in listed["Contents"]] == [KEYS[0], "plain"]


def test_page_goes_on_behind_what_it_folded(aws, filled):
    pages = (
        aws("s3")
        .get_paginator("list_objects_v2")
        .paginate(Bucket=filled, Delimiter="/", PaginationConfig={"PageSize": 1})
    )
    found = [
        entry.get("Prefix") or entry["Key"]
        for page in pages
        for entry in page.get("CommonPrefixes", []) + page.get("Contents", [])
    ]
    assert found == [KEYS[0], "folder/", "plain", "ünï/"]


def test_keys_of_a_prefix_from_a_place_on(aws, filled):
    """`=` comes after `0`, its encoding `%3D` before it."""
    s3 = aws("s3")
    for key in ("z=1", "z0", "zz"):
        s3.put_object(Bucket=filled, Key=key, Body=b"")
    listed = s3.list_objects_v2(Bucket=filled, Prefix="z", StartAfter="z0")["Contents"]
    assert [item["Key"] for item in listed] == ["z=1", "zz"]
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=filled, Prefix="z", PaginationConfig={"PageSize": 1}
    )
    assert [page["Contents"][0]["Key"] for page in pages] == ["z0", "z=1", "zz"]


def test_versions_and_delete_markers_are_not_listed(aws, filled):
    s3 = aws("s3")
    versions = {"Status": "Enabled"}
    s3.put_bucket_versioning(Bucket=filled, VersioningConfiguration=versions)
    s3.put_object(Bucket=filled, Key="plain", Body=b"longer than before")
    s3.delete_object(Bucket=filled, Key=KEYS[0])
    listed = {item["Key"]: item["Size"] for item in s3.list_objects_v2(Bucket=filled)["Contents"]}
    assert listed["plain"] == len("longer than before")
    assert KEYS[0] not in listed
    for kind in ("Versions", "DeleteMarkers"):
        for item in s3.list_object_versions(Bucket=filled)[kind]:
            s3.delete_object(Bucket=filled, Key=item["Key"], VersionId=item["VersionId"])


def test_no_keys_are_a_whole_list(aws, filled):
    listed = aws("s3").list_objects_v2(Bucket=filled, MaxKeys=0)
    assert (listed["IsTruncated"], listed["KeyCount"], listed["MaxKeys"]) == (False, 0, 0)


def test_token_that_s3_never_gave_is_refused(aws, filled):
    for token in ("", "not a token", "ü"):
        with pytest.raises(ClientError, match="The continuation token provided is incorrect"):
            aws("s3").list_objects_v2(Bucket=filled, ContinuationToken=token)


def test_encoding_that_is_unknown_is_refused(aws, filled):
    with pytest.raises(ClientError, match="Invalid Encoding Method specified in Request"):
        aws("s3").list_objects_v2(Bucket=filled, EncodingType="base64")


def test_owner_is_told_when_it_is_asked_for(aws, filled):
    s3 = aws("s3")
    owner = s3.list_objects_v2(Bucket=filled, FetchOwner=True)["Contents"][0]["Owner"]
    assert owner["ID"] == s3.list_buckets()["Owner"]["ID"]
    assert "Owner" not in s3.list_objects_v2(Bucket=filled)["Contents"][0]


def test_empty_bucket_lists_nothing(aws, bucket):
    listed = aws("s3").list_objects_v2(Bucket=bucket)
    assert (listed["KeyCount"], listed.get("Contents")) == (0, None)


def test_bucket_that_is_missing_is_told(aws, unique):
    s3 = aws("s3")
    with pytest.raises(s3.exceptions.NoSuchBucket):
        s3.list_objects_v2(Bucket=unique)
