"""Encryption of streams: with a key that exists. It is recorded and told; what is on this machine's
disk stays as it is.
"""

from typing import Any

from botocore.exceptions import ClientError
from localstack.aws.api import RequestContext
from localstack.aws.connect import connect_to

from emulation.compute.streams.stream import Stream
from emulation.services.kinesis import errors

OWN_KEY = "alias/aws/kinesis"
"""The key that AWS manages for Kinesis; every account has it."""


def told(stream: Stream) -> dict[str, str]:
    """How the stream is encrypted, as AWS tells it."""
    key = stream.state.key_id
    return {"EncryptionType": "KMS", "KeyId": key} if key else {"EncryptionType": "NONE"}


def start(context: RequestContext, stream: Stream, request: dict[str, Any]) -> None:
    """Say that records are encrypted with a key."""
    _check_type(request)
    _check_key(context, request["KeyId"])
    stream.change(key_id=request["KeyId"])


def stop(stream: Stream, request: dict[str, Any]) -> None:
    """Say that records are not encrypted."""
    _check_type(request)
    stream.change(key_id=None)


def _check_type(request: dict[str, Any]) -> None:
    if request["EncryptionType"] != "KMS":
        raise errors.invalid_argument("KMS is the only valid EncryptionType for this request.")


def _check_key(context: RequestContext, key: str) -> None:
    """Refuse a key that KMS does not have, or that cannot be used."""
    if key.endswith(OWN_KEY):
        return
    clients = connect_to(aws_access_key_id=context.account_id, region_name=context.region)
    try:
        described = clients.kms.describe_key(KeyId=key)["KeyMetadata"]
    except ClientError as error:
        raise errors.kms_not_found(error.response["Error"]["Message"]) from error
    if described["KeyState"] == "Disabled":
        raise errors.kms_disabled(described["Arn"])
    if described["KeyState"] != "Enabled":
        raise errors.kms_invalid_state(described["Arn"], described["KeyState"])
