"""One segment of a shard: a file that only grows, and a sparse index of it.

A frame is a record with its length and checksum, so that what a killed process half wrote is found
and cut off. A write goes to the operating system before it is acknowledged: it survives the death
of this process. It survives the loss of power only after the segment is sealed, which is what
writing at memory speed costs; a stand-in for AWS may pay it.
"""

import mmap
import os
import struct
import zlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from pathlib import Path

from emulation.compute.streams.errors import StorageFailed
from emulation.compute.streams.records import Record

_CHECK = struct.Struct("<I")
_HEAD = struct.Struct("<IQqH")  # bytes of key and data, ordinal, arrival in ms, bytes of key
_FRAME = struct.Struct("<IIQqH")
_SEAL = struct.Struct("<QQqQ")  # bytes, next ordinal, last arrival, entries of the index

INDEX_BYTES = 32 * 1024
READ_BYTES = 1024 * 1024


def frame(ordinal: int, arrival_ms: int, key: bytes, data: bytes) -> bytes:
    """A record as it stands in the file."""
    rest = b"".join((_HEAD.pack(len(key) + len(data), ordinal, arrival_ms, len(key)), key, data))
    return _CHECK.pack(zlib.crc32(rest)) + rest


class Segment:
    """Records `first` to `next_ordinal - 1` of a shard."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.first = int(path.stem)
        self.next_ordinal = self.first
        self.size = 0
        self.last_arrival_ms = 0
        self._ordinals, self._offsets, self._arrivals = array("Q"), array("Q"), array("q")
        self._writer = -1

    @classmethod
    def open(cls, path: Path) -> "Segment":
        """The segment of a file: by its seal, or by reading it and cutting off a torn end."""
        segment = cls(path)
        if not segment._load_seal():
            segment._recover()
        return segment

    @property
    def seal_path(self) -> Path:
        """The file that holds the index of a segment that grows no more."""
        return self.path.with_suffix(".index")

    @property
    def first_arrival_ms(self) -> int | None:
        """When the oldest record arrived."""
        return self._arrivals[0] if self._arrivals else None

    def append(self, frames: list[bytes], arrival_ms: int) -> None:
        """Write records that all arrived at one time; all of them or none."""
        if self._writer < 0:
            self._writer = os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            _write(self._writer, b"".join(frames), self.size)
        except OSError as error:
            os.ftruncate(self._writer, self.size)
            raise StorageFailed(str(error)) from error
        for written in frames:
            self._count(len(written), self.next_ordinal, arrival_ms)

    def _count(self, length: int, ordinal: int, arrival_ms: int) -> None:
        if not self._offsets or self.size - self._offsets[-1] >= INDEX_BYTES:
            # Readers look into the ordinals first, without a lock: they grow last.
            self._offsets.append(self.size)
            self._arrivals.append(arrival_ms)
            self._ordinals.append(ordinal)
        self.last_arrival_ms = arrival_ms
        self.next_ordinal = ordinal + 1
        self.size += length

    def read(self, ordinal: int) -> Iterator[Record]:
        """The records from `ordinal` on that are written by now."""
        start = self._offsets[max(bisect_right(self._ordinals, ordinal) - 1, 0)]
        for record in self._scan(start, self.size):
            if record.ordinal >= ordinal:
                yield record

    def ordinal_at(self, arrival_ms: int) -> int:
        """The first ordinal that arrived at that time or later."""
        # Entries of one time may lie before the first entry of that time: start one earlier.
        entry = max(bisect_left(self._arrivals, arrival_ms) - 1, 0)
        for record in self._scan(self._offsets[entry], self.size) if self.size else ():
            if record.arrival_ms >= arrival_ms:
                return record.ordinal
        return self.next_ordinal

    def _scan(self, offset: int, end: int) -> Iterator[Record]:
        """The records between two places of the file."""
        with self.path.open("rb", buffering=0) as file:
            rest = b""
            while offset < end:
                fresh = os.pread(file.fileno(), min(READ_BYTES, end - offset), offset)
                if not fresh:
                    # Somebody cut the file: there is no more, whatever the index says.
                    return
                offset += len(fresh)
                block = rest + fresh
                place = 0
                for length, record in _frames(block):
                    yield record
                    place += length
                rest = block[place:]

    def seal(self) -> None:
        """Nothing more is written: keep the index, so that a restart need not read the file."""
        self.close()
        head = _SEAL.pack(self.size, self.next_ordinal, self.last_arrival_ms, len(self._offsets))
        body = b"".join(part.tobytes() for part in (self._ordinals, self._offsets, self._arrivals))
        self.seal_path.write_bytes(_CHECK.pack(zlib.crc32(head + body)) + head + body)

    def close(self) -> None:
        """Give the file back, with everything on the disk."""
        if self._writer >= 0:
            os.fsync(self._writer)
            os.close(self._writer)
            self._writer = -1

    def delete(self) -> None:
        """Drop the records."""
        self.close()
        self.path.unlink(missing_ok=True)
        self.seal_path.unlink(missing_ok=True)

    def _load_seal(self) -> bool:
        if not self.seal_path.exists():
            return False
        stored = self.seal_path.read_bytes()
        if len(stored) < _CHECK.size + _SEAL.size or _checksum(stored) != zlib.crc32(stored[4:]):
            return False
        size, following, last, entries = _SEAL.unpack_from(stored, _CHECK.size)
        if size != self.path.stat().st_size:
            return False
        self.size, self.next_ordinal, self.last_arrival_ms = size, following, last
        body = stored[_CHECK.size + _SEAL.size :]
        for number, part in enumerate((self._ordinals, self._offsets, self._arrivals)):
            part.frombytes(body[number * entries * 8 : (number + 1) * entries * 8])
        return True

    def _recover(self) -> None:
        """Count the whole frames of the file and cut off what follows them."""
        with self.path.open("r+b") as file:
            if end := file.seek(0, os.SEEK_END):
                with mmap.mmap(file.fileno(), end, access=mmap.ACCESS_READ) as content:
                    self._count_whole(content)
            file.truncate(self.size)

    def _count_whole(self, content: mmap.mmap) -> None:
        for length, record in _frames(content):
            place = self.size
            whole = _checksum(content, place) == zlib.crc32(content[place + 4 : place + length])
            if not whole or record.ordinal != self.next_ordinal:
                return
            self._count(length, record.ordinal, record.arrival_ms)


def _checksum(block: bytes | mmap.mmap, place: int = 0) -> int:
    checksum: int = _CHECK.unpack_from(block, place)[0]
    return checksum


def _frames(block: bytes | mmap.mmap) -> Iterator[tuple[int, Record]]:
    """The length and record of each frame that lies whole in the block."""
    place, end = 0, len(block)
    while place + _FRAME.size <= end:
        _, body, ordinal, arrival_ms, key = _FRAME.unpack_from(block, place)
        start = place + _FRAME.size
        if start + body > end or key > body:
            return
        data = start + key
        text = block[start:data].decode("utf-8", "replace")
        yield body + _FRAME.size, Record(ordinal, arrival_ms, text, block[data : start + body])
        place = start + body


def _write(file: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(file, view, offset)
        view, offset = view[written:], offset + written
