"""How far an event source mapping has come in each shard: a small file a mapping, replaced after
every batch, so that a killed emulator goes on where it was.
"""

import json
import time
from pathlib import Path
from threading import Lock
from typing import Any


class Checkpoints:
    """The last settled sequence number of every shard, and when the mapping first read."""

    SHARD_END = "SHARD_END"
    """A shard that was split or merged and has been read to its end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._kept: dict[str, Any] = {"started": time.time(), "shards": {}}
        if path.exists():
            self._kept = json.loads(path.read_text())
        else:
            self._write()

    @property
    def started(self) -> float:
        """When the mapping began; LATEST means from here on, whatever happens in between."""
        return float(self._kept["started"])

    def get(self, shard_id: str) -> str | None:
        """The last settled sequence number; None for a shard that was never read."""
        return self._kept["shards"].get(shard_id)

    def set(self, shard_id: str, sequence_number: str) -> None:
        """Everything up to this record is settled."""
        with self._lock:
            self._kept["shards"][shard_id] = sequence_number
            self._write()

    def delete(self) -> None:
        """The mapping is gone."""
        self._path.unlink(missing_ok=True)

    def _write(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._path.with_suffix(".new")
        temporary.write_text(json.dumps(self._kept))
        temporary.replace(self._path)
