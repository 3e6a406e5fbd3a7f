import pytest


@pytest.fixture(scope="module")
def kinesis(aws):
    # Requests outside of the model's constraints go out as well: it is the service that refuses.
    return aws("kinesis", parameter_validation=False)


@pytest.fixture
def stream(kinesis, unique):
    """The name of a stream of two shards."""
    kinesis.create_stream(StreamName=unique, ShardCount=2)
    kinesis.get_waiter("stream_exists").wait(StreamName=unique, WaiterConfig={"Delay": 1})
    yield unique
    kinesis.delete_stream(StreamName=unique)
