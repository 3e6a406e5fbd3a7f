"""Data points on disk."""

import pytest

from emulation.compute.metrics.database import KEPT, SECONDS_KEPT, Bin, Database, Datum, Metric

METRIC = Metric("0", "r", "Space", "m", (("Host", "x=y\t"),))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "metrics.db"


@pytest.fixture
def database(path):
    found = Database(path)
    yield found
    found.close()


def test_values_belong_to_their_minute_unless_their_second_is_kept(database):
    database.add([Datum(METRIC, 65, values={1.0: 2}), Datum(METRIC, 119, values={3.0: 1})])
    database.add([Datum(METRIC, 67, fine=True, values={9.0: 1})])
    assert database.bins(METRIC, 0, 120, 1) == {60: Bin(3, 5, 1, 3), 67: Bin(1, 9, 9, 9)}
    assert database.is_fine(METRIC)


def test_periods_hold_values_and_statistic_sets_together(database):
    database.add([Datum(METRIC, 0, values={2.0: 1}), Datum(METRIC, 60, values={2.0: 3})])
    database.add([Datum(METRIC, 60, samples=4, total=10, low=1, high=4)])
    (found,) = database.bins(METRIC, 0, 300, 300, with_values=True).values()
    assert found == Bin(8, 18, 1, 4, 4, ((2.0, 4.0),))


def test_units_are_told_apart(database):
    database.add([Datum(METRIC, 0, "Count", values={1.0: 1}), Datum(METRIC, 0, values={5.0: 1})])
    assert database.units(METRIC, 0, 60) == ["Count", "None"]
    assert database.bins(METRIC, 0, 60, 60, unit="Count")[0].total == 1


def test_seconds_become_minutes_after_three_hours(database):
    database.add(
        [Datum(METRIC, 600 + at, fine=True, values={1.0: 1, float(at): 1}) for at in (2, 3)]
    )
    recent = Datum(METRIC, 7000, fine=True, values={1.0: 1})
    database.add([recent])
    before = database.bins(METRIC, 600, 660, 60, with_values=True)
    database.roll_up(6000 + SECONDS_KEPT)
    assert database.bins(METRIC, 600, 660, 60, with_values=True) == before
    assert list(database.bins(METRIC, 0, 9000, 1)) == [600, 7000]


def test_what_is_older_than_awss_retention_is_forgotten(database):
    database.add([Datum(METRIC, 60, values={1.0: 1}), Datum(METRIC, 6000, values={1.0: 1})])
    database.roll_up(KEPT + 600)
    assert list(database.bins(METRIC, 0, 9000, 60, with_values=True)) == [6000]
    database.roll_up(KEPT + 6600)
    assert database.metrics("0", "r", since=1) == []


def test_what_is_added_is_in_the_file_at_once(database, path):
    database.add([Datum(METRIC, 0, values={1.0: 1})])
    other = Database(path)
    assert other.bins(METRIC, 0, 60, 60)[0].samples == 1
    assert other.metrics("0", "r", since=0.001) == []
    other.close()


def test_metrics_are_listed_by_their_latest_data(database):
    other = Metric("0", "r", "Other", "n")
    database.add([Datum(METRIC, 1000, values={1.0: 1}), Datum(other, 2000, values={1.0: 1})])
    assert database.metrics("0", "r", since=1) == [other, METRIC]
    assert database.metrics("0", "r", since=1500) == [other]
    assert database.metrics("0", "r", "Space", since=1) == [METRIC]
    assert database.metrics("1", "r", since=1) == []
