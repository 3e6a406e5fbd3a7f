"""Which phase follows which, and what becomes of a build whose phases did not all succeed.

As CodeBuild documents it: POST_BUILD runs after a BUILD that failed, and artifacts are then always
tried to be uploaded. A phase before them that failed ends the build, unless its `on-failure` is
CONTINUE; ABORT ends it after whichever phase.
"""

from collections.abc import Iterable

FIRST = "QUEUED"
WORK = ("QUEUED", "PROVISIONING", "DOWNLOAD_SOURCE")
COMMANDS = ("INSTALL", "PRE_BUILD", "BUILD", "POST_BUILD")
ORDER = (*WORK, *COMMANDS, "UPLOAD_ARTIFACTS", "FINALIZING", "COMPLETED")

BEFORE_THE_CONTAINER = ("QUEUED", "PROVISIONING")
"""When these fail there is nothing to finalize."""

GOES_ON_BY_ITSELF = ("BUILD", "POST_BUILD", "UPLOAD_ARTIFACTS")

WORST = ("FAULT", "STOPPED", "TIMED_OUT", "FAILED")


def following(phase: str, status: str, on_failure: str = "") -> str:
    """The phase after one that ended with a status."""
    if status == "SUCCEEDED" or phase == "FINALIZING":
        return ORDER[ORDER.index(phase) + 1]
    if phase in BEFORE_THE_CONTAINER:
        return "COMPLETED"
    goes_on = on_failure == "CONTINUE" or (phase in GOES_ON_BY_ITSELF and on_failure != "ABORT")
    if status == "FAILED" and goes_on:
        return ORDER[ORDER.index(phase) + 1]
    return "FINALIZING"


def outcome(statuses: Iterable[str]) -> str:
    """The status of a build by those of its phases."""
    seen = set(statuses)
    return next((status for status in WORST if status in seen), "SUCCEEDED")
