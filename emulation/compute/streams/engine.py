"""All streams of an emulator, in one folder: `<account>/<region>/<stream id>/`.

The folder is the only memory: an engine that opens it after a crash has every stream and every
acknowledged record. Folders carry the stream's id, because names may differ only in case.
"""

import secrets
import shutil
import string
from pathlib import Path
from threading import RLock

from emulation.compute.streams.errors import StreamExists, StreamMissing
from emulation.compute.streams.stream import METADATA, Stream, StreamState

_ALPHABET = string.ascii_lowercase + string.digits
_DROPPED = "dropped-"


class StreamEngine:
    """Create, find and delete streams."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = RLock()
        self._streams: dict[tuple[str, str], dict[str, Stream]] = {}
        for found in folder.glob("*/*/*"):
            self._open(found)

    def _open(self, folder: Path) -> None:
        # A creation or deletion that was cut short leaves a folder that is no stream.
        metadata = folder / METADATA
        if folder.name.startswith(_DROPPED) or not metadata.exists() or not metadata.stat().st_size:
            shutil.rmtree(folder)
            return
        stream = Stream.open(folder)
        self._names(stream.state.account, stream.state.region)[stream.state.name] = stream

    def _names(self, account: str, region: str) -> dict[str, Stream]:
        return self._streams.setdefault((account, region), {})

    def create(self, state: StreamState, shard_count: int) -> Stream:
        """A new stream; it takes records when this returns."""
        with self._lock:
            names = self._names(state.account, state.region)
            if state.name in names:
                raise StreamExists(state.name)
            folder = self._folder / state.account / state.region / state.stream_id
            names[state.name] = stream = Stream.create(folder, state, shard_count)
            return stream

    def get(self, account: str, region: str, name: str) -> Stream:
        """The stream of a name."""
        try:
            return self._streams[account, region][name]
        except KeyError:
            raise StreamMissing(name) from None

    def list(self, account: str, region: str) -> list[Stream]:
        """The streams of an account and region, by name."""
        with self._lock:
            names = self._names(account, region)
            return [names[name] for name in sorted(names)]

    def delete(self, stream: Stream) -> None:
        """Drop a stream and its records."""
        with self._lock:
            names = self._names(stream.state.account, stream.state.region)
            if names.get(stream.state.name) is not stream:
                raise StreamMissing(stream.state.name)
            del names[stream.state.name]
            stream.drop(stream.folder.with_name(_DROPPED + stream.folder.name))

    def close(self) -> None:
        """Everything to the disk."""
        with self._lock:
            for names in self._streams.values():
                for stream in names.values():
                    stream.close()


def new_stream_id() -> str:
    """An id in AWS's form: twenty letters or digits, and three more."""
    drawn = [secrets.choice(_ALPHABET) for _ in range(23)]
    return f"{''.join(drawn[:20])}-{''.join(drawn[20:])}"
