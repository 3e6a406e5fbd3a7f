"""Builds that ran when the emulator ended: nobody runs them any more."""

from emulation.services.codebuild import phases, places
from emulation.services.codebuild.build_run import RUNS
from emulation.services.codebuild.failures import INTERNAL_ERROR
from emulation.services.codebuild.store import Build, all_builds

REASON = "The emulator ended while the build ran."


def end_builds() -> None:
    """End what is in progress and is not at work; their folders are removed."""
    for build in list(all_builds().values()):
        if not build.complete and build.arn not in RUNS:
            end(build)
    if not RUNS:
        places.clear()


def end(build: Build) -> None:
    """A build that faulted in the phase in which it was."""
    if not build.phases:
        phases.enter(build, "SUBMITTED")
    if "phaseStatus" in build.phases[-1]:
        phases.enter(build, "FINALIZING")
    phases.leave(build, "FAULT", INTERNAL_ERROR, REASON)
    phases.complete(build, "FAULT")
