"""Events that were accepted and are not done with: each a file, written before the answer 202, so
that neither a stop nor a kill of the emulator loses one.
"""

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from emulation.settings import settings


@dataclass(slots=True)
class QueuedEvent:
    """One asynchronous invocation."""

    request_id: str
    function_arn: str
    """Unqualified."""
    qualifier: str | None
    """As it was invoked."""
    payload: bytes
    client_context: str | None
    trace: str
    accepted: float
    """Seconds since 1970."""
    runs: int = 0
    """How often the function has run for it."""
    refusals: int = 0
    """How often Lambda did not run it since: throttles and its own errors."""
    due: float = 0.0

    def save(self) -> None:
        """Write it, replacing what was written of it before in one step."""
        path = self.path()
        path.parent.mkdir(parents=True, exist_ok=True)
        fields: dict[str, Any] = asdict(self)
        fields["payload"] = base64.b64encode(self.payload).decode()
        written = path.with_suffix(".new")
        written.write_text(json.dumps(fields))
        written.replace(path)

    def forget(self) -> None:
        """It is done with."""
        self.path().unlink(missing_ok=True)

    def path(self) -> Path:
        """Its file."""
        return folder(self.function_arn) / f"{self.request_id}.json"

    @classmethod
    def read(cls, path: Path) -> Self:
        """From its file."""
        fields = json.loads(path.read_text())
        return cls(**{**fields, "payload": base64.b64decode(fields["payload"])})


def kept(function_arn: str) -> Iterator[QueuedEvent]:
    """All of a function."""
    for path in folder(function_arn).glob("*.json"):
        yield QueuedEvent.read(path)


def folder(function_arn: str) -> Path:
    """Of one function's events."""
    name = hashlib.sha256(function_arn.encode()).hexdigest()[:32]
    return settings().folder("lambda", "events") / name
