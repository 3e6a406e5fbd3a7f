"""The periods of a quota: days, weeks and months of UTC, which may begin some days later."""

from datetime import date, timedelta

LENGTHS = {"DAY": 0, "WEEK": 6, "MONTH": 27}
"""The largest offset of each period, in days."""


def start_of(period: str, offset: int, day: date) -> date:
    """The first day of the period that a day is in. Weeks begin on Sunday plus `offset` days,
    months on the first plus `offset`.
    """
    if period == "DAY":
        return day
    shifted = day - timedelta(days=offset)
    if period == "WEEK":
        shifted -= timedelta(days=shifted.isoweekday() % 7)
    else:
        shifted = shifted.replace(day=1)
    return shifted + timedelta(days=offset)


def days(first: date, last: date) -> list[date]:
    """Every day from the first to the last."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
