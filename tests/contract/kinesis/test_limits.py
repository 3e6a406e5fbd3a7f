"""With `limits` on, a shard lets through in a second what AWS's does."""

import pytest

from tests.contract.conftest import Emulator, client_factory
from tests.contract.kinesis.shards import TOP, iterator
from tests.contract.refusals import refusal

FIRST = "shardId-000000000000"
EXCEEDED = f"Rate exceeded for shard {FIRST} in stream {{}} under account 000000000000."


@pytest.fixture(scope="module")
def kinesis(tmp_path_factory):
    emulator = Emulator(tmp_path_factory.mktemp("limits"), EMULATION_LIMITS="1")
    emulator.start()
    yield client_factory(emulator.url)("kinesis")
    emulator.end()


def records(count, data, key=0):
    return [{"Data": data, "PartitionKey": "p", "ExplicitHashKey": str(key)}] * count


def test_writes_beyond_a_mebibyte_a_second_are_refused(kinesis, stream):
    """More is sent at once than two seconds let in, so that no second of the test fits it all."""
    sent = records(9, b"x" * 500_000) + records(1, b"y", TOP)
    answer = kinesis.put_records(StreamName=stream, Records=sent)
    *of_first, of_second = answer["Records"]
    refused = [result for result in of_first if "ErrorCode" in result]
    assert answer["FailedRecordCount"] == len(refused) > 0
    assert "SequenceNumber" in of_first[0]
    assert of_second["ShardId"] == "shardId-000000000001"
    assert refused == [
        {
            "ErrorCode": "ProvisionedThroughputExceededException",
            "ErrorMessage": EXCEEDED.format(stream),
        }
    ] * len(refused)
    stored = kinesis.get_records(ShardIterator=iterator(kinesis, stream))["Records"]
    assert [record["SequenceNumber"] for record in stored] == [
        result["SequenceNumber"] for result in of_first if "SequenceNumber" in result
    ]


def test_records_beyond_a_thousand_a_second_are_refused(kinesis, stream, waiting):
    def refused():
        answer = kinesis.put_records(StreamName=stream, Records=records(500, b"x"))
        return [result for result in answer["Records"] if "ErrorCode" in result]

    first = waiting("a second with more than a thousand records", refused)[0]
    assert first["ErrorMessage"] == EXCEEDED.format(stream)


def test_put_record_is_refused_until_the_second_is_over(kinesis, stream, waiting):
    def put():
        return kinesis.put_record(
            StreamName=stream, Data=b"x" * 1_000_000, PartitionKey="p", ExplicitHashKey="0"
        )

    def put_refused():
        try:
            put()
        except kinesis.exceptions.ProvisionedThroughputExceededException as error:
            return error.response["Error"]["Message"]
        return None

    assert waiting("a refused record", put_refused) == EXCEEDED.format(stream)
    waiting("the next second", lambda: put_refused() is None)


def test_sixth_read_of_a_second_is_refused(kinesis, stream, waiting):
    position = iterator(kinesis, stream)

    def read_refused():
        try:
            kinesis.get_records(ShardIterator=position)
        except kinesis.exceptions.ProvisionedThroughputExceededException as error:
            return error.response["Error"]["Message"]
        return None

    assert waiting("a refused read", read_refused) == EXCEEDED.format(stream)
    # The other shard has reads of its own.
    kinesis.get_records(ShardIterator=iterator(kinesis, stream, 1))
    waiting("the next second", lambda: read_refused() is None)


def test_read_of_ten_mebibytes_takes_the_seconds_after_it(kinesis, stream, waiting):
    size = 10 * 2**20
    summary = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
    arn = summary["StreamARN"]
    kinesis.update_max_record_size(StreamARN=arn, MaxRecordSizeInKiB=10240)
    kinesis.put_record(
        StreamName=stream, Data=b"x" * (size - 1), PartitionKey="p", ExplicitHashKey="0"
    )
    position = iterator(kinesis, stream)
    assert len(kinesis.get_records(ShardIterator=position)["Records"]) == 1
    assert refusal(kinesis.get_records, ShardIterator=position) == (
        "ProvisionedThroughputExceededException",
        EXCEEDED.format(stream),
    )
