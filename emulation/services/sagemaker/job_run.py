"""What training and processing jobs share at work: a thread a job, a folder, one process and its
log. The job's state follows the process, and whoever sees the end finds the whole log and every
output.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from emulation.compute import container_contract, images
from emulation.compute.container_contract import HOST, ContainerFolder
from emulation.compute.processes import SUPERVISOR, Limits, Process, ProcessSpec, Status
from emulation.services.log_events import LogStream
from emulation.services.sagemaker.scope import Scope
from emulation.services.sagemaker.storage import Location, Storage, StorageError, files
from emulation.services.sagemaker.store import Job, now
from emulation.settings import system_environment
from emulation.state import save_service

GRACE_SECONDS = 120.0
SYNC_SECONDS = 1.0
DEFAULT_MAX_RUNTIME = 86_400
REASON_CHARACTERS = 1024
INTERNAL_ERROR = "InternalServerError: We encountered an internal error. Please try again."
EMULATOR_STOPPED = "InternalServerError: the emulator was stopped during the job."

Signature = tuple[float, int]
Announce = Callable[[], None]
"""Tells whoever listens that the status has changed."""


class JobFailedError(Exception):
    """The job ends as Failed; the message is its FailureReason."""


class JobStoppedError(Exception):
    """Somebody asked for the end."""


class JobRun[J: Job]:
    """The work behind one job; `announce` is called after each change of its status."""

    KIND: ClassVar[str]
    LOG_GROUP: ClassVar[str]

    def __init__(self, scope: Scope, job: J, folder: Path, announce: Announce) -> None:
        self._scope = scope
        self._job = job
        self._storage = Storage(scope.client("s3"))
        self._folder = ContainerFolder(folder)
        self._announce = announce
        self._log: LogStream | None = None
        self._process: Process | None = None
        self._uploaded: dict[Path, Signature] = {}

    def start(self) -> None:
        """Begin, in the background."""
        self._announce()
        name = f"{self.KIND}-{self._job.name}"
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def stop(self) -> None:
        """Ask for the end; the job is Stopping until the program has ended."""
        if not self._job.stop_requested:
            self._job.stop_requested = True
            self._job.stopping()
            self._announce()
        if self._process is not None:
            threading.Thread(target=self._process.stop, daemon=True).start()

    def _run(self) -> None:
        try:
            self._work()
        except JobStoppedError:
            self._stopped()
        except JobFailedError as error:
            self._fail(str(error))
        except StorageError as error:
            self._fail(f"ClientError: {error}")
        finally:
            if not self._job.finished:
                self._fail(INTERNAL_ERROR)
            self._announce()
            save_service("sagemaker")
            self._folder.remove()

    def _work(self) -> None:
        """Everything from the download to the upload."""
        raise NotImplementedError

    def _stopped(self) -> None:
        """The end that somebody asked for."""
        raise NotImplementedError

    def _synchronize(self) -> None:
        """What leaves while the program runs."""
        raise NotImplementedError

    def _fail(self, reason: str) -> None:
        self._close_log()
        self._job.fail(reason)

    def _close_log(self) -> None:
        if self._log is not None:
            self._log.close()

    def _note(self, line: str) -> None:
        if self._log is not None:
            self._log(line)

    def _check_stop(self) -> None:
        if self._job.stop_requested:
            raise JobStoppedError

    def _fetch(self, kind: str, uri: str, folder: Path, failure: str) -> None:
        """The objects under a prefix or of a manifest; a job without its data has failed."""
        location = Location.parse(uri)
        folder.mkdir(parents=True, exist_ok=True)
        manifest = kind == "ManifestFile"
        fetch = self._storage.download_manifest if manifest else self._storage.download_prefix
        try:
            count = fetch(location, folder)
        except (StorageError, OSError) as error:
            raise JobFailedError(f"ClientError: {failure}{error}") from error
        if count == 0:
            raise JobFailedError(f"ClientError: {failure}No objects at {location}")

    def _image(self, uri: str, known: Sequence[images.Image] = images.KNOWN) -> images.Image:
        try:
            return images.find(uri, known)
        except images.UnknownImageError as error:
            raise JobFailedError(f"ClientError: {error}") from error

    def _open_log(self, uri: str, image: images.Image) -> None:
        """The log's first lines: what runs, and how."""
        self._job.started = now()
        stream = f"{self._job.name}/{HOST}-{time.time_ns() // 1_000_000}"
        self._log = LogStream(self._scope.account, self._scope.region, self.LOG_GROUP, stream)
        self._log(images.describe(uri, image))
        if container_contract.isolation() == "prefix":
            self._log(container_contract.PREFIX_WARNING)

    def _execute(
        self, image: images.Image, command: Sequence[str], environment: Mapping[str, str]
    ) -> Process:
        """Run the program to its end."""
        self._check_stop()
        command, environment = container_contract.contained(
            self._folder, command, self._environment(image) | dict(environment)
        )
        condition = self._job.request.get("StoppingCondition", {})
        limit = condition.get("MaxRuntimeInSeconds", DEFAULT_MAX_RUNTIME)
        spec = ProcessSpec(
            name=f"{self.KIND}-{self._job.name}",
            command=command,
            environment=environment,
            folder=self._folder.code,
            limits=Limits(seconds=limit),
            log=self._read_line,
            grace_seconds=GRACE_SECONDS,
        )
        try:
            self._process = process = SUPERVISOR.start(spec)
        except OSError as error:
            raise JobFailedError(f"AlgorithmError: {error}, exit code: 127") from error
        if self._stop_was_requested():
            self.stop()
        while process.wait(SYNC_SECONDS) is Status.RUNNING:
            self._synchronize()
        self._synchronize()
        return process

    def _stop_was_requested(self) -> bool:
        """Another thread sets it: a look at the field again, after the process started."""
        return self._job.stop_requested

    def _environment(self, image: images.Image) -> dict[str, str]:
        system = dict(system_environment())
        path = f"{image.programs_folder}:{system.get('PATH', '/usr/local/bin:/usr/bin:/bin')}"
        return {
            **system,
            **self._folder.environment(),
            **image.environment,
            **self._scope.container_environment(),
            "PATH": path,
        }

    def _read_line(self, line: str) -> None:
        self._note(line)

    def _failure_reason(self, process: Process, text: str) -> str:
        """The program's words, and its exit code as a container's engine counts it."""
        exit_code = process.exit_code or 0
        ending = f", exit code: {exit_code if exit_code >= 0 else 128 - exit_code}"
        room = REASON_CHARACTERS - len("AlgorithmError: ") - len(ending)
        return f"AlgorithmError: {text[:room]}{ending}"

    def _upload_changed(self, folder: Path, location: Location) -> None:
        """Send what differs from what was sent before; a program may take a file away meanwhile."""
        for path in files(folder):
            with contextlib.suppress(FileNotFoundError):
                if self._is_new(path):
                    self._storage.upload_files(folder, location, [path])

    def _is_new(self, path: Path) -> bool:
        stat = path.stat()
        seen = (stat.st_mtime, stat.st_size)
        new = self._uploaded.get(path) != seen
        self._uploaded[path] = seen
        return new


def read_text(path: Path) -> str:
    """What a program left in a file of the contract; nothing when it left none."""
    return path.read_text(errors="replace").strip() if path.is_file() else ""
