import json

import pytest

from pipeline.contracts import events
from pipeline.contracts.events import InvalidEvent


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
    ("change", "reason"),
    [
        (
            {"event_type": "landed"},
            'event_type must be one of planned, departed, arrived, weather, not "landed"',
        ),
        ({"schema_version": 2}, "schema_version 2 is not 1"),
        ({"schema_version": True}, "schema_version must be a whole number, not true"),
        ({"distance": "far"}, 'distance must be a whole number, not "far"'),
        ({"distance": None}, "distance must be a whole number, not null"),
        ({"carrier": ""}, 'carrier must be a text that is not empty, not ""'),
        (
            {"flight_date": "2013-02-30"},
            'flight_date must be a date like 2013-01-01, not "2013-02-30"',
        ),
        (
            {"event_time": "2013-01-01 10:15:00Z"},
            'event_time must be an instant like 2013-01-01T10:15:00Z, not "2013-01-01 10:15:00Z"',
        ),
        (
            {"event_time": "2013-01-01T10:15:00"},
            'event_time must be an instant like 2013-01-01T10:15:00Z, not "2013-01-01T10:15:00"',
        ),
        ({"arr_delay": 3}, "a planned event must not carry arr_delay"),
        ({"tailnum": None}, "a planned event must not carry tailnum"),
        ({"event_id": "x"}, 'event_id must be 2013-01-01/UA/1545/EWR#planned, not "x"'),
        ({"flight_id": "y"}, 'flight_id must be 2013-01-01/UA/1545/EWR, not "y"'),
    ],
)
def test_invalid_event_is_refused_with_its_reason(planned, change, reason):
    with pytest.raises(InvalidEvent) as refusal:
        events.validate(planned | change)
    assert str(refusal.value) == reason


def test_missing_field_is_refused(planned):
    del planned["dest"]
    with pytest.raises(InvalidEvent, match=r"^dest is missing$"):
        events.validate(planned)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
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
