"""The commands that a user types, with a state folder and ports of their own."""

import os
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import boto3
import httpx
import psutil
from botocore.config import Config

from tests.waiting import free_ports, wait_until

ROOT = Path(__file__).parents[2]
MACHINE = ("PATH", "HOME", "JAVA_HOME", "LANG", "TMPDIR")
REGISTRIES = ("PIP_INDEX_URL", "PIP_CERT", "SSL_CERT_FILE", "UV_DEFAULT_INDEX", "UV_INDEX_URL")
"""Where this machine takes packages from, when that is not PyPI itself."""
COMMAND_SECONDS = 900
TAIL_LINES = 40


def is_taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Laptop:
    """`make up` and `make down` in a folder of a test; `aws("s3")` is a plain boto3 client."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.ports = free_ports(3)
        self.endpoint, self.mlflow, self.api = (f"http://localhost:{port}" for port in self.ports)
        self._environment = {
            **{name: os.environ[name] for name in (*MACHINE, *REGISTRIES) if name in os.environ},
            "EMULATION_STATE_FOLDER": str(self.state),
            "EMULATION_PORT": str(self.ports[0]),
            "MLFLOW_PORT": str(self.ports[1]),
            "API_PORT": str(self.ports[2]),
            "AWS_ENDPOINT": self.endpoint,
            "MLFLOW_TRACKING_URI": self.mlflow,
            "PIPELINE_API_URL": self.api,
            "PIPELINE_PAGE_PORT": str(self.ports[2]),
            "PIPELINE_QUICKSIGHT_EMAIL": "owner@example.com",
            # As the Makefile has it: a new model is watched for seconds here.
            "PIPELINE_BAKE_SECONDS": "10",
            "PIPELINE_ALARM_SECONDS": "10",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "COLUMNS": "160",
        }
        self._session = boto3.session.Session("test", "test", region_name="us-east-1")

    def up(self) -> None:
        """Emulator, MLflow and API, all of them healthy."""
        self.run("emulation.laptop", "up", "--wait")

    def begin_up(self) -> None:
        """The same, waiting for the emulator only."""
        self.run("emulation.laptop", "up")

    def down(self) -> None:
        self.run("emulation.laptop", "down")

    def tell(self, days: int) -> str:
        """The whole story; what the command said."""
        return self.run("pipeline", "up", "--days", str(days))

    def run(self, *command: str) -> str:
        """What a command said; fails, with the end of that, when it does not end well."""
        seen = self._log.stat().st_size if self._log.exists() else 0
        code = self.begin(*command).wait(COMMAND_SECONDS)
        said = self._log.read_bytes()[seen:].decode()
        assert code == 0, f"`{' '.join(command)}` ended with {code}:\n{last_lines(said)}"
        return said

    def begin(self, *command: str, **settings: str) -> subprocess.Popen[bytes]:
        """A command that goes on, with settings of its own; its output is in the log of
        commands.
        """
        self.folder.mkdir(exist_ok=True)
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=ROOT,
                env=self._environment | settings,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def said(self) -> str:
        """What all commands have said."""
        return self._log.read_text(errors="replace")

    @property
    def _log(self) -> Path:
        return self.folder / "commands.log"

    def aws(self, service: str):
        options = Config(retries={"max_attempts": 2}, s3={"addressing_style": "path"})
        return self._session.client(service, endpoint_url=self.endpoint, config=options)

    def http(self, url: str) -> httpx.Client:
        """A client of the API or of MLflow, which heeds no proxy of this machine."""
        return httpx.Client(base_url=url, trust_env=False, timeout=60)

    def processes(self) -> list[psutil.Process]:
        """Every process that was started for this laptop, however it is related to us."""
        marks = (str(self.state), *(f"localhost:{port}" for port in self.ports))
        found = {}
        for process in psutil.process_iter():
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                told = [*process.cmdline(), *process.environ().values(), process.cwd()]
                if any(mark in text for text in told for mark in marks):
                    family = [process, *process.children(recursive=True)]
                    found |= {member.pid: member for member in family}
        return list(found.values())

    def kill_emulator(self) -> None:
        """SIGKILL, as the system does it when memory is short."""
        (emulator,) = [
            process for process in self.processes() if process.cmdline()[1:] == ["-m", "emulation"]
        ]
        emulator.send_signal(signal.SIGKILL)
        wait_until("the killed emulator to be gone", lambda: not emulator.is_running(), 30)

    def remove(self) -> None:
        """Stop everything, also what `down` does not stop."""
        with suppress(AssertionError):
            self.down()
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):
                process.kill()

    def last_words(self) -> Iterator[tuple[str, str]]:
        """The end of every log, by its name."""
        for path in (self._log, *sorted((self.state / "logs").glob("*.log"))):
            if path.exists():
                yield str(path), last_lines(path.read_text(errors="replace"))


def last_lines(text: str) -> str:
    return "\n".join(deque(text.splitlines(), TAIL_LINES))
