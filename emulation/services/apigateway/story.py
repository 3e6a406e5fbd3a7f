"""What one invocation went through: measured by the handlers, told by its logs and metrics."""

import time
from dataclasses import dataclass, field
from typing import Any


def milliseconds(since: float) -> int:
    """Whole ms since a moment of `time.perf_counter`."""
    return round((time.perf_counter() - since) * 1000)


@dataclass(slots=True)
class Call:
    """A call that the invocation made: to its authorizer or to its integration."""

    latency: int | None = None
    """In ms."""
    status: int | None = None
    error: str | None = None
    request_id: str | None = None

    def variables(self) -> dict[str, Any]:
        """As `$context` names them."""
        return {
            "latency": self.latency,
            "integrationLatency": self.latency,
            "status": self.status,
            "integrationStatus": self.status,
            "error": self.error,
            "requestId": self.request_id,
        }


@dataclass(slots=True)
class Story:
    """One invocation."""

    began: float = field(default_factory=time.perf_counter)
    authorizer: Call = field(default_factory=Call)
    integration: Call = field(default_factory=Call)
    validation_error: str = ""
    key_id: str | None = None
    lines: list[tuple[str, bool]] = field(default_factory=list)
    """What the execution log says, and whether each line is an error."""

    def say(self, line: str, *, error: bool = False) -> None:
        """Add a line to the execution log."""
        self.lines.append((line, error))


def story_of(context: Any) -> Story:
    """The story of an invocation."""
    story = context.get("story")
    if story is None:
        story = context.story = Story()
    told: Story = story
    return told
