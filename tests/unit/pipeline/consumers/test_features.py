"""What the worker knows of a flight when its plan is told."""

import gzip
import json
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from pipeline.consumers.features import FRESH_SECONDS, StreamFeatures
from pipeline.contracts import events, stream_features
from pipeline.contracts.features import schedule_features
from pipeline.contracts.stream_features import NEWEST_KEY, STREAMED, Newest, instant
from tests.unit.pipeline.consumers.miniatures import failure

LINE = {name: None for name in STREAMED} | {"origin_departures_2h": 7, "temp": 39.0}


@pytest.fixture
def planned(told):
    return next(event for event in told if event["event_type"] == events.PLANNED)


def shifted(text, **by):
    return f"{instant(text) + timedelta(**by):%Y-%m-%dT%H:%M:%SZ}"


def put(cloud, key, *lines):
    text = "\n".join(json.dumps(line) for line in lines)
    cloud.bucket.objects[key] = gzip.compress(text.encode())


def newest(planned, as_of, **values):
    known = {name: planned[name] for name in ("carrier", "flight", "origin", "dest")}
    return Newest.collect(as_of, [{**LINE, **known, **values}]).to_json()


def found(cloud, planned):
    return StreamFeatures(cloud.bucket, "lake")([planned])[0]


def test_flight_has_what_is_known_of_its_keys(cloud, planned):
    put(cloud, NEWEST_KEY, newest(planned, planned["event_time"], line_overdue=0))
    expected = schedule_features(planned) | {"origin_departures_2h": 7, "line_overdue": 0}
    # The weather of a day before its departure is no weather.
    assert found(cloud, planned) == expected


def test_weather_is_known_that_will_not_be_stale(cloud, planned):
    put(
        cloud,
        NEWEST_KEY,
        newest(planned, shifted(planned["scheduled_departure"], hours=-8, seconds=1)),
    )
    assert found(cloud, planned)["temp"] == 39.0


def test_flight_of_unknown_keys_has_its_schedule(cloud, planned):
    put(cloud, NEWEST_KEY, newest({**planned, "origin": "XXX"}, planned["event_time"]))
    assert found(cloud, planned) == schedule_features(planned)


def test_settled_flight_has_its_line(cloud, planned):
    past = shifted(planned["scheduled_departure"], hours=-2, seconds=1)
    put(cloud, NEWEST_KEY, newest(planned, past, origin_departures_2h=99))
    assert found(cloud, planned) == schedule_features(planned)
    key = stream_features.flights_key_of(planned["scheduled_departure"])
    put(cloud, key, {**LINE, "flight_id": planned["flight_id"]}, {**LINE, "flight_id": "other"})
    assert found(cloud, planned) == schedule_features(planned) | {
        "origin_departures_2h": 7,
        "temp": 39.0,
    }


def test_stream_that_is_six_hours_behind_knows_nothing(cloud, planned):
    put(cloud, NEWEST_KEY, newest(planned, shifted(planned["event_time"], hours=-6)))
    assert found(cloud, planned) == schedule_features(planned)


def test_newest_is_read_again_when_it_may_have_changed(cloud, planned):
    lookup = StreamFeatures(cloud.bucket, "lake", cloud.clock)
    assert lookup([planned]) == [schedule_features(planned)]
    put(cloud, NEWEST_KEY, newest(planned, planned["event_time"]))
    assert lookup([planned]) == [schedule_features(planned)]
    cloud.clock.pass_by(FRESH_SECONDS)
    assert lookup([planned])[0]["origin_departures_2h"] == 7


def test_lake_that_does_not_answer_is_the_callers_to_try_again(cloud, planned, monkeypatch):
    def broken(**_):
        raise failure("SlowDown")

    monkeypatch.setattr(cloud.bucket, "get_object", broken)
    with pytest.raises(ClientError, match="SlowDown"):
        found(cloud, planned)
