"""An object is the same, whichever way a request for it takes through the emulator."""

import pytest
from botocore.exceptions import ClientError

OF_THE_REQUEST = {"date", "x-amz-request-id", "x-amz-id-2", "x-localstack"}


@pytest.fixture
def ways(aws):
    """A client of plain requests, and one whose requests have a header that nobody expects."""
    unusual = aws("s3")
    unusual.meta.events.register(
        "before-sign.s3.*", lambda request, **_: request.headers.add_header("x-unusual", "1")
    )
    return aws("s3", parameter_validation=True), unusual


def told(answer) -> tuple:
    """What an answer says of the object: its status, headers and body."""
    metadata = answer["ResponseMetadata"]
    headers = {k: v for k, v in metadata["HTTPHeaders"].items() if k not in OF_THE_REQUEST}
    body = answer["Body"].read() if "Body" in answer else None
    return metadata["HTTPStatusCode"], headers, body


@pytest.mark.parametrize("operation", ["head_object", "get_object"])
@pytest.mark.parametrize("checksum", ["CRC32", "CRC64NVME", "SHA256"])
def test_object_is_the_same_on_both_ways(ways, bucket, operation, checksum):
    ways[0].put_object(
        Bucket=bucket,
        Key="a/b c+é",
        Body=b"content",
        ContentType="text/plain",
        Metadata={"one": "1", "Two": "zwei"},
        ChecksumAlgorithm=checksum,
    )
    for options in ({}, {"ChecksumMode": "ENABLED"}):
        one, other = (
            told(getattr(client, operation)(Bucket=bucket, Key="a/b c+é", **options))
            for client in ways
        )
        assert one == other
    assert f"x-amz-checksum-{checksum.lower()}" in one[1]


def test_write_is_the_same_on_both_ways(ways, bucket):
    one, other = (told(client.put_object(Bucket=bucket, Key="k", Body=b"new")) for client in ways)
    assert one == other


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"Key": "absent"}, "NoSuchKey"),
        ({"Key": "k", "IfMatch": '"0"'}, "PreconditionFailed"),
        ({"Key": "k", "Range": "bytes=99-"}, "InvalidRange"),
        ({"Key": "k", "VersionId": "none"}, "InvalidArgument"),
    ],
)
def test_refusal_is_the_same_on_both_ways(ways, bucket, options, code):
    ways[0].put_object(Bucket=bucket, Key="k", Body=b"x")
    for client in ways:
        with pytest.raises(ClientError) as refused:
            client.get_object(Bucket=bucket, **options)
        assert refused.value.response["Error"]["Code"] == code


def test_wrong_checksum_is_refused_and_nothing_is_stored(ways, bucket):
    for client in ways:
        with pytest.raises(ClientError, match="BadDigest|did not match"):
            client.put_object(Bucket=bucket, Key="k", Body=b"x", ChecksumCRC32="AAAAAA==")
        with pytest.raises(ClientError, match="404"):
            client.head_object(Bucket=bucket, Key="k")


@pytest.mark.parametrize("size", [0, 1, 1024 * 1024, 1024 * 1024 + 1, 20 * 1024 * 1024])
def test_object_of_any_size_comes_back(aws, bucket, size):
    s3 = aws("s3")
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    s3.put_object(Bucket=bucket, Key="k", Body=content)
    got = s3.get_object(Bucket=bucket, Key="k")
    body = got["Body"].read()
    assert (len(body), got["ContentLength"]) == (size, size)
    assert body == content


def test_versions_are_told(ways, bucket):
    status = {"Status": "Enabled"}
    ways[0].put_bucket_versioning(Bucket=bucket, VersioningConfiguration=status)
    versions = [
        client.put_object(Bucket=bucket, Key="k", Body=b"x")["VersionId"] for client in ways
    ]
    for client in ways:
        assert client.get_object(Bucket=bucket, Key="k")["VersionId"] == versions[-1]
    for version in versions:
        ways[0].delete_object(Bucket=bucket, Key="k", VersionId=version)


def test_write_is_notified(aws, bucket, unique, waiting):
    """What a bucket has to tell is told, too, of the writes that are answered quickly."""
    sqs = aws("sqs")
    queue = sqs.create_queue(QueueName=unique)["QueueUrl"]
    named = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    arn = named["Attributes"]["QueueArn"]
    rule = {"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}
    aws("s3").put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [rule]}
    )
    aws("s3").put_object(Bucket=bucket, Key="told", Body=b"x")

    def received():
        messages = sqs.receive_message(QueueUrl=queue).get("Messages", [])
        return any('"told"' in message["Body"] for message in messages)

    waiting("the notification", received)
    sqs.delete_queue(QueueUrl=queue)
