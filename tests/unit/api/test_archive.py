"""The last predictions: the newest first, whatever lies in the lake."""

from datetime import datetime, timedelta

import pytest

from api.core.archive import Archive
from api.core.clock import now


@pytest.fixture
def archive(cloud):
    return Archive(cloud, lambda: "t-lake")


def write(archive, age, name):
    archive.write([{"name": name}], now() - age, name)


def test_newest_come_first_across_days(archive):
    for name, age in {
        "b": timedelta(seconds=5),
        "d": timedelta(days=2),
        "c": timedelta(days=1),
    }.items():
        write(archive, age, name)
    write(archive, timedelta(0), "a")
    assert [record["name"] for record in archive.last(10)] == ["a", "b", "c", "d"]


def test_no_more_than_asked_for(archive):
    for number in range(9):
        write(archive, timedelta(minutes=number), str(number))
    assert [record["name"] for record in archive.last(3)] == ["0", "1", "2"]


def test_batch_is_read_backwards(archive):
    at = now()
    archive.write([{"name": "first"}, {"name": "second"}], at, "x")
    assert [record["name"] for record in archive.last(1)] == ["second"]


def test_nothing_is_an_empty_list(archive):
    assert archive.last(5) == []


def test_no_lake_is_a_reason_and_counted(cloud):
    archive = Archive(cloud, lambda: None)
    assert archive.write([{}, {}], datetime(2026, 1, 2), "x") == "the lake is not deployed"
    assert (archive.unrecorded, archive.last(5)) == (2, [])


def test_predictions_route_lists_them(http, cloud, flight):
    cloud.deploy()
    for number in (1, 2, 3):
        http.post("/predict", json={**flight, "flight": number})
    assert [item["flight"] for item in http.get("/predictions?limit=2").json()] == [3, 2]
    assert http.get("/predictions?limit=0").status_code == 422
