"""Schedule expressions: AWS's grammar, and the next time of each."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from emulation.services.events.schedules import InvalidScheduleError, parse

NOW = datetime(2026, 11, 22, 23, 30, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cron(0/15 * * * ? *)", "2026-11-22 23:45"),
        ("cron(* * * * ? *)", "2026-11-22 23:31"),
        ("cron(0 8 1 * ? *)", "2026-12-01 08:00"),
        ("cron(0 9 L * ? *)", "2026-11-30 09:00"),
        ("cron(0 9 LW 2 ? 2028)", "2028-02-29 09:00"),
        ("cron(0 9 28W * ? *)", "2026-11-27 09:00"),
        ("cron(0 2 ? * SAT#3 *)", "2026-12-19 02:00"),
        ("cron(0 2 ? * 6L *)", "2026-11-27 02:00"),
        ("cron(0/10 * ? * MON-FRI *)", "2026-11-23 00:00"),
        ("cron(5,35 14 * * ? *)", "2026-11-23 14:05"),
        ("cron(0 0 29 2 ? *)", "2028-02-29 00:00"),
        ("cron(0-15/5 8-8 ? JAN 2,3 *)", "2027-01-04 08:00"),
    ],
)
def test_next_time_of_cron(expression, expected):
    found = parse(expression).after(NOW, NOW)
    assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_years_that_are_over_have_no_next_time():
    assert parse("cron(15 10 ? * 6L 2002-2005)").after(NOW, NOW) is None


def test_time_that_the_clocks_skip_is_left_out():
    schedule = parse("cron(30 2 * * ? *)", ZoneInfo("Europe/Berlin"))
    before = datetime(2027, 3, 27, 12, tzinfo=UTC)
    assert schedule.after(before, before) == datetime(2027, 3, 29, 0, 30, tzinfo=UTC)


def test_rate_counts_from_its_start():
    start = NOW - timedelta(minutes=125)
    assert parse("rate(1 hour)").after(NOW, start) == start + timedelta(hours=3)
    assert parse("rate(5 minutes)").after(NOW, NOW) == NOW + timedelta(minutes=5)


def test_at_is_of_the_schedulers_zone_and_once():
    schedule = parse("at(2027-01-01T00:00:00)", ZoneInfo("Asia/Tokyo"), once=True)
    found = schedule.after(NOW, NOW)
    assert found == datetime(2026, 12, 31, 15, tzinfo=UTC)
    assert schedule.after(found, NOW) is None


@pytest.mark.parametrize(
    "expression",
    [
        "cron(INVALID)",
        "cron()",
        "cron(0 1 * * * *)",
        "cron(7 20 * * NOT *)",
        "cron(71 8 1 * ? *)",
        "cron(0 dummy ? * MON-FRI *)",
        "rate(10 seconds)",
        "rate(10 minutess)",
        "rate(1 minutes)",
        "rate(5 minute)",
        "rate(0 minutes)",
        "rate(-10 minutes)",
        "rate( 10 minutes )",
        " rate(10 minutes)",
        "at(2021-12-31T23:59:59Z)",
        "at(2021-12-31)",
    ],
)
def test_what_is_no_expression_is_refused(expression):
    with pytest.raises(InvalidScheduleError):
        parse(expression, once=True)


def test_rules_have_no_at():
    with pytest.raises(InvalidScheduleError):
        parse("at(2027-01-01T00:00:00)")
