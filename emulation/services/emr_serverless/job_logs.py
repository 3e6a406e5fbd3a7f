"""The two outputs of a driver: kept in files, in S3 as AWS lays them out, and in CloudWatch Logs.

Files in S3 are renewed while the driver runs, every fifteen seconds as on AWS, more seldom when
packing takes long. A file that has grown to 128 MB is moved aside and a new one begun.
"""

import gzip
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from emulation.compute.spark_submit.processes import Exceptions
from emulation.services.log_events import LogStream
from emulation.services.scope import Scope

LOG = logging.getLogger(__name__)

UPLOAD_SECONDS = 15.0
SHARE_OF_TIME = 0.05
LARGEST_FILE = 128 * 2**20


@dataclass(frozen=True, slots=True)
class Destination:
    """A place in S3 that files go below, and the key that encrypts them."""

    bucket: str
    prefix: str
    key_arn: str | None = None

    @classmethod
    def of(cls, address: str, below: str, key_arn: str | None = None) -> "Destination":
        """Below an address `s3://BUCKET/PREFIX`."""
        parts = urlsplit(address)
        prefix = "/".join(part for part in (parts.path.strip("/"), below.strip("/")) if part)
        return cls(parts.netloc, prefix, key_arn)

    def put(self, scope: Scope, name: str, body: bytes) -> None:
        """Write an object; logs that cannot be written fail nobody's run."""
        encryption = (
            {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": self.key_arn} if self.key_arn else {}
        )
        key = f"{self.prefix}/{name}"
        try:
            scope.client("s3").put_object(Bucket=self.bucket, Key=key, Body=body, **encryption)
        except (ClientError, BotoCoreError) as error:
            LOG.warning("the log s3://%s/%s is not written: %s", self.bucket, key, error)


@dataclass
class Output:
    """One output: a file and, where it is wanted, a log stream. An instance is a `LogSink`."""

    path: Path
    stream: LogStream | None
    exceptions: Exceptions
    archived: int = 0
    uploaded: tuple[int, int] = (0, 0)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _file: IO[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self.path.open("ab", buffering=0)

    def __call__(self, line: str) -> None:
        """Take a line."""
        self.exceptions.see(line)
        with self._lock:
            self._file.write(line.encode(errors="replace") + b"\n")
        if self.stream:
            self.stream(line)

    def size(self) -> tuple[int, int]:
        """How many files were moved aside, and the size of this one."""
        return self.archived, self.path.stat().st_size

    def rotate(self) -> bytes:
        """Move the file's content aside; it is returned."""
        with self._lock:
            content = self.path.read_bytes()
            self._file.truncate(0)
            self.archived += 1
        return content

    def close(self) -> None:
        """No line comes any more."""
        if self.stream:
            self.stream.close()
        self._file.close()


class Logs:
    """The outputs of one command."""

    def __init__(
        self,
        scope: Scope,
        folder: Path,
        destination: Destination | None,
        streams: Mapping[str, LogStream],
        names: tuple[str, ...] = ("stdout", "stderr"),
    ) -> None:
        """Files below `folder`, streams by the names of the outputs."""
        self.exceptions = Exceptions()
        self.outputs = {
            name: Output(folder / name, streams.get(name), self.exceptions) for name in names
        }
        self._scope = scope
        self._destination = destination
        self._ended = threading.Event()
        self._uploader: threading.Thread | None = None
        if destination:
            self._uploader = threading.Thread(target=self._keep_up, name="log-upload", daemon=True)
            self._uploader.start()

    @property
    def output(self) -> Callable[[str], None]:
        """Where standard output goes."""
        return self.outputs["stdout"]

    @property
    def errors(self) -> Callable[[str], None]:
        """Where standard error goes."""
        return self.outputs["stderr"]

    def close(self) -> None:
        """Write what is left, everywhere."""
        for output in self.outputs.values():
            output.close()
        self._ended.set()
        if self._uploader:
            self._uploader.join()
            self._upload(last=True)

    def _keep_up(self) -> None:
        wait = UPLOAD_SECONDS
        while not self._ended.wait(wait):
            started = time.monotonic()
            self._upload()
            wait = max(UPLOAD_SECONDS, (time.monotonic() - started) / SHARE_OF_TIME)

    def _upload(self, *, last: bool = False) -> None:
        assert self._destination is not None
        for name, output in self.outputs.items():
            if output.size()[1] > LARGEST_FILE and not last:
                body = gzip.compress(output.rotate())
                place = f"archived/{name}_{output.archived}.gz"
                self._destination.put(self._scope, place, body)
            if last or output.size() != output.uploaded:
                output.uploaded = output.size()
                self._destination.put(
                    self._scope, f"{name}.gz", gzip.compress(output.path.read_bytes())
                )
