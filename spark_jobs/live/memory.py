"""What the job knows, kept beside its checkpoint: `CHECKPOINT/known/batch=7/` is what it knew after
batch 7. It is written whole, and only batch 8 reads it, so that a batch which is run again after a
crash begins with what it began with before.
"""

import io
import json
from concurrent.futures import ThreadPoolExecutor

import pandas as pd

from pipeline.contracts import events
from spark_jobs.live.clock import Clock
from spark_jobs.live.files import Files
from spark_jobs.live.known import Known, columns

CLOCK = "clock.json"


class Memory:
    """The memory of one checkpoint."""

    def __init__(self, files: Files, checkpoint: str) -> None:
        self._files = files
        self._folder = f"{checkpoint.rstrip('/')}/known"
        self._held = -1
        self._state = (Known.nothing(), Clock())

    def before(self, batch_id: int) -> tuple[Known, Clock]:
        """What the batch before has left.

        Raises:
            FileNotFoundError: somebody has deleted it: the job cannot go on as if it knew nothing.
        """
        if batch_id == 0:
            return Known.nothing(), Clock()
        if self._held != batch_id - 1:
            self._state = self._read(self._of(batch_id - 1))
        return self._state

    def keep(self, batch_id: int, known: Known, clock: Clock) -> None:
        """Leave what the next batch needs, and delete what no batch can ask for any more."""
        folder = self._of(batch_id)
        with ThreadPoolExecutor(len(events.EVENT_TYPES)) as pool:
            list(pool.map(lambda part: self._write(folder, *part), vars(known).items()))
        # Last: where the clock is, all is.
        self._files.write(f"{folder}/{CLOCK}", json.dumps(clock.to_json()).encode())
        self._files.delete(self._of(batch_id - 2))
        self._held, self._state = batch_id, (known, clock)

    def _write(self, folder: str, kind: str, frame: pd.DataFrame) -> None:
        buffer = io.BytesIO()
        frame.to_parquet(buffer, index=False, compression="zstd")
        self._files.write(f"{folder}/{kind}.parquet", buffer.getvalue())

    def _read(self, folder: str) -> tuple[Known, Clock]:
        clock = Clock.from_json(json.loads(self._files.read(f"{folder}/{CLOCK}")))
        frames = {kind: self._frame(folder, kind) for kind in events.EVENT_TYPES}
        return Known(**frames), clock

    def _frame(self, folder: str, kind: str) -> pd.DataFrame:
        content = self._files.read(f"{folder}/{kind}.parquet")
        return pd.read_parquet(io.BytesIO(content)).astype(columns(kind))

    def _of(self, batch_id: int) -> str:
        return f"{self._folder}/batch={batch_id}"
