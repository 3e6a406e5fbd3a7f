"""Encryption of streams: with a key that exists and can be used, told and kept."""

import pytest

from tests.contract.refusals import refusal


@pytest.fixture
def key(aws):
    """The ARN of a key."""
    kms = aws("kms")
    arn = kms.create_key()["KeyMetadata"]["Arn"]
    yield arn
    if kms.describe_key(KeyId=arn)["KeyMetadata"]["KeyState"] != "PendingDeletion":
        kms.schedule_key_deletion(KeyId=arn, PendingWindowInDays=7)


def test_own_key_of_the_account_encrypts(kinesis, stream, key):
    kinesis.start_stream_encryption(StreamName=stream, EncryptionType="KMS", KeyId=key)
    described = kinesis.describe_stream(StreamName=stream)["StreamDescription"]
    assert (described["EncryptionType"], described["KeyId"]) == ("KMS", key)


def test_key_that_cannot_be_used_is_refused(aws, kinesis, stream, key):
    kms = aws("kms")
    request = {"StreamName": stream, "EncryptionType": "KMS", "KeyId": key}
    kms.disable_key(KeyId=key)
    assert refusal(kinesis.start_stream_encryption, **request) == (
        "KMSDisabledException",
        f"{key} is disabled.",
    )
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert refusal(kinesis.start_stream_encryption, **request) == (
        "KMSInvalidStateException",
        f"{key} is pending deletion.",
    )
    request["KeyId"] = "alias/nobody"
    assert refusal(kinesis.start_stream_encryption, **request)[0] == "KMSNotFoundException"
    assert refusal(kinesis.start_stream_encryption, **request | {"EncryptionType": "NONE"}) == (
        "InvalidArgumentException",
        "KMS is the only valid EncryptionType for this request.",
    )
    described = kinesis.describe_stream(StreamName=stream)["StreamDescription"]
    assert described["EncryptionType"] == "NONE"
