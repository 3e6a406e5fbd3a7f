"""When monitoring schedules run, and which time is theirs."""

from datetime import UTC, datetime, timedelta

import pytest
from localstack.aws.api import CommonServiceException

from emulation.services.sagemaker import monitoring_times

MORNING = datetime(2026, 1, 1, 9, 20, tzinfo=UTC)


def at(day, hour):
    return datetime(2026, 1, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "following", "before"),
    [
        ("cron(0 * ? * * *)", at(1, 10), at(1, 9)),
        ("cron(0 12 ? * * *)", at(1, 12), at(1, 12) - timedelta(days=1)),
        ("cron(0 8 * * ? *)", at(2, 8), at(1, 8)),
        ("cron(0 17/12 ? * * *)", at(1, 17), at(1, 5)),
        ("cron(0 0/1 ? * * *)", at(1, 10), at(1, 9)),
    ],
)
def test_runs_are_at_full_hours(expression, following, before):
    assert monitoring_times.next_run(expression, MORNING) == following
    assert monitoring_times.run_before(expression, following) == before


@pytest.mark.parametrize(
    "expression",
    ["cron(5 * ? * * *)", "cron(0 24 ? * * *)", "cron(0 1/25 ? * * *)", "rate(1 hour)", "cron()"],
)
def test_other_expressions_are_refused(expression):
    with pytest.raises(CommonServiceException, match="Invalid ScheduleExpression"):
        monitoring_times.run_hours(expression)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("-PT1H", timedelta(hours=-1)),
        ("PT0H", timedelta()),
        ("-P1DT2H30M", timedelta(days=-1, hours=-2, minutes=-30)),
    ],
)
def test_offsets(text, length):
    assert monitoring_times.offset(text) == length


@pytest.mark.parametrize("text", ["P", "-PT", "1H", "PT1.5H"])
def test_what_is_no_offset_is_refused(text):
    with pytest.raises(CommonServiceException, match="Invalid time offset"):
        monitoring_times.offset(text)


def test_window_is_since_the_run_before_or_by_offsets():
    daily = {"ScheduleExpression": "cron(0 12 ? * * *)"}
    window = monitoring_times.window(daily, {}, at(2, 12))
    assert (window.start, window.end) == (at(1, 12), at(2, 12))
    assert window.hours()[0] == at(1, 12)
    assert len(window.hours()) == 24
    late = {"StartTimeOffset": "-P1D", "EndTimeOffset": "-PT12H"}
    window = monitoring_times.window(daily, late, at(2, 12))
    assert (window.start, window.end) == (at(1, 12), at(2, 0))
    now = {"DataAnalysisStartTime": "-PT1H", "DataAnalysisEndTime": "-PT0H"}
    window = monitoring_times.window({"ScheduleExpression": "NOW"} | now, {}, MORNING)
    assert window.hours() == [at(1, 8), at(1, 9)]
