"""Ranges of dates that move with a day: the last seven days, this month, the next two quarters."""

from calendar import monthrange
from datetime import datetime, timedelta

from emulation.compute.visuals.date_formats import GRANULARITIES

MONTHS = {"year": 12, "quarter": 3, "month": 1}
STEPS = {
    "week": timedelta(weeks=1), "day": timedelta(days=1), "hour": timedelta(hours=1),
    "minute": timedelta(minutes=1), "second": timedelta(seconds=1),
    "millisecond": timedelta(milliseconds=1),
}  # fmt: skip


def start_of(part: str, moment: datetime) -> datetime:
    """The beginning of the period that a moment is in; weeks begin on Sunday."""
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    match part:
        case "year":
            return day.replace(month=1, day=1)
        case "quarter":
            return day.replace(month=(moment.month - 1) // 3 * 3 + 1, day=1)
        case "month":
            return day.replace(day=1)
        case "week":
            return day - timedelta(days=moment.isoweekday() % 7)
        case "day":
            return day
        case "hour":
            return moment.replace(minute=0, second=0, microsecond=0)
        case "minute":
            return moment.replace(second=0, microsecond=0)
    return moment.replace(microsecond=0)


def moved(part: str, moment: datetime, steps: int) -> datetime:
    """A moment so many periods later; the end of a shorter month stays its end."""
    if part not in MONTHS:
        return moment + STEPS[part] * steps
    months = moment.year * 12 + moment.month - 1 + MONTHS[part] * steps
    first = moment.replace(year=months // 12, month=months % 12 + 1, day=1)
    return first.replace(day=min(moment.day, monthrange(first.year, first.month)[1]))


def bounds(kind: str, granularity: str, steps: int, anchor: datetime) -> tuple[datetime, datetime]:
    """The first moment of a relative range and the first after it.

    PREVIOUS is the period before the anchor's, THIS the anchor's, LAST the given number of periods
    that end with the anchor's, NOW the anchor's up to the anchor, NEXT those after it.
    """
    part = GRANULARITIES[granularity]
    this = start_of(part, anchor)
    match kind:
        case "PREVIOUS":
            return moved(part, this, -1), this
        case "THIS":
            return this, moved(part, this, 1)
        case "NOW":
            return this, anchor + timedelta(microseconds=1)
        case "NEXT":
            return moved(part, this, 1), moved(part, this, 1 + steps)
    return moved(part, this, 1 - steps), moved(part, this, 1)
