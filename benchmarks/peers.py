"""The emulators that are measured: ours, and the peers in environments of their own.

A peer is installed below `.venv/peers` when it is first measured; nothing of it comes near ours.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from emulation.compute.processes import SUPERVISOR, ProcessSpec

ROOT = Path(__file__).parents[1]
PEERS = ROOT / ".venv" / "peers"
START_SECONDS = 120.0


class PeerMissing(Exception):
    """A peer cannot be installed here; the text says what is missing."""


@dataclass(frozen=True)
class Peer:
    """An emulator: how it is installed, and how it is started on a port with a folder."""

    name: str
    install: Callable[[], None]
    command: Callable[[int, Path], list[str]]
    environment: Callable[[int, Path], dict[str, str]] = field(default=lambda *_: {})

    @contextmanager
    def running(self, port: int) -> Iterator[int]:
        """The peer, started on an empty folder, stopped afterwards; its process id."""
        self.install()
        with TemporaryDirectory(prefix="benchmark-") as folder:
            path = Path(folder)
            environment = dict(os.environ) | self.environment(port, path)
            spec = ProcessSpec(self.name, self.command(port, path), environment, ROOT)
            process = SUPERVISOR.start(spec)
            try:
                wait_for(port, process)
                yield process.pid
            finally:
                process.stop()


def wait_for(port: int, process: object) -> None:
    """Wait until something answers HTTP on the port, whatever it says."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            urlopen(f"http://127.0.0.1:{port}/_localstack/health", timeout=5).close()
        except HTTPError:
            return
        except (URLError, OSError):
            time.sleep(0.2)
        else:
            return
    raise PeerMissing(f"{process} does not answer on port {port}")


def from_pypi(name: str, requirement: str) -> Callable[[], None]:
    """Installs a package into an environment of its own."""

    def install() -> None:
        if (PEERS / name / "done").exists():
            return
        uv = shutil.which("uv") or str(ROOT / ".uv" / "bin" / "uv")
        base = str(Path(sys.executable).resolve())
        run(uv, "venv", "--quiet", "--clear", "--python", base, str(PEERS / name))
        run(uv, "pip", "install", "--quiet", "--python", str(PEERS / name), requirement)
        (PEERS / name / "done").touch()

    return install


def from_npm(name: str, package: str) -> Callable[[], None]:
    """Installs a Node package into a folder of its own."""

    def install() -> None:
        if (PEERS / name / "node_modules").exists():
            return
        if not shutil.which("npm"):
            raise PeerMissing(f"{name} needs npm")
        run("npm", "install", "--silent", "--prefix", str(PEERS / name), package)

    return install


def run(*command: str) -> None:
    """Run an installer; PeerMissing tells what it said."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PeerMissing(f"{' '.join(command[:2])}: {done.stderr.strip()}")


def binary(name: str, program: str) -> str:
    """A program of a peer."""
    folder = PEERS / name
    inside = folder / "bin" / program
    return str(inside if inside.exists() else folder / "node_modules" / ".bin" / program)


def emulator(port: int, folder: Path) -> list[str]:
    """Our command line."""
    options = ["--port", str(port), "--state-folder", str(folder)]
    return [sys.executable, "-m", "emulation", *options]


TERRARIUM = Peer("terrarium", lambda: None, emulator)

MINISTACK = Peer(
    "MiniStack",
    from_pypi("ministack", "ministack==1.5.33"),
    lambda *_: [binary("ministack", "ministack")],
    lambda port, folder: {
        "GATEWAY_PORT": str(port),
        "LOG_LEVEL": "WARNING",
        "LAMBDA_EXECUTOR": "local",
        "HOME": str(folder),
    },
)

MOTO = Peer(
    "moto",
    from_pypi("moto", "moto[server]"),
    lambda port, _: [binary("moto", "moto_server"), "-H", "127.0.0.1", "-p", str(port)],
)

KINESALITE = Peer(
    "kinesalite",
    from_npm("kinesalite", "kinesalite@3.3.3"),
    lambda port, folder: [
        *(binary("kinesalite", "kinesalite"), "--port", str(port), "--path", str(folder)),
        *("--createStreamMs", "0", "--deleteStreamMs", "0"),
    ],
)

KINESIS_LOCAL = Peer(
    "LocalStack's engine",
    from_npm("kinesis-local", "kinesis-local@0.5.2"),
    lambda *_: [binary("kinesis-local", "kinesis-local")],
    lambda port, folder: {
        "KINESIS_MOCK_PLAIN_PORT": str(port),
        "KINESIS_MOCK_TLS_PORT": str(port + 1),
        "KINESIS_MOCK_CERT_PATH": str(
            PEERS / "kinesis-local/node_modules/kinesis-local/server.json"
        ),
        "CREATE_STREAM_DURATION": "0ms",
        "SHARD_LIMIT": "1000",
        "LOG_LEVEL": "ERROR",
    },
)
"""Without LocalStack's gateway before it, which makes it slower."""
