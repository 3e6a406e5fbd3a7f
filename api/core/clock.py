"""Time in one place, as text that sorts and that JavaScript reads."""

from datetime import UTC, datetime


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def told(instant: datetime | None) -> str | None:
    """An instant of an AWS answer as text."""
    return None if instant is None else instant.astimezone(UTC).isoformat(timespec="milliseconds")


def seconds_between(start: datetime | None, end: datetime | None) -> float | None:
    """How long something took, or has taken until now."""
    return None if start is None else ((end or now()) - start).total_seconds()
