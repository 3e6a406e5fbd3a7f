"""Moments as the API answers them."""

from datetime import UTC, datetime


def moment(seconds: float) -> datetime:
    """A moment of the clock."""
    return datetime.fromtimestamp(seconds, UTC)
