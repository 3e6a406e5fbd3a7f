"""What is archived, asked for or half uploaded is there after a kill, and comes when it is due."""

import os
import signal

import pytest
from botocore.exceptions import ClientError

MEGABYTE = 1024 * 1024
CONTENT = os.urandom(MEGABYTE + 1)


def test_archives_and_what_was_asked_of_them_survive_kill_9(
    aws, s3, bucket, archive_emulator, pass_time
):
    glacier = aws("glacier")
    place, vault = {"Bucket": bucket, "Key": "k"}, bucket
    s3.put_object(**place, Body=CONTENT, StorageClass="DEEP_ARCHIVE")
    s3.restore_object(**place, RestoreRequest={"Days": 2})
    glacier.create_vault(vaultName=vault)
    archive = glacier.upload_archive(vaultName=vault, body=CONTENT)["archiveId"]
    asked = {"Type": "archive-retrieval", "ArchiveId": archive}
    job = glacier.initiate_job(vaultName=vault, jobParameters=asked)["jobId"]
    upload = glacier.initiate_multipart_upload(vaultName=vault, partSize=str(MEGABYTE))["uploadId"]
    glacier.upload_multipart_part(
        vaultName=vault,
        uploadId=upload,
        range=f"bytes 0-{MEGABYTE - 1}/*",
        body=CONTENT[:MEGABYTE],
    )

    rule = {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": "p"}, "Expiration": {"Days": 9}}
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})

    kill_and_start(archive_emulator)
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == [rule]
    assert s3.head_object(**place)["Restore"] == 'ongoing-request="true"'
    assert glacier.describe_job(vaultName=vault, jobId=job)["StatusCode"] == "InProgress"
    parts = glacier.list_parts(vaultName=vault, uploadId=upload)["Parts"]
    assert [part["RangeInBytes"] for part in parts] == [f"0-{MEGABYTE - 1}"]
    pass_time("12h")

    kill_and_start(archive_emulator)
    assert s3.get_object(**place)["Body"].read() == CONTENT
    output = glacier.get_job_output(vaultName=vault, jobId=job)
    assert output["body"].read() == CONTENT
    pass_time("5d")
    with pytest.raises(ClientError, match="InvalidObjectState"):
        s3.get_object(**place)


def kill_and_start(emulator):
    emulator.end(signal.SIGKILL)
    emulator.start()
