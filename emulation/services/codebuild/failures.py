"""How a phase fails: the codes and the words of its context."""

import signal

CLIENT_ERROR = "CLIENT_ERROR"
COMMAND_ERROR = "COMMAND_EXECUTION_ERROR"
INTERNAL_ERROR = "INTERNAL_SERVICE_ERROR"
PARAMETERS_FAILED = "Decrypted Variables Error"
SECRETS_FAILED = "Secrets Manager Error"
UNABLE_TO_PULL = "BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE"
YAML_ERROR = "YAML_FILE_ERROR"

SIGNALS: dict[int, str] = {
    signal.SIGKILL: "killed",
    signal.SIGTERM: "terminated",
    signal.SIGSEGV: "segmentation fault",
}


class PhaseError(Exception):
    """The phase has failed; the code and the message are its context."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def reason_of(status: int) -> str:
    """`exit status 7`, or the signal that ended the shell."""
    if status >= 0:
        return f"exit status {status}"
    return f"signal: {SIGNALS.get(-status, f'signal {-status}')}"
