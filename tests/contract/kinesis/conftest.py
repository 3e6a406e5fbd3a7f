from contextlib import ExitStack, closing

import pytest

from tests.contract.kinesis.subscribers import FIRST


@pytest.fixture(scope="module")
def kinesis(aws):
    # Requests outside of the model's constraints go out as well: it is the service that refuses.
    return aws("kinesis", parameter_validation=False, max_pool_connections=40)


@pytest.fixture
def stream(kinesis, unique):
    """The name of a stream of two shards."""
    kinesis.create_stream(StreamName=unique, ShardCount=2)
    kinesis.get_waiter("stream_exists").wait(StreamName=unique, WaiterConfig={"Delay": 1})
    yield unique
    kinesis.delete_stream(StreamName=unique, EnforceConsumerDeletion=True)


@pytest.fixture
def stream_arn(kinesis, stream):
    return kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"][
        "StreamARN"
    ]


@pytest.fixture
def consumer(kinesis, stream_arn):
    """The ARN of a consumer of the stream."""
    registered = kinesis.register_stream_consumer(StreamARN=stream_arn, ConsumerName="reader")
    return registered["Consumer"]["ConsumerARN"]


@pytest.fixture
def subscribe(kinesis):
    """`subscribe(consumer, "LATEST")`: an open subscription, closed after the test."""
    with ExitStack() as opened:

        def open_one(consumer, kind="TRIM_HORIZON", shard=FIRST, client=kinesis, **position):
            answer = client.subscribe_to_shard(
                ConsumerARN=consumer, ShardId=shard, StartingPosition={"Type": kind, **position}
            )
            return opened.enter_context(closing(answer["EventStream"]))

        yield open_one
