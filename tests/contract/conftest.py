"""Contract tests speak boto3 to one running emulator: ours for the session, or the one that is
named.

`TERRARIUM_TEST_ENDPOINT=http://localhost:4566 pytest tests/contract` uses an emulator that already
runs.
"""

import io
import os
import signal
import subprocess
import sys
import tarfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import boto3
import httpx
import pytest
from botocore.config import Config

from tests.waiting import free_ports, wait_until

ROOT = Path(__file__).parents[2]
START_SECONDS = 90


def healthy(url: str) -> bool:
    try:
        # Importing localstack sets proxy variables that httpx cannot read.
        with httpx.Client(trust_env=False, timeout=2) as client:
            return client.get(f"{url}/_localstack/health").is_success
    except httpx.TransportError:
        return False


class Emulator:
    """An emulator of its own, on a free port and a given state folder; start, stop and kill it."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.settings = settings
        (self.port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "emulation", "--port", str(self.port)]
        with (self.folder / "emulator.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--state-folder", self.folder / "state"],
                cwd=ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
                | self.settings,
            )
        try:
            wait_until(f"the emulator, see {log.name}", lambda: healthy(self.url), START_SECONDS)
        except BaseException:
            self.end(signal.SIGKILL)
            raise

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)

    def has_saved(self, service: str, *words: str) -> bool:
        """Whether a kill would leave these words of what the service keeps."""
        snapshots = (self.folder / "state" / "services" / service).glob("*.pickle")
        kept = b"".join(snapshot.read_bytes() for snapshot in snapshots)
        return all(word.encode() in kept for word in words)


def client_factory(url: str):
    session = boto3.session.Session("test", "test", region_name="us-east-1")

    def client(service: str, **config):
        options = Config(retries={"max_attempts": 0}, read_timeout=120, **config)
        return session.client(service, endpoint_url=url, config=options)

    return client


@pytest.fixture
def own_emulator(tmp_path) -> Iterator[Emulator]:
    """A started emulator that the test may kill, and `own_emulator.aws` to speak to it."""
    emulator = Emulator(tmp_path)
    emulator.aws = client_factory(emulator.url)
    emulator.start()
    yield emulator
    if emulator.process.poll() is None:
        emulator.end()


@pytest.fixture(scope="session")
def endpoint_url(tmp_path_factory) -> Iterator[str]:
    if given := os.environ.get("TERRARIUM_TEST_ENDPOINT"):
        yield given
        return
    emulator = Emulator(tmp_path_factory.mktemp("emulator"))
    emulator.start()
    yield emulator.url
    emulator.end()


@pytest.fixture(scope="session")
def aws(endpoint_url):
    """A client factory: `aws("s3")`. No retries, so that a refusal is seen at once and as it is."""
    return client_factory(endpoint_url)


@pytest.fixture
def unique() -> str:
    """A name that no other test uses."""
    return f"t{uuid.uuid4().hex[:10]}"


@pytest.fixture
def bucket(aws, unique) -> Iterator[str]:
    """An empty bucket, emptied and deleted afterwards."""
    s3 = aws("s3")
    s3.create_bucket(Bucket=unique)
    yield unique
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=unique):
        for item in page.get("Contents", []):
            s3.delete_object(Bucket=unique, Key=item["Key"])
    s3.delete_bucket(Bucket=unique)


def tar_gz(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()


@pytest.fixture(scope="session")
def archive():
    """`archive({"train.py": "..."})`: a tar.gz of texts, as SageMaker takes programs and models."""
    return tar_gz


@pytest.fixture(scope="session")
def waiting():
    """`waiting("the job", lambda: ...)`: poll with a deadline; contract tests never sleep a fixed
    time.
    """
    return wait_until
