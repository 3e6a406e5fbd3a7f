"""What the page knows of one stage, whatever the service behind it."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """Where a stage is."""

    ABSENT = "absent"
    """Not deployed."""
    IDLE = "idle"
    """Deployed; it has not done anything yet."""
    BUSY = "busy"
    DONE = "done"
    FAILED = "failed"
    READING = "reading"
    """It is being read for the first time."""
    UNKNOWN = "unknown"
    """It could not be read; the reason says why."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number and what it counts; None is a number that nobody can tell."""

    key: str
    label: str
    value: float | None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage as it was read."""

    state: State
    resource: str = ""
    """The name in AWS."""
    summary: str = ""
    """One sentence, for people."""
    figures: tuple[Figure, ...] = ()
    entries: tuple[dict[str, Any], ...] = ()
    """Runs, jobs or tables, the newest first; values are plain data."""
    facts: dict[str, Any] = field(default_factory=dict)


def absent(what: str) -> Stage:
    """A stage of a stack that is not deployed."""
    return Stage(State.ABSENT, summary=f"{what} is not deployed yet.")
