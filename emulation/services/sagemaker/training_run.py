"""One training job at work: data in, program run, model out. A thread a job; its state follows the
process.
"""

import logging
import threading
import time
from pathlib import Path

from emulation.compute import container_contract, images
from emulation.compute.container_contract import HOST, ContainerFolder
from emulation.compute.processes import SUPERVISOR, Limits, Process, ProcessSpec, Status
from emulation.services.log_events import LogStream
from emulation.services.sagemaker import folders
from emulation.services.sagemaker.scope import Scope
from emulation.services.sagemaker.storage import Location, Storage, StorageError, files
from emulation.services.sagemaker.store import Members, TrainingJob, now
from emulation.services.sagemaker.training_metrics import TrainingMetrics
from emulation.settings import system_environment
from emulation.state import save_service

LOG = logging.getLogger(__name__)

LOG_GROUP = "/aws/sagemaker/TrainingJobs"
GRACE_SECONDS = 120.0
SYNC_SECONDS = 1.0
DEFAULT_MAX_RUNTIME = 86_400
FAILURE_CHARACTERS = 1024
INTERNAL_ERROR = "InternalServerError: We encountered an internal error. Please try again."


class JobFailedError(Exception):
    """The job ends as Failed; the message is its FailureReason."""


class JobStoppedError(Exception):
    """Somebody asked for the end."""


class TrainingRun:
    """The work behind one job."""

    def __init__(self, scope: Scope, job: TrainingJob) -> None:
        self._scope = scope
        self._job = job
        self._storage = Storage(scope.client("s3"))
        self._metrics = TrainingMetrics(scope.client("cloudwatch"), job)
        self._folder = ContainerFolder(
            folders.training_folder(scope.account, scope.region, job.name)
        )
        self._log: LogStream | None = None
        self._process: Process | None = None
        self._checkpoints: dict[Path, tuple[float, int]] = {}

    def start(self) -> None:
        """Begin, in the background."""
        self._job.enter("Starting", "Preparing the instances for training")
        threading.Thread(target=self._run, name=f"training-{self._job.name}", daemon=True).start()

    def stop(self) -> None:
        """Ask for the end; the job is Stopping until the program has ended."""
        if not self._job.stop_requested:
            self._job.stop_requested = True
            self._job.status = "Stopping"
            self._job.enter("Stopping", "Stopping the training job")
        if self._process is not None:
            threading.Thread(target=self._process.stop, daemon=True).start()

    def _run(self) -> None:
        try:
            self._download()
            self._train()
        except JobStoppedError:
            self._finish("Stopped", "Stopped", "Training job stopped")
        except JobFailedError as error:
            self._fail(str(error))
        except StorageError as error:
            self._fail(f"ClientError: {error}")
        finally:
            if not self._job.finished:
                self._fail(INTERNAL_ERROR)
            save_service("sagemaker")
            self._folder.remove()

    def _finish(self, status: str, secondary_status: str, message: str) -> None:
        """Whoever sees the end finds the whole log and the model."""
        self._close_log()
        self._job.finish(status, secondary_status, message)

    def _fail(self, reason: str) -> None:
        self._close_log()
        self._job.fail(reason)

    def _close_log(self) -> None:
        if self._log is not None:
            self._log.close()

    def _enter(self, secondary_status: str, message: str) -> None:
        if self._job.stop_requested:
            raise JobStoppedError
        self._job.enter(secondary_status, message)

    def _download(self) -> None:
        self._folder.make()
        self._enter("Downloading", "Downloading input data")
        for channel in self._job.request.get("InputDataConfig", []):
            self._download_channel(channel)
        if checkpoints := self._job.request.get("CheckpointConfig"):
            location = Location.parse(checkpoints["S3Uri"])
            self._storage.download_prefix(location, self._checkpoint_folder())
        container_contract.write_training_config(
            self._folder,
            hyperparameters=self._job.request.get("HyperParameters", {}),
            channels=self._job.request.get("InputDataConfig", []),
            instance_type=self._job.request["ResourceConfig"]["InstanceType"],
        )
        container_contract.rewrite_drivers(self._folder)

    def _download_channel(self, channel: Members) -> None:
        source = channel["DataSource"]["S3DataSource"]
        location = Location.parse(source["S3Uri"])
        folder = self._folder.channel(channel["ChannelName"])
        folder.mkdir(parents=True, exist_ok=True)
        manifest = source["S3DataType"] == "ManifestFile"
        fetch = self._storage.download_manifest if manifest else self._storage.download_prefix
        try:
            count = fetch(location, folder)
        except StorageError as error:
            raise JobFailedError(f"ClientError: Data download failed:{error}") from error
        if count == 0:
            raise JobFailedError(f"ClientError: Data download failed:No objects at {location}")

    def _checkpoint_folder(self) -> Path:
        path = self._job.request["CheckpointConfig"].get("LocalPath", "/opt/ml/checkpoints")
        if not path.startswith(f"{container_contract.ML}/"):
            raise JobFailedError(f"ClientError: the local checkpoint path {path} is not in /opt/ml")
        folder = self._folder.ml / path.removeprefix(f"{container_contract.ML}/")
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _train(self) -> None:
        uri = self._job.request["AlgorithmSpecification"]["TrainingImage"]
        try:
            image = images.find(uri)
        except images.UnknownImageError as error:
            raise JobFailedError(f"ClientError: {error}") from error
        self._enter("Training", "Training image download completed. Training in progress.")
        self._job.started = now()
        stream = f"{self._job.name}/{HOST}-{time.time_ns() // 1_000_000}"
        self._log = LogStream(self._scope.account, self._scope.region, LOG_GROUP, stream)
        self._log_notes(uri)
        self._fetch_source()
        process = self._start(image)
        while process.wait(SYNC_SECONDS) is Status.RUNNING:
            self._synchronize()
        self._synchronize()
        self._conclude(process)

    def _log_notes(self, uri: str) -> None:
        assert self._log is not None
        self._log(images.describe(uri))
        algorithm = self._job.request["AlgorithmSpecification"]
        modes = {
            channel.get("InputMode", algorithm["TrainingInputMode"])
            for channel in self._job.request.get("InputDataConfig", [])
        }
        if "FastFile" in modes:
            self._log("Input mode FastFile: the files were copied before the start, as in File.")
        if container_contract.isolation() == "prefix":
            self._log(container_contract.PREFIX_WARNING)

    def _fetch_source(self) -> None:
        """Script mode's source; AWS's image fetches it itself, and fails with these words."""
        uri = self._job.request.get("HyperParameters", {}).get("sagemaker_submit_directory", "")
        uri = uri.strip('"')
        if not uri.startswith("s3://") or self._has_entrypoint():
            return
        try:
            self._storage.unpack(Location.parse(uri), self._folder.code)
        except StorageError as error:
            text = f"framework error: \n{error}"
            self._note(text)
            raise JobFailedError(f"AlgorithmError: {text}, exit code: 1") from error

    def _has_entrypoint(self) -> bool:
        return "ContainerEntrypoint" in self._job.request["AlgorithmSpecification"]

    def _note(self, text: str) -> None:
        if self._log is not None:
            self._log(text)

    def _start(self, image: images.Image) -> Process:
        if self._job.stop_requested:
            raise JobStoppedError
        environment = self._environment(image)
        command, environment = container_contract.contained(
            self._folder, self._command(image), environment
        )
        condition = self._job.request.get("StoppingCondition", {})
        limit = condition.get("MaxRuntimeInSeconds", DEFAULT_MAX_RUNTIME)
        self._process = SUPERVISOR.start(
            ProcessSpec(
                name=f"training-{self._job.name}",
                command=command,
                environment=environment,
                folder=self._folder.code,
                limits=Limits(seconds=limit),
                log=self._read_line,
                grace_seconds=GRACE_SECONDS,
            )
        )
        if self._stop_was_requested():
            self.stop()
        return self._process

    def _stop_was_requested(self) -> bool:
        """Another thread sets it: a look at the field again, after the process started."""
        return self._job.stop_requested

    def _command(self, image: images.Image) -> list[str]:
        algorithm = self._job.request["AlgorithmSpecification"]
        entrypoint = algorithm.get("ContainerEntrypoint")
        arguments = algorithm.get("ContainerArguments", [])
        return [*(entrypoint or image.train_command), *arguments]

    def _environment(self, image: images.Image) -> dict[str, str]:
        system = dict(system_environment())
        path = f"{image.programs_folder}:{system.get('PATH', '/usr/local/bin:/usr/bin:/bin')}"
        return {
            **system,
            **self._folder.environment(),
            **image.environment,
            **self._scope.container_environment(),
            "PATH": path,
            "TRAINING_JOB_NAME": self._job.name,
            "TRAINING_JOB_ARN": self._job.arn,
            **self._job.request.get("Environment", {}),
        }

    def _read_line(self, line: str) -> None:
        self._note(line)
        self._metrics.read(line)

    def _synchronize(self) -> None:
        """Metrics and checkpoints leave while the program runs."""
        self._metrics.flush()
        if checkpoints := self._job.request.get("CheckpointConfig"):
            folder = self._checkpoint_folder()
            changed = [path for path in files(folder) if self._is_new(path)]
            location = Location.parse(checkpoints["S3Uri"])
            self._storage.upload_files(folder, location, changed)

    def _is_new(self, path: Path) -> bool:
        stat = path.stat()
        seen = (stat.st_mtime, stat.st_size)
        new = self._checkpoints.get(path) != seen
        self._checkpoints[path] = seen
        return new

    def _conclude(self, process: Process) -> None:
        status = process.status()
        if status is Status.TIMED_OUT:
            self._upload()
            message = "Training job runtime exceeded MaxRuntimeInSeconds provided"
            self._finish("Stopped", "MaxRuntimeExceeded", message)
        elif self._job.stop_requested:
            self._upload()
            self._finish("Stopped", "Stopped", "Training job stopped")
        elif status is Status.STOPPED:
            raise JobFailedError("InternalServerError: the emulator was stopped during the job.")
        elif status is Status.SUCCEEDED:
            self._job.enter("Uploading", "Uploading generated training model")
            self._upload()
            self._finish("Completed", "Completed", "Training job completed")
        else:
            self._upload_output_data()
            raise JobFailedError(self._failure_reason(process.exit_code or 0))

    def _failure_reason(self, exit_code: int) -> str:
        """What the program wrote, and its exit code as a container's engine counts it."""
        code = exit_code if exit_code >= 0 else 128 - exit_code
        failure = self._folder.failure
        text = failure.read_text(errors="replace") if failure.is_file() else ""
        ending = f", exit code: {code}"
        room = FAILURE_CHARACTERS - len("AlgorithmError: ") - len(ending)
        return f"AlgorithmError: {text.strip()[:room]}{ending}"

    def _output(self) -> Location:
        uri = self._job.request["OutputDataConfig"]["S3OutputPath"]
        return Location.parse(uri).child(self._job.name, "output")

    def _upload(self) -> None:
        if self._job.request["OutputDataConfig"].get("CompressionType", "GZIP") == "GZIP":
            self._storage.pack(self._folder.model, self._output().child("model.tar.gz"))
        else:
            folder = self._folder.model
            self._storage.upload_files(folder, self._output().child("model"), files(folder))
        self._upload_output_data()

    def _upload_output_data(self) -> None:
        if files(self._folder.output_data):
            self._storage.pack(self._folder.output_data, self._output().child("output.tar.gz"))
