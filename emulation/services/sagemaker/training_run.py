"""One training job at work: data in, program run, model out."""

from pathlib import Path

from emulation.compute import container_contract, images
from emulation.compute.processes import Process, Status
from emulation.services.sagemaker import folders
from emulation.services.sagemaker.job_run import (
    EMULATOR_STOPPED,
    Announce,
    JobFailedError,
    JobRun,
    read_text,
)
from emulation.services.sagemaker.scope import Scope
from emulation.services.sagemaker.storage import Location, StorageError, files
from emulation.services.sagemaker.store import Members, TrainingJob
from emulation.services.sagemaker.training_metrics import TrainingMetrics


class TrainingRun(JobRun[TrainingJob]):
    """The work behind one training job."""

    KIND = "training"
    LOG_GROUP = "/aws/sagemaker/TrainingJobs"

    def __init__(self, scope: Scope, job: TrainingJob, announce: Announce) -> None:
        folder = folders.training_folder(scope.account, scope.region, job.name)
        super().__init__(scope, job, folder, announce)
        self._metrics = TrainingMetrics(scope.client("cloudwatch"), job)

    def start(self) -> None:
        """Begin, in the background."""
        self._job.enter("Starting", "Preparing the instances for training")
        super().start()

    def _work(self) -> None:
        self._download()
        self._train()

    def _stopped(self) -> None:
        self._finish("Stopped", "Stopped", "Training job stopped")

    def _finish(self, status: str, secondary_status: str, message: str) -> None:
        self._close_log()
        self._job.finish(status, secondary_status, message)

    def _enter(self, secondary_status: str, message: str) -> None:
        self._check_stop()
        self._job.enter(secondary_status, message)
        self._announce()

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
        folder = self._folder.channel(channel["ChannelName"])
        self._fetch(source["S3DataType"], source["S3Uri"], folder, "Data download failed:")

    def _checkpoint_folder(self) -> Path:
        path = self._job.request["CheckpointConfig"].get("LocalPath", "/opt/ml/checkpoints")
        if not path.startswith(f"{container_contract.ML}/"):
            raise JobFailedError(f"ClientError: the local checkpoint path {path} is not in /opt/ml")
        folder = self._folder.ml / path.removeprefix(f"{container_contract.ML}/")
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _train(self) -> None:
        uri = self._job.request["AlgorithmSpecification"]["TrainingImage"]
        image = self._image(uri)
        self._enter("Training", "Training image download completed. Training in progress.")
        self._open_log(uri, image)
        self._note_modes()
        self._fetch_source()
        environment = {
            "TRAINING_JOB_NAME": self._job.name,
            "TRAINING_JOB_ARN": self._job.arn,
            **self._job.request.get("Environment", {}),
        }
        self._conclude(self._execute(image, self._command(image), environment))

    def _note_modes(self) -> None:
        default = self._job.request["AlgorithmSpecification"]["TrainingInputMode"]
        channels = self._job.request.get("InputDataConfig", [])
        if "FastFile" in {channel.get("InputMode", default) for channel in channels}:
            self._note("Input mode FastFile: the files were copied before the start, as in File.")

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

    def _command(self, image: images.Image) -> list[str]:
        algorithm = self._job.request["AlgorithmSpecification"]
        entrypoint = algorithm.get("ContainerEntrypoint")
        arguments = algorithm.get("ContainerArguments", [])
        return [*(entrypoint or image.train_command), *arguments]

    def _read_line(self, line: str) -> None:
        self._note(line)
        self._metrics.read(line)

    def _synchronize(self) -> None:
        """Metrics and checkpoints leave while the program runs."""
        self._metrics.flush()
        if checkpoints := self._job.request.get("CheckpointConfig"):
            location = Location.parse(checkpoints["S3Uri"])
            self._upload_changed(self._checkpoint_folder(), location)

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
            raise JobFailedError(EMULATOR_STOPPED)
        elif status is Status.SUCCEEDED:
            self._job.enter("Uploading", "Uploading generated training model")
            self._announce()
            self._upload()
            self._finish("Completed", "Completed", "Training job completed")
        else:
            self._upload_output_data()
            raise JobFailedError(self._failure_reason(process, read_text(self._folder.failure)))

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
