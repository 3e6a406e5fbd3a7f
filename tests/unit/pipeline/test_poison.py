"""What was set aside is listed, shown and sent again: against an S3 and a stream in memory."""

import base64
import io
import json

import pytest
from botocore.exceptions import ClientError

from pipeline.contracts import events
from pipeline.contracts.poison import SetAside
from pipeline.errors import SettingError
from pipeline.orchestration.poison import Aside, Changes
from pipeline.producers import tables
from pipeline.producers.timeline import timeline

BATCH = "aws/lambda/mapping/shardId-000000000001/2026/01/02/2026-01-02T03.04.05-x"


class Cloud:
    """The operations that are called, over plain data."""

    def __init__(self):
        self.objects: dict[str, bytes] = {}
        self.sent: list[tuple[str, bytes]] = []
        self.refuses_deletes = False

    def get_paginator(self, operation):
        assert operation == "list_objects_v2"
        return self

    def paginate(self, *, Bucket, Prefix):
        keys = sorted(key for key in self.objects if key.startswith(Prefix))
        yield {"Contents": [{"Key": key} for key in keys]}

    def get_object(self, *, Bucket, Key):
        if Key not in self.objects:
            raise ClientError({"Error": {"Code": "NoSuchKey", "Message": ""}}, "GetObject")
        return {"Body": io.BytesIO(self.objects[Key])}

    def put_object(self, *, Bucket, Key, Body, ContentType):
        self.objects[Key] = Body

    def delete_object(self, *, Bucket, Key):
        if self.refuses_deletes:
            raise ClientError({"Error": {"Code": "SlowDown", "Message": ""}}, "DeleteObject")
        self.objects.pop(Key)

    def put_records(self, *, StreamName, Records):
        assert StreamName == "t-events"
        assert 1 <= len(Records) <= 500
        self.sent += [(record["PartitionKey"], record["Data"]) for record in Records]
        return {"FailedRecordCount": 0}


@pytest.fixture
def cloud(monkeypatch):
    cloud = Cloud()
    monkeypatch.setattr("pipeline.aws.client", lambda service: cloud)
    return cloud


@pytest.fixture
def aside():
    return Aside("lake", "t-events")


@pytest.fixture(scope="module")
def event():
    return next(iter(timeline(tables.days(1))))


@pytest.fixture
def put(cloud):
    def put(data, number=1, kind="unknown_version", reason="schema_version 2 is not 1"):
        item = SetAside(
            kind=kind,
            reason=reason,
            stream="t-events",
            shard_id="shardId-000000000000",
            sequence_number=str(number),
            partition_key="a flight",
            arrived_at=1700000000.5,
            data=data,
        )
        cloud.objects[item.key] = item.encode()
        return item

    return put


def outcomes(aside, *, given=(), unset=(), **which):
    found = aside.redrive(aside.look(**which), Changes.parse(given, unset))
    return [outcome.stays for outcome in found]


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"\xff\x00", "Süd \u2028".encode(), b"x" * 900 * 1024]
)
def test_object_gives_back_the_record(put, cloud, data):
    item = put(data)
    assert SetAside.decode(cloud.objects[item.key]) == item


def test_list_tells_what_waits_under_ids_that_stay(aside, put):
    put(b"{", 1, "not_json", "not JSON: it ends")
    put(b"[]", 2, "no_object", "a list")
    first, second = aside.look()
    assert (first.kind, first.reason, first.holds) == ("not_json", "not JSON: it ends", "1 bytes")
    assert first.arrived == "2023-11-14T22:13:20"
    assert aside.look(kind="no_object") == [second]
    assert aside.look(ids=[second.id, second.id[:6]]) == [second, second]
    assert aside.look(ids=[first.key]) == [first]


@pytest.mark.parametrize("id_", ["", "nothing", "poison/"])
def test_id_that_names_nothing_is_refused(aside, put, id_):
    put(b"{")
    with pytest.raises(SettingError, match="names no record"):
        aside.look(ids=[id_])


def test_id_that_names_several_is_refused(aside, put):
    for number in range(50):
        put(b"{", number)
    several = next(item.id[0] for item in aside.look() if item.id[0] in "0123456789abcdef")
    with pytest.raises(SettingError, match=r"names \d+ records"):
        aside.look(ids=[several])


def test_record_is_sent_again_with_a_field_set(aside, put, cloud, event):
    put(events.encode({**event, "schema_version": 2}))
    assert outcomes(aside, given=["schema_version=1"]) == [""]
    assert cloud.sent == [(events.partition_key(event), events.encode(event))]
    assert cloud.objects == {}


def test_record_is_sent_again_without_a_field(aside, put, cloud, event):
    put(events.encode({**event, "month": 1}))
    assert outcomes(aside, unset=["month"]) == [""]
    assert json.loads(cloud.sent[0][1]) == event


def test_what_is_refused_stays_with_the_new_reason_and_the_old_payload(aside, put, cloud, event):
    old = {**event, "schema_version": 2}
    del old["origin"]
    item = put(events.encode(old))
    assert outcomes(aside, given=["schema_version=1"]) == [
        "with schema_version=1: origin is missing"
    ]
    kept = SetAside.decode(cloud.objects[item.key])
    assert (kept.kind, kept.reason) == ("missing_field", "with schema_version=1: origin is missing")
    assert kept.data == item.data
    assert cloud.sent == []
    assert outcomes(aside) == ["schema_version 2 is not 1"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\xff", r"with a=1: not JSON"),
        (b"[]", "with a=1: there is no object whose fields could be set"),
    ],
)
def test_no_field_of_what_is_no_object_can_be_set(aside, put, cloud, data, reason):
    put(data)
    (stays,) = outcomes(aside, given=["a=1"])
    assert stays.startswith(reason)
    assert len(cloud.objects) == 1


def test_killed_between_sending_and_deleting_it_is_sent_again(aside, put, cloud, event):
    put(events.encode(event))
    cloud.refuses_deletes = True
    with pytest.raises(ClientError):
        outcomes(aside)
    cloud.refuses_deletes = False
    assert outcomes(aside) == [""]
    assert cloud.sent == [(events.partition_key(event), events.encode(event))] * 2
    assert cloud.objects == {}


def test_record_that_somebody_else_has_seen_to_is_done(aside, put, cloud, event):
    put(events.encode(event))
    waiting = aside.look()
    cloud.objects.clear()
    assert [outcome.stays for outcome in aside.redrive(waiting, Changes())] == [""]
    assert cloud.sent == []


@pytest.fixture(params=[lambda event: event, json.dumps], ids=["as JSON", "as text"])
def given_up(cloud, request):
    records = [
        {"kinesis": {"partitionKey": "p", "data": base64.b64encode(data).decode()}}
        for data in (b"one", b"\xff", *[b"more"] * 600)
    ]
    told = {
        "requestContext": {"condition": "RecordAgeExceeded", "approximateInvokeCount": 7},
        "responseContext": {"statusCode": 200, "functionError": "Unhandled"},
        "KinesisBatchInfo": {
            "shardId": "shardId-000000000001",
            "approximateArrivalOfFirstRecord": "2026-01-02T03:04:05.678Z",
        },
        "payload": json.dumps({"Records": records}),
    }
    cloud.objects[BATCH] = json.dumps(told).encode()


def test_batch_that_was_given_up_is_sent_again_as_it_was(aside, cloud, given_up):
    (waiting,) = aside.look()
    assert (waiting.kind, waiting.reason) == ("RecordAgeExceeded", "Unhandled after 7 attempts")
    assert (waiting.arrived, waiting.holds) == ("2026-01-02T03:04:05", "602 records")
    assert outcomes(aside) == [""]
    assert cloud.sent == [("p", b"one"), ("p", b"\xff"), *[("p", b"more")] * 600]
    assert cloud.objects == {}


def test_no_field_of_a_batch_can_be_set(aside, cloud, given_up):
    assert outcomes(aside, given=["a=1"]) == ["a batch is sent as it is: no field can be set"]
    assert cloud.sent == []
    assert list(cloud.objects) == [BATCH]


@pytest.mark.parametrize(
    ("word", "value"),
    [("a=1", 1), ('a="1"', "1"), ("a=UA", "UA"), ("a=null", None), ("a=b=c", "b=c"), ("a=", "")],
)
def test_value_that_is_not_json_is_text(word, value):
    assert Changes.parse([word], []).set == {"a": value}


@pytest.mark.parametrize("word", ["a", "=1", ""])
def test_change_without_a_name_is_refused(word):
    with pytest.raises(SettingError, match="NAME=VALUE"):
        Changes.parse([word], [])
