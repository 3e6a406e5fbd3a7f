"""Schedule expressions: `rate(5 minutes)`, `cron(0/15 8-17 ? * MON-FRI *)`, `at(...)`.

The grammar is EventBridge's: six fields, one of day-of-month and day-of-week a `?`, and `L`, `W`
and `#`. Times are whole minutes of a time zone, UTC for rules.
"""

import calendar
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Protocol

MONTHS = dict(JAN=1, FEB=2, MAR=3, APR=4, MAY=5, JUN=6, JUL=7, AUG=8, SEP=9, OCT=10, NOV=11, DEC=12)
WEEKDAYS = dict(SUN=1, MON=2, TUE=3, WED=4, THU=5, FRI=6, SAT=7)
FIRST_YEAR, LAST_YEAR = 1970, 2199

UNITS = {"minute": 60, "hour": 3600, "day": 86400}
RATE = re.compile(r"rate\((\d+) (minute|hour|day)(s?)\)")
CRON = re.compile(r"cron\(([^()]*)\)")
AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")


class InvalidScheduleError(ValueError):
    """The expression is none."""


class Schedule(Protocol):
    """When something happens."""

    def after(self, moment: datetime, since: datetime) -> datetime | None:
        """The first time after a moment, None when there is none; it began at `since`."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Every so often, counted from its start."""

    seconds: int

    def after(self, moment: datetime, since: datetime) -> datetime | None:
        """The next multiple."""
        elapsed = (moment - since).total_seconds()
        return since + timedelta(seconds=self.seconds * max(1, int(elapsed // self.seconds) + 1))


@dataclass(frozen=True, slots=True)
class Once:
    """At one time."""

    moment: datetime

    def after(self, moment: datetime, since: datetime) -> datetime | None:
        """That time, while it is to come."""
        return self.moment if self.moment > moment else None


Days = Callable[[int, int], set[int]]
"""The days of a year's month."""


@dataclass(frozen=True, slots=True)
class Cron:
    """By the calendar."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: Days
    months: frozenset[int]
    years: frozenset[int]
    zone: tzinfo

    def after(self, moment: datetime, since: datetime) -> datetime | None:
        """The next minute that every field allows."""
        return next(self._times(moment.astimezone(UTC)), None)

    def _times(self, moment: datetime) -> Iterator[datetime]:
        start = moment.astimezone(self.zone).date()
        for day in self._dates(start):
            for hour in sorted(self.hours):
                for minute in sorted(self.minutes):
                    found = self._at(day, hour, minute)
                    if found and found > moment:
                        yield found

    def _dates(self, start: date) -> Iterator[date]:
        for year in sorted(year for year in self.years if year >= start.year):
            for month in sorted(self.months):
                if (year, month) >= (start.year, start.month):
                    days = (date(year, month, day) for day in sorted(self.days(year, month)))
                    yield from (day for day in days if day >= start)

    def _at(self, day: date, hour: int, minute: int) -> datetime | None:
        """That time of the day, unless the clocks skip it."""
        local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=self.zone)
        found = local.astimezone(UTC)
        return found if found.astimezone(self.zone).hour == hour else None


def parse(expression: str, zone: tzinfo = UTC, *, once: bool = False) -> Schedule:
    """The schedule of an expression; `once` allows `at(...)`, which only the Scheduler has.

    Raises:
        InvalidScheduleError: it is none.
    """
    if found := RATE.fullmatch(expression):
        return _rate(int(found[1]), found[2], plural=bool(found[3]))
    if found := CRON.fullmatch(expression):
        return _cron(found[1].split(), zone)
    if once and (found := AT.fullmatch(expression)):
        return Once(_moment(found[1]).replace(tzinfo=zone).astimezone(UTC))
    raise InvalidScheduleError(expression)


def _rate(value: int, unit: str, *, plural: bool) -> Rate:
    if value < 1 or plural != (value > 1):
        raise InvalidScheduleError(f"{value} {unit}")
    return Rate(value * UNITS[unit])


def _moment(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S")
    except ValueError as error:
        raise InvalidScheduleError(text) from error


def _cron(fields: list[str], zone: tzinfo) -> Cron:
    if len(fields) != 6:
        raise InvalidScheduleError("six fields")
    minutes, hours, days, months, weekdays, years = (field.upper() for field in fields)
    if (days == "?") == (weekdays == "?"):
        raise InvalidScheduleError("one of day-of-month and day-of-week must be ?")
    return Cron(
        _values(minutes, 0, 59),
        _values(hours, 0, 23),
        _month_days(days) if weekdays == "?" else _week_days(weekdays),
        _values(months, 1, 12, MONTHS),
        _values(years, FIRST_YEAR, LAST_YEAR),
        zone,
    )


def _values(field: str, low: int, high: int, names: dict[str, int] | None = None) -> frozenset[int]:
    """What a field of numbers, names, lists, ranges and steps allows."""
    found: set[int] = set()
    for part in field.split(","):
        span, slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        if span == "*":
            start, end = low, high
        else:
            start = _number(first, low, high, names)
            end = _number(last, low, high, names) if dash else (high if slash else start)
        width = _number(step, 1, high + 1, None) if slash else 1
        # SUN is 1 and SAT 7, and FRI-MON goes over the end.
        days = (
            range(start, end + 1)
            if start <= end
            else [*range(start, high + 1), *range(low, end + 1)]
        )
        found.update(list(days)[::width])
    return frozenset(found)


def _number(text: str, low: int, high: int, names: dict[str, int] | None) -> int:
    number = (names or {}).get(text)
    if number is None:
        if not text.isascii() or not text.isdigit():
            raise InvalidScheduleError(text)
        number = int(text)
    if not low <= number <= high:
        raise InvalidScheduleError(text)
    return number


def _month_days(field: str) -> Days:
    if field == "L":
        return lambda year, month: {calendar.monthrange(year, month)[1]}
    if field == "LW":
        return lambda year, month: {
            _nearest_weekday(year, month, calendar.monthrange(year, month)[1])
        }
    if field.endswith("W"):
        number = _number(field[:-1], 1, 31, None)
        return lambda year, month: (
            {_nearest_weekday(year, month, number)}
            if number <= calendar.monthrange(year, month)[1]
            else set()
        )
    values = _values(field, 1, 31)
    return lambda year, month: {day for day in values if day <= calendar.monthrange(year, month)[1]}


def _nearest_weekday(year: int, month: int, day: int) -> int:
    """The day, or from a weekend the nearest working day of the same month."""
    last = calendar.monthrange(year, month)[1]
    weekday = date(year, month, day).weekday()
    if weekday == calendar.SATURDAY:
        return day - 1 if day > 1 else day + 2
    if weekday == calendar.SUNDAY:
        return day + 1 if day < last else day - 2
    return day


def _week_days(field: str) -> Days:
    if "#" in field:
        name, _, which = field.partition("#")
        weekday, number = _number(name, 1, 7, WEEKDAYS), _number(which, 1, 5, None)
        return lambda year, month: set(_days_of(year, month, {weekday})[number - 1 : number])
    if field.endswith("L"):
        weekday = _number(field[:-1] or "SAT", 1, 7, WEEKDAYS)
        if field == "L":
            return lambda year, month: set(_days_of(year, month, {weekday}))
        return lambda year, month: set(_days_of(year, month, {weekday})[-1:])
    values = _values(field, 1, 7, WEEKDAYS)
    return lambda year, month: set(_days_of(year, month, values))


def _days_of(year: int, month: int, weekdays: set[int] | frozenset[int]) -> list[int]:
    """The days of a month that are one of these weekdays, 1 being Sunday."""
    return [
        day
        for day in range(1, calendar.monthrange(year, month)[1] + 1)
        if (date(year, month, day).weekday() + 1) % 7 + 1 in weekdays
    ]
