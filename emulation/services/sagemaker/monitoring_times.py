"""When schedules run, and which time their data is of, in Model Monitor's grammar: `NOW`, or a cron
expression of full hours - every hour, every day at an hour, every so many hours from an hour on.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from emulation.services.sagemaker.errors import validation_exception
from emulation.services.sagemaker.store import Members

NOW = "NOW"
CRON = re.compile(r"cron\(0 (?:(\*)|(\d{1,2})(?:/(\d{1,2}))?) (?:\? \* \*|\* \* \?) \*\)")
OFFSET = re.compile(r"([+-]?)P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
HOUR = timedelta(hours=1)
LONGEST = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Window:
    """A time, its end excluded."""

    start: datetime
    end: datetime

    def hours(self) -> list[datetime]:
        """The full hours that it has a part in."""
        hour = self.start.replace(minute=0, second=0, microsecond=0)
        found = []
        while hour < self.end:
            found.append(hour)
            hour += HOUR
        return found


def run_hours(expression: str) -> frozenset[int]:
    """The hours of the day that a cron expression names.

    Raises:
        CommonServiceException: ValidationException, it is not of the grammar.
    """
    match = CRON.fullmatch(expression)
    every, first, interval = match.groups() if match else (None, None, None)
    hour, step = int(first or 0), int(interval or 24)
    if match is None or hour > 23 or not 1 <= step <= 24:
        raise validation_exception(
            f"Invalid ScheduleExpression {expression}: it must be NOW, or a cron expression that"
            " runs hourly, daily, or every so many hours, as cron(0 * ? * * *),"
            " cron(0 [00-23] ? * * *) or cron(0 [00-23]/[01-24] ? * * *)."
        )
    return frozenset(at for at in range(24) if every or (at - hour) % 24 % step == 0)


def next_run(expression: str, after: datetime) -> datetime:
    """The first time to run after a moment."""
    hours = run_hours(expression)
    time = after.replace(minute=0, second=0, microsecond=0) + HOUR
    while time.hour not in hours:
        time += HOUR
    return time


def run_before(expression: str, before: datetime) -> datetime:
    """The last time to run before one."""
    hours = run_hours(expression)
    time = before - HOUR
    while time.hour not in hours:
        time -= HOUR
    return time


def offset(text: str) -> timedelta:
    """An ISO 8601 duration such as `-PT1H`.

    Raises:
        CommonServiceException: ValidationException, it is none.
    """
    match = OFFSET.fullmatch(text)
    if match is None or text.endswith(("P", "T")):
        raise validation_exception(f"Invalid time offset {text}: it must be as -PT1H or -P1D.")
    sign, *parts = match.groups()
    days, hours, minutes, seconds = (int(part or 0) for part in parts)
    length = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    return -length if sign == "-" else length


def check(schedule: Members) -> None:
    """Refuse what is not of the grammar.

    Raises:
        CommonServiceException: ValidationException.
    """
    expression = schedule["ScheduleExpression"]
    names = ("DataAnalysisStartTime", "DataAnalysisEndTime")
    given = [offset(schedule[name]) for name in names if name in schedule]
    if expression != NOW:
        run_hours(expression)
    elif len(given) < len(names):
        raise validation_exception(
            "DataAnalysisStartTime and DataAnalysisEndTime are required when ScheduleExpression is"
            " NOW."
        )
    if len(given) == len(names) and not timedelta() < given[1] - given[0] <= LONGEST:
        raise validation_exception(
            "DataAnalysisStartTime must precede DataAnalysisEndTime by 24 hours at most."
        )


def window(schedule: Members, endpoint_input: Members, scheduled: datetime) -> Window:
    """The time that a run is about: by offsets, or since the run before."""
    for source, start, end in (
        (schedule, "DataAnalysisStartTime", "DataAnalysisEndTime"),
        (endpoint_input, "StartTimeOffset", "EndTimeOffset"),
    ):
        if start in source and end in source:
            return Window(scheduled + offset(source[start]), scheduled + offset(source[end]))
    return Window(run_before(schedule["ScheduleExpression"], scheduled), scheduled)
