"""One build at work: a thread a build, from QUEUED to COMPLETED. What it says of itself follows the
process that runs its commands.
"""

import logging
import threading
import time

from botocore.exceptions import BotoCoreError, ClientError

from emulation.compute.builds import images, transitions
from emulation.compute.builds.buildspec import Buildspec, BuildspecError, Phase, parse
from emulation.compute.builds.places import Place
from emulation.compute.builds.shell import Shell, ShellEndedError
from emulation.compute.processes import SUPERVISOR, Status
from emulation.services.codebuild import phases
from emulation.services.codebuild.build_environment import (
    Values,
    machine_environment,
    service_environment,
)
from emulation.services.codebuild.build_log import BuildLog
from emulation.services.codebuild.build_view import s3_log_place
from emulation.services.codebuild.commands import Commands
from emulation.services.codebuild.departures import Departures
from emulation.services.codebuild.failures import (
    INTERNAL_ERROR,
    UNABLE_TO_PULL,
    YAML_ERROR,
    PhaseError,
)
from emulation.services.codebuild.places import NO_ROOT, isolated, place_of
from emulation.services.codebuild.slots import SLOTS
from emulation.services.codebuild.sources import Folders, Sources
from emulation.services.codebuild.store import Build
from emulation.services.ecr import local_images
from emulation.state import save_service

LOG = logging.getLogger(__name__)

EMULATOR_STOPPED = "The emulator was stopped while the build ran."
ENDINGS = {
    "STOPPED": ("", ""),
    "TIMED_OUT": ("BUILD_TIMED_OUT", "Build has timed out. "),
    "FAULT": (INTERNAL_ERROR, EMULATOR_STOPPED),
}

RUNS: dict[str, "BuildRun"] = {}
"""The builds that run in this process, by ARN."""


class BuildRun:
    """The work behind one build."""

    def __init__(self, build: Build) -> None:
        self._build = build
        self._place: Place | None = None
        self._log: BuildLog | None = None
        self._shell: Shell | None = None
        self._spec = Buildspec("0.2")
        self._folders: Folders | None = None
        self._deadline = 0.0
        self._steps = {
            "QUEUED": self._queue,
            "PROVISIONING": self._provision,
            "DOWNLOAD_SOURCE": self._download,
            **dict.fromkeys(transitions.COMMANDS, self._run_commands),
            "UPLOAD_ARTIFACTS": self._upload,
            "FINALIZING": self._finalize,
        }

    def start(self) -> None:
        """Begin, in the background."""
        phases.enter(self._build, "SUBMITTED")
        phases.leave(self._build, "SUCCEEDED")
        phases.enter(self._build, transitions.FIRST)
        phases.tell_state(self._build)
        name = f"build-{self._build.identifier}"
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def stop(self) -> None:
        """Ask for the end; it comes when the processes have ended."""
        self._build.stop_requested = True
        self._build.save()
        SLOTS.give_up(self._build.arn)
        shell = self._shell
        if shell is not None:
            threading.Thread(target=shell.stop, daemon=True).start()

    def _run(self) -> None:
        phase = transitions.FIRST
        try:
            while phase != "COMPLETED":
                if self._build.phase != phase:
                    phases.enter(self._build, phase)
                status = self._step(phase)
                on_failure = self._spec.phases.get(phase, Phase()).on_failure
                phase = transitions.following(phase, status, on_failure)
        finally:
            self._end()

    def _step(self, phase: str) -> str:
        """One phase from beginning to end; its status."""
        status, code, message = "SUCCEEDED", "", ""
        try:
            self._check_stopped()
            self._steps[phase]()
        except PhaseError as error:
            status, code, message = "FAILED", error.code, str(error)
        except ShellEndedError as error:
            status = self._ending(error.cause)
            code, message = ENDINGS[status]
        self._say_end(phase, status, code, message)
        phases.leave(self._build, status, code, message)
        if status != "SUCCEEDED" and self._shell is not None:
            self._shell.set_succeeding("0")
        return status

    def _check_stopped(self) -> None:
        if self._build.phase == "FINALIZING":
            return
        if self._build.stop_requested:
            raise ShellEndedError(Status.STOPPED)
        if self._deadline and time.monotonic() > self._deadline:
            raise ShellEndedError(Status.TIMED_OUT)

    def _ending(self, cause: Status) -> str:
        if cause is Status.TIMED_OUT:
            return "TIMED_OUT"
        return "STOPPED" if self._build.stop_requested else "FAULT"

    def _say_end(self, phase: str, status: str, code: str, message: str) -> None:
        if self._log is not None and phase != "FINALIZING":
            self._log.container(f"Phase complete: {phase} State: {status}")
            self._log.container(f"Phase context status code: {code} Message: {message}")

    def _queue(self) -> None:
        minutes = self._build.members["queuedTimeoutInMinutes"]
        if not SLOTS.enter(self._build.arn, minutes * 60):
            stopped = self._build.stop_requested
            raise ShellEndedError(Status.STOPPED if stopped else Status.TIMED_OUT)

    def _provision(self) -> None:
        self._deadline = time.monotonic() + self._build.members["timeoutInMinutes"] * 60
        try:
            images.check_image(self._build.members["environment"]["image"])
            place = place_of(self._build)
            place.make()
        except images.UnknownImageError as error:
            message = f"Unable to pull customer's container image. {error}"
            raise PhaseError(UNABLE_TO_PULL, message) from error
        except OSError as error:
            raise PhaseError(INTERNAL_ERROR, str(error)) from error
        self._place = place

    def _download(self) -> None:
        assert self._place is not None
        self._log = log = BuildLog(self._build, self._place.folder / "build.log")
        log.container("Running on CodeBuild On-demand")
        if not isolated():
            log.container(NO_ROOT)
        log.container("Phase is DOWNLOAD_SOURCE")
        sources = Sources(self._build, self._place)
        self._folders = folders = sources.fetch()
        variables = folders.variables(self._place)
        for name, folder in variables.items():
            log.container(f"{name}={folder}")
        file = sources.buildspec(folders)
        log.container(f"YAML location is {self._place.seen(file)}")
        try:
            self._spec = parse(file.read_text(errors="replace"))
            self._select_runtimes()
        except (BuildspecError, images.UnknownRuntimeError) as error:
            raise PhaseError(YAML_ERROR, str(error)) from error
        self._shell = self._open_shell(variables)

    def _select_runtimes(self) -> None:
        assert self._log is not None
        self._log.container("Processing environment variables")
        for name, version in images.select(self._spec.runtimes).items():
            self._log.container(
                f"Selecting '{name}' runtime version '{version}' based on manual selections..."
            )
        if not self._spec.runtimes:
            self._log.container("No runtime version selected in buildspec.")
        self._log.container(f"Phases found in YAML: {len(self._spec.phases)}")
        for name, phase in self._spec.phases.items():
            self._log.container(f" {name}: {len(phase.commands)} commands")

    def _open_shell(self, folders: dict[str, str]) -> Shell:
        assert self._place is not None
        assert self._log is not None
        values = Values(self._build.scope)
        values.add_buildspec(self._spec)
        values.add_build(self._build.members["environment"]["environmentVariables"])
        self._log.hide(values.secret)
        self._log.container(f"Moving to directory {folders['CODEBUILD_SRC_DIR']}")
        environment = {
            **machine_environment(),
            **self._place.environment(),
            **service_environment(self._build, folders),
            **values.variables,
        }
        return Shell(
            SUPERVISOR,
            self._place,
            self._spec.shell,
            environment,
            folders["CODEBUILD_SRC_DIR"],
            self._log,
            fresh=not self._spec.one_shell,
        )

    def _run_commands(self) -> None:
        assert self._shell is not None
        assert self._log is not None
        commands = Commands(self._shell, self._log, self._deadline)
        if self._build.phase == "INSTALL":
            self._departures().restore_cache()
        commands.run_phase(self._build.phase, self._spec.phases.get(self._build.phase, Phase()))

    def _departures(self) -> Departures:
        assert self._place is not None
        assert self._shell is not None
        assert self._log is not None
        assert self._folders is not None
        return Departures(
            self._build,
            self._spec,
            self._place,
            self._folders.primary,
            Commands(self._shell, self._log, self._deadline),
            self._log,
        )

    def _upload(self) -> None:
        departures = self._departures()
        departures.export_variables()
        departures.report()
        departures.upload()
        departures.save_cache()

    def _finalize(self) -> None:
        if self._shell is not None:
            self._shell.close()
        if self._log is None:
            return
        self._log.close()
        location = s3_log_place(self._build)
        if location is not None:
            bucket, _, key = location.partition("/")
            self._put_log(bucket, key)

    def _put_log(self, bucket: str, key: str) -> None:
        assert self._log is not None
        try:
            s3 = self._build.scope.client("s3")
            s3.put_object(Bucket=bucket, Key=key, Body=self._log.packed())
        except (ClientError, BotoCoreError) as error:
            LOG.warning("the log of %s is not in S3: %s", self._build.arn, error)

    def _end(self) -> None:
        """Whatever happened, the build ends, and what it used is free."""
        running = self._build.phases[-1]
        if "phaseStatus" not in running:
            phases.leave(self._build, "FAULT", INTERNAL_ERROR, "The emulator failed: see its log.")
        try:
            self._release()
        finally:
            self._complete()

    def _release(self) -> None:
        SLOTS.leave(self._build.arn)
        if self._shell is not None:
            self._shell.close()
        if self._log is not None:
            self._log.close()
        if self._place is not None:
            self._place.remove()
        if self._build.members["environment"].get("privilegedMode"):
            local_images.forget(self._build.uuid)

    def _complete(self) -> None:
        status = transitions.outcome(phase["phaseStatus"] for phase in self._build.phases)
        phases.complete(self._build, status)
        RUNS.pop(self._build.arn, None)
        save_service("codebuild")
