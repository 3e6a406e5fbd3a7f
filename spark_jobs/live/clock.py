"""How far the stream is, in event time: seconds since 1970."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True)
class Clock:
    """`reached` is the newest event's time, `watermark` the time up to which all is told: it only
    ever grows.
    """

    reached: int = 0
    watermark: int = 0

    def advance(self, newest: int, delay: int) -> "Clock":
        """After more events, the newest of that time."""
        reached = max(self.reached, newest)
        return Clock(reached, max(self.watermark, reached - delay))

    def to_json(self) -> dict[str, int]:
        """As text."""
        return asdict(self)

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> "Clock":
        """What `to_json` has made."""
        return cls(**told)


def told(moment: int) -> str:
    """An instant as events write it."""
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ}"
