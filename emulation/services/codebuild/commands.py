"""The commands of a phase, and how they fail: in CodeBuild's words."""

import contextlib
import re

from emulation.compute.builds.buildspec import Phase
from emulation.compute.builds.shell import Shell
from emulation.services.codebuild.build_log import BuildLog
from emulation.services.codebuild.failures import COMMAND_ERROR, PhaseError, reason_of


class Commands:
    """Runs commands in a build's shell until its deadline."""

    def __init__(self, shell: Shell, log: BuildLog, deadline: float) -> None:
        self._shell = shell
        self._log = log
        self._deadline = deadline

    def run_phase(self, name: str, phase: Phase) -> None:
        """A phase, again as often as its `on-failure` says.

        Raises:
            PhaseError: one of its commands failed.
            ShellEndedError: the build was stopped, or took too long.
        """
        self._log.container(f"Entering phase {name}")
        for attempts_left in range(phase.retries, -1, -1):
            try:
                self._run_once(phase)
                break
            except PhaseError as error:
                fits = re.search(phase.retry_pattern, str(error)) is not None
                if attempts_left == 0 or not fits:
                    raise
                self._log.container(f"Retrying phase {name}")

    def _run_once(self, phase: Phase) -> None:
        """The commands until one fails, then those that always run."""
        try:
            self._run_all(phase.commands)
        except PhaseError as error:
            with contextlib.suppress(PhaseError):
                self._run_all(phase.finally_commands)
            raise error
        self._run_all(phase.finally_commands)

    def _run_all(self, commands: tuple[str, ...]) -> None:
        for command in commands:
            self._log.container(f"Running command {command}")
            status = self._shell.run(command, self._deadline)
            if status:
                reason = reason_of(status)
                self._log.container(f"Command did not exit successfully {command} {reason}")
                message = f"Error while executing command: {command}. Reason: {reason}"
                raise PhaseError(COMMAND_ERROR, message)

    def run_quietly(self, command: str) -> int:
        """A command of CodeBuild's own, of which the log says nothing."""
        return self._shell.run(command, self._deadline)
