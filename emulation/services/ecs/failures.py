"""Why a task could not be started, in the words of Fargate's agent."""


class StartError(Exception):
    """A task's stopped reason before its first container has started."""

    def __init__(self, kind: str, message: str, container: str = "") -> None:
        super().__init__(f"{kind}: {message}" if kind else message)
        self.container = container


def initialization(message: str) -> StartError:
    """What containers need could not be had."""
    return StartError("ResourceInitializationError", message)


def no_secrets(message: str) -> StartError:
    """A secret could not be had."""
    return initialization(
        "unable to pull secrets or registry auth: execution resource retrieval failed: " + message
    )
