"""Data into a shard and out of it."""

TOP = 2**128 - 1
"""The last hash key."""


def arn(kinesis, stream):
    return kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"][
        "StreamARN"
    ]


def iterator(kinesis, stream, number=0, kind="TRIM_HORIZON", **position):
    shard = f"shardId-{number:012d}"
    return kinesis.get_shard_iterator(
        StreamName=stream, ShardId=shard, ShardIteratorType=kind, **position
    )["ShardIterator"]


def read(kinesis, stream, number=0, kind="TRIM_HORIZON", **position):
    """The data of a shard from a place on."""
    found = kinesis.get_records(ShardIterator=iterator(kinesis, stream, number, kind, **position))
    return [record["Data"] for record in found["Records"]]


def put(kinesis, stream, *data, hash_key=0):
    """Into one shard; the sequence numbers."""
    return [
        kinesis.put_record(
            StreamName=stream, Data=item, PartitionKey="p", ExplicitHashKey=str(hash_key)
        )["SequenceNumber"]
        for item in data
    ]
