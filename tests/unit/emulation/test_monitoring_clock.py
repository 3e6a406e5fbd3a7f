"""Which monitoring schedules are due: by the clock, and not for what was before they were made."""

from datetime import UTC, datetime

import pytest

from emulation.services.sagemaker import monitoring_clock
from emulation.services.sagemaker.store import STORES, MonitoringSchedule

ACCOUNT = "123412341234"


def at(hour, minute=0):
    return datetime(2026, 1, 1, hour, minute, tzinfo=UTC)


@pytest.fixture
def schedules():
    """`schedules(name=expression)`: made at 9:30."""
    found = STORES[ACCOUNT]["us-east-1"].monitoring_schedules

    def put(**expressions):
        for name, expression in expressions.items():
            config = {"ScheduleConfig": {"ScheduleExpression": expression}}
            schedule = MonitoringSchedule(name, name, config, "DataQuality", "e")
            schedule.modified = at(9, 30)
            found[name] = schedule
        return found

    yield put
    found.clear()


def due(after, until):
    runs = monitoring_clock.due_between(after, until)
    return [(schedule.name, time) for _, schedule, time in runs]


def test_schedules_run_at_their_hours(schedules):
    schedules(hourly="cron(0 * ? * * *)", noon="cron(0 12 ? * * *)", once="NOW")
    assert monitoring_clock.next_due(at(9, 40)) == at(10)
    assert due(at(9, 40), at(10)) == [("hourly", at(10))]
    assert due(at(11, 59), at(12)) == [("hourly", at(12)), ("noon", at(12))]
    assert due(at(10), at(10, 59)) == []


def test_of_hours_that_were_missed_the_last_is_run(schedules):
    schedules(hourly="cron(0 * ? * * *)")
    assert due(at(9, 40), at(14, 10)) == [("hourly", at(14))]


def test_schedule_is_not_due_for_what_was_before_it(schedules):
    schedules(hourly="cron(0 * ? * * *)")
    assert due(at(7), at(9, 31)) == []


def test_stopped_schedule_is_not_due(schedules):
    schedules(hourly="cron(0 * ? * * *)")["hourly"].status = "Stopped"
    assert monitoring_clock.next_due(at(9, 40)) is None
