"""How far an event source mapping has come in each shard: a small file a mapping, replaced after
every batch, so that a killed emulator goes on where it was.
"""

import json
import time
from pathlib import Path
from threading import Lock
from typing import Any


class Checkpoints:
    """The last settled sequence number of every shard, the open tumbling windows, and when the
    mapping began.
    """

    SHARD_END = "SHARD_END"
    """A shard that was split or merged and has been read to its end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._deleted = False
        self._kept: dict[str, Any] = {"started": time.time(), "shards": {}}
        if path.exists():
            self._kept = json.loads(path.read_text())
        else:
            self._write()

    @property
    def started(self) -> float:
        """When the mapping began; LATEST means from here on, whatever happens in between."""
        return float(self._kept["started"])

    def belong_to(self, stream_id: str) -> None:
        """Forget the shards of another stream, which had the same name."""
        with self._lock:
            if self._kept.get("stream", stream_id) != stream_id:
                self._kept |= {"shards": {}, "windows": {}}
            if self._kept.get("stream") != stream_id:
                self._kept["stream"] = stream_id
                self._write()

    def get(self, shard_id: str) -> str | None:
        """The last settled sequence number; None for a shard that was never read."""
        return self._kept["shards"].get(shard_id)

    def window(self, shard_id: str) -> dict[str, Any] | None:
        """The open tumbling window of a shard."""
        return self._kept.get("windows", {}).get(shard_id)

    def set(
        self, shard_id: str, sequence_number: str | None, window: dict[str, Any] | None = None
    ) -> None:
        """Everything up to this record is settled, and the shard's window is this one: both at
        once, for a window's state tells of the very records that are settled.
        """
        with self._lock:
            if sequence_number is not None:
                self._kept["shards"][shard_id] = sequence_number
            windows = self._kept.setdefault("windows", {})
            windows.pop(shard_id, None)
            if window is not None:
                windows[shard_id] = window
            self._write()

    def delete(self) -> None:
        """The mapping is gone; a batch that ends later leaves no file either."""
        with self._lock:
            self._deleted = True
            self._path.unlink(missing_ok=True)

    def _write(self) -> None:
        if self._deleted:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._path.with_suffix(".new")
        temporary.write_text(json.dumps(self._kept))
        temporary.replace(self._path)
