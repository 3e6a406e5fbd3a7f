"""One processing job at work: inputs in, program run, outputs out."""

import json

from emulation.compute import container_contract, images
from emulation.compute.processes import Process, Status
from emulation.services.sagemaker import folders, monitoring_metrics
from emulation.services.sagemaker.job_run import (
    EMULATOR_STOPPED,
    REASON_CHARACTERS,
    Announce,
    JobFailedError,
    JobRun,
    read_text,
)
from emulation.services.sagemaker.scope import Scope
from emulation.services.sagemaker.storage import Location, StorageError
from emulation.services.sagemaker.store import Members, ProcessingJob

CONFIG_MEMBERS = (
    "ProcessingInputs",
    "ProcessingOutputConfig",
    "ProcessingJobName",
    "ProcessingResources",
    "StoppingCondition",
    "AppSpecification",
    "Environment",
    "NetworkConfig",
    "RoleArn",
    "ExperimentConfig",
)
"""Members of the request that the program finds in `processingjobconfig.json`."""


class ProcessingRun(JobRun[ProcessingJob]):
    """The work behind one processing job."""

    KIND = "processing"
    LOG_GROUP = "/aws/sagemaker/ProcessingJobs"

    def __init__(self, scope: Scope, job: ProcessingJob, announce: Announce) -> None:
        folder = folders.processing_folder(scope.account, scope.region, job.name)
        super().__init__(scope, job, folder, announce)

    def _work(self) -> None:
        application = self._job.request["AppSpecification"]
        image = self._image(application["ImageUri"], images.PROCESSORS)
        self._prepare()
        self._check_stop()
        self._open_log(application["ImageUri"], image)
        entrypoint = application.get("ContainerEntrypoint") or image.process_command
        if not entrypoint:
            raise JobFailedError(
                f"ClientError: The image {application['ImageUri']} has no entrypoint of its own"
                " here: name a ContainerEntrypoint."
            )
        command = [*entrypoint, *application.get("ContainerArguments", [])]
        process = self._execute(image, command, self._job.request.get("Environment", {}))
        self._conclude(process)

    def _prepare(self) -> None:
        self._folder.make()
        for item in self._job.request.get("ProcessingInputs", []):
            self._check_stop()
            if not item.get("AppManaged"):
                source = item["S3Input"]
                folder = self._folder.inside(source["LocalPath"])
                self._fetch(
                    source["S3DataType"], source["S3Uri"], folder, "Failed to download data. "
                )
        for output in self._outputs():
            self._folder.inside(output["LocalPath"]).mkdir(parents=True, exist_ok=True)
        self._write_config()

    def _write_config(self) -> None:
        request = self._job.request
        config = {name: request[name] for name in CONFIG_MEMBERS if name in request}
        instance_type = request["ProcessingResources"]["ClusterConfig"]["InstanceType"]
        written = {
            "processingjobconfig": {"ProcessingJobArn": self._job.arn, **config},
            "resourceconfig": container_contract.resource_config(instance_type),
        }
        folder = self._folder.ml / "config"
        folder.mkdir()
        for name, content in written.items():
            (folder / f"{name}.json").write_text(json.dumps(content))

    def _outputs(self, *modes: str) -> list[Members]:
        """Where outputs are and go, of all modes or of one."""
        outputs = self._job.request.get("ProcessingOutputConfig", {}).get("Outputs", [])
        found = [item["S3Output"] for item in outputs if not item.get("AppManaged")]
        return [output for output in found if not modes or output["S3UploadMode"] in modes]

    def _synchronize(self) -> None:
        """Continuous outputs leave while the program runs."""
        self._upload("Continuous")

    def _upload(self, *modes: str) -> None:
        for output in self._outputs(*modes):
            folder = self._folder.inside(output["LocalPath"])
            self._upload_changed(folder, Location.parse(output["S3Uri"]))

    def _conclude(self, process: Process) -> None:
        status = process.status()
        self._job.exit_message = read_text(self._folder.message)[:REASON_CHARACTERS] or None
        if status is Status.STOPPED and not self._job.stop_requested:
            raise JobFailedError(EMULATOR_STOPPED)
        if status is Status.FAILED and not self._job.stop_requested:
            raise JobFailedError(self._failure_reason(process, read_text(self._folder.failure)))
        self._upload_outputs()
        self._publish_metrics()
        if status is Status.TIMED_OUT or self._job.stop_requested:
            self._stopped()
        else:
            self._end("Completed")

    def _upload_outputs(self) -> None:
        try:
            self._upload()
        except StorageError as error:
            raise JobFailedError(f"ClientError: Failed to upload data. {error}") from error

    def _publish_metrics(self) -> None:
        """What a monitoring job leaves for CloudWatch."""
        if self._job.metrics_namespace is not None:
            cloudwatch = self._scope.client("cloudwatch")
            monitoring_metrics.publish(
                cloudwatch, self._job.metrics_namespace, self._folder.metrics, self._note
            )

    def _stopped(self) -> None:
        self._end("Stopped")

    def _end(self, status: str) -> None:
        self._close_log()
        self._job.end(status)
