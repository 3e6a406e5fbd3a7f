"""What is said between a mapping and its function: the event of a batch, and what the answer means
for it. Without tumbling windows every invocation stands alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from emulation.services.lambda_ import answers
from emulation.services.lambda_.batches import Record, fitting, payload
from emulation.services.lambda_.invoked import Invoked


class Exchange(Protocol):
    """One lane's conversation with the function."""

    def count(self, records: Sequence[Record], batch_size: int) -> int:
        """How many leading records the next invocation takes."""

    def event(self, batch: Sequence[Record]) -> bytes:
        """The payload of an invocation."""

    def processed(self, batch: Sequence[Record], invoked: Invoked) -> int:
        """How many leading records are processed."""


@dataclass(frozen=True, slots=True)
class PlainExchange:
    """Batches that know nothing of each other."""

    reports_failures: bool

    def count(self, records: Sequence[Record], batch_size: int) -> int:
        """As many as fit."""
        return fitting(records, batch_size)

    def event(self, batch: Sequence[Record]) -> bytes:
        """The records and nothing else."""
        return payload(batch)

    def processed(self, batch: Sequence[Record], invoked: Invoked) -> int:
        """All or none, unless the function reports failures of items."""
        if invoked.function_error:
            return 0
        if not self.reports_failures:
            return len(batch)
        try:
            return answers.processed(batch, answers.content(invoked))
        except answers.NotUnderstood:
            return 0
