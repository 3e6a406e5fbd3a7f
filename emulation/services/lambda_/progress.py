"""Which records of a shard are done with. The checkpoint never passes one that is not, however far
the lanes beside it have come.
"""

from collections import deque
from collections.abc import Callable, Sequence
from threading import Condition

from emulation.services.lambda_.batches import Record


class Progress:
    """The records of a shard between reading and checkpoint, in their order."""

    def __init__(self, checkpoint: Callable[[str], None]) -> None:
        self.changed = Condition()
        """Held by whoever looks at or changes what readers and lanes share."""
        self._checkpoint = checkpoint
        self._records: deque[Record] = deque()
        self._bytes = 0

    def take(self, records: Sequence[Record]) -> None:
        """Records were read; those that no function will see are settled already."""
        with self.changed:
            self._records += records
            self._bytes += sum(len(record.text) for record in records)
        self._advance()

    def settle(self, records: Sequence[Record]) -> None:
        """Records are processed, or given up."""
        for record in records:
            record.settled = True
        self._advance()

    def holds(self, records: int, size: int) -> bool:
        """Are there as many as that, or as large? The caller holds `changed`."""
        return len(self._records) >= records or self._bytes >= size

    def _advance(self) -> None:
        # The checkpoint is written with the lock: a slower thread may not put it back.
        with self.changed:
            last = None
            while self._records and self._records[0].settled:
                last = self._records.popleft()
                self._bytes -= len(last.text)
            if last is not None:
                self._checkpoint(last.sequence_number)
                self.changed.notify_all()
