"""Glacier's vaults: what comes in is checked, what goes out took its time and is the same."""

import io
import json
import os

import pytest
from botocore.exceptions import ClientError
from botocore.utils import calculate_tree_hash

from tests.contract.refusals import refusal

MEGABYTE = 1024 * 1024
CONTENT = os.urandom(3 * MEGABYTE + 5)


@pytest.fixture
def glacier(aws):
    return aws("glacier")


@pytest.fixture
def vault(glacier, unique) -> str:
    glacier.create_vault(vaultName=unique)
    glacier.get_waiter("vault_exists").wait(vaultName=unique)
    return unique


@pytest.fixture
def archive(glacier, vault) -> str:
    stored = glacier.upload_archive(vaultName=vault, archiveDescription="one, two", body=CONTENT)
    assert stored["checksum"] == tree(CONTENT)
    return stored["archiveId"]


def tree(content: bytes) -> str:
    return calculate_tree_hash(io.BytesIO(content))


def start(glacier, vault, **asked) -> str:
    return glacier.initiate_job(vaultName=vault, jobParameters=asked)["jobId"]


def output(glacier, vault, job, **more):
    return glacier.get_job_output(vaultName=vault, jobId=job, **more)


def test_missing_vault_is_refused_in_glaciers_words(glacier, unique):
    with pytest.raises(ClientError) as refused:
        glacier.describe_vault(vaultName=unique)
    arn = f"arn:aws:glacier:us-east-1:000000000000:vaults/{unique}"
    response = refused.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 404
    assert {name: response[name] for name in ("code", "type", "message")} == {
        "code": "ResourceNotFoundException",
        "type": "Client",
        "message": f"Vault not found for ARN: {arn}",
    }


def test_vault_with_archives_is_not_deleted(glacier, vault, archive):
    told = glacier.describe_vault(vaultName=vault)
    assert (told["NumberOfArchives"], told["SizeInBytes"]) == (1, len(CONTENT))
    assert refusal(glacier.delete_vault, vaultName=vault) == (
        "InvalidParameterValueException",
        f"Vault not empty or recently written to: {told['VaultARN']}",
    )
    glacier.delete_archive(vaultName=vault, archiveId=archive)
    glacier.delete_archive(vaultName=vault, archiveId=archive)
    glacier.delete_vault(vaultName=vault)
    assert vault not in [item["VaultName"] for item in glacier.list_vaults()["VaultList"]]


def test_archive_with_another_hash_is_refused(glacier, vault):
    code, message = refusal(
        glacier.upload_archive, vaultName=vault, body=CONTENT, checksum="0" * 64
    )
    assert code == "InvalidParameterValueException"
    assert message.startswith("Checksum mismatch: expected ")

    def linear(params, **_):
        params["headers"]["x-amz-content-sha256"] = "0" * 64

    glacier.meta.events.register_first("before-call.glacier.UploadArchive", linear)
    code, message = refusal(glacier.upload_archive, vaultName=vault, body=CONTENT)
    glacier.meta.events.unregister("before-call.glacier.UploadArchive", linear)
    assert code == "InvalidParameterValueException"
    assert "x-amz-content-sha256 does not match" in message
    assert glacier.describe_vault(vaultName=vault)["NumberOfArchives"] == 0


def test_retrieval_gives_the_bytes_back_and_is_forgotten_after_a_day(
    glacier, vault, archive, pass_time
):
    job = start(glacier, vault, Type="archive-retrieval", ArchiveId=archive, Tier="Bulk")
    told = glacier.describe_job(vaultName=vault, jobId=job)
    assert (told["StatusCode"], told["Completed"], told["Tier"]) == ("InProgress", False, "Bulk")
    assert refusal(output, glacier=glacier, vault=vault, job=job) == (
        "InvalidParameterValueException",
        f"The job is not currently available for download: {job}",
    )
    pass_time("12h")
    got = output(glacier, vault, job)
    assert got["body"].read() == CONTENT
    assert (got["checksum"], got["archiveDescription"]) == (tree(CONTENT), "one, two")
    assert got["ResponseMetadata"]["HTTPHeaders"]["content-length"] == str(len(CONTENT))
    pass_time("25h")
    code, message = refusal(glacier.describe_job, vaultName=vault, jobId=job)
    assert (code, message) == ("ResourceNotFoundException", f"The job ID was not found: {job}")


def test_ranges_have_checksums_where_the_tree_has_a_node(glacier, vault, archive, pass_time):
    wanted = f"{MEGABYTE}-{3 * MEGABYTE - 1}"
    asked = {"Type": "archive-retrieval", "ArchiveId": archive, "Tier": "Expedited"}
    job = start(glacier, vault, **asked, RetrievalByteRange=wanted)
    whole = start(glacier, vault, **asked)
    code, _ = refusal(
        glacier.initiate_job,
        vaultName=vault,
        jobParameters={**asked, "RetrievalByteRange": "5-1048575"},
    )
    assert code == "InvalidParameterValueException"
    pass_time("6m")
    got = output(glacier, vault, job)
    assert got["body"].read() == CONTENT[MEGABYTE : 3 * MEGABYTE]
    assert "checksum" not in got
    part = output(glacier, vault, whole, range=f"bytes=0-{2 * MEGABYTE - 1}")
    assert part["contentRange"] == f"bytes 0-{2 * MEGABYTE - 1}/{len(CONTENT)}"
    assert (part["status"], part["checksum"]) == (206, tree(CONTENT[: 2 * MEGABYTE]))
    assert part["body"].read() == CONTENT[: 2 * MEGABYTE]
    odd = output(glacier, vault, whole, range="bytes=1-100")
    assert (odd["body"].read(), "checksum" in odd) == (CONTENT[1:101], False)


def test_parts_come_in_any_order_and_are_checked(glacier, vault, pass_time):
    begun = glacier.initiate_multipart_upload(vaultName=vault, partSize=str(MEGABYTE))
    place = {"vaultName": vault, "uploadId": begun["uploadId"]}
    for at in (MEGABYTE, 0, 3 * MEGABYTE):
        put_part(glacier, place, at)
    last = {"archiveSize": str(len(CONTENT)), "checksum": tree(CONTENT)}
    code, _ = refusal(glacier.complete_multipart_upload, **place, **last)
    assert code == "InvalidParameterValueException"
    put_part(glacier, place, 2 * MEGABYTE)
    listed = [part["RangeInBytes"] for part in glacier.list_parts(**place)["Parts"]]
    assert listed[0] == "0-1048575"
    assert len(listed) == 4
    for wrong in ({"archiveSize": "5"}, {"checksum": "0" * 64}):
        code, _ = refusal(glacier.complete_multipart_upload, **place, **last | wrong)
        assert code == "InvalidParameterValueException"
    done = glacier.complete_multipart_upload(**place, **last)
    assert glacier.list_multipart_uploads(vaultName=vault)["UploadsList"] == []
    job = start(glacier, vault, Type="archive-retrieval", ArchiveId=done["archiveId"])
    pass_time("5h")
    assert output(glacier, vault, job)["body"].read() == CONTENT


def put_part(glacier, place, at):
    part = CONTENT[at : at + MEGABYTE]
    wanted = f"bytes {at}-{at + len(part) - 1}/*"
    glacier.upload_multipart_part(**place, range=wanted, body=part)


def test_part_out_of_place_is_refused(glacier, vault):
    begun = glacier.initiate_multipart_upload(vaultName=vault, partSize=str(MEGABYTE))
    place = {"vaultName": vault, "uploadId": begun["uploadId"], "body": b"x" * 10}
    for wanted in ("5-1048580", "0-1048575", "0-2097151"):
        code, message = refusal(glacier.upload_multipart_part, **place, range=f"bytes {wanted}/*")
        assert code == "InvalidParameterValueException"
        assert "is incompatible with" in message
    code, message = refusal(glacier.initiate_multipart_upload, vaultName=vault, partSize="1000")
    assert code == "InvalidParameterValueException"
    assert message.startswith("Invalid part size: 1000")


def test_inventory_in_json_and_csv(glacier, vault, archive, pass_time):
    first = start(glacier, vault, Type="inventory-retrieval")
    second = start(glacier, vault, Type="inventory-retrieval", Format="CSV")
    pass_time("5h")
    got = output(glacier, vault, first)
    document = json.loads(got["body"].read())
    assert got["contentType"] == "application/json"
    assert document["VaultARN"].endswith(f":vaults/{vault}")
    (item,) = document["ArchiveList"]
    assert (item["ArchiveId"], item["ArchiveDescription"]) == (archive, "one, two")
    assert (item["Size"], item["SHA256TreeHash"]) == (len(CONTENT), tree(CONTENT))
    header, line = output(glacier, vault, second)["body"].read().decode().splitlines()
    assert header == "ArchiveId,ArchiveDescription,CreationDate,Size,SHA256TreeHash"
    assert line.startswith(f'"{archive}","one, two",')


def test_topic_is_told_of_a_job(aws, glacier, vault, archive, queue, pass_time, waiting):
    arn, received = queue
    topic = aws("sns").create_topic(Name=vault)["TopicArn"]
    aws("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    config = {"SNSTopic": topic, "Events": ["ArchiveRetrievalCompleted"]}
    glacier.set_vault_notifications(vaultName=vault, vaultNotificationConfig=config)
    job = start(glacier, vault, Type="archive-retrieval", ArchiveId=archive)
    pass_time("5h")
    told = json.loads(json.loads(waiting("the notification", received)[0])["Message"])
    assert (told["JobId"], told["StatusCode"]) == (job, "Succeeded")


def test_policy_refuses_what_is_too_much(glacier, vault, archive):
    def limit(**rule):
        glacier.set_data_retrieval_policy(Policy={"Rules": [rule]})

    limit(Strategy="BytesPerHour", BytesPerHour=1000)
    asked = {"Type": "archive-retrieval", "ArchiveId": archive}
    found = refusal(glacier.initiate_job, vaultName=vault, jobParameters=asked)
    limit(Strategy="None")
    assert found == (
        "PolicyEnforcedException",
        "InitiateJob request denied by current data retrieval policy.",
    )
    assert start(glacier, vault, **asked)


def test_lock_keeps_archives_for_their_time(glacier, vault, archive, pass_time):
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "glacier:DeleteArchive",
        "Resource": "*",
        "Condition": {"NumericLessThan": {"glacier:ArchiveAgeInDays": "30"}},
    }
    policy = {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}
    lock = glacier.initiate_vault_lock(vaultName=vault, policy=policy)["lockId"]
    glacier.complete_vault_lock(vaultName=vault, lockId=lock)
    assert glacier.get_vault_lock(vaultName=vault)["State"] == "Locked"
    place = {"vaultName": vault, "archiveId": archive}
    assert refusal(glacier.delete_archive, **place)[0] == "AccessDeniedException"
    assert refusal(glacier.abort_vault_lock, vaultName=vault)[0] == "AccessDeniedException"
    pass_time("31d")
    glacier.delete_archive(**place)


def test_what_is_not_computed_is_refused_by_name(glacier, vault):
    with pytest.raises(ClientError, match="Type select is not emulated"):
        start(glacier, vault, Type="select")
    with pytest.raises(ClientError, match="PurchaseProvisionedCapacity is not emulated"):
        glacier.purchase_provisioned_capacity()
