"""Timestamps of requests and answers; the engine counts milliseconds."""

from datetime import UTC, datetime


def timestamp(milliseconds: int) -> datetime:
    """A moment for the answer."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def milliseconds(moment: datetime) -> int:
    """A moment of a request."""
    return round(moment.timestamp() * 1000)
