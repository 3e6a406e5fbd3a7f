import base64
import hashlib
import io
import json
import threading
from collections import Counter

import pytest
from botocore.exceptions import ClientError

from pipeline.contracts import events
from pipeline.contracts.poison import SetAside
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

    def poison(self):
        keys = sorted(key for key in self.objects if key.startswith("poison/"))
        return [SetAside.decode(self.objects[key]) for key in keys]


class Meter:
    """A working miniature of CloudWatch: sums by name and reason."""

    def __init__(self):
        self.sums: Counter[tuple[str, str]] = Counter()
        self.is_down = False

    def put_metric_data(self, *, Namespace, MetricData):
        if self.is_down:
            raise failure("InternalServiceFault")
        assert Namespace == "t/ingest"
        for metric in MetricData:
            (reason,) = [item["Value"] for item in metric.get("Dimensions", [])] or ("",)
            self.sums[metric["MetricName"], reason] += metric["Value"]


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
    services = {"s3": Bucket(), "cloudwatch": Meter()}
    monkeypatch.setenv("LAKE_BUCKET", "lake")
    monkeypatch.setenv("METRIC_NAMESPACE", "t/ingest")
    monkeypatch.setattr("pipeline.aws.client", services.__getitem__)
    monkeypatch.setattr(ingest_events, "_LAKES", {})
    bucket = services["s3"]
    bucket.meter = services["cloudwatch"]
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


def poisoned(event, **change):
    return events.encode(event | change)


def test_poison_is_set_aside_with_its_reason_and_the_rest_goes_on(bucket, payloads):
    report = ingest_events.handler(batch([payloads[0], b'{"oops"', b"\xff\x00", payloads[1]]), None)
    assert report == {"records": 4, "objects": 1, "added": 2, "poison": 2}
    first, second = bucket.poison()
    assert first == SetAside(
        kind="not_json",
        reason="not JSON: Expecting ':' delimiter: line 1 column 8 (char 7)",
        stream="t-events",
        shard_id="shardId-000000000000",
        sequence_number="2",
        partition_key="a flight",
        arrived_at=1700000000.5,
        data=b'{"oops"',
    )
    assert second.data == b"\xff\x00"
    assert json.loads(bucket.objects[first.key])["payload"] == '{"oops"'
    assert first.key == "poison/t-events/shardId-000000000000/2.json"


def test_large_poison_is_kept_whole(bucket):
    large = b"x" * 900 * 1024
    ingest_events.handler(batch([large]), None)
    (kept,) = bucket.poison()
    assert (kept.kind, kept.data) == ("too_large", large)
    assert kept.reason == "921600 bytes are more than the 65536 of an event"


def test_poison_that_comes_again_is_there_once(bucket, payloads):
    records = [payloads[0], b"bad", payloads[1], b"worse", b"bad"]
    for first, last in [(0, 5), (0, 2), (2, 5)]:
        ingest_events.handler(batch(records[first:last], first + 1), None)
    assert [item.data for item in bucket.poison()] == [b"bad", b"worse", b"bad"]


def test_poison_is_counted_by_reason_and_broken_contracts_apart(bucket, told):
    record = told[0]
    without = {name: value for name, value in record.items() if name != "dest"}
    batch_of = [b"{", b"[]", poisoned(record, schema_version=2), poisoned(without), b"{"]
    ingest_events.handler(batch(batch_of), None)
    assert bucket.meter.sums == {
        ("PoisonRecords", ""): 5,
        ("ContractBreaks", ""): 2,
        ("PoisonRecords", "not_json"): 2,
        ("PoisonRecords", "no_object"): 1,
        ("PoisonRecords", "unknown_version"): 1,
        ("PoisonRecords", "missing_field"): 1,
    }


def test_poison_is_set_aside_though_nobody_counts(bucket, caplog):
    bucket.meter.is_down = True
    assert ingest_events.handler(batch([b"bad"]), None)["poison"] == 1
    assert len(bucket.poison()) == 1
    assert "1 poison records were not counted" in caplog.text


def test_poison_is_not_set_aside_when_the_lake_fails(bucket, payloads):
    def refuse(_):
        raise failure("AccessDenied")

    bucket.before_write = refuse
    with pytest.raises(ClientError, match="AccessDenied"):
        ingest_events.handler(batch([payloads[0], b"bad"]), None)
    assert bucket.poison() == []


@pytest.mark.parametrize(
    "text",
    [
        '"gate": "\\ud800"',
        '"gate": 1e999',
        f'"gate": {"9" * 4000}',
        f'"gate": {"9" * 5000}',
        f'"gate": {"[" * 20_000}{"]" * 20_000}',
        f'"gate": {"[" * 900}{"]" * 900}',
        '"carrier": "\\ud800"',
        '"distance": 99999999999',
    ],
    ids=range(8),
)
def test_no_record_can_fail_the_batch(bucket, told, text):
    """Each of these is JSON to Python, and cannot be written or read by what comes after."""
    flight = next(event for event in told if event["event_type"] == "planned")
    data = events.encode(flight)[:-1] + f",{text}}}".encode()
    report = ingest_events.handler(batch([data]), None)
    assert (report["added"], report["poison"]) == (0, 1)
