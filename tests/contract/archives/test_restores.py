"""Archived objects: refused until they are restored, for as long as they are."""

import pytest
from botocore.exceptions import ClientError

from tests.contract.refusals import refusal

CONTENT = bytes(range(256)) * 2048
NOT_VALID = "The operation is not valid for the object's storage class"


@pytest.fixture
def archived(s3, bucket):
    """`archived("GLACIER")`: an object of that class."""

    def put(storage_class: str) -> dict[str, str]:
        s3.put_object(Bucket=bucket, Key="k", Body=CONTENT, StorageClass=storage_class)
        return {"Bucket": bucket, "Key": "k"}

    return put


def ask(s3, place, days=2, tier="Standard") -> int:
    wanted = {"Days": days, "GlacierJobParameters": {"Tier": tier}}
    answer = s3.restore_object(**place, RestoreRequest=wanted)
    return answer["ResponseMetadata"]["HTTPStatusCode"]


def hot_bytes(emulator, bucket: str) -> int:
    """How many bytes of a bucket lie in files that can be read at once."""
    folder = emulator.folder / "state" / "s3" / bucket
    return sum(path.stat().st_size for path in folder.glob("??/*"))


def test_archived_object_is_described_and_not_read(s3, archived):
    place = archived("GLACIER")
    head = s3.head_object(**place)
    assert (head["StorageClass"], head["ContentLength"]) == ("GLACIER", len(CONTENT))
    assert "Restore" not in head
    assert refusal(s3.get_object, **place) == ("InvalidObjectState", NOT_VALID)
    copy = {"Bucket": place["Bucket"], "Key": "copy", "CopySource": place}
    code, message = refusal(s3.copy_object, **copy)
    assert (code, message) == (
        "InvalidObjectState",
        "Operation is not valid for the source object's storage class",
    )
    upload = s3.create_multipart_upload(Bucket=place["Bucket"], Key="copy")["UploadId"]
    with pytest.raises(ClientError, match="InvalidObjectState"):
        s3.upload_part_copy(**copy, UploadId=upload, PartNumber=1)
    with pytest.raises(ClientError, match="InvalidObjectState"):
        s3.select_object_content(
            **place,
            Expression="select 1",
            ExpressionType="SQL",
            InputSerialization={"CSV": {}},
            OutputSerialization={"CSV": {}},
        )


def test_refusal_tells_the_class(s3, archived):
    with pytest.raises(ClientError) as refused:
        s3.get_object(**archived("DEEP_ARCHIVE"))
    response = refused.value.response
    assert response["Error"]["StorageClass"] == "DEEP_ARCHIVE"
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 403


@pytest.mark.parametrize(
    ("storage_class", "tier", "hours"),
    [("GLACIER", "Expedited", 1), ("GLACIER", "Bulk", 12), ("DEEP_ARCHIVE", "Standard", 12)],
)
def test_restore_comes_after_its_time(s3, archived, pass_time, storage_class, tier, hours):
    place = archived(storage_class)
    assert ask(s3, place, tier=tier) == 202
    assert s3.head_object(**place)["Restore"] == 'ongoing-request="true"'
    assert refusal(s3.get_object, **place)[0] == "InvalidObjectState"
    pass_time(f"{hours}h")
    restored = s3.head_object(**place)["Restore"]
    assert restored.startswith('ongoing-request="false", expiry-date="')
    assert restored.endswith('00:00:00 GMT"')
    got = s3.get_object(**place)
    assert got["Body"].read() == CONTENT
    assert got["StorageClass"] == storage_class


def test_bytes_leave_the_hot_store_and_come_back(
    s3, archived, archive_emulator, pass_time, waiting
):
    place = archived("STANDARD")
    assert hot_bytes(archive_emulator, place["Bucket"]) == len(CONTENT)
    archived("GLACIER")
    waiting("the bytes to go", lambda: hot_bytes(archive_emulator, place["Bucket"]) == 0)
    ask(s3, place, days=1)
    pass_time("5h")
    assert hot_bytes(archive_emulator, place["Bucket"]) == len(CONTENT)
    pass_time("3d")
    waiting("the copy to go", lambda: hot_bytes(archive_emulator, place["Bucket"]) == 0)


def test_restored_copy_expires(s3, archived, pass_time):
    place = archived("GLACIER")
    ask(s3, place, days=1)
    pass_time("5h")
    assert ask(s3, place, days=4) == 200
    pass_time("72h")
    assert s3.get_object(**place)["Body"].read() == CONTENT
    pass_time("48h")
    assert "Restore" not in s3.head_object(**place)
    assert refusal(s3.get_object, **place) == ("InvalidObjectState", NOT_VALID)
    assert ask(s3, place) == 202


def test_restore_under_way_is_hastened_and_not_repeated(s3, archived, pass_time):
    place = archived("GLACIER")
    ask(s3, place, tier="Bulk")
    again = {"Days": 2, "GlacierJobParameters": {"Tier": "Bulk"}}
    assert refusal(s3.restore_object, **place, RestoreRequest=again) == (
        "RestoreAlreadyInProgress",
        "Object restore is already in progress",
    )
    assert ask(s3, place, tier="Expedited") == 202
    pass_time("6m")
    assert s3.get_object(**place)["Body"].read() == CONTENT


@pytest.mark.parametrize(
    ("storage_class", "request_", "code", "message"),
    [
        ("STANDARD_IA", {"Days": 1}, "InvalidObjectState", "Restore is not allowed for the object"),
        (
            "DEEP_ARCHIVE",
            {"Days": 1, "GlacierJobParameters": {"Tier": "Expedited"}},
            "InvalidArgument",
            "Retrieval option is not supported by this storage class",
        ),
        ("GLACIER", {}, "MalformedXML", "not well-formed"),
        ("GLACIER", {"Days": 0}, "InvalidArgument", "restoration days should be at least 1"),
    ],
)
def test_restore_is_refused_as_s3_does_it(s3, archived, storage_class, request_, code, message):
    found = refusal(s3.restore_object, **archived(storage_class), RestoreRequest=request_)
    assert found[0] == code
    assert message in found[1]


def test_lists_tell_of_restores(s3, archived, pass_time):
    place = archived("GLACIER")
    ask(s3, place)
    options = {"Bucket": place["Bucket"], "OptionalObjectAttributes": ["RestoreStatus"]}
    (item,) = s3.list_objects_v2(**options)["Contents"]
    assert item["RestoreStatus"] == {"IsRestoreInProgress": True}
    assert item["StorageClass"] == "GLACIER"
    pass_time("5h")
    (item,) = s3.list_object_versions(**options)["Versions"]
    assert item["RestoreStatus"]["IsRestoreInProgress"] is False
    assert item["RestoreStatus"]["RestoreExpiryDate"]
    (item,) = s3.list_objects_v2(Bucket=place["Bucket"])["Contents"]
    assert "RestoreStatus" not in item


def test_copy_in_place_makes_it_standard_again(s3, archived, pass_time):
    place = archived("GLACIER")
    ask(s3, place)
    pass_time("5h")
    s3.copy_object(**place, CopySource=place, StorageClass="STANDARD")
    pass_time("20d")
    assert s3.get_object(**place)["Body"].read() == CONTENT
    s3.copy_object(**place, CopySource=place, StorageClass="DEEP_ARCHIVE")
    assert refusal(s3.get_object, **place)[0] == "InvalidObjectState"


def test_upload_in_parts_goes_to_the_archive_whole(s3, bucket, pass_time):
    place = {"Bucket": bucket, "Key": "parts"}
    upload = s3.create_multipart_upload(**place, StorageClass="GLACIER")["UploadId"]
    parts = [b"a" * (5 << 20), b"b" * 10]
    done = [
        {
            "PartNumber": number,
            "ETag": s3.upload_part(**place, UploadId=upload, PartNumber=number, Body=part)["ETag"],
        }
        for number, part in enumerate(parts, 1)
    ]
    s3.complete_multipart_upload(**place, UploadId=upload, MultipartUpload={"Parts": done})
    assert refusal(s3.get_object, **place)[0] == "InvalidObjectState"
    ask(s3, place)
    pass_time("5h")
    assert s3.get_object(**place)["Body"].read() == b"".join(parts)
