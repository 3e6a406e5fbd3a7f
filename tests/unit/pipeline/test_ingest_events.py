import base64
import hashlib
import io
import json
import threading

import pytest
from botocore.exceptions import ClientError

from pipeline.contracts import events
from pipeline.handlers import ingest_events
from pipeline.handlers.lake.raw import ContendedObject, Lake
from pipeline.producers import tables
from pipeline.producers.timeline import timeline


class Bucket:
    """A working miniature of S3: objects, entity tags, conditional writes."""

    def __init__(self):
        self.objects: dict[str, bytes] = {}
        self.writes = 0
        self.before_write = lambda key: None
        self._lock = threading.Lock()

    def get_object(self, *, Bucket, Key):
        with self._lock:
            if Key not in self.objects:
                raise failure("NoSuchKey")
            body = self.objects[Key]
        return {"Body": io.BytesIO(body), "ETag": tag(body)}

    def put_object(self, *, Bucket, Key, Body, IfMatch=None, IfNoneMatch=None, **_):
        self.before_write(Key)
        with self._lock:
            there = self.objects.get(Key)
            if IfNoneMatch and there is not None:
                raise failure("PreconditionFailed")
            if IfMatch and (there is None or tag(there) != IfMatch):
                raise failure("PreconditionFailed" if there is not None else "NoSuchKey")
            self.objects[Key] = Body
            self.writes += 1
        return {"ETag": tag(Body)}

    def events(self):
        lines = b"".join(self.objects[key] for key in self.objects if key.startswith("raw/"))
        return [json.loads(line) for line in lines.splitlines()]


class Queue:
    def __init__(self):
        self.messages: list[dict] = []

    def send_message_batch(self, *, QueueUrl, Entries):
        assert 1 <= len(Entries) <= 10
        assert sum(len(entry["MessageBody"]) for entry in Entries) <= 256 * 1024
        self.messages += [json.loads(entry["MessageBody"]) for entry in Entries]
        return {"Successful": []}


def tag(body):
    return hashlib.md5(body).hexdigest()


def failure(code):
    return ClientError({"Error": {"Code": code, "Message": code}}, "PutObject")


def batch(payloads, first=1):
    """A Lambda event as Kinesis' event source mapping sends it."""
    return {
        "Records": [
            {
                "eventID": f"shardId-000000000000:{number}",
                "eventSourceARN": "arn:aws:kinesis:us-east-1:000000000000:stream/t-events",
                "kinesis": {
                    "sequenceNumber": str(number),
                    "partitionKey": "a flight",
                    "approximateArrivalTimestamp": 1700000000.5,
                    "data": base64.b64encode(payload).decode(),
                },
            }
            for number, payload in enumerate(payloads, first)
        ]
    }


@pytest.fixture
def bucket(monkeypatch):
    services = {"s3": Bucket(), "sqs": Queue()}
    monkeypatch.setenv("LAKE_BUCKET", "lake")
    monkeypatch.setenv("POISON_QUEUE_URL", "https://queue")
    monkeypatch.setattr("pipeline.aws.client", services.__getitem__)
    monkeypatch.setattr(ingest_events, "_LAKES", {})
    bucket = services["s3"]
    bucket.queue = services["sqs"]
    return bucket


@pytest.fixture(scope="module")
def told():
    return list(timeline(tables.days(2)))[:1500]


@pytest.fixture(scope="module")
def payloads(told):
    return [events.encode(event) for event in told]


def by_id(told):
    return sorted(told, key=lambda event: event["event_id"])


def test_batch_lands_in_the_partitions_of_its_events(bucket, told, payloads):
    report = ingest_events.handler(batch(payloads), None)
    assert report["added"] == len(told)
    assert by_id(bucket.events()) == by_id(told)
    for key, body in bucket.objects.items():
        lines = [json.loads(line) for line in body.splitlines()]
        assert {events.raw_key(event) for event in lines} == {key}


def test_batch_that_comes_again_changes_nothing(bucket, payloads):
    ingest_events.handler(batch(payloads), None)
    before, writes = dict(bucket.objects), bucket.writes
    assert ingest_events.handler(batch(payloads), None)["added"] == 0
    assert bucket.objects == before
    assert bucket.writes == writes


@pytest.mark.parametrize("warm", [True, False])
def test_batches_that_are_cut_again_add_each_event_once(bucket, told, payloads, warm):
    for first, last in [(0, 700), (0, 350), (350, 700), (200, 1100), (1000, 1500)]:
        if not warm:
            ingest_events._LAKES.clear()
        ingest_events.handler(batch(payloads[first:last], first), None)
    assert by_id(bucket.events()) == by_id(told)


def test_event_that_a_producer_sent_twice_is_there_once(bucket, payloads):
    report = ingest_events.handler(batch([payloads[0], payloads[1], payloads[0]]), None)
    assert report["added"] == 2
    assert len(bucket.events()) == 2


def test_killed_between_two_objects_the_retry_completes_the_batch(bucket, told, payloads):
    def kill(key):
        if "type=weather" in key:
            raise KeyboardInterrupt

    bucket.before_write = kill
    with pytest.raises(KeyboardInterrupt):
        ingest_events.handler(batch(payloads), None)
    assert 0 < len(bucket.events()) < len(told)
    bucket.before_write = lambda key: None
    ingest_events._LAKES.clear()
    ingest_events.handler(batch(payloads), None)
    assert by_id(bucket.events()) == by_id(told)


def test_writers_of_one_object_lose_nothing(bucket, told, payloads):
    """Two shards' functions, each with a memory of its own, in each other's way."""
    lakes = [Lake(bucket, "lake"), Lake(bucket, "lake")]

    def ingest(lake, mine):
        for start in range(0, len(mine), 100):
            by_key, _ = ingest_events.sort(batch(mine[start : start + 100])["Records"])
            for key, lines in by_key.items():
                lake.add(key, lines)

    threads = [
        threading.Thread(target=ingest, args=(lake, payloads[number::2]))
        for number, lake in enumerate(lakes)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert by_id(bucket.events()) == by_id(told)


def test_object_that_always_changes_fails_the_batch(bucket, payloads, monkeypatch):
    monkeypatch.setattr("pipeline.handlers.lake.raw.time.sleep", lambda _: None)

    def change(key):
        bucket.objects[key] = bucket.objects.get(key, b"") + b'{"event_id": "other"}\n'

    bucket.before_write = change
    with pytest.raises(ContendedObject, match=r"^s3://lake/raw/.* changed 12 times"):
        ingest_events.handler(batch(payloads[:1]), None)


def test_poison_is_set_aside_with_its_reason_and_the_rest_goes_on(bucket, payloads):
    report = ingest_events.handler(batch([payloads[0], b'{"oops"', b"\xff\x00", payloads[1]]), None)
    assert report == {"records": 4, "objects": 1, "added": 2, "poison": 2}
    first, second = bucket.queue.messages
    assert first["reason"].startswith("not JSON")
    assert first["payload"] == '{"oops"'
    assert first["sequence_number"] == "2"
    assert first["shard_id"] == "shardId-000000000000"
    assert first["stream"] == "t-events"
    assert base64.b64decode(second["payload_base64"]) == b"\xff\x00"


def test_large_poison_stands_in_the_lake_and_the_message_says_where(bucket):
    large = b"x" * 900 * 1024
    ingest_events.handler(batch([large]), None)
    (message,) = bucket.queue.messages
    assert message["reason"] == "921600 bytes are more than the 65536 of an event"
    assert message["payload_key"] == "poison/shardId-000000000000/1"
    assert bucket.objects[message["payload_key"]] == large


def test_much_poison_is_sent_in_batches_that_fit(bucket):
    ingest_events.handler(batch([b"x" * 60_000] * 25), None)
    assert len(bucket.queue.messages) == 25


def test_poison_is_not_sent_when_the_lake_fails(bucket, payloads):
    def refuse(_):
        raise failure("AccessDenied")

    bucket.before_write = refuse
    with pytest.raises(ClientError, match="AccessDenied"):
        ingest_events.handler(batch([payloads[0], b"bad"]), None)
    assert bucket.queue.messages == []
