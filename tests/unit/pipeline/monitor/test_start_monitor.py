from datetime import date

import pytest

from pipeline.contracts.monitoring import Window, complete_windows
from pipeline.handlers import start_monitor

FIRST, SECOND = "t-monitor-2013-04-01-14d-1", "t-monitor-2013-04-15-14d-1"


def scored_until(cloud, day):
    for number in range(1, int(day[-2:]) + 1):
        cloud.bucket.put_json(f"scored/t/date={day[:-2]}{number:02}/x.jsonl", {})


def report(cloud, window):
    cloud.bucket.put_json(f"monitoring/t/reports/{window}/report.json", {})


def run():
    return start_monitor.handler({}, None)["started"]


@pytest.fixture
def april(cloud):
    cloud.service()
    scored_until(cloud, "2013-04-30")
    return cloud


@pytest.mark.parametrize(("newest", "count"), [(15, 0), (16, 1), (29, 1), (30, 2)])
def test_window_is_complete_a_day_after_it(newest, count):
    windows = list(complete_windows(date(2013, 4, 1), 14, date(2013, 4, newest)))
    assert [window.name for window in windows] == ["2013-04-01-14d", "2013-04-15-14d"][:count]


def test_window_reads_its_own_name():
    window = Window(date(2013, 4, 1), 14)
    assert Window.parse(window.name) == window
    assert (window.until, len(window.dates)) == (date(2013, 4, 15), 14)


@pytest.mark.parametrize("name", ["2013-04-01", "2013-04-01-0d", "x-14d", "2013-13-01-14d"])
def test_other_names_are_no_windows(name):
    with pytest.raises(ValueError, match=r"window|month"):
        Window.parse(name)


def test_windows_are_looked_at_one_after_the_other_and_never_twice(april):
    assert run() == FIRST
    assert run() == ""
    april.jobs.end(FIRST)
    report(april, "2013-04-01-14d")
    assert run() == SECOND
    april.jobs.end(SECOND)
    assert run() == ""
    assert list(april.jobs.jobs) == [FIRST, SECOND]


def test_job_that_failed_is_tried_again_and_then_left(april):
    for attempt in (1, 2, 3):
        name = f"t-monitor-2013-04-01-14d-{attempt}"
        assert run() == name
        april.jobs.end(name, "Failed")
    assert run() == SECOND


def test_name_that_somebody_else_was_given_is_no_failure(april, monkeypatch):
    april.jobs.jobs[FIRST] = {"ProcessingJobStatus": "InProgress"}
    monkeypatch.setattr(start_monitor, "job_status", lambda name: "")
    assert run() == ""


def test_nothing_is_due_before_flights_are_scored(cloud):
    assert run() == ""
    cloud.service()
    assert run() == ""
    scored_until(cloud, "2013-04-15")
    assert run() == ""


def test_job_is_told_its_window_and_writes_to_its_folder(april):
    run()
    request = april.jobs.jobs[FIRST]
    assert request["AppSpecification"]["ContainerArguments"] == [
        "--lake-bucket",
        "lake",
        "--endpoint",
        "t",
        "--window",
        "2013-04-01-14d",
        "--output",
        "/opt/ml/processing/output",
    ]
    (output,) = request["ProcessingOutputConfig"]["Outputs"]
    assert output["S3Output"]["S3Uri"] == "s3://lake/monitoring/t/reports/2013-04-01-14d"
