"""The columns of the processed table, and what a plan alone says."""

from datetime import UTC, datetime

import pytest

from pipeline.contracts import events, features

OUTCOME = {"dep_delay", "arr_delay", "air_time", "tailnum", "departed_at", "arrived_at", "late"}


def test_every_column_has_a_name_of_its_own():
    names = [column.name for column in features.COLUMNS]
    assert len(names) == len(set(names))


def test_no_feature_is_an_outcome():
    assert OUTCOME.isdisjoint(features.FEATURE_NAMES)
    assert {column.name for column in features.OUTCOMES} >= OUTCOME


def test_the_partition_is_a_folder_and_no_column():
    assert features.PARTITION not in {column.name for column in features.COLUMNS}


def test_categories_are_the_texts():
    assert features.CATEGORIES == ("carrier", "origin", "dest")


@pytest.mark.parametrize("feature", features.ROLLING, ids=lambda feature: feature.name)
def test_windows_belong_to_events_with_a_delay(feature):
    weighed = feature.of in {features.DEPARTED, features.ARRIVED}
    assert (feature.hours > 0) == weighed
    assert weighed or feature.measure == features.COUNT


@pytest.mark.parametrize("feature", features.ROLLING, ids=lambda feature: feature.name)
def test_keys_of_windows_are_fields_of_every_event_of_a_flight(feature):
    assert set(feature.by) <= {field.name for field in events.FLIGHT}


def test_weather_features_are_fields_of_the_weather_event():
    declared = {field.name for field in events.PAYLOAD[events.WEATHER]}
    assert {column.name for column in features.WEATHER} <= declared


def test_score_time_is_two_hours_before_departure():
    leaves = datetime(2013, 1, 1, 10, 15, tzinfo=UTC)
    assert features.score_time(leaves) == datetime(2013, 1, 1, 8, 15, tzinfo=UTC)


@pytest.mark.parametrize(("hhmm", "minute"), [(515, 315), (0, 0), (2359, 1439), (2400, 0)])
def test_clock_minute(hhmm, minute):
    assert features.clock_minute(hhmm) == minute


@pytest.mark.parametrize(("delay", "late"), [(-5, False), (15, False), (16, True)])
def test_late_is_more_than_15_minutes(delay, late):
    assert features.is_late(delay) is late


def test_schedule_features_of_a_plan():
    planned = {
        "carrier": "UA",
        "origin": "EWR",
        "dest": "IAH",
        "distance": 1400,
        "flight_date": "2013-01-01",
        "scheduled_departure": "2013-01-01T10:15:00Z",
        "scheduled_arrival": "2013-01-01T14:19:00Z",
        "sched_dep_time": 515,
        "sched_arr_time": 819,
    }
    found = features.schedule_features(planned)
    assert found == {
        "carrier": "UA",
        "origin": "EWR",
        "dest": "IAH",
        "distance": 1400,
        "departure_minute": 315,
        "arrival_minute": 499,
        "scheduled_minutes": 244,
        "day_of_week": 2,
    }
    assert tuple(found) == tuple(column.name for column in features.SCHEDULE)
