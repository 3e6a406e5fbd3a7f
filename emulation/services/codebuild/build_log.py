"""A build's log: what the container says of itself and what its commands write, without secrets."""

import gzip
import threading
from datetime import UTC, datetime
from pathlib import Path

from emulation.services.codebuild.build_view import log_place
from emulation.services.codebuild.store import Build
from emulation.services.log_events import LogStream

MASK = "***"


class BuildLog:
    """Lines to CloudWatch Logs and to a file that goes to S3. An instance is a `LogSink`."""

    def __init__(self, build: Build, file: Path) -> None:
        place = log_place(build)
        self._stream = LogStream(build.account, build.region, *place) if place else None
        self._lock = threading.Lock()
        self._file = file.open("w", encoding="utf-8")
        self._path = file
        self._secrets: list[str] = []

    def hide(self, values: list[str]) -> None:
        """Show these values to nobody; the longest first, for one may be a part of another."""
        lines = {line for value in values for line in value.splitlines() if line.strip()}
        self._secrets = sorted(lines, key=len, reverse=True)

    def __call__(self, line: str) -> None:
        """A line of output."""
        for secret in self._secrets:
            line = line.replace(secret, MASK)
        with self._lock:
            if not self._file.closed:
                self._file.write(f"{line}\n")
        if self._stream is not None:
            self._stream(line)

    def container(self, text: str) -> None:
        """What the container itself has to say; each of its lines begins like that."""
        moment = datetime.now(UTC).strftime("%Y/%m/%d %H:%M:%S.%f")
        for line in f"[Container] {moment} {text}".splitlines():
            self(line)

    def close(self) -> None:
        """Write what is left."""
        with self._lock:
            self._file.close()
        if self._stream is not None:
            self._stream.close()

    def packed(self) -> bytes:
        """All of it, compressed; once it is closed."""
        return gzip.compress(self._path.read_bytes())
