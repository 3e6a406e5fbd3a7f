"""What is left of a stream when the emulator is killed."""

import json
import signal
import threading

from botocore.exceptions import BotoCoreError, ClientError

from tests.contract.kinesis.shards import put


def test_acknowledged_records_survive_a_kill(own_emulator, waiting):
    """Four writers, a kill in the middle, and every acknowledged record is there, in order."""
    kinesis = own_emulator.aws("kinesis")
    kinesis.create_stream(StreamName="s", ShardCount=2)
    kinesis.add_tags_to_stream(StreamName="s", Tags={"kept": "yes"})
    acknowledged: dict[tuple[str, str], bytes] = {}
    writers = [
        threading.Thread(target=write_until_it_fails, args=(own_emulator, number, acknowledged))
        for number in range(4)
    ]
    for writer in writers:
        writer.start()
    waiting("5,000 records", lambda: len(acknowledged) > 5_000)
    own_emulator.end(signal.SIGKILL)
    for writer in writers:
        writer.join()
    own_emulator.start()

    found = {}
    for shard in ("shardId-000000000000", "shardId-000000000001"):
        records = whole_shard(kinesis, shard)
        numbers = [int(record["SequenceNumber"]) for record in records]
        assert numbers == sorted(set(numbers))
        found |= {(shard, record["SequenceNumber"]): record["Data"] for record in records}
    assert found.items() >= acknowledged.items()
    assert kinesis.list_tags_for_stream(StreamName="s")["Tags"] == [{"Key": "kept", "Value": "yes"}]
    put(kinesis, "s", b"goes on")


def test_what_is_said_of_a_stream_survives_a_kill(own_emulator):
    kinesis = own_emulator.aws("kinesis")
    kinesis.update_account_settings(MinimumThroughputBillingCommitment={"Status": "ENABLED"})
    kinesis.create_stream(StreamName="s", StreamModeDetails={"StreamMode": "ON_DEMAND"})
    kinesis.update_stream_warm_throughput(StreamName="s", WarmThroughputMiBps=5)
    kinesis.enable_enhanced_monitoring(StreamName="s", ShardLevelMetrics=["IncomingBytes"])
    arn = kinesis.describe_stream_summary(StreamName="s")["StreamDescriptionSummary"]["StreamARN"]
    consumer = kinesis.register_stream_consumer(
        StreamARN=arn, ConsumerName="reader", Tags={"kept": "yes"}
    )["Consumer"]["ConsumerARN"]
    for resource in (arn, consumer):
        statement = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": resource}
        kinesis.put_resource_policy(
            ResourceARN=resource, Policy=json.dumps({"Statement": [statement]})
        )

    def told():
        answers = [
            kinesis.describe_account_settings(),
            kinesis.describe_stream_summary(StreamName="s"),
            kinesis.describe_stream_consumer(ConsumerARN=consumer),
            kinesis.list_tags_for_resource(ResourceARN=consumer),
            kinesis.get_resource_policy(ResourceARN=arn),
            kinesis.get_resource_policy(ResourceARN=consumer),
        ]
        return [dict(answer, ResponseMetadata=None) for answer in answers]

    before = told()
    assert before[1]["StreamDescriptionSummary"]["WarmThroughput"]["CurrentMiBps"] == 5
    own_emulator.end(signal.SIGKILL)
    own_emulator.start()
    assert told() == before


def write_until_it_fails(emulator, writer, acknowledged):
    kinesis = emulator.aws("kinesis")
    for number in range(10_000):
        data = [b"%d-%d-%d" % (writer, number, place) + b"x" * 500 for place in range(50)]
        records = [{"Data": item, "PartitionKey": item[:20].decode()} for item in data]
        try:
            answer = kinesis.put_records(StreamName="s", Records=records)
        except (BotoCoreError, ClientError):
            return
        for item, result in zip(data, answer["Records"], strict=True):
            acknowledged[result["ShardId"], result["SequenceNumber"]] = item


def whole_shard(kinesis, shard):
    position = kinesis.get_shard_iterator(
        StreamName="s", ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    found = []
    while True:
        answer = kinesis.get_records(ShardIterator=position)
        if not answer["Records"]:
            return found
        found += answer["Records"]
        position = answer["NextShardIterator"]
