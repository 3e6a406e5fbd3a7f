"""Consumers: readers that have a name of their own with a stream."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Consumer:
    """A registered reader; with the second of its creation it is told from one before it."""

    name: str
    created_s: int
    tags: dict[str, str] = field(default_factory=dict)
    policy: str | None = None
