import json

import pytest

from pipeline.contracts import events
from pipeline.contracts.fields import KINDS, InvalidEvent


@pytest.fixture
def planned():
    flight = "2013-01-01/UA/1545/EWR"
    return {
        **events.envelope(flight, "planned", "2012-12-31T10:15:00Z"),
        "flight_id": flight,
        "flight_date": "2013-01-01",
        "carrier": "UA",
        "flight": 1545,
        "origin": "EWR",
        "dest": "IAH",
        "scheduled_departure": "2013-01-01T10:15:00Z",
        "scheduled_arrival": "2013-01-01T14:19:00Z",
        "sched_dep_time": 515,
        "sched_arr_time": 819,
        "distance": 1400,
    }


@pytest.fixture
def weather():
    observation = "2013-01-01T06:00:00Z/EWR"
    nothing = ("dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure")
    return {
        **events.envelope(observation, "weather", "2013-01-01T07:00:00Z"),
        "origin": "EWR",
        "observed_at": "2013-01-01T06:00:00Z",
        "temp": 39.02,
        "visib": 10,
        **dict.fromkeys(nothing),
    }


def test_decode_returns_what_encode_wrote(planned, weather):
    assert events.decode(events.encode(planned)) == planned
    assert events.decode(events.encode(weather)) == weather


def test_event_is_one_line(planned):
    assert b"\n" not in events.encode({**planned, "dest": "I\nAH"})


def test_undeclared_field_passes(planned):
    events.validate({**planned, "gate": "C 12"})


def test_partition_key_is_the_flight(planned):
    assert events.partition_key(planned) == "2013-01-01/UA/1545/EWR"


def test_month_is_the_month_of_the_flight_not_of_the_publication(planned, weather):
    assert events.month(planned) == "2013-01"
    assert events.month(weather) == "2013-01"


@pytest.mark.parametrize(
    ("kind", "change", "reason"),
    [
        (
            "unknown_type",
            {"event_type": "landed"},
            'event_type must be one of planned, departed, arrived, weather, not "landed"',
        ),
        ("unknown_version", {"schema_version": 2}, "schema_version 2 is not 1"),
        ("wrong_type", {"schema_version": True}, "schema_version must be a whole number, not true"),
        ("wrong_type", {"distance": "far"}, 'distance must be a whole number, not "far"'),
        ("wrong_type", {"distance": None}, "distance must be a whole number, not null"),
        ("wrong_type", {"carrier": ""}, 'carrier must be a text that is not empty, not ""'),
        (
            "wrong_type",
            {"flight_date": "2013-02-30"},
            'flight_date must be a date like 2013-01-01, not "2013-02-30"',
        ),
        (
            "wrong_type",
            {"event_time": "2013-01-01 10:15:00Z"},
            'event_time must be an instant like 2013-01-01T10:15:00Z, not "2013-01-01 10:15:00Z"',
        ),
        (
            "wrong_type",
            {"event_time": "2013-01-01T10:15:00"},
            'event_time must be an instant like 2013-01-01T10:15:00Z, not "2013-01-01T10:15:00"',
        ),
        ("foreign_field", {"arr_delay": 3}, "a planned event must not carry arr_delay"),
        ("foreign_field", {"tailnum": None}, "a planned event must not carry tailnum"),
        (
            "wrong_identity",
            {"event_id": "x"},
            'event_id must be 2013-01-01/UA/1545/EWR#planned, not "x"',
        ),
        ("wrong_identity", {"flight_id": "y"}, 'flight_id must be 2013-01-01/UA/1545/EWR, not "y"'),
    ],
)
def test_invalid_event_is_refused_with_its_reason(planned, kind, change, reason):
    with pytest.raises(InvalidEvent) as refusal:
        events.validate(planned | change)
    assert (refusal.value.kind, str(refusal.value)) == (kind, reason)
    assert kind in KINDS


def test_missing_field_is_refused(planned):
    del planned["dest"]
    with pytest.raises(InvalidEvent, match=r"^dest is missing$"):
        events.validate(planned)


def test_other_version_is_told_before_what_it_lacks():
    with pytest.raises(InvalidEvent, match=r"^schema_version 2 is not 1$"):
        events.validate({"schema_version": 2})


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        ("{}".encode("utf-16"), "not JSON"),
        (b"[" * 60_000, "not JSON"),
        (b'{"temp": NaN}', "not JSON: NaN is not a JSON number"),
        (b"[1]", r"an event is a JSON object, not \[1\]"),
        (b"null", "an event is a JSON object, not null"),
        (b"{}", "event_id is missing"),
        (b" " * 900 * 1024, "921600 bytes are more than the 65536 of an event"),
    ],
)
def test_data_that_is_no_event_is_refused(data, reason):
    with pytest.raises(InvalidEvent, match=f"^{reason}"):
        events.decode(data)


def test_number_too_large_for_a_float_is_refused(weather):
    data = json.dumps(weather).replace("39.02", "1e999").encode()
    with pytest.raises(InvalidEvent, match="^temp must be a number"):
        events.decode(data)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("distance", 2**31),
        ("flight_date", "2013-W01-1"),
        ("flight_date", "２０１３-01-01"),
        ("scheduled_arrival", "2013-W01-1T10:15:00Z"),
        ("scheduled_arrival", "2013-01-01T24:00:00Z"),
        ("dest", "\ud800"),
    ],
)
def test_value_that_no_table_can_hold_is_refused(planned, name, value):
    with pytest.raises(InvalidEvent, match=f"^{name} must be a"):
        events.validate(planned | {name: value})


@pytest.mark.parametrize(
    "value", ["C 12", "Tor Süd 🛫", 3, -(2**63), 0.5, True, None, [], {"a": [{"b": [1]}]}]
)
def test_field_that_nobody_declared_passes_as_it_is(planned, value):
    event = {**planned, "gate": value}
    assert events.decode(events.encode(event)) == event


@pytest.mark.parametrize(
    ("added", "reason"),
    [
        ({"Carrier": "x"}, '"Carrier" is carrier, which is taken, to a catalog without case'),
        ({"gate": 1, "Gate": 2}, '"Gate" is gate, which is taken, to a catalog without case'),
        ({"month": 1}, '"month" is month, which is taken, to a catalog without case'),
        ({" ": 1}, '" " cannot be the name of a column'),
        ({"a\nb": 1}, r'"a\nb" cannot be the name of a column'),
        ({"gate": 2**63}, "gate is a number that no column holds"),
        ({"gate": float("inf")}, "gate is a number that no column holds"),
        ({"gate": ["\ud800"]}, r'gate holds half a surrogate pair, which is no text: "\ud800"'),
        ({"gate": {"\udfff": 1}}, r'gate holds half a surrogate pair, which is no text: "\udfff"'),
    ],
)
def test_field_that_the_lake_cannot_hold_is_refused(planned, added, reason):
    with pytest.raises(InvalidEvent) as refusal:
        events.validate(planned | added)
    assert str(refusal.value) == reason


def test_field_that_is_too_deep_is_refused(planned):
    planned["gate"] = []
    for _ in range(16):
        planned["gate"] = [planned["gate"]]
    with pytest.raises(InvalidEvent, match=r"^gate is more than 16 objects or lists deep$"):
        events.validate(planned)
