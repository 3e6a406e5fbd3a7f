from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest

from pipeline.contracts import events
from pipeline.producers import flights, tables, weather
from pipeline.producers.backfill import expected_events, paced
from pipeline.producers.lanes import lane_of
from pipeline.producers.timeline import timeline

YEAR = {"planned": 336_776, "departed": 328_521, "arrived": 327_346, "weather": 26_115}


@pytest.fixture
def row():
    """The first flight of the data."""
    return {
        "year": "2013",
        "month": "1",
        "day": "1",
        "dep_time": "517",
        "sched_dep_time": "515",
        "dep_delay": "2",
        "arr_time": "830",
        "sched_arr_time": "819",
        "arr_delay": "11",
        "carrier": "UA",
        "flight": "1545",
        "tailnum": "N14228",
        "origin": "EWR",
        "dest": "IAH",
        "air_time": "227",
        "distance": "1400",
        "hour": "5",
        "minute": "15",
        "time_hour": "2013-01-01T10:00:00Z",
    }


def times(row):
    return {event["event_type"]: event["event_time"] for event in flights.tell(row)}


def test_flight_is_told_when_each_fact_is_known(row):
    assert times(row) == {
        "planned": "2012-12-31T10:15:00Z",
        "departed": "2013-01-01T10:17:00Z",
        # 08:19 in Houston is 14:19 UTC.
        "arrived": "2013-01-01T14:30:00Z",
    }


def test_plan_of_a_flight_says_nothing_of_its_outcome(row):
    planned, *_ = flights.tell(row)
    assert planned == {
        "event_id": "2013-01-01/UA/1545/EWR#planned",
        "event_type": "planned",
        "event_time": "2012-12-31T10:15:00Z",
        "schema_version": 1,
        "flight_id": "2013-01-01/UA/1545/EWR",
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


def test_cancelled_flight_is_only_planned(row):
    nothing = dict.fromkeys(("dep_time", "dep_delay", "arr_time", "arr_delay", "air_time"), "NA")
    assert list(times(row | nothing)) == ["planned"]


def test_diverted_flight_never_arrives(row):
    assert list(times(row | {"arr_delay": "NA", "air_time": "NA"})) == ["planned", "departed"]


def test_flight_that_leaves_at_midnight_departs_on_the_next_day(row):
    late = {"dep_time": "2400", "sched_dep_time": "2359", "dep_delay": "1", "minute": "59"}
    told = times(row | late | {"hour": "23", "time_hour": "2013-01-02T04:00:00Z"})
    assert told["departed"] == "2013-01-02T05:00:00Z"


@pytest.mark.parametrize(
    ("departure", "destination", "clock", "arrival"),
    [
        ("2013-01-01T10:15:00Z", "IAH", 819, "2013-01-01T14:19:00Z"),
        # An evening flight lands after midnight.
        ("2013-07-05T02:30:00Z", "LAX", 59, "2013-07-05T07:59:00Z"),
        # Puerto Rico, which the airports table lacks, has no summer time.
        ("2013-07-04T12:00:00Z", "SJU", 1155, "2013-07-04T15:55:00Z"),
        ("2013-01-04T12:00:00Z", "SJU", 1240, "2013-01-04T16:40:00Z"),
        # Honolulu's day is five hours behind.
        ("2013-01-01T15:00:00Z", "HNL", 1530, "2013-01-02T01:30:00Z"),
        # The night in which New York's clocks go forward, and the one in which they go back.
        ("2013-03-10T04:30:00Z", "BUF", 354, "2013-03-10T07:54:00Z"),
        ("2013-11-03T03:30:00Z", "BUF", 454, "2013-11-03T09:54:00Z"),
    ],
)
def test_scheduled_arrival_is_the_next_such_time_on_the_destinations_clock(
    departure, destination, clock, arrival
):
    found = flights.scheduled_arrival(datetime.fromisoformat(departure), destination, clock)
    assert flights.instant(found) == arrival


def test_weather_is_known_at_the_end_of_its_hour():
    row = dict.fromkeys(weather.MEASURES, "NA") | {
        "origin": "EWR",
        "time_hour": "2013-01-01T06:00:00Z",
        "wind_speed": "1048.36058",
    }
    told = weather.tell(row)
    assert told["event_time"] == "2013-01-01T07:00:00Z"
    assert told["wind_speed"] == 1048.36058
    assert told["temp"] is None
    events.validate(told)


def test_timeline_is_in_event_time_order_and_valid():
    told = list(timeline(tables.days(4)))
    order = [event["event_time"] for event in told]
    assert order == sorted(order)
    assert len(told) == expected_events(4) == len({event["event_id"] for event in told})
    for event in told:
        events.validate(event)


def test_days_have_the_same_events_whatever_they_are_told_with():
    whole = Counter(event["event_id"] for event in timeline(tables.days(6)))
    parts = Counter(event["event_id"] for event in timeline(tables.days(4)))
    parts.update(event["event_id"] for event in timeline(tables.days(6, after=4)))
    assert whole == parts


def test_year_has_every_event_and_each_flight_lands_after_its_flying_time():
    told: Counter[str] = Counter()
    quarter = 0
    for day in tables.days(365):
        for row in tables.flights().rows(day):
            told.update(check_times(list(flights.tell(row))))
        told["weather"] += sum(1 for _ in tables.weather().rows(day))
        quarter = told.total() if day == date(2013, 3, 31) else quarter
    assert told == YEAR
    assert expected_events(365) == told.total() == 1_018_758
    assert expected_events(90) == quarter == 243_309


def check_times(told):
    """The types of a flight's events, whose times are possible."""
    at = {event["event_type"]: datetime.fromisoformat(event["event_time"]) for event in told}
    if "arrived" in at:
        on_ground = at["arrived"] - at["departed"] - timedelta(minutes=told[-1]["air_time"])
        assert timedelta(minutes=5) <= on_ground < timedelta(hours=4)
    scheduled = datetime.fromisoformat(told[0]["scheduled_departure"])
    assert at["planned"] <= scheduled - timedelta(hours=2)
    return list(at)


def test_events_of_a_flight_take_one_lane(row):
    assert len({lane_of(event, 4) for event in flights.tell(row)}) == 1


def test_paced_events_wait_for_each_other(monkeypatch):
    clock = [1000.0]
    flushed: list[float] = []
    monkeypatch.setattr("pipeline.producers.backfill.time.monotonic", lambda: clock[0])
    monkeypatch.setattr(
        "pipeline.producers.backfill.time.sleep", lambda s: clock.__setitem__(0, clock[0] + s)
    )
    start = datetime(2013, 1, 1, tzinfo=UTC)
    told = [{"event_time": flights.instant(start + timedelta(hours=h))} for h in (0, 1, 1, 4)]
    seen = [
        clock[0] - 1000 for _ in paced(iter(told), 3600, lambda: flushed.append(clock[0] - 1000))
    ]
    assert seen == [0, 1, 1, 4]
    assert flushed == [0, 1]
