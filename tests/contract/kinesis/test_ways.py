"""Records are the same, whichever way a request for them takes through the emulator."""

import pytest

from tests.contract.kinesis.shards import iterator, read


@pytest.fixture
def ways(aws):
    """A client of plain requests, and one whose requests have a query that says nothing."""
    unusual = aws("kinesis")

    def with_query(request, **_):
        request.url += "?unusual=1"

    unusual.meta.events.register("before-sign.kinesis.*", with_query)
    return aws("kinesis"), unusual


def shape(answer) -> dict:
    """The answer without what differs from request to request."""
    return {
        key: sorted(value) if isinstance(value, dict) else type(value)
        for key, value in answer.items()
        if key != "ResponseMetadata"
    }


def test_writes_are_answered_and_stored_alike(ways, stream):
    answers = [
        client.put_record(StreamName=stream, Data=b"one", PartitionKey="p", ExplicitHashKey="0")
        for client in ways
    ]
    assert shape(answers[0]) == shape(answers[1])
    records = [{"Data": b"many", "PartitionKey": "é", "ExplicitHashKey": "0"}] * 2
    answers = [client.put_records(StreamName=stream, Records=records) for client in ways]
    assert shape(answers[0]) == shape(answers[1])
    assert all(answer["FailedRecordCount"] == 0 for answer in answers)
    assert read(ways[0], stream) == [b"one"] * 2 + [b"many"] * 4


def test_reads_are_alike(ways, stream):
    ways[0].put_record(StreamName=stream, Data=b"\0\xff", PartitionKey="é", ExplicitHashKey="0")
    answers = [
        client.get_records(ShardIterator=iterator(client, stream), Limit=10) for client in ways
    ]
    assert answers[0]["Records"] == answers[1]["Records"]
    assert answers[0]["Records"][0]["PartitionKey"] == "é"
    assert shape(answers[0]) == shape(answers[1])


def test_streams_are_made_and_described_alike(ways, unique):
    names = [f"{unique}-short", f"{unique}-long"]
    made = [
        client.create_stream(StreamName=name, ShardCount=2)
        for client, name in zip(ways, names, strict=True)
    ]
    assert shape(made[0]) == shape(made[1])
    described = [
        client.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
        for client in ways
        for name in names
    ]
    assert described[:2] == described[2:]
    assert described[0]["StreamName"] == names[0]
    assert [sorted(found) for found in described] == [sorted(described[0])] * 4
    for client, name in zip(ways, names, strict=True):
        with pytest.raises(client.exceptions.ResourceInUseException):
            client.create_stream(StreamName=name, ShardCount=1)
        client.delete_stream(StreamName=name)
