"""Runs one command of a cluster - a step's or a bootstrap action's - and keeps its logs."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from emulation.compute.processes import Process
from emulation.compute.spark_submit import processes
from emulation.services.emr import machines
from emulation.services.emr.store import Cluster, moment
from emulation.services.emr_serverless.job_logs import Destination, Logs

OUTPUTS = ("controller", "stdout", "stderr")
S3_SCHEMES = ("s3", "s3n", "s3a")


class ScriptNotFoundError(Exception):
    """A script that is not in S3; the message says why."""


@dataclass
class Work:
    """A command of a cluster: its folder, its logs, its words as they are told."""

    cluster: Cluster
    folder: Path
    logs: Logs
    told: str
    started: float = 0.0

    @classmethod
    def open(cls, cluster: Cluster, place: str, told: str) -> "Work":
        """Logs go below the cluster's LogUri, at `place`."""
        folder = cluster.folder() / place
        (folder / "work").mkdir(parents=True, exist_ok=True)
        address = log_address(cluster, place)
        destination = Destination.of(address, "") if address else None
        return cls(
            cluster,
            folder,
            Logs(cluster.scope, folder, destination, {}, OUTPUTS),
            told,
            time.time(),
        )

    def control(self, level: str, text: str) -> None:
        """A line of the controller's log."""
        stamp = moment(time.time()).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        self.logs.outputs["controller"](f"{stamp}Z {level} {text}")

    def start(
        self,
        words: Sequence[str],
        own: Mapping[str, str],
        on_exit: Callable[[Process], None],
    ) -> Process:
        """Start the command.

        Raises:
            OSError: it cannot be started.
        """
        self.control("INFO", f"startExec '{self.told}'")
        note = f"{self.folder.name}.pid"
        command = processes.Command(
            name=f"emr-{self.folder.name}",
            words=words,
            environment=machines.environment(self.cluster, note, own),
            folder=self.folder / "work",
        )
        process = processes.start(command, self.logs.output, self.logs.errors, on_exit)
        self.control("INFO", f"ProcessRunner started child process {process.pid}")
        return process

    def close(self, code: int) -> None:
        """The controller's last words; then all logs are written."""
        seconds = int(time.time() - self.started)
        self.control("INFO", f"waitProcessCompletion ended with exit code {code} : {self.told}")
        self.control("INFO", f"total process run time: {seconds} seconds")
        if code:
            self.control("WARN", f"Step failed with exitCode {code} and took {seconds} seconds")
        else:
            self.control("INFO", f"Step succeeded with exitCode 0 and took {seconds} seconds")
        self.logs.close()


def log_address(cluster: Cluster, place: str) -> str | None:
    """Where logs of a place go in S3, if they go there."""
    address = cluster.members.get("LogUri")
    if not address:
        return None
    parts = urlsplit(address)
    return f"s3://{parts.netloc}{parts.path.rstrip('/')}/{cluster.identifier}/{place}"


def fetch_script(cluster: Cluster, address: str, folder: Path) -> list[str]:
    """Bring a script; the words that run it: itself, or bash where it names no interpreter.

    Raises:
        ScriptNotFoundError: it is not there.
    """
    parts = urlsplit(address)
    path = folder / Path(parts.path).name
    if parts.scheme in S3_SCHEMES:
        try:
            found = cluster.scope.client("s3").get_object(
                Bucket=parts.netloc, Key=parts.path.lstrip("/")
            )
        except (ClientError, BotoCoreError) as error:
            raise ScriptNotFoundError(f"Failed to download script {address}: {error}") from error
        path.write_bytes(found["Body"].read())
        path.chmod(0o755)
    else:
        path = Path(parts.path)
        if not path.exists():
            raise ScriptNotFoundError(f"Failed to download script {address}: no such file")
    with path.open("rb") as file:
        return [str(path)] if file.read(2) == b"#!" else ["/bin/bash", str(path)]
